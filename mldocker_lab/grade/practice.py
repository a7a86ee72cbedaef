"""An exercise as its notebook sees it: ``ex = lab.exercise()``, then ``ex.check("…")`` per cell.

The same cells serve twice. In your notebook a check judges the files as they are now; change one
and run the cell again. In the grader's run they judge the pristine copy and note their verdict.
"""

from __future__ import annotations

import atexit
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError
from mldocker_lab.grade.evidence import Evidence
from mldocker_lab.grade.exercise import SETTINGS, Exercise
from mldocker_lab.grade.record import Record
from mldocker_lab.grade.score import CheckScore
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.workbench import Workbench

__all__ = ["Practice", "open_exercise"]

_FOLDER = "MLDOCKER_EXERCISE"


def open_exercise(
    folder: str | Path | None = None, bench: Callable[[], Workbench] | None = None
) -> Practice:
    """Open the exercise whose notebook you are in.

    Args:
        folder: the exercise's folder; None for the one you are in.
        bench: makes a workbench when a check first needs one.

    Raises:
        UsageError: no exercise.toml there.
    """
    record = Record.of_this_run()
    place = Path(folder or os.environ.get(_FOLDER) or ".").resolve()
    if not (place / SETTINGS).is_file() and (place.parent / SETTINGS).is_file():
        place = place.parent  # you are in its answer folder
    exercise = Exercise.load(place)
    return Practice(exercise, _graded(record) if record else bench or _nothing, record)


class Practice:
    """An exercise you work on.

    Args:
        exercise: which.
        bench: makes a workbench; each state of the answer gets a new one, and so a cold start.
        record: where a graded run keeps its verdicts; None in practice.
    """

    def __init__(
        self, exercise: Exercise, bench: Callable[[], Workbench], record: Record | None = None
    ) -> None:
        self.exercise = exercise
        self._rubric = exercise.rubric()
        self._make = bench
        self._record = record
        self._evidence: Evidence | None = None
        self._bench: Workbench | None = None
        self._state = ""
        atexit.register(self.close)

    @property
    def answer(self) -> Path:
        """The folder with the files you edit."""
        return self.exercise.answer

    def check(self, name: str) -> CheckScore:
        """Judge the answer as it is now by one check.

        Raises:
            UsageError: the exercise has no such check.
        """
        one = self._rubric.checks.get(name)
        if one is None:
            known = ", ".join(self._rubric.checks)
            raise UsageError(f"{self.exercise.id} has no check {name!r}", f"it has {known}")
        try:
            verdict = one(self._current())
        except KeyboardInterrupt:
            self.close()  # half a fact is none: begin again next time
            raise
        if self._record:
            self._record.write(name, verdict)
        return CheckScore(name, self.exercise.points[name], verdict)

    def build(self, edit: str | None = None) -> BuildReport:
        """Build the answer as it is now, the way the checks do: from cold, in a copy.

        Args:
            edit: a file of the answer; give it one more line and build again, so that you see
                which steps come from the cache.

        Raises:
            BuildFailed: an instruction failed.
        """
        evidence = self._current()
        if edit is None:
            return evidence.first.report
        return evidence.build({edit: f"{evidence.text(edit)}\n# edited\n"}).report

    def close(self) -> None:
        """Remove what the checks made: the copy of the answer, and the images of its builds."""
        if self._evidence is not None:
            self._evidence.close()
            self._evidence = None
        if self._bench is not None:
            self._bench.forget()
            self._bench = None

    def table(self) -> Table:
        """The checks and their points."""
        exercise = self.exercise
        rows = [(one.id, one.says, str(exercise.points[one.id])) for one in self._in_order()]
        columns = (Column("check"), Column("passes when"), Column("points", "number"))
        files = ", ".join(exercise.answer_files)
        notes = (
            f"You edit {files} in answer/. Checks in this notebook are practice; what counts is",
            f"mldocker-lab grade exercises/{exercise.id}",
        )
        title = f"{exercise.id}: {exercise.title} ({exercise.possible} points)"
        return Table(title, columns, tuple(rows), notes)

    def __repr__(self) -> str:
        return self.table().to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.table()._repr_mimebundle_(include, exclude)

    def _in_order(self) -> list[Any]:
        return [self._rubric.checks[name] for name in self.exercise.points]

    def _current(self) -> Evidence:
        """The evidence about the files as they are now; what an older state gave is forgotten."""
        state = _fingerprint(self.answer)
        if self._evidence is None or state != self._state:
            self.close()
            self._state = state
            name = self.exercise.id if self._record else f"{self.exercise.id}-practice"
            evidence = Evidence(self.answer, lambda: self._workbench(name), name=name)
            self._evidence = evidence
            if self._rubric.prepare is not None:
                self._rubric.prepare(evidence)
        return self._evidence

    def _workbench(self, name: str) -> Workbench:
        self._bench = self._make()
        if not self._record:
            self._bench.forget_others(Path(name))  # a kernel that was killed could not clean up
        return self._bench


def _fingerprint(folder: Path) -> str:
    """Changes with every name, size and time of change in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode(errors="replace"))
    return digest.hexdigest()


def _graded(record: Record) -> Callable[[], Workbench]:
    """The grader's own engine under the grader's own run id; it has prepared the supplies."""

    def make() -> Workbench:
        from mldocker_lab.grade.graded import workbench

        return workbench(record)

    return make


def _nothing() -> Workbench:
    from mldocker_lab.errors import NoEngine

    raise NoEngine("no engine was given to this exercise", "open it with lab.exercise()")
