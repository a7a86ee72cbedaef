"""Which commands of a script run, as far as its text tells."""

from __future__ import annotations

import pytest

from mldocker_lab.audit.reading.shell import commands

VALUES = {"YES": "true", "NO": "false", "EMPTY": "", "OPEN": None}


@pytest.mark.parametrize(
    ("script", "ran"),
    [
        ('if [ "$YES" = true ]; then a; fi; b', "a b"),
        ('if [ "$NO" = true ]; then a; fi; b', "b"),
        ('if [ "$NO" = "true" ]; then a; else c; fi; b', "c b"),
        ('if [ "$YES" = true ]; then a; else c; fi; b', "a b"),
        ('if [ "$OPEN" = true ]; then a; else c; fi; b', "a c b"),
        ('if [ "$NO" = true ]; then a; elif [ "$YES" = true ]; then c; else d; fi; b', "c b"),
        ('if [ "$YES" = true ]; then a; elif x; then c; else d; fi; b', "a b"),
        ('if [ "$NO" = true ]; then if [ "$YES" = true ]; then a; fi; c; fi; b', "b"),
        ('if x && [ "$NO" = true ]; then a; fi; b', "x a b"),
        ('if [[ "$NO" == "true" ]]; then a; fi; b', "b"),
        ('if [ -z "$EMPTY" ]; then a; fi; b', "a b"),
        ('if [ -n "$EMPTY" ]; then a; fi; b', "b"),
        ('if [ ! -z "$EMPTY" ]; then a; fi; b', "b"),
        ('if test "$NO" != false; then a; fi; b', "b"),
        ('[ "$NO" = true ] && a; b', "b"),
        ('[ "$NO" = true ] && a && c || d; b', "d b"),
        ('[ "$YES" = true ] && a; b', "a b"),
        ("if [ -f /x ]; then a; fi; b", "a b"),
        ("if", ""),
        ("then a; fi; fi; else b", "a b"),
        ('if [ "$NO" = true ]; then a', ""),
    ],
)
def test_parts_that_never_run_are_left_out(script, ran):
    found = [one.name for one in commands(script, VALUES)]
    assert " ".join(name for name in found if name not in ("[", "[[", "test")) == ran
