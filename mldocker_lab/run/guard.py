"""Watches something that may not take for ever, nor fill the disk, and stops it when it does."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from mldocker_lab.units import size, took

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from mldocker_lab.run.bounds import Bounds

__all__ = ["Guard"]

_LOOK_SECONDS = 0.5


class Guard:
    """Watches a ``with`` block.

    Args:
        bounds: what may be used; None for anything, and then nothing is watched.
        stop: called once, from another thread, when too much was used.

    Attributes:
        why: why it was stopped, in words; "" as long as it was not.
    """

    def __init__(self, bounds: Bounds | None, stop: Callable[[], None]) -> None:
        self.why = ""
        self._bounds = bounds
        self._stop = stop
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="guard", daemon=True)

    def __enter__(self) -> Self:
        if self._bounds is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._bounds is not None:
            self._thread.join()

    def _watch(self) -> None:
        bounds = self._bounds
        if bounds is None:
            return
        end, room = time.monotonic() + bounds.seconds, bounds.room()
        while not self._over.wait(min(_LOOK_SECONDS, max(end - time.monotonic(), 0.01))):
            left = bounds.room()
            if time.monotonic() >= end:
                self.why = f"it took longer than the {took(bounds.seconds)} it may take"
            elif room is not None and left is not None and room - left > bounds.disk:
                self.why = f"it wrote more than the {size(bounds.disk)} it may write"
            if self.why:
                self._stop()
                return
