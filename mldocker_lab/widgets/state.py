"""A build as it looks right now, folded from the events that came so far.

Views draw this and nothing else, so a page and a terminal tell the same story.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.report.build import FILESYSTEM
from mldocker_lab.report.events import Built, Event, Failed, Finished, Output, Progress, Started
from mldocker_lab.show.words import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.widgets.view import RowLike

__all__ = ["LIVE_MARKS", "LOG_LINES", "LiveSide", "LiveState", "LiveStep"]

LiveState = Literal["waiting", "running", "cached", "done", "failed", "skipped", "metadata"]

#: A shape for every word, so that no state is told by colour alone.
LIVE_MARKS: dict[LiveState, str] = {
    "waiting": "○",
    "running": "▶",
    "cached": "□",
    "done": "■",
    "failed": "✗",
    "skipped": "–",
    "metadata": "·",
}

#: Lines of a build's log that a view keeps, and characters of a line.
LOG_LINES = 6
_LOG_WIDTH = 200
_MOVED = 2
_LAYER = re.compile(r"sha256:([0-9a-f]{8})[0-9a-f]*")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


@dataclass(slots=True)
class LiveStep:
    """One instruction and its state; seconds count from its start while it runs.

    A step that repeats an earlier one (its ``twin``) is done once, and takes that one's state.
    """

    instruction: str
    state: LiveState = "waiting"
    started: float | None = None
    seconds: float | None = None
    twin: int | None = None


@dataclass(slots=True)
class LiveSide:
    """One of the builds that are shown.

    Attributes:
        name: "bad", "good".
        steps: its instructions.
        at: seconds since the build was asked for, as of its last event; None before the first.
        outcome: "" while it goes on, then "built" or "failed".
        message: why it failed.
        moved: bytes done and (where known) in all: of the context, and of what moves now.
    """

    name: str
    steps: list[LiveStep]
    at: float | None = None
    outcome: Literal["", "built", "failed"] = ""
    message: str = ""
    moved: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    _log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    _speaker: int | None = None
    _unfinished: str = ""

    @classmethod
    def of(cls, name: str, rows: Sequence[RowLike]) -> LiveSide:
        """A build that has not begun."""
        return cls(name, [_step(row) for row in rows])

    @property
    def log(self) -> list[str]:
        """The last lines that the instruction which spoke last has printed."""
        unfinished = _after_return(self._unfinished)
        lines = [*self._log, *([unfinished] if unfinished else [])]
        return [line[:_LOG_WIDTH] for line in lines[-LOG_LINES:]]

    @property
    def counted(self) -> int:
        """Number of steps that make files and are needed: those that can be run or reused."""
        return sum(step.state not in ("metadata", "skipped") for step in self.steps)

    @property
    def finished(self) -> int:
        """How many of them are over."""
        return sum(step.state in ("cached", "done", "failed") for step in self.steps)

    def add(self, event: Event) -> None:
        """Take in what happened."""
        if not self.outcome:  # weighing the layers comes after the build, and is none of its time
            self.at = max(self.at or 0.0, event.at)
        match event:
            case Started(step, at):
                self._set(step, "running", started=at)
            case Finished(step, at, cached, seconds):
                self._finish(step, at, seconds, cached=cached)
            case Output(step, _, text):
                self._print(step, text)
            case Progress(_, _, what, done, total):
                self._move(what, done, total)
            case Built():
                self._close("built")
            case Failed(step, _, message):
                if step is not None:
                    self._set(step, "failed")
                self.message = message
                self._close("failed")
        self._follow_twins()

    def _follow_twins(self) -> None:
        """Two instructions that the builder does once are in one state."""
        for one in self.steps:
            if one.twin is not None and one.state not in ("skipped", "failed"):
                one.state = self.steps[one.twin].state

    def _set(self, index: int, state: LiveState, started: float | None = None) -> LiveStep:
        step = self.steps[index]
        step.state = "metadata" if step.state == "metadata" and state != "failed" else state
        step.started = step.started if started is None else started
        return step

    def _finish(self, index: int, at: float, seconds: float | None, *, cached: bool) -> None:
        step = self._set(index, "cached" if cached else "done")
        if seconds is None and step.started is not None:
            seconds = at - step.started
        step.seconds = seconds

    def _move(self, what: str, done: int, total: int | None) -> None:
        """Keep the first (the context) and the one that moves now."""
        self.moved[_LAYER.sub(r"layer \1", what)] = (done, total)
        while len(self.moved) > _MOVED:
            del self.moved[list(self.moved)[1]]

    def _print(self, speaker: int | None, text: str) -> None:
        if speaker != self._speaker:
            self._log.clear()
            self._speaker, self._unfinished = speaker, ""
        *lines, rest = (self._unfinished + _ESCAPES.sub("", text)).replace("\r\n", "\n").split("\n")
        self._log.extend(_after_return(line) for line in lines)
        self._unfinished = _rewritten(rest)

    def _close(self, outcome: Literal["built", "failed"]) -> None:
        self.outcome = outcome
        for step in self.steps:
            if step.state == "running":
                step.state = "done" if outcome == "built" else "skipped"
            elif step.state == "waiting":  # BuildKit found a later result and never looked at this
                step.state = "cached" if outcome == "built" else "skipped"

    def to_dict(self) -> dict[str, Any]:
        """The state as the page receives it."""
        return {
            "name": self.name,
            "counted": self.counted,
            "finished": self.finished,
            "steps": [
                {
                    "text": step.instruction,
                    "state": step.state,
                    "started": step.started,
                    "seconds": step.seconds,
                }
                for step in self.steps
            ],
            "at": self.at,
            "outcome": self.outcome,
            "message": self.message[-2000:],
            "log": self.log,
            "moved": [
                {"what": what, "done": done, "total": total}
                for what, (done, total) in self.moved.items()
            ],
        }


def _step(row: RowLike) -> LiveStep:
    """A step before its build begins; a folded row may know already that it is not needed."""
    text = one_line(row.instruction)
    if text.split(" ", 1)[0].upper() not in FILESYSTEM:
        return LiveStep(text, "metadata")
    state: LiveState = "skipped" if getattr(row, "state", "") == "skipped" else "waiting"
    return LiveStep(text, state, twin=getattr(row, "twin", None))


def _after_return(line: str) -> str:
    """What a terminal would show of a line that returns to its beginning: the last rewrite."""
    return line.rstrip("\r").rsplit("\r", 1)[-1].rstrip()


def _rewritten(rest: str) -> str:
    """The beginning of a line, without what later parts of it have overwritten already."""
    line = rest.rstrip("\r")
    return line.rpartition("\r")[2][: 4 * _LOG_WIDTH] + ("\r" if line != rest else "")
