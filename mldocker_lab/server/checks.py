"""The process that runs the checks of an exercise, so that they can be stopped in the middle.

Started by ``server.apart`` as ``python -P -m mldocker_lab.server.checks FOLDER [CHECK …]``. What
happens goes out as lines of JSON. When its input closes, whoever asked is gone: then it ends as by
Ctrl-C, and takes away what it made.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mldocker_lab import lab
from mldocker_lab.errors import LabError
from mldocker_lab.grade.practice import open_exercise
from mldocker_lab.server.apart import clear_up

if TYPE_CHECKING:
    from mldocker_lab.workbench import Workbench

__all__ = ["main"]

_END_SECONDS = 5.0
_RUNS: list[str] = []  # what this process made on the engine is called by these


def main() -> None:
    """Do what the arguments say."""
    folder, *checks = sys.argv[1:]
    news = _News(_outlet())
    threading.Thread(target=_until_alone, name="alone", daemon=True).start()
    try:
        _run(Path(folder), checks, news)
    except LabError as error:
        news.tell("failed", f"{error.what}. {error.hint}".rstrip(". ") + ".")
    except Exception as error:  # noqa: BLE001 a rubric that breaks must say so, or the page waits
        news.tell("failed", f"it broke: {type(error).__name__}: {error}")


def _run(folder: Path, checks: list[str], news: _News) -> None:
    """Run the checks that were asked for, or all."""
    practice = open_exercise(folder, lambda: _bench(news), line=lambda: news)
    earned = possible = 0
    try:
        for name in checks or list(practice.exercise.points):
            news.tell("checking", check=name)
            score = practice.check(name)
            earned, possible = earned + score.points, possible + score.possible
            news.tell(
                "checked",
                score.verdict.seen,
                check=name,
                status=score.verdict.status,
                points=score.points,
                possible=score.possible,
            )
    finally:
        practice.close()
    news.tell("ended", f"practice: {earned} of {possible} points")


def _bench(news: _News) -> Workbench:
    """A workbench; whoever kills this process has heard before what it makes is called."""
    bench = lab.workbench()
    _RUNS.append(bench.run_id)
    news.write({"run": bench.run_id})
    return bench


class _News:
    """Where news go out; also the line of practice, which says what goes on."""

    def __init__(self, outlet: TextIO) -> None:
        self._outlet = outlet

    def tell(self, kind: str, text: str = "", **facts: Any) -> None:
        """Tell an event of a job."""
        self.write({"kind": kind, "text": text, **facts})

    def say(self, text: str) -> None:
        """As a line's."""
        if text:
            self.tell("says", text)

    def end(self, text: str = "") -> None:
        """What is said in the end stands in the panel."""

    def write(self, thing: dict[str, Any]) -> None:
        """A line."""
        self._outlet.write(json.dumps(thing) + "\n")
        self._outlet.flush()


def _outlet() -> TextIO:
    """The standard output, out of the way of rubrics that print."""
    outlet = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return outlet


def _until_alone() -> None:
    """Wait until nobody listens; then end as by Ctrl-C, or, where threads go on, without it."""
    sys.stdin.read()
    main_thread = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main_thread:
        signal.pthread_kill(main_thread, signal.SIGINT)  # also while it waits for the engine
    else:
        signal.raise_signal(signal.SIGINT)
    time.sleep(_END_SECONDS)
    clear_up(_RUNS)
    os._exit(1)


if __name__ == "__main__":
    main()
