"""Builds in a terminal: side by side where it is wide, plain lines where it is none at all."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, Group
from rich.live import Live as RichLive
from rich.table import Table as Grid
from rich.text import Text

from mldocker_lab.report.events import Built, Failed, Finished
from mldocker_lab.show.words import middle
from mldocker_lab.units import size, took
from mldocker_lab.widgets.live import Live
from mldocker_lab.widgets.state import LIVE_MARKS, LiveSide, LiveState, LiveStep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from mldocker_lab.report.events import Event
    from mldocker_lab.widgets.view import RowLike

__all__ = ["Lines", "Terminal"]

_WIDE = 100  # columns from which two builds stand side by side
_GAP = 3
_BAR = 20
_STYLES: dict[LiveState, str] = {
    "waiting": "dim",
    "running": "bold",
    "cached": "cyan",
    "failed": "bold red",
    "skipped": "dim",
    "metadata": "dim",
}


class Terminal(Live):
    """Every build's steps, redrawn in place; the last picture stays above what is printed next."""

    period = 0.2
    ticking = True

    def __init__(self, console: Console | None = None) -> None:
        super().__init__()
        self.console = console or Console(stderr=True)
        self._live = RichLive(console=self.console, auto_refresh=False, redirect_stdout=False)

    def open(self) -> None:
        """Take the cursor."""
        self._live.start()

    def draw(self) -> None:
        """Write the picture over the one before."""
        self._live.update(self._picture(), refresh=True)

    def close(self, result: object | None) -> None:  # noqa: ARG002 - the caller prints it
        """Give the cursor back; the caller prints the result, maybe to another stream."""
        self._live.stop()

    def _picture(self) -> RenderableType:
        width = self.console.width
        beside = width >= _WIDE and len(self.sides) > 1
        room = (width - _GAP * (len(self.sides) - 1)) // len(self.sides) if beside else width
        blocks = [self._side(side, room) for side in self.sides.values()]
        note = [Text(self.note, style="italic")] if self.note else []
        if not beside:
            return Group(*note, *blocks)
        grid = Grid.grid(padding=(0, _GAP, 0, 0))
        for _ in blocks:
            grid.add_column(width=room)
        grid.add_row(*blocks)
        return Group(*note, grid)

    def _side(self, side: LiveSide, width: int) -> Text:
        now = self.elapsed(side)
        lines = [Text(f"{side.name}  {took(now)}  {_word(side)}", style="bold underline")]
        lines += [_step_line(step, now, width) for step in side.steps]
        lines += [Text(_moving(what, *side.moved[what])) for what in side.moved]
        if not side.outcome:
            lines += [Text(f"  │ {line}"[:width], style="dim") for line in side.log]
        if side.message:
            lines.append(Text(side.message, style="red"))
        for line in lines:
            line.no_wrap = True
        return Text("\n").join([*lines, Text()])


class Lines:
    """One line for every step that is over: for logs and pipes.

    Args:
        stream: where to write; stderr, so that stdout holds results only.
        patience: seconds before the first line; what is over by then needs no report.
    """

    def __init__(self, stream: TextIO | None = None, patience: float = 2.0) -> None:
        self.stream = stream
        self.patience = patience
        self._held: list[str] = []
        self._since = 0.0
        self._sides: dict[str, LiveSide] = {}
        self._lock = threading.Lock()

    def begin(self, sides: Mapping[str, Sequence[RowLike]], note: str = "") -> None:
        """Remember the instructions, and the note for the first line."""
        self._since = self._since or time.monotonic()
        self._sides = {name: LiveSide.of(name, rows) for name, rows in sides.items()}
        if note:
            self._say(note)

    def event(self, side: str, event: Event) -> None:
        """Say what is over."""
        with self._lock:
            state = self._sides[side]
            state.add(event)
            match event:
                case Finished(step):
                    self._say(f"{side:<6}{_step_words(state.steps[step])}")
                case Built(at):
                    self._say(f"{side:<6}built in {took(at)}")
                case Failed(_, at, message):
                    self._say(f"{side:<6}failed after {took(at)}: {message}")

    def end(self, result: object | None = None) -> None:
        """Nothing more to say: the caller prints the result."""

    def _say(self, line: str) -> None:
        self._held.append(line)
        if time.monotonic() - self._since >= self.patience:
            print(*self._held, sep="\n", file=self.stream or sys.stderr, flush=True)
            self._held.clear()


def _word(side: LiveSide) -> str:
    if side.outcome:
        return side.outcome
    return "waiting" if side.at is None else f"{side.finished} of {side.counted} steps"


def _step_words(step: LiveStep) -> str:
    seconds = took(step.seconds) if step.seconds is not None else ""
    return f"{LIVE_MARKS[step.state]} {step.state:<8} {seconds:>12}  {middle(step.instruction, 70)}"


def _step_line(step: LiveStep, now: float | None, width: int) -> Text:
    seconds = step.seconds
    if step.state == "running" and step.started is not None and now is not None:
        seconds = now - step.started
    clock = took(seconds) if seconds is not None else ""
    head = f"{LIVE_MARKS[step.state]} {step.state:<8} "
    room = width - len(head) - len(clock) - 1
    text = f"{head}{middle(step.instruction, room):<{room}} {clock}"
    return Text(text, style=_STYLES.get(step.state, ""))


def _moving(what: str, done: int, total: int | None) -> str:
    """``"  context  ▰▰▰▰▱▱▱▱ 12 MB of 40 MB"``."""
    if not total:
        return f"  {what}  {size(done)}"
    full = round(_BAR * min(done / total, 1))
    bar = "▰" * full + "▱" * (_BAR - full)
    return f"  {what}  {bar} {size(done)} of {size(total)}"
