"""An exercise as its notebook sees it: ``ex = lab.exercise()``, then ``ex.check("…")`` per cell.

The same cells serve twice. In your notebook a check judges the files as they are now; change one
and run the cell again. That is practice, and whatever is no pass says so; a pass is the one line
that nbval compares. In the grader's run the cells judge the pristine copy and note their verdict.
"""

from __future__ import annotations

import atexit
import hashlib
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.dockerfile import context
from mldocker_lab.errors import EngineError, UsageError
from mldocker_lab.grade import progress, rubric
from mldocker_lab.grade.evidence import Evidence
from mldocker_lab.grade.exercise import SETTINGS, Exercise
from mldocker_lab.grade.hinting import hints
from mldocker_lab.grade.record import Record
from mldocker_lab.grade.score import CheckScore
from mldocker_lab.grade.start import fingerprint
from mldocker_lab.show.table import WIDTH, Column, Table
from mldocker_lab.show.words import folded
from mldocker_lab.units import size
from mldocker_lab.widgets.line import Silent, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mldocker_lab.grade.hinting import Hints
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.widgets.line import Line
    from mldocker_lab.workbench import Workbench

__all__ = ["Practice", "Practised", "open_exercise"]

_FOLDER = "MLDOCKER_EXERCISE"
_SHOWN = 30  # rows of a table of files
_INDENT = 8  # where a check's sentences begin
_NOW = {"passed": "passed", "failed": "failed", "error": "not judged", "not-attempted": "–"}


def open_exercise(
    folder: str | Path | None = None,
    bench: Callable[[], Workbench] | None = None,
    line: Callable[[], Line] = line,
) -> Practice:
    """Open the exercise whose notebook you are in.

    Args:
        folder: the exercise's folder; None for the one you are in.
        bench: makes a workbench when a check first needs one.
        line: makes the line that says what is going on.

    Raises:
        UsageError: no exercise.toml there.
    """
    record = Record.of_this_run()
    place = Path(folder or os.environ.get(_FOLDER) or ".").resolve()
    if not (place / SETTINGS).is_file() and (place.parent / SETTINGS).is_file():
        place = place.parent  # you are in its answer folder
    exercise = Exercise.load(place)
    make = _graded(record) if record else bench or _nothing
    return Practice(exercise, make, record, line)


@dataclass(frozen=True, slots=True, repr=False)
class Practised(CheckScore):
    """What a check gave in practice: it says so, and where more help is."""

    def told(self) -> str:
        """What the check says, in lines that fit; a pass stays one line."""
        shown = super(Practised, self).__repr__()
        return shown if self.verdict.status == "passed" else folded(shown, WIDTH, _INDENT)

    def __repr__(self) -> str:
        if self.verdict.status == "passed":
            return self.told()
        more = f'; ex.hint("{self.id}") helps further' if self.verdict.more else ""
        return f"{self.told()}\n  (practice{more})"


class Practice:
    """An exercise you work on.

    Args:
        exercise: which.
        bench: makes a workbench; each state of the answer gets a new one, and so a cold start.
        record: where a graded run keeps its verdicts; None in practice.
        line: makes the line that says what is going on.
    """

    def __init__(
        self,
        exercise: Exercise,
        bench: Callable[[], Workbench],
        record: Record | None = None,
        line: Callable[[], Line] = line,
    ) -> None:
        self.exercise = exercise
        self._rubric = rubric.of_exercise(exercise)
        self._make = bench
        self._record = record
        self._evidence: Evidence | None = None
        self._bench: Workbench | None = None
        self._state = ""
        self._warm = exercise.warm and record is None
        self._new_line = line
        self._line: Line = Silent()
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
        with self._telling():
            try:
                verdict = one(self._current())
            except KeyboardInterrupt:
                self.close()  # half a fact is none: begin again next time
                raise
        points = self.exercise.points[name]
        if self._record:
            self._record.write(name, verdict)
            return CheckScore(name, points, verdict)
        if verdict.status in ("error", "not-attempted"):
            self.close()  # what broke may be mended by then: the next try looks again
        score = Practised(name, points, verdict)
        progress.note(self.exercise.id, score, fingerprint(self.answer))
        return score

    def hint(self, check: str | None = None) -> Hints:
        """One more hint about what a check saw last; ask again for the next one.

        Args:
            check: the check's id; None for the first one that failed.

        Raises:
            UsageError: no such check, it has not been run, or none has failed.
        """
        return hints(self.exercise, check)

    def build(self, edit: str | None = None) -> BuildReport:
        """Build the answer as it is now, the way the checks do: from cold, in a copy.

        Args:
            edit: a file of the answer; give it one more line and build again, so that you see
                which steps come from the cache.

        Raises:
            BuildFailed: an instruction failed.
        """
        with self._telling():
            evidence = self._current()
            if edit is None:
                return evidence.first.report
            return evidence.build({edit: f"{evidence.text(edit)}\n# edited\n"}).report

    def sent(self) -> Table:
        """What a build of the answer as it is now sends to the engine; the biggest files first.

        It looks at the copy that the checks build, with the files that they put beside yours.

        Raises:
            UsageError: the ignore file cannot be read as one.
        """
        sent = context.scan(self._current().folder)
        files = sorted((one for one in sent.entries if one.kind != "folder"), key=lambda e: -e.size)
        rows = [(one.name, size(one.size)) for one in files[:_SHOWN]]
        rest = files[_SHOWN:]
        if rest:
            rows.append((f"{len(rest)} smaller ones", size(sum(one.size for one in rest))))
        title = f"a build sends {len(files)} files, {size(sent.bytes)}"
        columns = (Column("file in answer/", "code"), Column("size", "number"))
        note = f"left out by {sent.ignore_file}: {len(sent.left_out)} files and folders"
        nothing = "nothing is left out: there is no .dockerignore"
        return Table(title, columns, tuple(rows), (note if sent.ignore_file else nothing,))

    def close(self) -> None:
        """Remove what the checks made: the copy of the answer, and the images of its builds."""
        self._drop_evidence()
        if self._bench is not None:
            bench, self._bench = self._bench, None
            with suppress(EngineError):  # an engine that is gone cannot be tidied up
                bench.forget()

    def table(self) -> Table:
        """The checks, their points, and how far you are."""
        exercise = self.exercise
        results = {} if self._record else progress.load(exercise.id)
        now = fingerprint(self.answer) if results else ""
        rows = []
        for one in self._in_order():
            last = results.get(one.id)
            stale = ", before your last change" if last and last.answer != now else ""
            result = f"{_NOW[last.status]}{stale}" if last else "–"
            rows.append((one.id, one.says, str(exercise.points[one.id]), result))
        columns = (
            Column("check"),
            Column("passes when"),
            Column("points", "number"),
            Column("in practice"),
        )
        files = ", ".join(exercise.answer_files)
        notes = (
            f"You edit {files} in answer/. Checks in this notebook are practice; what counts is",
            f"mldocker-lab grade {self._place()}",
        )
        earned = sum(last.points for last in results.values() if last.answer == now)
        so_far = f", {earned} of them in practice" if results else ""
        title = f"{exercise.id}: {exercise.title} ({exercise.possible} points{so_far})"
        return Table(title, columns, tuple(rows), notes)

    def __repr__(self) -> str:
        return self.table().to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.table()._repr_mimebundle_(include, exclude)

    def _in_order(self) -> list[Any]:
        return [self._rubric.checks[name] for name in self.exercise.points]

    def _current(self) -> Evidence:
        """The evidence about the files as they are now; what an older state gave is forgotten."""
        state = _state(self.answer)
        if self._evidence is None or state != self._state:
            if self._warm:
                self._drop_evidence()
            else:
                self.close()
            self._state = state
            name = self.exercise.id if self._record else f"{self.exercise.id}-practice"
            evidence = Evidence(
                self.answer,
                lambda: self._workbench(name),
                name=name,
                start=self.exercise.start,
                tell=self._say,
            )
            self._evidence = evidence
            if self._rubric.prepare is not None:
                self._rubric.prepare(evidence)
        return self._evidence

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say what is going on while it goes on; afterwards, that this was practice."""
        self._line = Silent() if self._record else self._new_line()
        try:
            yield
        finally:
            self._line.end(f"practice; what counts is mldocker-lab grade {self._place()}")
            self._line = Silent()

    def _say(self, text: str) -> None:
        self._line.say(text)

    def _place(self) -> str:
        return f"exercises/{self.exercise.id}"

    def _drop_evidence(self) -> None:
        """Images of an older state go; what the engine's build cache remembers of them stays."""
        if self._evidence is None:
            return
        tags = self._evidence.tags
        self._evidence.close()
        self._evidence = None
        if self._bench is not None:
            for tag in tags:
                with suppress(EngineError):  # gone already, or in use: it goes with the run
                    self._bench.engine.remove_image(tag)

    def _workbench(self, name: str) -> Workbench:
        if self._bench is not None:
            return self._bench
        self._bench = self._make()
        if not self._record:
            self._bench.forget_others(Path(name))  # a kernel that was killed could not clean up
        return self._bench


def _state(folder: Path) -> str:
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
