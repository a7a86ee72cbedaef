"""The door: ``lab.predict`` asks, ``measured`` answers, ``lab.guesses`` looks back.

A guess belongs to a person. Where there is none (``MLDOCKER_LIVE=0``, pytest with nbval, a script)
questions are shown as text, and nothing is stored or read: a lesson's stored outputs are the same
on every machine.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError
from mldocker_lab.guessing import memory
from mldocker_lab.guessing.judge import judge
from mldocker_lab.guessing.memory import Kept, now
from mldocker_lab.guessing.question import ask
from mldocker_lab.guessing.shown import Guesses, Measured
from mldocker_lab.widgets.choose import in_notebook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mldocker_lab.guessing.question import Answer, Question

__all__ = ["Guess", "guesses", "predict"]

_EXAMPLES = {"number": "40", "steps": "2, 3"}


def predict(
    id: str,  # noqa: A002 - what it is
    question: str,
    *,
    unit: str | None = None,
    choices: Sequence[str] | None = None,
    steps: str | Path | Sequence[str] | None = None,
) -> Guess:
    """Ask for a prediction, and show the question.

    The answer is a number, unless ``choices`` or ``steps`` say otherwise. It is kept in the lab's
    folder, is there again after a restart, and may be changed until ``measured`` shows the truth.

    Args:
        id: "<lesson>/<word>", for example "03/code"; no other prediction has it.
        question: what you ask; what stands between `backticks` is shown as code.
        unit: the unit of the number: "MB", "s", "%", "packages", …
        choices: the answers to choose from.
        steps: a Dockerfile; its RUN, COPY and ADD steps that will run are to be ticked. Or the
            instructions themselves.

    Raises:
        UsageError: no such question can be asked, or there is no such Dockerfile.
    """
    made = Guess(ask(id, question, unit=unit, choices=choices, steps=steps), person=_person())
    made.show()
    return made


def guesses(lesson: str = "") -> Guesses:
    """Your guesses in a lesson beside what was measured, and how well you did.

    A guess is *right* if it is the choice, the steps, or the number that was measured (to a
    hundredth). It is *close* if a number is within a quarter of the measured one, or if at least
    three steps of four were told right.

    Args:
        lesson: its number, for example "03"; "" for all lessons.
    """
    return Guesses(lesson, person=_person())


class Guess:
    """What ``predict`` returns: the learner's guess, once it is given.

    Args:
        question: what is asked.
        person: whether somebody is here to answer.
    """

    def __init__(self, question: Question, *, person: bool) -> None:
        self.question = question
        self._person = person
        self._box: Any = None

    def say(self, *answer: Any) -> Guess:
        """Give your guess, or another one.

        Args:
            answer: a number (``40``, ``"1.5 GB"``), a choice, or the numbers of the steps that
                run (none: no step does).

        Raises:
            UsageError: it does not answer the question, or the value has been measured already.
        """
        whole = list(answer) if self.question.kind == "steps" else answer[0] if answer else ""
        given = self.question.read(whole)
        if not self._person:
            return self
        kept = self._kept()
        if kept.locked:
            raise UsageError(
                "it is measured already, so your guess stays", f"to start again: {_again(kept)}"
            )
        memory.keep(replace(kept, guess=given, at=now()))
        self._refresh()
        return self

    def measured(self, value: Any) -> Measured:
        """Show what was measured beside the guess, which from now on stays as it is.

        Args:
            value: a number in the question's unit; a choice (True and False are "yes" and "no");
                for steps the BuildReport whose steps ran, or the instructions that ran.

        Raises:
            UsageError: the value cannot be compared with a guess.
        """
        seen = self.question.seen(value)
        if not self._person:
            return Measured(self.question, seen, person=False)
        kept = self._kept()
        memory.keep(replace(kept, measured=seen, measured_at=now()))
        self._refresh()
        return Measured(self.question, seen, kept.guess)

    def forget(self) -> Guess:
        """Forget guess and measurement, so that you can guess again."""
        if self._person:
            memory.forget(self.question.lesson, self.question.id)
            self._refresh()
        return self

    def __repr__(self) -> str:
        if not self._person:
            return f"prediction {self.question.id}"
        return _state(self._kept())

    def _kept(self) -> Kept:
        """What is kept of it; nothing, if another question had its name then."""
        found = memory.load(self.question.lesson).get(self.question.id)
        if found is None or not found.question.like(self.question):
            return Kept(self.question)
        return replace(found, question=self.question)

    def show(self) -> None:
        """Show the question, to be answered where somebody can."""
        text, html = self.question.to_text(), self.question.to_html()
        if not in_notebook():
            print(f"{text}\n{self._hint()}" if self._person else text)  # noqa: T201 - the question
            return
        from IPython.display import display

        if self._person:
            from mldocker_lab.widgets.guess import opened

            self._box = opened(self.question.place, self.question.to_dict())
            self._box.hear = self.say_all
            self._refresh()
            hint = f"<p><small>{escape(self._hint())}</small></p>"  # until the page takes over
            html = f'<div class="{self.question.place}">\n{html}{hint}</div>\n'
        display({"text/plain": text, "text/html": html}, raw=True)  # type: ignore[no-untyped-call]

    def say_all(self, answer: Any) -> None:
        """A guess as the page sends it: steps as a list."""
        self.say(*answer) if isinstance(answer, list) else self.say(answer)

    def _hint(self) -> str:
        kept = self._kept()
        if kept.guess is not None or kept.locked:
            return _state(kept)
        first = repr(self.question.choices[0]) if self.question.choices else ""
        return f"answer with guess.say({first or _EXAMPLES[self.question.kind]})"

    def _refresh(self) -> None:
        if self._box is not None:
            kept = self._kept()
            self._box.tell(given=kept.guess, locked=kept.locked, note=_state(kept))


def _state(kept: Kept) -> str:
    """Where a guess stands, in a sentence."""
    question = kept.question
    if kept.measured is None:
        if kept.guess is None:
            return "no guess yet"
        return f"your guess: {_briefly(question, kept.guess)}, kept at {_clock(kept.at)}"
    if kept.guess is None:
        return f"measured before you guessed; to guess anew: {_again(kept)}"
    verdict = judge(question, kept.guess, kept.measured)
    return f"locked, since it is measured: {verdict}; to guess anew: {_again(kept)}"


def _briefly(question: Question, guess: Answer) -> str:
    if isinstance(guess, list):
        return f"{len(guess) or 'none'} of {len(question.steps)} steps"
    return question.shown(guess)


def _again(kept: Kept) -> str:
    return f"mldocker-lab guesses {kept.question.lesson} --forget"


def _clock(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone():%H:%M}"
    except ValueError:
        return "some time"


def _person() -> bool:
    """Whether somebody sits here: in a live notebook or at a prompt, not in a test or a script."""
    if os.environ.get("MLDOCKER_LIVE") == "0" or "PYTEST_VERSION" in os.environ:
        return False
    ipython = sys.modules.get("IPython")
    return bool(ipython and ipython.get_ipython()) or hasattr(sys, "ps1")
