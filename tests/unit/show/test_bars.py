"""Bars of bytes: what they say to those who cannot see them."""

from __future__ import annotations

from mldocker_lab.show.bars import bars

ROWS = {
    "with the code": {"packages": 21_600_000, "weights": 19_000_000},
    "fetched": {"packages": 0, "from the registry": 20_500_000},
}


def test_their_words_say_all_of_it():
    assert repr(bars("What one node gets", ROWS)) == (
        "What one node gets. with the code 40.6 MB, packages 21.6 MB, weights 19 MB; "
        "fetched 20.5 MB, from the registry 20.5 MB."
    )


def test_other_amounts_look_different():
    other = {**ROWS, "fetched": {"from the registry": 1_000_000}}
    assert bars("x", ROWS).png == bars("x", ROWS).png != bars("x", other).png
