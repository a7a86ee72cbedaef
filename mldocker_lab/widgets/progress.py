"""Progress of anything long that says how far it is: a bar in a terminal, a few lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mldocker_lab.units import size, took

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Stage", "counting", "watch"]

_QUIET_SECONDS = 2.0


class Stage(Protocol):
    """How far something is: ``done`` of ``total`` (None: nobody knows), in whatever unit."""

    @property
    def what(self) -> str:
        """What is being done, in a few words."""

    @property
    def done(self) -> int:
        """How much of it is done."""

    @property
    def total(self) -> int | None:
        """How much there is."""


def watch(stages: Iterable[Stage]) -> None:
    """Go through ``stages`` to the end and show on stderr where it stands."""
    if sys.stderr.isatty():
        _bars(stages)
    else:
        _lines(stages)


def _bars(stages: Iterable[Stage]) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {}
        for stage in stages:
            if stage.what not in tasks:
                tasks[stage.what] = progress.add_task(stage.what, total=stage.total)
            progress.update(tasks[stage.what], completed=stage.done, total=stage.total)


def _lines(stages: Iterable[Stage]) -> None:
    """One line when a stage begins, one when it took longer than two seconds."""
    current, began = "", time.monotonic()

    def end() -> None:
        seconds = time.monotonic() - began
        if current and seconds > _QUIET_SECONDS:
            print(f"  {current}: {took(seconds)}", file=sys.stderr, flush=True)  # noqa: T201 this is the progress

    for stage in stages:
        if stage.what != current:
            end()
            current, began = stage.what, time.monotonic()
            print(f"{current} …", file=sys.stderr, flush=True)  # noqa: T201 this is the progress
    end()


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr that something goes on whose end nobody knows, if it takes over two seconds.

    Args:
        what: what is being done, in a few words.

    Yields:
        a function to call now and then with the bytes done so far.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn("line"), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(what)
            yield lambda done: progress.update(task, description=f"{what}: {size(done)}")
        return
    began = time.monotonic()
    announced = threading.Timer(_QUIET_SECONDS, _announce, [what])
    announced.daemon = True
    announced.start()
    try:
        yield lambda _: None
    finally:
        announced.cancel()
        if time.monotonic() - began > _QUIET_SECONDS:
            print(f"  {what}: {took(time.monotonic() - began)}", file=sys.stderr, flush=True)  # noqa: T201 this is the progress


def _announce(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)  # noqa: T201 this is the progress
