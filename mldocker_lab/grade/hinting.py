"""Hints on request: each time you ask, one more. They come from the failure that was seen last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError
from mldocker_lab.grade import progress
from mldocker_lab.grade.start import fingerprint
from mldocker_lab.show.table import WIDTH
from mldocker_lab.show.words import folded

if TYPE_CHECKING:
    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.grade.progress import Last

__all__ = ["Hints", "hints"]

_INDENT = 4
_WORDS = {"failed": "failed", "error": "could not be judged", "not-attempted": "was not attempted"}


@dataclass(frozen=True, slots=True, repr=False)
class Hints:
    """The hints of one check so far.

    Attributes:
        exercise: the exercise's id.
        check: the check's id.
        last: its last result.
        stale: your files have changed since that result.
    """

    exercise: str
    check: str
    last: Last
    stale: bool

    @property
    def texts(self) -> tuple[str, ...]:
        """The hints you have asked for."""
        return self.last.hints[: self.last.shown]

    @property
    def left(self) -> int:
        """How many more there are."""
        return len(self.last.hints) - self.last.shown

    def to_dict(self) -> dict[str, Any]:
        """The hints as JSON sees them."""
        return {
            "exercise": self.exercise,
            "check": self.check,
            "status": self.last.status,
            "seen": self.last.seen,
            "hints": list(self.texts),
            "left": self.left,
            "stale": self.stale,
        }

    def __repr__(self) -> str:
        if self.last.status == "passed":
            return f"{self.check} passed: {self.last.seen}; there is nothing to hint at"
        lines = [f"{self.check} {_WORDS[self.last.status]} in practice: {self.last.seen}"]
        if self.stale:
            lines.append("  (your files have changed since: run the check again to see what holds)")
        total = len(self.last.hints)
        lines += [f"  hint {n} of {total}: {text}" for n, text in enumerate(self.texts, 1)]
        lines.append(f"  {self._ending()}")
        return folded("\n".join(lines), WIDTH, _INDENT)

    def _ending(self) -> str:
        if self.left:
            return "ask again for the next one"
        return "these are all" if self.last.hints else "there is no hint for this"


def hints(exercise: Exercise, check: str | None = None) -> Hints:
    """One hint more than you have been shown for a check.

    The first hint of a failure stands in the output of the check itself.

    Args:
        exercise: which.
        check: the check's id; None for the first one that failed.

    Raises:
        UsageError: no such check; it has not been run; or none has failed.
    """
    results = progress.load(exercise.id)
    name = check or _first_failed(exercise, results)
    if name not in exercise.points:
        known = ", ".join(exercise.points)
        raise UsageError(f"{exercise.id} has no check {name!r}", f"it has {known}")
    last = results.get(name)
    if last is None:
        raise UsageError(
            f"{name} has not been run yet",
            "hints come from what a check has seen: run its cell in the notebook, or "
            f"`mldocker-lab exercise check {exercise.id} {name}`",
        )
    count = min(last.shown + 1, len(last.hints))
    if count != last.shown:
        progress.shown(exercise.id, name, count)
        last = replace(last, shown=count)
    return Hints(exercise.id, name, last, last.answer != fingerprint(exercise.answer))


def _first_failed(exercise: Exercise, results: dict[str, Last]) -> str:
    for name in exercise.points:
        if name in results and results[name].status != "passed":
            return name
    now = fingerprint(exercise.answer)
    old = [n for n in exercise.points if n not in results or results[n].answer != now]
    if old:
        raise UsageError(
            f"no check of {exercise.id} has failed; not run on your files as they are: "
            f"{', '.join(old)}",
            f"`mldocker-lab exercise check {exercise.id}` runs them",
        )
    raise UsageError(
        f"all checks of {exercise.id} have passed",
        f"`mldocker-lab grade {exercise.folder}` tells what counts",
    )
