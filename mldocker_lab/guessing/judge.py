"""How close a guess is: a verdict in a word, and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from mldocker_lab.guessing.numbers import quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.guessing.question import Answer, Question

__all__ = ["MARKS", "Judgement", "Verdict", "judge", "overall"]

Verdict = Literal["right", "close", "off"]

MARKS: dict[Verdict, str] = {"right": "✓", "close": "≈", "off": "✗"}
_CLOSE = 0.25
_EXACT = 0.01
_NAMES = {2: "twice", 10: "ten times", 100: "a hundred times", 1000: "a thousand times"}
_ROUND = 0.04


@dataclass(frozen=True, slots=True)
class Judgement:
    """A guess beside what was measured.

    Attributes:
        verdict: "right": the number that is shown is the same, or within a hundredth; the choice is
            the one; every step was told right. "close": a number within a quarter of the measured
            one; at least three steps of four told right. "off": anything else.
        words: how far off, in words.
    """

    verdict: Verdict
    words: str

    def __str__(self) -> str:
        return f"{MARKS[self.verdict]} {self.words}"


def judge(question: Question, guess: Answer, measured: Answer) -> Judgement:
    """Compare a guess with what was measured."""
    if question.kind == "number":
        return _number(cast("float", guess), cast("float", measured))
    if question.kind == "choice":
        return Judgement("right", "right") if guess == measured else Judgement("off", "wrong")
    return _steps(len(question.steps), cast("list[int]", guess), cast("list[int]", measured))


def overall(verdicts: Sequence[Verdict]) -> str:
    """How well somebody guessed, in one line."""
    good = sum(verdict != "off" for verdict in verdicts)
    return f"{good} of {len(verdicts)} right or within a quarter"


def _number(guess: float, measured: float) -> Judgement:
    apart = abs(guess - measured)
    if quantity(guess) == quantity(measured) or apart <= _EXACT * abs(measured):
        return Judgement("right", "right")
    verdict: Verdict = "close" if apart <= _CLOSE * abs(measured) else "off"
    if guess <= 0 or measured <= 0:
        return Judgement(verdict, "too much" if guess > measured else "too little")
    side = "much" if guess > measured else "little"
    if verdict == "close":
        return Judgement(verdict, f"{max(round(100 * apart / measured), 1)} % too {side}")
    if guess > measured:
        return Judgement(verdict, f"you said {_factor(guess / measured)} as much as it is")
    return Judgement(verdict, f"it is {_factor(measured / guess)} as much as you said")


def _factor(ratio: float) -> str:
    for whole, name in _NAMES.items():
        if abs(ratio / whole - 1) <= _ROUND:
            return name
    few = f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}".replace(",", " ")  # noqa: PLR2004
    return f"{few} times"


def _steps(count: int, guess: list[int], measured: list[int]) -> Judgement:
    wrong = len(set(guess) ^ set(measured))
    if not wrong:
        return Judgement("right", f"all {count} steps right" if count > 1 else "right")
    verdict: Verdict = "close" if wrong <= _CLOSE * count else "off"
    return Judgement(verdict, f"{count - wrong} of {count} steps right")
