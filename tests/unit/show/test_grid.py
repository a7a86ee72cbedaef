"""A grid of words: what it says to those who cannot see it."""

from __future__ import annotations

from mldocker_lab.show.grid import grid

ROWS = {
    "the tag was moved": {"names": "fails", "hashes": "as before"},
    "a line is missing": {"names": "as before", "hashes": "refused"},
}


def test_its_words_say_all_of_it():
    picture = grid("What became of it", ROWS, good=["as before", "refused"])
    assert repr(picture) == (
        "What became of it. the tag was moved: names fails, hashes as before; "
        "a line is missing: names as before, hashes refused."
    )


def test_what_is_good_looks_different():
    assert grid("x", ROWS, good=[]).png != grid("x", ROWS, good=["refused"]).png
    assert grid("x", ROWS, good=[]).png == grid("x", ROWS, good=[]).png
