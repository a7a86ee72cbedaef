"""Points: a check's, an exercise's, a submission's, and the book that holds them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.show.table import Column, Table, bundle

if TYPE_CHECKING:
    from mldocker_lab.grade.verdict import Status, Verdict

__all__ = ["CheckScore", "ExerciseScore", "Gradebook", "SubmissionScore"]

#: A shape and a word: the table reads without colour.
_MARKS: dict[Status, str] = {"passed": "✔", "failed": "✘", "not-attempted": "–", "error": "!"}


@dataclass(frozen=True, slots=True, repr=False)
class CheckScore:
    """What one check gave.

    Attributes:
        id: the check.
        possible: its points.
        verdict: what it said.
    """

    id: str
    possible: int
    verdict: Verdict

    @property
    def points(self) -> int:
        """All its points, or none."""
        return self.possible if self.verdict.status == "passed" else 0

    def __repr__(self) -> str:
        """What a check cell shows. A pass is one line that never changes: nbval compares it."""
        mark, verdict = _MARKS[self.verdict.status], self.verdict
        if verdict.status == "passed":
            return f"{mark} {self.id} ({_points(self.points)}): {verdict.seen}"
        word = {"failed": "", "not-attempted": ", not attempted", "error": ", not judged"}
        head = f"{mark} {self.id} ({self.points} of {_points(self.possible)}{word[verdict.status]})"
        rest = {"seen": verdict.seen, "why": verdict.why, "try": verdict.hint}
        return "\n".join(
            [head, *(f"  {key + ':':<5} {text}" for key, text in rest.items() if text)]
        )

    def to_dict(self) -> dict[str, Any]:
        """The score as JSON sees it."""
        return {
            "id": self.id,
            "status": self.verdict.status,
            "points": self.points,
            "possible": self.possible,
            "message": self.verdict.message,
        }


@dataclass(frozen=True, slots=True)
class ExerciseScore:
    """What one exercise gave.

    Attributes:
        id: the exercise.
        checks: its checks, in the notebook's order.
        note: why nothing was graded, if so.
    """

    id: str
    checks: tuple[CheckScore, ...]
    note: str = ""

    @property
    def score(self) -> int:
        """Points earned."""
        return sum(check.points for check in self.checks)

    @property
    def possible(self) -> int:
        """Points there are."""
        return sum(check.possible for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """The score as JSON sees it."""
        told = {
            "id": self.id,
            "score": self.score,
            "possible": self.possible,
            "checks": [check.to_dict() for check in self.checks],
        }
        return {**told, "message": self.note} if self.note else told


@dataclass(frozen=True, slots=True)
class SubmissionScore:
    """What one submission gave."""

    name: str
    exercises: tuple[ExerciseScore, ...]

    @property
    def score(self) -> int:
        """Points earned."""
        return sum(exercise.score for exercise in self.exercises)

    @property
    def possible(self) -> int:
        """Points there are."""
        return sum(exercise.possible for exercise in self.exercises)

    def to_dict(self) -> dict[str, Any]:
        """The score as JSON sees it."""
        return {
            "name": self.name,
            "score": self.score,
            "possible": self.possible,
            "exercises": [exercise.to_dict() for exercise in self.exercises],
        }

    def table(self) -> Table:
        """A row for every check."""
        rows = [
            (
                f"{_MARKS[check.verdict.status]} {exercise.id}",
                check.id,
                _of(check.points, check.possible),
            )
            for exercise in self.exercises
            for check in exercise.checks
        ]
        columns = (Column(""), Column("check"), Column("points", "number"))
        return Table(
            f"{self.name}: {_of(self.score, self.possible)} points",
            columns,
            tuple(rows),
            self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        refused = [
            f"{exercise.id}: {exercise.note}" for exercise in self.exercises if exercise.note
        ]
        told = [
            f"{check.id}: {check.verdict.message}"
            for exercise in self.exercises
            if not exercise.note
            for check in exercise.checks
            if check.verdict.status != "passed"
        ]
        return (*refused, *told)


@dataclass(frozen=True, slots=True)
class Gradebook:
    """What all submissions gave."""

    submissions: tuple[SubmissionScore, ...]

    @property
    def percent(self) -> float:
        """Points earned of all points there are, from 0 to 100; 0 where there are none."""
        possible = sum(one.possible for one in self.submissions)
        return 100 * sum(one.score for one in self.submissions) / possible if possible else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The book as JSON sees it."""
        return {"submissions": [one.to_dict() for one in self.submissions]}

    def __str__(self) -> str:
        return "\n\n".join(one.table().to_text() for one in self.submissions)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle([one.table() for one in self.submissions], include, exclude)


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


def _of(points: int, possible: int) -> str:
    return f"{points} of {possible}"
