"""Points: a check's, an exercise's, a submission's, and the book that holds them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.grade.verdict import Verdict
from mldocker_lab.show.table import Column, Table, bundle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Self

    from mldocker_lab.grade.verdict import Status

__all__ = ["MARKS", "CheckScore", "ExerciseScore", "Gradebook", "SubmissionScore", "lateness"]

#: A shape for each status: a table reads without colour.
MARKS: dict[Status, str] = {"passed": "✔", "failed": "✘", "not-attempted": "–", "error": "!"}


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
        mark, verdict = MARKS[self.verdict.status], self.verdict
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

    def to_record(self) -> dict[str, Any]:
        """The score with all that was said, for the gradebook's file."""
        return {"id": self.id, "possible": self.possible, "verdict": self.verdict.to_dict()}

    @classmethod
    def from_record(cls, data: Mapping[str, Any]) -> Self:
        """The score that ``to_record`` wrote."""
        return cls(data["id"], data["possible"], Verdict.from_dict(data["verdict"]))


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

    @property
    def judged(self) -> bool:
        """Whether it says something about the answer alone: then it need not be graded again."""
        return all(one.verdict.status in ("passed", "failed") for one in self.checks)

    def to_record(self) -> dict[str, Any]:
        """The score with all that was said, for the gradebook's file."""
        checks = [check.to_record() for check in self.checks]
        return {"id": self.id, "checks": checks, "note": self.note}

    @classmethod
    def from_record(cls, data: Mapping[str, Any]) -> Self:
        """The score that ``to_record`` wrote."""
        checks = tuple(CheckScore.from_record(one) for one in data["checks"])
        return cls(data["id"], checks, data["note"])

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
    """What one submission gave.

    Attributes:
        name: whose.
        exercises: what each exercise gave.
        handed_in: when it was handed in, as far as its files tell.
        late: seconds after the due date; None if it was in time, or nobody knows.
    """

    name: str
    exercises: tuple[ExerciseScore, ...]
    handed_in: datetime | None = None
    late: int | None = None

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
            **({"late_seconds": self.late} if self.late else {}),
        }

    def table(self) -> Table:
        """A row for every check."""
        rows = [
            (
                f"{MARKS[check.verdict.status]} {exercise.id}",
                check.id,
                _of(check.points, check.possible),
            )
            for exercise in self.exercises
            for check in exercise.checks
        ]
        rows += [
            (f"{MARKS['failed']} {exercise.id}", "not graded", _of(0, 0))
            for exercise in self.exercises
            if not exercise.checks
        ]
        columns = (Column(""), Column("check"), Column("points", "number"))
        return Table(
            f"{self.name}: {_of(self.score, self.possible)} points",
            columns,
            tuple(rows),
            self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        late = [f"handed in {lateness(self.late)} late"] if self.late else []
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
        return (*late, *refused, *told)


@dataclass(frozen=True, slots=True)
class Gradebook:
    """What all submissions gave.

    Attributes:
        submissions: each of them.
        notes: what whoever grades should know: what this machine could not limit, which files
            were ignored.
    """

    submissions: tuple[SubmissionScore, ...]
    notes: tuple[str, ...] = ()

    @property
    def percent(self) -> float:
        """Points earned of all points there are, from 0 to 100; 0 where there are none."""
        possible = sum(one.possible for one in self.submissions)
        return 100 * sum(one.score for one in self.submissions) / possible if possible else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The book as JSON sees it."""
        told: dict[str, Any] = {"submissions": [one.to_dict() for one in self.submissions]}
        return {**told, "notes": list(self.notes)} if self.notes else told

    def __str__(self) -> str:
        tables = [one.table().to_text() for one in self.submissions]
        return "\n\n".join([*tables, *(f"note: {note}" for note in self.notes)])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle([one.table() for one in self.submissions], include, exclude)


def lateness(seconds: int) -> str:
    """A delay in the unit people use: "20 minutes", "3 hours", "2 days"."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


def _of(points: int, possible: int) -> str:
    return f"{points} of {possible}"
