"""The classic builder's dialect: lines of text, told as build events.

A step begins with ``Step 3/9 : COPY …``, says ``---> Using cache`` when its result is reused, and
``---> Running in 2d4e…`` when a container runs for it. A program in a RUN can print the same words,
so they are believed only where the builder itself speaks: not between "Running in" and the removal
of that container; and a step that ran once never turns into a cached one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mldocker_lab.report.events import Built, Event, Failed, Finished, Output, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.dockerfile.parse import Dockerfile

__all__ = ["ClassicDialect"]

_STEP = re.compile(r"Step (\d+)/\d+ : ")
_RUNNING = re.compile(r" ---> Running in (\w+)")
_REMOVED = re.compile(r"(?: ---> Removed|Removing) intermediate container (\w+)")
_CACHED = " ---> Using cache"
_RED, _PLAIN = "\x1b[91m", "\x1b[0m"  # how the builder marks what a program wrote to stderr


class ClassicDialect:
    """Translates the messages of ``POST /build``.

    The builder gives no times: a step's seconds are the time between its line and the next one's
    arriving here.
    """

    def __init__(self, dockerfile: Dockerfile) -> None:
        self._steps = len(dockerfile.instructions)
        self._step: int | None = None
        self._since = 0.0
        self._cached = False
        self._container = ""
        self._ran: set[int] = set()
        self._image = ""

    def events(self, message: dict[str, Any], at: float) -> Iterator[Event]:
        """The events in one message that arrived ``at`` seconds after the request."""
        if "error" in message:
            yield Failed(self._step, at, str(message["error"]))
            self._step = None
        elif "ID" in (message.get("aux") or {}):
            self._image = str(message["aux"]["ID"])
        elif "stream" in message:
            yield from self._said(str(message["stream"]), at)

    def end(self, at: float) -> Iterator[Event]:
        """The events that the end of the stream means."""
        yield from self._finish(at)
        if self._image:
            yield Built(at, self._image)

    def _said(self, text: str, at: float) -> Iterator[Event]:
        if self._container:
            removed = _REMOVED.match(text)
            if removed and removed[1] == self._container:
                self._container = ""
            else:
                yield Output(self._step, at, _uncoloured(text))
            return
        begins, running = _STEP.match(text), _RUNNING.match(text)
        if begins:
            yield from self._finish(at)
            yield from self._begin(int(begins[1]) - 1, at)
        elif running:
            self._container = running[1]
        elif text.startswith(_CACHED):
            self._cached = True

    def _begin(self, step: int, at: float) -> Iterator[Event]:
        """A step begins; the one past the end is the label that we ask the builder to add."""
        self._step = step if step < self._steps else None
        self._since, self._cached = at, False
        if self._step is not None:
            yield Started(self._step, at)

    def _finish(self, at: float) -> Iterator[Event]:
        step, self._step = self._step, None
        if step is None:
            return
        if not self._cached:
            self._ran.add(step)
        yield Finished(step, at, cached=step not in self._ran, seconds=round(at - self._since, 6))


def _uncoloured(text: str) -> str:
    if text.startswith(_RED) and text.endswith(_PLAIN):
        return text[len(_RED) : -len(_PLAIN)]
    return text
