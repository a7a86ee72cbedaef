"""Many answers on several workers: each worker has a station and a process that runs notebooks.

Answers are independent. Whatever one of them does to its worker (kill it, hang it, break its
engine) costs that answer its result and the worker a fresh start; the queue goes on.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import LabError
from mldocker_lab.grade import workspace
from mldocker_lab.grade.exercise import NOTEBOOK
from mldocker_lab.grade.policy import Refused
from mldocker_lab.grade.record import Record
from mldocker_lab.grade.score import CheckScore, ExerciseScore
from mldocker_lab.grade.verdict import Verdict, verdict_on
from mldocker_lab.show.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Self

    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.grade.station import Station

__all__ = ["Job", "Pool", "refused"]

_SETTINGS = "[pytest]\nfilterwarnings = ignore\n"
#: What a graded run may know of our environment; all else (PYTEST_ADDOPTS, …) stays outside.
_PASSED_ON = ("PATH", "HOME", "USER", "USERPROFILE", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
_PASSED_ON_STARTS = ("LC_", "DOCKER_", "MLDOCKER_")
_PACKAGE = Path(__file__).resolve().parents[2]
_PLACES = "mldocker-grade-"
_END_SECONDS = 10.0
_WAKE_SECONDS = 0.5
_MOST_WORDS = 1_200  # characters of one sentence of a verdict; logs are the learner's to write


@dataclass(frozen=True, slots=True)
class Job:
    """One answer to be graded.

    Attributes:
        exercise: a trusted one.
        files: the answer files.
        name: whose it is, for the progress table.
    """

    exercise: Exercise
    files: dict[str, bytes] = field(repr=False)
    name: str = ""


class Pool:
    """Workers for answers; use it in a ``with`` block.

    Args:
        stations: makes a station; called once for each worker, in its thread.
        workers: how many.
        tell: called with a worker's number and what it is doing, from its thread.
        waiting: called now and then while results are waited for; what it raises stops all of it.
    """

    def __init__(
        self,
        stations: Callable[[], Station],
        workers: int,
        tell: Callable[[int, str], None] | None = None,
        waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self._waiting = waiting
        self._stations = stations
        self._workers = workers
        self._tell = tell or _nobody
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[int, ExerciseScore]]:
        """Grade them; yields a job's position and its score as they come, in any order."""
        _clear_up()
        todo: queue.SimpleQueue[tuple[int, Job]] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[int, ExerciseScore] | BaseException] = queue.SimpleQueue()
        for numbered in enumerate(jobs):
            todo.put(numbered)
        count = min(self._workers, len(jobs))
        self._threads = [
            threading.Thread(target=self._work, args=(number, todo, done), name=f"grade-{number}")
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()
        left = len(jobs)
        try:
            while left:
                try:  # waits in short pieces, so that Ctrl-C is heard on every platform
                    item = done.get(timeout=_WAKE_SECONDS)
                except queue.Empty:
                    self._waiting()
                    continue
                if isinstance(item, BaseException):
                    raise item
                left -= 1
                yield item
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def _work(
        self,
        number: int,
        todo: queue.SimpleQueue[tuple[int, Job]],
        done: queue.SimpleQueue[tuple[int, ExerciseScore] | BaseException],
    ) -> None:
        try:
            with _Worker(self._stations(), self._stop, lambda it: self._tell(number, it)) as worker:
                while not self._stop.is_set():
                    try:
                        position, job = todo.get_nowait()
                    except queue.Empty:
                        break
                    self._tell(number, f"{job.name} {job.exercise.id}".strip())
                    done.put((position, worker.grade(job)))
                    self._tell(number, "")
        except BaseException as error:  # noqa: BLE001 raised again, where results are read
            done.put(error)


class _Worker:
    """A station, and the process that runs notebooks beside it."""

    def __init__(
        self, station: Station, stop: threading.Event, tell: Callable[[str], None]
    ) -> None:
        self._station = station
        self._stop = stop
        self._tell = tell
        self._process: _Process | None = None
        self._made = tempfile.TemporaryDirectory(
            prefix=f"{_PLACES}{os.getpid()}-", ignore_cleanup_errors=True
        )
        self._place = Path(self._made.name)
        self._scratch = self._place / "tmp"  # a kernel that is killed leaves its files here
        (self._place / "pytest.ini").write_text(_SETTINGS, encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.close()
        self._station.close()
        self._made.cleanup()

    def grade(self, job: Job) -> ExerciseScore:
        """Grade one answer; once more if the engine was at fault, which is mended first."""
        score, accident = self._grade(job)
        if accident:
            self._fresh()
            score, _ = self._grade(job)
        return score

    def _grade(self, job: Job) -> tuple[ExerciseScore, bool]:
        """A score, and whether a check met an accident rather than a wrong answer."""
        exercise = job.exercise
        record = Record(
            self._place / f"{secrets.token_hex(8)}.jsonl", secrets.token_hex(16), _name_of_run()
        )
        copy = self._place / exercise.id
        engine = "engine" in exercise.needs
        try:
            self._scratch.mkdir(exist_ok=True)
            workspace.prepare(exercise, job.files, copy)
            if engine:
                self._station.open(exercise, job.files)
            ended = self._run(job, copy, record)
            verdicts = record.read()
            accident = engine and any(one.status == "error" for one in verdicts.values())
            return _combined(exercise, ended, verdicts), accident
        except Refused as error:
            return refused(exercise, error), False
        except LabError as error:
            verdict = verdict_on(error)
            return _all(exercise, verdict), verdict.status == "error"
        finally:
            if engine:
                self._tidy(record.run_id)
            for folder in (copy, self._scratch):
                shutil.rmtree(folder, ignore_errors=True)
            record.file.unlink(missing_ok=True)

    def _run(self, job: Job, copy: Path, record: Record) -> _Ended:
        exercise = job.exercise
        engine = "engine" in exercise.needs
        message = {
            "id": record.run_id,
            "folder": str(copy),
            "notebook": NOTEBOOK,
            "settings": str(self._place / "pytest.ini"),
            "seconds": exercise.seconds,
            "answers": sorted(job.files),
            "environment": {
                "MLDOCKER_EXERCISE": str(copy),
                **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._scratch)),
                **record.environment,
                **(self._station.environment(exercise) if engine else {}),
            },
        }
        if self._process is None or self._process.network != self._network(engine=engine):
            self._end_process()
            self._process = _Process(self._place, self._network(engine=engine))
        ended = self._process.do(message, 2 * exercise.seconds, self._stop)
        if ended.broken:
            self._fresh()
        if ended.refused:
            raise Refused(*ended.refused)
        return ended

    def _network(self, *, engine: bool) -> str | None:
        """Where the process must stand; one that stands in a pen can do what needs no engine."""
        if engine or self._process is None:
            return self._station.network
        return self._process.network

    def _tidy(self, run_id: str) -> None:
        try:
            self._station.tidy(run_id)
        except LabError as error:
            self._tell(f"tidying up: {error.what}")

    def _fresh(self) -> None:
        """A new process, on a station that was put in order."""
        self._end_process()
        with suppress(LabError):  # what cannot be mended will be told by the next answer
            self._station.mend()

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


@dataclass
class _Ended:
    """How a notebook's run ended.

    Attributes:
        outcomes: check id → (whether its cell passed clean, why nothing counts any more).
        why: why it ended early, if it did.
        broken: whether its process cannot go on.
        refused: what and hint, if its answer was refused before anything ran.
    """

    outcomes: dict[str, tuple[bool, str]] = field(default_factory=dict)
    why: str = ""
    broken: bool = False
    refused: tuple[str, str] | None = None


class _Process:
    """The process that runs notebooks: jobs in, news out."""

    def __init__(self, place: Path, network: str | None) -> None:
        self.network = network
        arguments = ["--network", network] if network else []
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mldocker_lab.grade.worker", *arguments],
            cwd=place,
            env=_environment(place),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=os.name == "posix",  # Ctrl-C is for the grader to hear
        )
        self._news: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def do(self, job: dict[str, Any], seconds: float, stop: threading.Event) -> _Ended:
        """Do a job within some seconds, unless told to stop."""
        ended = _Ended()
        deadline = time.monotonic() + seconds
        if self._process.stdin is None or not self._send(job):
            return _Ended(why="the grader's worker could not be started", broken=True)
        while True:
            if time.monotonic() > deadline:
                return _Ended(ended.outcomes, "the notebook took too long", broken=True)
            if stop.is_set():
                return _Ended(ended.outcomes, "grading was stopped", broken=True)
            try:
                news = self._news.get(timeout=_WAKE_SECONDS)
            except queue.Empty:
                continue
            if news is None:
                return _Ended(ended.outcomes, "the grader's worker ended", broken=True)
            if "check" in news:
                ended.outcomes[news["check"]] = (news["clean"], news["over"])
            else:
                ended.why = news["ended"]
                ended.refused = tuple(news["refused"]) if news["refused"] else None
                return ended

    def close(self) -> None:
        """End it; an idle one says goodbye, any other is killed."""
        with suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        if self._process.stdout:
            self._process.stdout.close()

    def _send(self, job: dict[str, Any]) -> bool:
        try:
            if self._process.stdin:
                self._process.stdin.write(json.dumps(job) + "\n")
                self._process.stdin.flush()
        except OSError:
            return False
        return True

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self._news.put(json.loads(line))
        self._news.put(None)


def refused(exercise: Exercise, error: LabError) -> ExerciseScore:
    """The score of an answer that is not graded, with the reason."""
    return _all(exercise, Verdict("failed", error.what, hint=error.hint))


def _all(exercise: Exercise, verdict: Verdict) -> ExerciseScore:
    """The same verdict on every check."""
    verdict = _bounded(verdict)
    scores = tuple(CheckScore(name, points, verdict) for name, points in exercise.points.items())
    return ExerciseScore(exercise.id, scores, verdict.message)


def _combined(exercise: Exercise, ended: _Ended, verdicts: dict[str, Verdict]) -> ExerciseScore:
    scores = []
    for name, points in exercise.points.items():
        outcome = ended.outcomes.get(name, (False, ended.why))
        verdict = _agreed(*outcome, verdicts.get(name))
        scores.append(CheckScore(name, points, _bounded(verdict)))
    return ExerciseScore(exercise.id, tuple(scores))


def _agreed(clean: bool, over: str, verdict: Verdict | None) -> Verdict:  # noqa: FBT001 one witness's words
    """What both witnesses say together: nbval about the cell, the check about the answer."""
    if verdict is None or over:
        return Verdict("error", f"not judged: {over or 'its cell never ran to its end'}")
    if verdict.status == "passed" and not clean:
        return Verdict("error", "the check passed, but its cell showed something else besides")
    return verdict


def _bounded(verdict: Verdict) -> Verdict:
    """No endless sentences, and no characters that a terminal or a page would obey."""
    return replace(
        verdict, seen=_plain(verdict.seen), why=_plain(verdict.why), hint=_plain(verdict.hint)
    )


def _plain(text: str) -> str:
    kept = printable(text)
    return kept if len(kept) <= _MOST_WORDS else f"{kept[: _MOST_WORDS - 1]}…"


def _environment(place: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _PASSED_ON or name.upper().startswith(_PASSED_ON_STARTS)
    }
    ours = {
        "MLDOCKER_LIVE": "0",
        "MLDOCKER_GRADE_OUTPUT": str(place / "output.txt"),
        "PYTHONPATH": str(_PACKAGE),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "IPYTHONDIR": str(place / "ipython"),
        "JUPYTER_CONFIG_DIR": str(place / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
    }
    return kept | ours


def _nobody(worker: int, doing: str) -> None:
    """Nobody listens."""


def _clear_up() -> None:
    """Remove what graders that were killed left in the folder for temporary files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PLACES}*-*"):
        number = folder.name.removeprefix(_PLACES).partition("-")[0]
        if number.isdecimal() and not _runs(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    """Whether there is such a process; where that cannot be asked, there may be."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _name_of_run() -> str:
    """A run's id that no submission can guess: images of a run are called by it."""
    return secrets.token_hex(16)
