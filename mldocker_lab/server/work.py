"""What jobs do: practise the checks of an exercise, or have it graded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab import lab
from mldocker_lab.grade.runner import Watcher
from mldocker_lab.grade.start import fingerprint
from mldocker_lab.server import apart, memory

if TYPE_CHECKING:
    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.grade.score import ExerciseScore
    from mldocker_lab.server.jobs import Job
    from mldocker_lab.server.schema import JobWanted

__all__ = ["check", "grade"]


def check(exercise: Exercise, wanted: JobWanted, job: Job) -> str:
    """Practise the checks that were asked for, or all; returns the last word."""
    return apart.check(exercise.folder, wanted.checks, job)


def grade(exercise: Exercise, wanted: JobWanted, job: Job) -> str:
    """Have the answer graded as it is, and remember what it gave; returns the last word."""
    del wanted  # all of it
    answer = fingerprint(exercise.answer)
    known = exercise.folder.parent
    book = lab.grade([exercise.folder], watcher=_Watcher(job), known=known)
    found = [one for each in book.submissions for one in each.exercises]
    score, possible = (sum(getattr(one, what) for one in found) for what in ("score", "possible"))
    if possible and all(one.judged for one in found):
        memory.note(
            "exercises",
            exercise.id,
            grade={"score": score, "possible": possible, "at": memory.now(), "answer": answer},
        )
    notes = [one.note for one in found if one.note]
    return " ".join([f"graded: {score} of {possible} points.", *notes, *book.notes])


class _Watcher(Watcher):
    """How grading goes, as events of a job."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def preparing(self, what: str) -> None:
        self._job.tell("says", what)

    def doing(self, worker: int, what: str) -> None:
        del worker  # there is one
        if what:
            self._job.tell("says", what)

    def waiting(self) -> None:
        self._job.go_on()

    def result(self, submission: str, score: ExerciseScore, note: str) -> None:
        del submission  # there is one
        for one in score.checks:
            self._job.tell(
                "checked",
                one.verdict.seen,
                check=one.id,
                status=one.verdict.status,
                points=one.points,
                possible=one.possible,
            )
        if note:
            self._job.tell("says", note)
