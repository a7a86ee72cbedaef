"""One build on one engine: an iterable of events that can be cancelled from any thread."""

from __future__ import annotations

import json
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from mldocker_lab.build.buildkit import BuildKitDialect
from mldocker_lab.build.classic import ClassicDialect
from mldocker_lab.build.credentials import Credentials
from mldocker_lab.dockerfile import context
from mldocker_lab.dockerfile.parse import Dockerfile, load, parse
from mldocker_lab.dockerfile.rewrite import external_images, with_bases, with_cache_ids
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import DiskFull, EngineError, EngineGone, UsageError
from mldocker_lab.report.events import Built, Event, Failed, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mldocker_lab.build.request import BuildRequest
    from mldocker_lab.engine.client import Engine, Stream

__all__ = ["Building", "read", "start"]

_PROGRESS_BYTES = 4 << 20
_PIECE_BYTES = 256 << 10
_WAKE_SECONDS = 0.5
_CANCELLED = "the build was cancelled"
_REWRITTEN = [{"Type": "image", "Attrs": {"rewrite-timestamp": "true"}}]


class Dialect(Protocol):
    """What a builder's messages mean."""

    def events(self, message: dict[str, Any], at: float) -> Iterator[Event]:
        """The events in one message."""

    def end(self, at: float) -> Iterator[Event]:
        """The events that the end of the stream means."""


class _HungUp(Exception):
    """Raised while the context is being sent, to stop sending it."""


def start(engine: Engine, request: BuildRequest) -> Building:
    """Start a build and return at once.

    Args:
        engine: where; the build opens a connection of its own.
        request: what and how.

    Raises:
        UsageError: no such folder, no such Dockerfile, a secret that is missing or cannot be given.
        DockerfileError: the Dockerfile cannot be read as one.
    """
    return Building(engine, request)


class Building:
    """A build under way. Iterate over it once, to the end: the last event is Built or Failed.

    Attributes:
        request: what was asked for.
        dockerfile: the learner's Dockerfile, parsed; events count its instructions.
        context_bytes: bytes of context sent so far.
    """

    def __init__(self, engine: Engine, request: BuildRequest) -> None:
        self.request = request
        self.context_bytes = 0
        self.dockerfile = read(request)
        self._credentials = Credentials(request, self.dockerfile)
        text = _text_to_send(self.dockerfile, request)
        self._images = _images(parse(text, request.args), request)
        self._tar = context.tar(
            context.scan(request.folder, dockerfile=request.dockerfile),
            overlay=dict(request.overlay),
            dockerfile_text=text,
            dockerfile_name=request.dockerfile,
        )
        self._dialect: Dialect = (
            BuildKitDialect(self.dockerfile)
            if request.builder == "buildkit"
            else ClassicDialect(self.dockerfile)
        )
        self._queue: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        self._hung_up = threading.Event()
        self._stream: Stream | None = None
        self._engine = engine
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="build", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Event]:
        """The build's events.

        Raises:
            EngineGone: the engine stopped answering before the build ended.
        """
        while True:
            try:  # waits in short pieces, so that Ctrl-C is heard on every platform
                item = self._queue.get(timeout=_WAKE_SECONDS)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def cancel(self, *, wait: float = 0.0) -> None:
        """Hang up; the engine stops the running step and removes its container.

        Args:
            wait: seconds to wait for our side to have hung up.
        """
        self._hung_up.set()
        stream = self._stream
        if stream is not None:
            stream.cancel()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join(wait)

    @property
    def cancelled(self) -> bool:
        """Whether somebody called ``cancel``."""
        return self._hung_up.is_set()

    def _at(self) -> float:
        return round(time.monotonic() - self._began, 6)

    def _work(self) -> None:
        try:
            ended = False
            for event in self._credentials.veil.hide(self._events()):
                self._queue.put(event)
                ended = ended or isinstance(event, Built | Failed)
            if not ended:
                self._queue.put(self._unfinished())
        except BaseException as error:  # noqa: BLE001 it is raised again, where the events are read
            self._queue.put(Failed(None, self._at(), _CANCELLED) if self.cancelled else error)
        finally:
            self._queue.put(None)

    def _unfinished(self) -> Event | BaseException:
        if self.cancelled:
            return Failed(None, self._at(), _CANCELLED)
        return EngineGone(
            "the engine hung up before the build ended",
            "run `mldocker-lab doctor` to see whether it still runs, then build again",
        )

    def _events(self) -> Iterator[Event]:
        connection = self._engine.again()
        credentials = self._credentials.at(connection, self._images)
        try:
            with credentials as (more, headers):
                yield from self._conversation(connection, more, headers)
        except DiskFull:
            raise
        except EngineError as error:
            if type(error) is not EngineError:
                raise
            yield Failed(None, self._at(), error.what)  # it read the request, and says no
        finally:
            connection.close()

    def _conversation(
        self, connection: Engine, more: dict[str, str], headers: dict[str, str]
    ) -> Iterator[Event]:
        rewrite = self.request.epoch is not None and connection.rewrites_times
        parameters = _parameters(self.request, rewrite=rewrite) | more
        self._stream = connection.post_build(parameters, self._sent(), headers)
        if self.cancelled:
            self._stream.cancel()
        yield Progress(None, self._at(), "context", self.context_bytes, self.context_bytes)
        for message in self._stream:
            yield from self._dialect.events(message, self._at())
        if not self.cancelled:
            yield from self._dialect.end(self._at())

    def _sent(self) -> Iterator[bytes]:
        """The context on its way to the engine, counted."""
        told = 0
        for piece in _gathered(self._tar):
            if self.cancelled:
                raise _HungUp
            self.context_bytes += len(piece)
            if self.context_bytes - told >= _PROGRESS_BYTES:
                told = self.context_bytes
                self._queue.put(Progress(None, self._at(), "context", told, self._tar.size))
            yield piece


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces joined: every piece sent costs a few system calls."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= _PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def read(request: BuildRequest) -> Dockerfile:
    """The Dockerfile that a request is about, with its edit and its build arguments.

    Raises:
        UsageError: no such folder, no such Dockerfile.
        DockerfileError: it cannot be read as one.
    """
    if not request.folder.is_dir():
        raise UsageError(
            f"there is no folder {request.folder}", "check the path, and where you are"
        )
    edited = request.overlay.get(request.dockerfile)
    if edited is not None:
        return parse(edited, request.args)
    return load(request.folder / request.dockerfile, request.args)


def _text_to_send(dockerfile: Dockerfile, request: BuildRequest) -> str:
    """The Dockerfile as the engine gets it: same instructions, other bases and cache ids."""
    text = with_bases(dockerfile, request.bases, request.args) if request.bases else dockerfile.text
    if request.cache_prefix is not None:
        text = with_cache_ids(parse(text, request.args), request.cache_prefix)
    return text


def _images(dockerfile: Dockerfile, request: BuildRequest) -> tuple[str, ...]:
    """The images a build may have to pull: those it starts or copies from, and its frontend."""
    frontend = (dockerfile.syntax,) if dockerfile.syntax else ()
    return (*external_images(dockerfile, request.args), *frontend)


def _parameters(request: BuildRequest, *, rewrite: bool = False) -> dict[str, Any]:
    """The query of ``POST /build``, as the engine's API names things.

    The label is the same for every build: one that changed would be a new cache key for the
    classic builder. Intermediate containers are removed, those of failed steps too.
    """
    wanted: dict[str, Any] = {
        "version": "2" if request.builder == "buildkit" else "1",
        "dockerfile": request.dockerfile,
        "labels": json.dumps({LABEL: "image"}),
        "rm": "1",
        "forcerm": "1",
    }
    args = dict(request.args)
    if request.epoch is not None:
        args["SOURCE_DATE_EPOCH"] = str(request.epoch)
    optional = {
        "t": request.tag,
        "target": request.target,
        "networkmode": request.network,
        "nocache": "1" if request.no_cache else None,
        "pull": "1" if request.pull else None,
        "buildargs": json.dumps(args) if args else None,
        "outputs": json.dumps(_REWRITTEN) if rewrite else None,
        "extrahosts": [f"{name}:{address}" for name, address in request.extra_hosts.items()],
    }
    return wanted | {name: value for name, value in optional.items() if value}
