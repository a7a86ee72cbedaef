"""Progress of anything long that says how far it is: a bar in a terminal, a few lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

from mldocker_lab.units import took

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Stage", "watch"]

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
