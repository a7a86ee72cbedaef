"""The exercises there are, how far you are with each, and which one you mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.errors import UsageError
from mldocker_lab.grade import progress
from mldocker_lab.grade.exercise import SETTINGS, Exercise
from mldocker_lab.grade.start import fingerprint
from mldocker_lab.grade.submissions import known_exercises
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Shelf", "Standing", "find", "shelf"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far you are with an exercise, as far as practice knows.

    Attributes:
        status: untouched (the answer is as at its start, and was never checked), begun (it was
            changed or checked), or done (all checks pass for the answer as it is).
        score: points that the answer as it is has earned in practice.
        checked: how many checks have been run on the answer as it is.
        at: when the last of all checks was run, in ISO 8601; None if none was.
    """

    status: Literal["untouched", "begun", "done"]
    score: int
    checked: int
    at: str | None

    def to_dict(self) -> dict[str, Any]:
        """The standing as JSON sees it."""
        return {
            "status": self.status,
            "score": self.score,
            "checked": self.checked,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class Shelf:
    """Exercises with your standing in each."""

    exercises: tuple[tuple[Exercise, Standing], ...]

    def to_dict(self) -> dict[str, Any]:
        """The shelf as JSON sees it."""
        return {
            "exercises": [
                {
                    "id": exercise.id,
                    "title": exercise.title,
                    "minutes": exercise.minutes,
                    "points": exercise.possible,
                    "checks": exercise.points,
                    "needs": list(exercise.needs),
                    "practice": standing.to_dict(),
                }
                for exercise, standing in self.exercises
            ]
        }

    def table(self) -> Table:
        """A row for every exercise."""
        rows = tuple(
            (
                exercise.id,
                exercise.title,
                str(exercise.minutes),
                str(exercise.possible),
                ", ".join(exercise.needs) or "nothing",
                _told(exercise, standing),
            )
            for exercise, standing in self.exercises
        )
        columns = (
            Column("exercise"),
            Column("title"),
            Column("minutes", "number"),
            Column("points", "number"),
            Column("needs"),
            Column("in practice"),
        )
        return Table("Exercises", columns, rows, ("What counts is `mldocker-lab grade`.",))

    def __str__(self) -> str:
        return self.table().to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.table()._repr_mimebundle_(include, exclude)


def shelf(exercises: Iterable[Exercise] | None = None) -> Shelf:
    """All exercises, in the order of their ids.

    Args:
        exercises: which; None for those the lab knows.

    Raises:
        UsageError: there is no folder of exercises, or one cannot be read.
    """
    found = known_exercises().values() if exercises is None else exercises
    return Shelf(tuple((one, _standing(one)) for one in found))


def find(name: str) -> Exercise:
    """The exercise of an id ("03_cache"), or of a folder ("exercises/03_cache", "answer", ".").

    Raises:
        UsageError: there is none.
    """
    place = Path(name).resolve()
    for folder in (place, place.parent) if place.is_dir() else ():
        if (folder / SETTINGS).is_file():
            return Exercise.load(folder)
    known = known_exercises()
    if name not in known:
        raise UsageError(f"no exercise is called {name}", f"there are {', '.join(known)}")
    return known[name]


def _standing(exercise: Exercise) -> Standing:
    results = progress.load(exercise.id)
    now = fingerprint(exercise.answer)
    valid = {name: last for name, last in results.items() if last.answer == now}
    passed = {name for name, last in valid.items() if last.status == "passed"}
    changed = exercise.start.is_dir() and now != fingerprint(exercise.start)
    status: Literal["untouched", "begun", "done"] = (
        "done"
        if passed >= exercise.points.keys()
        else "begun"
        if changed or results
        else "untouched"
    )
    score = sum(exercise.points[name] for name in passed & exercise.points.keys())
    at = max((last.at for last in results.values()), default=None)
    return Standing(status, score, len(valid), at)


def _told(exercise: Exercise, standing: Standing) -> str:
    if standing.status == "untouched":
        return "not begun"
    if not standing.checked:
        return "check again" if standing.at else "begun"
    return f"{standing.score} of {exercise.possible} points"
