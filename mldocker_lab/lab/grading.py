"""Exercises: practise one, grade many."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine import install as installing
from mldocker_lab.engine import private
from mldocker_lab.errors import EngineError, NoEngine
from mldocker_lab.home import GRADEBOOK, home
from mldocker_lab.lab.announce import announce
from mldocker_lab.lab.engine import workbench

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from mldocker_lab.grade.runner import Watcher
    from mldocker_lab.grade.score import Gradebook
    from mldocker_lab.grade.station import Kind

__all__ = ["exercise", "grade", "gradebook_file"]

_MOST_JOBS = 4
_SHARED = (
    "So builds had that engine's network, no limits on memory, processors, processes and disk, "
    "and the images on it were in their reach: grade no strangers' answers like this."
)


def exercise(folder: str | Path | None = None) -> Any:
    """The exercise of this folder, with its checks.

    Args:
        folder: where it lies; the current folder if not given.
    """
    from mldocker_lab.grade.practice import open_exercise

    return open_exercise(folder, workbench)


def grade(
    paths: Iterable[Path],
    *,
    gradebook: Path | None = None,
    exercises: tuple[str, ...] = (),
    engine: str | None = None,
    jobs: int | None = None,
    regrade: bool = False,
    due: datetime | None = None,
    quiet: bool = False,
    watcher: Watcher | None = None,
    known: Path | None = None,
) -> Gradebook:
    """Grade answers: build and run them where they can harm nobody, and keep every attempt.

    Args:
        paths: exercises, folders of exercises, submissions, or folders of submissions.
        gradebook: the SQLite file that keeps the attempts; None keeps them in the lab's home.
        exercises: ids of the exercises every submission is held to; none for those it holds.
        engine: None for engines of the grader's own; "found" for the one lessons use, or its
            address: then what is graded shares it with everything else.
        jobs: how many answers at a time; None for what the machine has room for.
        regrade: grade anew what is known already.
        due: when it had to be handed in: later ones are marked.
        quiet: show no progress.
        watcher: hears how it goes, instead of whoever reads standard error.
        known: the folder of the exercises we trust; None for the lab's own.

    Raises:
        UsageError: a path holds nothing that can be graded.
        DiskFull: the gradebook has no room; what it holds is whole, and a rerun does the rest.
    """
    from mldocker_lab.grade import live, runner
    from mldocker_lab.grade.ledger import Ledger

    jobs = jobs or min(os.cpu_count() or 1, _MOST_JOBS)
    watcher = watcher or live.watcher(quiet=quiet)
    with Ledger(gradebook or gradebook_file()) as ledger:
        options = runner.Options(
            exercises=known,
            only=exercises,
            kind=partial(_place, engine, watcher),
            jobs=jobs,
            ledger=ledger,
            regrade=regrade,
            due=due,
            watcher=watcher,
        )
        return runner.grade_all(list(paths), options)


def gradebook_file() -> Path:
    """Where the gradebook is, unless another one is named."""
    return home() / GRADEBOOK


def _place(engine: str | None, watcher: Watcher, jobs: int) -> Kind:
    """Where to grade: in pens, else on whatever engine there is, saying what that means."""
    from mldocker_lab.engine import pen
    from mldocker_lab.engine.limits import Limits
    from mldocker_lab.grade import station

    why = "as you asked"
    if engine is None:
        try:
            if private.dockerd() is None and installing.possible():
                installing.install(announce)
            if not (reason := pen.obstacle()):
                return station.pens(Limits.share(jobs), jobs, watcher.preparing)
            why = f"since the grader cannot have one of its own: {reason}"
        except EngineError as error:
            why = f"since the grader cannot have one of its own: {error.what}"
    elif engine != "found":
        os.environ["MLDOCKER_ENGINE"] = engine  # the graded kernels look there, too
    try:
        bench = workbench()
    except NoEngine as error:
        return station.nowhere(error.what, (error.hint,))
    return station.found(bench, (f"graded on {bench.engine.name}, {why}. {_SHARED}",))
