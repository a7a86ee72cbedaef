"""Numbers as people type them."""

from __future__ import annotations

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.guessing.numbers import number, quantity


@pytest.mark.parametrize(
    ("said", "unit", "meant"),
    [
        ("40", "", 40),
        (40, "%", 40),
        ("40 %", "%", 40),
        ("40%", "%", 40),
        ("1.5 GB", "MB", 1500),
        ("1500MB", "MB", 1500),
        ("1,5 gb", "MB", 1500),
        ("1,500", "", 1500),
        ("1 500 000", "", 1_500_000),
        ("500 kB", "MB", 0.5),
        ("1 MiB", "MB", 1.048576),
        ("2 min", "s", 120),
        ("12 packages", "packages", 12),
        ("1 package", "packages", 1),
        ("~ 7", "", 7),
        ("about 7.5 s", "s", 7.5),
        (".5", "", 0.5),
        ("0", "steps", 0),
    ],
)
def test_what_is_meant(said, unit, meant):
    assert number(said, unit) == pytest.approx(meant)


@pytest.mark.parametrize(
    ("said", "unit"),
    [("many", ""), ("", "MB"), ("12 s", "MB"), ("12 MB", ""), ("1.2.3", ""), ("1 2 x", "s")],
)
def test_what_cannot_be_meant_is_said(said, unit):
    with pytest.raises(UsageError):
        number(said, unit)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (7.3123, "MB", "7.31 MB"),
        (1500, "MB", "1 500 MB"),
        (145.4, "MB", "145 MB"),
        (0.00042, "", "0.00042"),
        (3, "", "3"),
        (40, "%", "40 %"),
    ],
)
def test_what_is_shown(value, unit, shown):
    assert quantity(value, unit) == shown
