"""The part all moving views share: fold events as they come, draw a few times a second.

Events may come by the thousand and from several threads. They only change the state; one thread
draws it, at a fixed pace, so no build waits for its picture.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from mldocker_lab.widgets.state import LiveSide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mldocker_lab.report.events import Event
    from mldocker_lab.widgets.view import RowLike

__all__ = ["Live"]


class Live:
    """A view that is redrawn while builds run. Who draws fills in ``open``, ``draw``, ``close``.

    Attributes:
        period: seconds between two drawings; at most ten a second.
        ticking: whether it is drawn anew when nothing happened, for its clocks.
    """

    period = 0.1
    ticking = False

    def __init__(self) -> None:
        self.sides: dict[str, LiveSide] = {}
        self.note = ""
        self._heard: dict[str, float] = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Make room for the view; called once."""

    def draw(self) -> None:
        """Show ``self.sides``; called with the lock held, never twice at a time."""

    def close(self, result: object | None) -> None:
        """Leave ``result`` in place of the view."""

    def begin(self, sides: Mapping[str, Sequence[RowLike]], note: str = "") -> None:
        """Show the builds that are about to start; again for the builds after an edit."""
        with self._lock:
            self.sides = {name: LiveSide.of(name, rows) for name, rows in sides.items()}
            self.note = note
            self._heard.clear()
        if self._thread is None:
            self.open()
            self._thread = threading.Thread(target=self._run, name="live view", daemon=True)
            self._thread.start()
        self._changed.set()

    def event(self, side: str, event: Event) -> None:
        """Fold what happened into the state of ``side``."""
        with self._lock:
            self.sides[side].add(event)
            self._heard[side] = time.monotonic()
        self._changed.set()

    def end(self, result: object | None = None) -> None:
        """Draw the last state, stop, and leave ``result``."""
        if self._thread is None:
            return
        self._stop.set()
        self._thread.join()
        self._thread = None
        with self._lock:
            self.draw()
        self.close(result)

    def elapsed(self, side: LiveSide) -> float | None:
        """Seconds since the build was asked for; goes on between events until it is over."""
        if side.at is None or side.outcome:
            return side.at
        return side.at + time.monotonic() - self._heard[side.name]

    def _run(self) -> None:
        while not self._stop.wait(self.period):
            if self.ticking or self._changed.is_set():
                self._changed.clear()
                with self._lock:
                    self.draw()
