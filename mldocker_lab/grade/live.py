"""How grading goes, while it goes: a table in a terminal, a line for each result elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from mldocker_lab.grade.runner import Watcher
from mldocker_lab.units import took

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live

    from mldocker_lab.grade.score import ExerciseScore

__all__ = ["Lines", "Table", "watcher"]

_LAST = 8  # results that stay in sight


def watcher(*, quiet: bool = False) -> Watcher:
    """Whatever suits standard error."""
    if quiet:
        return Watcher()
    return Table() if sys.stderr.isatty() else Lines()


class Lines(Watcher):
    """A line when something begins that takes long, and a line for each result."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._total = self._done = 0
        self._prepared: set[str] = set()

    def begin(self, names: list[str], known: int) -> None:
        """Say how much there is to do."""
        self._total, self._done = len(names) + known, 0
        if names:
            self._say(f"grading {len(names)} of {self._total} answers …")

    def preparing(self, what: str) -> None:
        """Say what is being prepared, once."""
        if what not in self._prepared:
            self._prepared.add(what)
            self._say(f"{what} …")

    def result(self, submission: str, score: ExerciseScore, note: str) -> None:
        """Say what it gave."""
        self._done += 1
        told = " ".join(part for part in _result(submission, score, note) if part)
        self._say(f"[{self._done}/{self._total}] {told}")

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)


class Table(Watcher):
    """How many are done, what each worker is at, and the last results, redrawn in place."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console as RichConsole

        self._console = console or RichConsole(stderr=True)
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._began = time.monotonic()
        self._total = self._done = 0
        self._at: dict[int, tuple[str, float]] = {}
        self._preparing = ""
        self._results: deque[tuple[str, str, str]] = deque(maxlen=_LAST)

    def begin(self, names: list[str], known: int) -> None:
        """Draw the table, if there is anything to wait for."""
        from rich.live import Live as RichLive

        self._total = len(names) + known
        if names:
            self._live = RichLive(self, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()

    def preparing(self, what: str) -> None:
        """Show what is being prepared."""
        with self._lock:
            self._preparing = what

    def doing(self, worker: int, what: str) -> None:
        """Show what a worker is at."""
        with self._lock:
            self._preparing = ""
            if what:
                self._at[worker] = (what, time.monotonic())
            else:
                self._at.pop(worker, None)

    def result(self, submission: str, score: ExerciseScore, note: str) -> None:
        """Show a result."""
        with self._lock:
            self._done += 1
            self._results.append(_result(submission, score, note))

    def end(self) -> None:
        """Take the table away: the results follow."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table as it is now."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table as Grid
        from rich.text import Text

        now = time.monotonic()
        with self._lock:
            head = Grid.grid(padding=(0, 2))
            count = f"{self._done} of {self._total} graded"
            bar = ProgressBar(self._total, self._done, width=30)
            head.add_row(Text(count, style="bold"), bar, Text(took(now - self._began), "dim"))
            rows = Grid.grid(padding=(0, 2))
            for submission, points, note in self._results:
                rows.add_row(Text(submission), Text(points), Text(note, "dim"))
            for worker, (what, since) in sorted(self._at.items()):
                rows.add_row(
                    Text(f"worker {worker + 1}", "dim"), Text(what), Text(took(now - since), "dim")
                )
            if self._preparing:
                rows.add_row(Text("preparing", "dim"), Text(self._preparing))
        yield head
        yield rows


def _result(submission: str, score: ExerciseScore, note: str) -> tuple[str, str, str]:
    points = f"{score.id} {score.score} of {score.possible}"
    return submission, points, f"({note})" if note else ""
