"""A container under test: started, waited for, asked, stopped, and always removed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

import requests

from mldocker_lab.engine.address import engine_host, reached_from_here
from mldocker_lab.errors import EngineError, LabError
from mldocker_lab.report.exits import Ended, explain
from mldocker_lab.run.ask import ask
from mldocker_lab.run.options import Options
from mldocker_lab.run.reading import lines_of, state_of
from mldocker_lab.run.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.report.running import Line, RunReport, State
    from mldocker_lab.run.bounds import Bounds

__all__ = ["Container", "NotInTime", "NotReady", "call"]

_POLL_SECONDS = 0.05
_LAST_LINES = 12
_STATES = ("created", "running", "healthy", "unhealthy", "starting", "restarting", "exited")


class NotInTime(LabError):
    """What was waited for did not come; says what was seen instead, with the last lines."""


class NotReady(NotInTime):
    """The container did not answer in time, or ended before it did."""


class Container:
    """A container; use it in a ``with`` block.

    Args:
        engine: where it runs.
        image: what it runs.
        command: instead of the image's own.
        options: how it runs.
        port: the port it listens on inside the container.
        ready: a path; the block begins once it answers 2xx. None: once it was started.
        seconds: how long ready, waits and answers may take.
        network: "host" where the engine has no bridge, else None.
        bounds: what it may use; None for anything.
        probe: paths asked at every sample.
        every: seconds between samples; 0 for none.
        name: what reports call it.
        watcher: hears the report so far, now and then, from another thread; None at the end.
        labels: further labels of it.

    Attributes:
        container: its id on the engine; "" before the block.
        url: where its port answers, from here; "" if it has none.

    Raises:
        NotReady: from ``with``: it ended, or did not answer 2xx in time.
    """

    def __init__(
        self,
        engine: Engine,
        image: str,
        command: Sequence[str] | str | None = None,
        *,
        options: Options | None = None,
        port: int = 8080,
        ready: str | None = None,
        seconds: float = 30,
        network: str | None = None,
        bounds: Bounds | None = None,
        probe: Sequence[str] = (),
        every: float = 0.25,
        name: str = "",
        watcher: Callable[[RunReport | None], None] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        self.engine = engine
        self.image = image
        self.command = command
        self.options = options or Options()
        self.port = port
        self.ready = ready
        self.seconds = seconds
        self.bounds = bounds
        self.name = name or ("the container" if image.startswith("sha256:") else image)
        self.container = ""
        self.url = ""
        self._network = network
        self._labels = labels
        self._sent = ("", 0.0)
        self._watch = Watch(engine, self.name, tuple(probe), every, watcher)

    # -- its life ----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if self.container:
            raise LabError("this container was used already; make another one")
        self.container = self.engine.create(
            self.image,
            self.command,
            host=self._host(),
            ports=[self.port],
            labels=self._labels,
            **self.options.config(),
        )
        try:
            if self.options.files:
                self.engine.put_files(self.container, "/", _files(self.options))
            self.start()
            if self.ready:
                self._until_ready(self.ready)
                self.mark("ready")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the container; its report stays."""
        self._watch.stop()
        if self.container:
            self.engine.remove(self.container)

    def start(self) -> None:
        """Start it: again, after an end. Its address may be another one then."""
        self.engine.start(self.container)
        began = time.monotonic()
        self._watch.ended = None
        if self._watch.container:
            self.mark("started again")
        else:
            self._watch.begin(self.container, began, self.state.started)
        self.url = self._address()
        self._watch.start(self.url)

    def restart(self, grace: float = 10) -> Ended:
        """Stop it and start it again; returns how it ended in between."""
        ended = self.stop(grace)
        self.start()
        return ended

    def stop(self, grace: float = 10) -> Ended:
        """``docker stop``: its stop signal, then SIGKILL after ``grace`` seconds.

        Args:
            grace: whole seconds, as the engine counts them.
        """
        sent = (self.options.stop_signal or self._stop_signal()).removeprefix("SIG")
        self.mark(f"SIG{sent}")
        asked = time.monotonic()
        self.engine.stop(self.container, int(grace))
        return self._over("stop", time.monotonic() - asked, sent=sent, grace=float(int(grace)))

    def kill(self, signal: str = "KILL") -> None:
        """Send a signal to its process 1 ("TERM", "KILL", "USR1", …) and do not wait."""
        signal = signal.removeprefix("SIG")
        self.mark(f"SIG{signal}")
        self._sent = (signal, time.monotonic())
        self.engine.kill(self.container, signal)

    def finished(self, seconds: float | None = None) -> Ended:
        """Wait until it has ended, by itself or by a signal you sent.

        Raises:
            NotInTime: it still runs.
        """
        self.wait("exited", seconds)
        signal, asked = self._sent
        state = self.state
        if signal:
            return self._over("kill", time.monotonic() - asked, sent=signal)
        return self._over(None, state.finished - state.started)

    # -- waiting -----------------------------------------------------------------------------

    def wait(
        self,
        state: Literal[
            "created", "running", "healthy", "unhealthy", "starting", "restarting", "exited"
        ],
        seconds: float | None = None,
    ) -> float:
        """Wait for a state; returns seconds since its first start.

        Args:
            state: of the container, or of its health.
            seconds: how long; the container's ``seconds`` if not given.

        Raises:
            NotInTime: it did not come, or cannot come any more.
        """
        if state not in _STATES:
            raise LabError(f"there is no state {state!r}", f"one of {', '.join(_STATES)}")

        def there() -> bool:
            now = self.state
            if state not in ("exited", "created") and now.status in ("exited", "dead"):
                raise self._not("it ended", f"wait for {state}", NotInTime)
            return state in (now.status, now.health) or (state == "exited" and now.status == "dead")

        at = self.until(there, state, seconds)
        self._watch.look()  # so that the report knows it, however short it was
        return at

    def until(self, holds: Callable[[], bool], what: str, seconds: float | None = None) -> float:
        """Wait until something holds; returns seconds since its first start.

        Args:
            holds: asked again and again; an answer that does not come counts as no.
            what: for the error: what was waited for.
            seconds: how long; the container's ``seconds`` if not given.

        Raises:
            NotInTime: it did not come to hold.
        """
        limit = self.seconds if seconds is None else seconds
        deadline = time.monotonic() + limit
        while True:
            try:
                if holds():
                    return self.now
            except requests.RequestException:
                pass  # nobody answers yet
            if time.monotonic() >= deadline:
                raise self._not(f"{limit:g} s were not enough", what, NotInTime)
            time.sleep(_POLL_SECONDS)

    @property
    def now(self) -> float:
        """Seconds since its first start."""
        return self._watch.now

    @property
    def engine_began(self) -> float:
        """The engine's time of its first start, seconds since 1970; 0 before."""
        return self._watch.engine_began

    @property
    def ended(self) -> Ended | None:
        """Its last end; None while it runs."""
        return self._watch.ended

    # -- asking ------------------------------------------------------------------------------

    def get(self, path: str, *, seconds: float | None = None) -> requests.Response:
        """``GET path``."""
        return ask("GET", self.url + path, seconds=seconds or self.seconds)

    def post(self, path: str, json: Any, *, seconds: float | None = None) -> requests.Response:
        """``POST path`` with a JSON body."""
        return ask("POST", self.url + path, json=json, seconds=seconds or self.seconds)

    def call(self, command: list[str], **options: Any) -> tuple[int, str]:
        """Run a command inside it, as ``docker exec``: its exit status and what it printed."""
        return self.engine.execute(self.container, command, **options)

    @property
    def written(self) -> int:
        """The bytes of its own layer on the engine's disk: what it wrote, but for volumes."""
        return self.engine.written(self.container)

    def logs(self) -> str:
        """What it printed so far, both streams."""
        return self.engine.logs(self.container)

    def lines(self) -> tuple[Line, ...]:
        """What it printed so far, line by line, with the time the engine received each.

        The engine reads both streams apart: lines of different streams that come at the same moment
        may stand in either order.
        """
        return lines_of(self.engine.log_lines(self.container), self.engine_began)

    @property
    def state(self) -> State:
        """Its state now, as the engine sees it."""
        return state_of(self.engine.inspect(self.container))

    def mark(self, what: str) -> None:
        """Note in its report that something was done to it just now.

        Args:
            what: a word or two; the figure shows them.
        """
        self._watch.mark(what)

    @property
    def report(self) -> RunReport:
        """What was seen of it so far."""
        return self._watch.report

    # -- inside ------------------------------------------------------------------------------

    def _over(
        self,
        asked: Literal["stop", "kill"] | None,
        seconds: float,
        *,
        sent: str = "TERM",
        grace: float | None = None,
    ) -> Ended:
        self._watch.look()
        state = self.state
        reason = explain(
            state.exit_code,
            oom=state.oom,
            asked=asked,
            sent=sent,
            seconds=seconds,
            grace=grace,
            memory=self._watch.memory_limit,
        )
        ended = Ended(state.exit_code, state.oom, asked, seconds, reason)
        self._watch.ended = ended
        self._sent = ("", 0.0)
        self.mark("ended")
        return ended

    def _stop_signal(self) -> str:
        config = self.engine.inspect(self.container)["Config"]
        return str(config.get("StopSignal") or "SIGTERM")

    def _host(self) -> dict[str, Any]:
        host = self.options.host(self.bounds)
        if host.get("network_mode") in ("none", "host") or (self.bounds and self.bounds.network):
            return host
        if self._network and "network_mode" not in host:
            return {**host, "network_mode": self._network}
        return {**host, "port_bindings": {self.port: (reached_from_here(self.engine.url), None)}}

    def _address(self) -> str:
        told = self.engine.inspect(self.container)
        mode = told["HostConfig"].get("NetworkMode")
        if mode == "none":
            return ""
        if mode == "host":
            return f"http://{engine_host(self.engine.url)}:{self.port}"
        settings = told["NetworkSettings"]
        if self.bounds and self.bounds.network:  # we stand on that network, so no port is published
            address = settings["Networks"].get(self.bounds.network, {}).get("IPAddress")
            return f"http://{address}:{self.port}" if address else ""
        published = settings["Ports"].get(f"{self.port}/tcp")
        return (
            f"http://{engine_host(self.engine.url)}:{published[0]['HostPort']}" if published else ""
        )

    def _until_ready(self, path: str) -> None:
        deadline = time.monotonic() + self.seconds
        seen = "nothing answered"
        awaited = f"{path} on port {self.port}"
        while time.monotonic() < deadline:
            if not self.url and not self.state.running:
                raise self._not("ended at once", awaited, NotReady)
            if not self.state.running:
                raise self._not("ended before it was ready", awaited, NotReady)
            try:
                left = max(deadline - time.monotonic(), _POLL_SECONDS)
                answer = ask("GET", self.url + path, seconds=left)
            except requests.RequestException:
                time.sleep(_POLL_SECONDS)
                continue
            if 200 <= answer.status_code < 300:  # noqa: PLR2004 a redirect to elsewhere is no answer
                return
            seen = f"last answer {answer.status_code}"
            time.sleep(_POLL_SECONDS)
        raise self._not(f"was not ready within {self.seconds:.0f} s ({seen})", awaited, NotReady)

    def _not(self, why: str, awaited: str, kind: type[NotInTime]) -> NotInTime:
        lines = self.engine.logs(self.container, tail=_LAST_LINES).strip().splitlines()
        log = "".join(f"\n  | {line}" for line in lines) or "\n  | (it printed nothing)"
        state = self.state
        seen = f"{state.status}, {state.health}" if state.health else state.status
        if not state.running:
            seen += f" with status {state.exit_code}"
        if kind is NotReady:
            hint = f"see that it listens on 0.0.0.0:{self.port} and answers {self.ready}"
            return NotReady(f"{self.name} {why}: waited for {awaited}{log}", hint)
        return NotInTime(f"waited for {awaited}: {why}; {self.name} is {seen}{log}")


def call(
    engine: Engine,
    image: str,
    command: Sequence[str] | str | None = None,
    *,
    seconds: float = 60,
    bounds: Bounds | None = None,
    labels: Mapping[str, str] | None = None,
    **options: Any,
) -> tuple[int, str]:
    """Run a container to its end; returns its exit status and what it printed. It is removed.

    Args:
        engine: where.
        image: what.
        command: instead of the image's own.
        seconds: how long it may take.
        bounds: what it may use; None for anything.
        labels: further labels of it.
        options: how it runs, as for ``Options``.

    Raises:
        EngineError: it did not end in time.
    """
    chosen = Options.asked(options)
    if bounds:
        seconds = min(seconds, bounds.seconds)
    host = chosen.host(bounds)
    container = engine.create(image, command, host=host, labels=labels, **chosen.config())
    try:
        if chosen.files:
            engine.put_files(container, "/", _files(chosen))
        engine.start(container)
        status = engine.wait(container, seconds)
        return status, engine.logs(container)
    except EngineError as error:
        if not engine.inspect(container)["State"]["Running"]:
            raise
        raise EngineError(f"{image} was still running after {seconds:.0f} s") from error
    finally:
        engine.remove(container)


def _files(options: Options) -> dict[str, bytes]:
    return {
        path.lstrip("/"): data.encode() if isinstance(data, str) else data
        for path, data in options.files.items()
    }
