"""BuildKit's dialect: a stream of protobuf traces, told as build events."""

from __future__ import annotations

import base64
import binascii
import codecs
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mldocker_lab.build.protobuf import Log, Status, Vertex, trace
from mldocker_lab.build.vertices import StepNames
from mldocker_lab.errors import EngineError
from mldocker_lab.report.events import Built, Event, Failed, Finished, Output, Progress, Started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.dockerfile.parse import Dockerfile

__all__ = ["BuildKitDialect"]


class BuildKitDialect:
    """Translates the messages of ``POST /build?version=2``.

    A vertex is told of many times (waiting, started, looked up, run, done); the last word counts.
    An instruction may own several vertices (``COPY --link``); it is cached if all of them are, and
    its seconds are the sum of the times its vertices worked, by the engine's own clock.
    """

    def __init__(self, dockerfile: Dockerfile) -> None:
        self._names = StepNames(dockerfile)
        self._vertices: dict[str, Vertex] = {}
        self._worked: dict[str, dict[float, float]] = defaultdict(dict)
        self._printed: dict[str, _Printed] = defaultdict(_Printed)
        self._started: set[int] = set()
        self._failure: Vertex | None = None
        self._image = ""
        self._clock: float | None = None

    def events(self, message: dict[str, Any], at: float) -> Iterator[Event]:
        """The events in one message that arrived ``at`` seconds after the request."""
        if "error" in message:
            yield self._failed(str(message["error"]), at)
        elif message.get("id") == "moby.buildkit.trace":
            yield from self._trace(message.get("aux", ""), at)
        elif message.get("id") == "moby.image.id":
            self._image = str(message["aux"]["ID"])

    def end(self, at: float) -> Iterator[Event]:
        """The events that the end of the stream means."""
        if self._image:
            yield Built(at, self._image)

    def _trace(self, aux: str, at: float) -> Iterator[Event]:
        try:
            told = trace(base64.b64decode(aux, validate=True))
        except (ValueError, binascii.Error) as error:
            raise EngineError(
                f"BuildKit sent progress that cannot be read ({error})",
                "build with the classic builder, and report your engine's version",
            ) from error
        for vertex in told.vertices:
            yield from self._vertex(vertex, at)
        for status in told.statuses:
            yield from self._status(status, at)
        for log in told.logs:
            yield from self._log(log, at)

    def _vertex(self, vertex: Vertex, at: float) -> Iterator[Event]:
        self._vertices[vertex.digest] = vertex
        if vertex.error and (self._failure is None or "cancel" in self._failure.error):
            self._failure = vertex
        step = self._names.step(vertex.name)
        if step is None or vertex.started is None:
            return
        if step not in self._started:
            self._started.add(step)
            yield Started(step, self._local(vertex.started, at))
        if vertex.completed is not None and not vertex.error:
            self._worked[vertex.digest][vertex.started] = vertex.completed - vertex.started
            yield self._finished(step, self._local(vertex.completed, at))

    def _finished(self, step: int, at: float) -> Finished:
        mine = [
            v for v in self._vertices.values() if v.completed and self._names.step(v.name) == step
        ]
        seconds = sum(sum(self._worked[v.digest].values()) for v in mine)
        return Finished(step, at, cached=all(v.cached for v in mine), seconds=round(seconds, 6))

    def _status(self, status: Status, at: float) -> Iterator[Event]:
        if status.current or status.total:
            step = self._step_of(status.vertex)
            yield Progress(step, at, status.id, status.current, status.total or None)

    def _log(self, log: Log, at: float) -> Iterator[Event]:
        text = self._printed[log.vertex].add(log)
        if text:
            yield Output(self._step_of(log.vertex), at, text)

    def _failed(self, message: str, at: float) -> Failed:
        return Failed(self._names.blame(self._failure.name) if self._failure else None, at, message)

    def _step_of(self, digest: str) -> int | None:
        vertex = self._vertices.get(digest)
        return self._names.step(vertex.name) if vertex else None

    def _local(self, moment: float, at: float) -> float:
        """A moment of the engine's clock in seconds since the request; the clocks may differ."""
        if self._clock is None:
            self._clock = moment - at
        return max(0.0, round(moment - self._clock, 6))


class _Printed:
    """What one vertex prints, of which standard output and standard error arrive apart.

    Text may be cut in the middle of a character: the decoder waits for the rest. A line may be cut
    as well, and the other stream's piece come in between: then that one begins a line of its own.
    """

    def __init__(self) -> None:
        self._decoders: dict[int, codecs.IncrementalDecoder] = {}
        self._open: int | None = None  # the stream that is in the middle of a line
        self._ended: set[int] = set()  # streams whose line was ended for them

    def add(self, log: Log) -> str:
        """The text that this piece adds."""
        stream = log.stream
        decoder = self._decoders.setdefault(
            stream, codecs.getincrementaldecoder("utf-8")("replace")
        )
        text = decoder.decode(log.text)
        if stream in self._ended and text:
            self._ended.discard(stream)
            text = text.removeprefix("\n")
        if not text:
            return ""
        other = self._open if self._open != stream else None
        self._open = None if text.endswith("\n") else stream
        if other is None:
            return text
        self._ended.add(other)
        return f"\n{text}"
