"""Progress of anything long that says how far it is.

A bar in a terminal, one line above the result in a notebook, a few lines in a log.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mldocker_lab.units import size, took
from mldocker_lab.widgets.choose import in_notebook
from mldocker_lab.widgets.line import line

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
    """Go through ``stages`` to the end and show where it stands."""
    if sys.stderr.isatty():
        _bars(stages)
    elif in_notebook():
        _line(stages)
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


def _line(stages: Iterable[Stage]) -> None:
    """What is going on, if it takes longer than two seconds; in the end, nothing."""
    shown, began = line(), time.monotonic()
    said = ""
    for stage in stages:
        text = f"{stage.what} …" if not stage.total else f"{stage.what}: {_share(stage)}"
        if text != said and time.monotonic() - began > _QUIET_SECONDS:
            shown.say(text)
            said = text
    if said:
        shown.end()


def _share(stage: Stage) -> str:
    return f"{100 * stage.done // (stage.total or 1)} %"


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
    """Show that something goes on whose end nobody knows, if it takes over two seconds.

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
    if in_notebook():
        yield from _in_a_cell(what)
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


def _in_a_cell(what: str) -> Iterator[Callable[[int], None]]:
    shown = line()
    announced = threading.Timer(_QUIET_SECONDS, shown.say, [f"{what} …"])
    announced.daemon = True
    announced.start()
    began = told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        if time.monotonic() - told > _QUIET_SECONDS:
            told = time.monotonic()
            shown.say(f"{what}: {size(done)}")

    try:
        yield tell
    finally:
        announced.cancel()
        announced.join()
        if time.monotonic() - began > _QUIET_SECONDS:
            shown.end()


def _announce(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)  # noqa: T201 this is the progress
