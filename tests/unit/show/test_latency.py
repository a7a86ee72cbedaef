"""Latencies: what is counted, and what the figure says to those who cannot see it."""

from __future__ import annotations

import pytest

from mldocker_lab.show.latency import latencies, percentile

ROWS = {"1 thread": [0.008] * 99 + [0.5], "8 threads": [0.05] * 50 + [0.1] * 50}


def test_a_percentile_is_one_of_the_values():
    assert percentile([3, 1, 2], 50) == 2
    assert percentile(range(1, 101), 99) == 99
    assert percentile(range(1, 101), 100) == 100
    assert percentile([7], 50) == percentile([7], 99) == 7


def test_no_values_have_no_percentile():
    with pytest.raises(ValueError, match="no percentile"):
        latencies("x", {"nothing": []})


def test_its_words_say_all_of_it():
    picture = latencies("How long", ROWS, words={"8 threads": "stopped in 46 periods"})
    assert repr(picture) == (
        "How long. 1 thread: half within 8.0 ms, 99 of 100 within 8.0 ms; "
        "8 threads: half within 50 ms, 99 of 100 within 100 ms, stopped in 46 periods."
    )


def test_other_values_look_different():
    slower = {**ROWS, "1 thread": [0.09] * 100}
    assert latencies("x", ROWS).png == latencies("x", ROWS).png
    assert latencies("x", ROWS).png != latencies("x", slower).png
