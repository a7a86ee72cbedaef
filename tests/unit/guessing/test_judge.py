"""How close a guess is."""

from __future__ import annotations

import pytest

from mldocker_lab.guessing.judge import judge, overall
from mldocker_lab.guessing.question import ask

STEPS = ["COPY a .", "RUN b", "COPY c .", "RUN d"]


@pytest.mark.parametrize(
    ("guess", "measured", "told"),
    [
        (40, 40, "✓ right"),
        (40, 40.3, "✓ right"),
        (7.31, 7.3142, "✓ right"),
        (45, 40, "≈ 12 % too much"),
        (30, 40, "≈ 25 % too little"),
        (51, 40, "✗ you said 1.3 times as much as it is"),
        (40, 20, "✗ you said twice as much as it is"),
        (20, 40, "✗ it is twice as much as you said"),
        (10, 300, "✗ it is 30 times as much as you said"),
        (1e6, 300, "✗ you said 3 333 times as much as it is"),
        (5, 0, "✗ too much"),
        (0, 0, "✓ right"),
        (0, 5, "✗ too little"),
        (-1, 5, "✗ too little"),
    ],
)
def test_numbers(guess, measured, told):
    assert str(judge(ask("1/n", "?"), guess, measured)) == told


def test_choices_are_right_or_wrong():
    question = ask("1/c", "?", choices=["yes", "no"])
    assert judge(question, "yes", "yes").verdict == "right"
    assert judge(question, "yes", "no").verdict == "off"
    assert judge(question, "yes", "something else").verdict == "off"


@pytest.mark.parametrize(
    ("guess", "ran", "told"),
    [
        ([1, 2], [1, 2], "✓ all 4 steps right"),
        ([], [], "✓ all 4 steps right"),
        ([1, 2], [1], "≈ 3 of 4 steps right"),
        ([1, 2], [3, 4], "✗ 0 of 4 steps right"),
        ([], [3, 4], "✗ 2 of 4 steps right"),
    ],
)
def test_steps(guess, ran, told):
    assert str(judge(ask("1/s", "?", steps=STEPS), guess, ran)) == told


def test_the_line_that_counts_them():
    assert overall(["right", "close", "off"]) == "2 of 3 right or within a quarter"
