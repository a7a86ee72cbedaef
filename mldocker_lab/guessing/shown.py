"""Guesses beside measurements, to look at: one at a time, and all of a lesson in a table."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, cast

from mldocker_lab.guessing import memory
from mldocker_lab.guessing.judge import judge, overall
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from mldocker_lab.guessing.judge import Judgement
    from mldocker_lab.guessing.memory import Kept
    from mldocker_lab.guessing.question import Answer, Question

__all__ = ["MIME", "Guesses", "Measured"]

#: What programs read in a saved notebook.
MIME = "application/vnd.mldocker.measured+json"

_BAR = 40  # characters
_SAID = {True: "runs again", False: "is reused"}
_CLOSE = (
    "close: a number within a quarter of the measured one; of steps, at least three of four right."
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, beside what was guessed.

    Attributes:
        question: what was asked.
        value: the measured value: a number, a choice, or the numbers of the steps that ran.
        guess: the guess; None if there is none, or nobody to make one.
        person: whether somebody was here to guess.
    """

    question: Question
    value: Answer
    guess: Answer | None = None
    person: bool = True

    @property
    def judgement(self) -> Judgement | None:
        """How close the guess is; None without one."""
        return None if self.guess is None else judge(self.question, self.guess, self.value)

    def __repr__(self) -> str:
        table = self._table()
        return table.to_text() if table else self._line()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        table = self._table()
        html = table.to_html() if table else f"<p>{escape(self._line())}</p>\n"
        forms = {"text/plain": repr(self), "text/html": html, MIME: self.to_dict()}
        wanted = set(include or forms) - set(exclude or ())
        return {kind: form for kind, form in forms.items() if kind in wanted}

    def to_dict(self) -> dict[str, Any]:
        """What was measured, for programs; steps as the instructions that ran."""
        value = self.value
        ran = [self.question.steps[n - 1] for n in value] if isinstance(value, list) else value
        return {
            "predict": self.question.id,
            "kind": self.question.kind,
            "measured": ran,
            "unit": self.question.unit,
        }

    def _line(self) -> str:
        """What there is to say without a table."""
        value = self.question.shown(self.value)
        if self.judgement is None or self.guess is None:
            again = "run again: " if self.question.kind == "steps" else ""
            told = f"measured: {again}{value}"
            return f"{told} (you had not guessed)" if self.person else told
        return f"{self.judgement}: you said {self.question.shown(self.guess)}, it is {value}"

    def _table(self) -> Table | None:
        verdict = self.judgement
        if verdict is None or self.guess is None or self.question.kind == "choice":
            return None
        if self.question.kind == "steps":
            return self._steps(verdict)
        numbers = (cast("float", self.guess), cast("float", self.value))
        rows = tuple(
            (name, self.question.shown(value), _bar(value, max(numbers)))
            for name, value in zip(("your guess", "measured"), numbers, strict=True)
        )
        return Table(self._line(), (Column(""), Column("", "number"), Column("")), rows)

    def _steps(self, verdict: Judgement) -> Table:
        said, ran = set(cast("list[int]", self.guess)), set(cast("list[int]", self.value))
        rows = tuple(
            (text, _SAID[n in said], _SAID[n in ran], _mark(n in said, n in ran))
            for n, text in enumerate(self.question.steps, 1)
        )
        columns = (
            Column("step", "code"),
            Column("you said"),
            Column("measured"),
            Column(""),
        )
        return Table(str(verdict), columns, rows)


def _mark(said: bool, ran: bool) -> str:  # noqa: FBT001 - two of a kind
    if said == ran:
        return "✓ right"
    return "✗ missed" if ran else "✗ ticked wrongly"


def _bar(value: float, most: float) -> str:
    if value <= 0 or most <= 0:
        return ""
    return "█" * round(_BAR * value / most) or "▏"


class Guesses:
    """The guesses of a lesson, or of all of them, beside what was measured.

    A guess is *right* if it is the choice, the steps, or the number that was measured (to a
    hundredth). It is *close* if a number is within a quarter of the measured one (75 to 125 for
    100), or if at least three steps of four were told right. The line at the end counts both.

    Args:
        lesson: its number; "" for all lessons.
        person: whether somebody is here whose guesses may be shown.
    """

    def __init__(self, lesson: str = "", *, person: bool = True) -> None:
        self.lesson = lesson
        self._person = person

    def kept(self) -> list[Kept]:
        """The guesses as they are kept."""
        if not self._person:
            return []
        wanted = [self.lesson] if self.lesson else memory.lessons()
        return [kept for lesson in wanted for kept in memory.load(lesson).values()]

    def forget(self) -> list[str]:
        """Forget them, so that all can be guessed again; returns their ids."""
        wanted = [self.lesson] if self.lesson else memory.lessons()
        return [gone for lesson in wanted for gone in memory.forget(lesson)]

    def __repr__(self) -> str:
        table = self._table()
        return table.to_text() if table else self._nothing()

    __str__ = __repr__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        table = self._table()
        if table:
            return table._repr_mimebundle_(include, exclude)
        return {"text/plain": self._nothing()}

    def to_dict(self) -> dict[str, Any]:
        """The guesses as JSON sees them."""
        return {"lesson": self.lesson or None, "guesses": [_told(kept) for kept in self.kept()]}

    def _nothing(self) -> str:
        if not self._person:
            return "In a live notebook your guesses stand here, beside what was measured."
        where = f" in lesson {self.lesson}" if self.lesson else ""
        return f"No guesses{where} yet."

    def _table(self) -> Table | None:
        kept = self.kept()
        if not kept:
            return None
        columns = (
            Column("question"),
            Column("your guess"),
            Column("measured"),
            Column("how close"),
        )
        verdicts = [found.verdict for one in kept if (found := _judged(one))]
        missed = sum(one.locked and one.guess is None for one in kept)
        notes = [overall(verdicts) + "." if verdicts else "Nothing is measured yet."]
        notes += [f"{missed} measured before you guessed."] if missed else []
        title = (
            f"how well you guessed in lesson {self.lesson}"
            if self.lesson
            else "how well you guessed"
        )
        return Table(title, columns, tuple(map(_row, kept)), (*notes, _CLOSE))


def _judged(kept: Kept) -> Judgement | None:
    if kept.guess is None or kept.measured is None:
        return None
    return judge(kept.question, kept.guess, kept.measured)


def _row(kept: Kept) -> tuple[str, ...]:
    found = _judged(kept)
    close = str(found) if found else ("no guess" if kept.locked else "not measured yet")
    answers = (kept.guess, kept.measured)
    guess, measured = ("–" if one is None else _short(kept.question, one) for one in answers)
    return kept.question.text, guess, measured, close


def _short(question: Question, answer: Answer) -> str:
    if isinstance(answer, list):
        numbers = ", ".join(map(str, answer))
        return (
            f"steps {numbers}" if len(answer) > 1 else f"step {numbers}" if numbers else "no step"
        )
    return question.shown(answer)


def _told(kept: Kept) -> dict[str, Any]:
    found = _judged(kept)
    return {
        "id": kept.question.id,
        **{key: value for key, value in kept.to_dict().items() if key != "question"},
        "question": kept.question.text,
        "kind": kept.question.kind,
        "unit": kept.question.unit,
        "verdict": found.verdict if found else None,
        "words": found.words if found else None,
    }
