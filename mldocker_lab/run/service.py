"""A container that serves: started, waited for, asked, and always removed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from mldocker_lab.errors import EngineError, LabError
from mldocker_lab.run.ask import ask

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.run.bounds import Bounds

__all__ = ["NotReady", "Service", "run"]

_POLL_SECONDS = 0.1
_LAST_LINES = 12


class NotReady(LabError):
    """The container did not answer in time, or ended before it did; carries its last lines."""


@dataclass
class Service:
    """A container that answers HTTP; use it in a ``with`` block.

    Args:
        engine: where it runs.
        image: what it runs.
        port: the port it listens on inside the container.
        ready: a path that answers 2xx once it can work.
        environment: further variables.
        network: "host" where the engine has no bridge, else None.
        seconds: how long to wait until it is ready, and for an answer.
        bounds: what it may use; None for anything.

    Raises:
        NotReady: from ``with``: it ended, or did not answer 2xx in time.
    """

    engine: Engine
    image: str
    port: int = 8080
    ready: str = "/health"
    environment: dict[str, str] = field(default_factory=dict)
    network: str | None = None
    seconds: float = 30
    bounds: Bounds | None = None
    container: str = field(default="", init=False)
    url: str = field(default="", init=False)

    def __enter__(self) -> Self:
        self.container = self.engine.create(
            self.image, host=self._host(), ports=[self.port], environment=self.environment
        )
        try:
            self.engine.start(self.container)
            self.url = self._address()
            self._wait()
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
        """Remove the container."""
        self.engine.remove(self.container)

    def get(self, path: str) -> requests.Response:
        """``GET path``."""
        return ask("GET", self.url + path, seconds=self.seconds)

    def post(self, path: str, json: Any) -> requests.Response:
        """``POST path`` with a JSON body."""
        return ask("POST", self.url + path, json=json, seconds=self.seconds)

    def logs(self) -> str:
        """What it printed so far."""
        return self.engine.logs(self.container)

    def _host(self) -> dict[str, Any]:
        bounds = self.bounds.host if self.bounds else {}
        if self.network:
            return {**bounds, "network_mode": self.network}
        if bounds.get("network_mode"):
            return bounds
        return {**bounds, "port_bindings": {self.port: (_published_on(self.engine.url), None)}}

    def _address(self) -> str:
        if self.network == "host":
            return f"http://{_host(self.engine.url)}:{self.port}"
        told = self.engine.inspect(self.container)["NetworkSettings"]
        if self.bounds and self.bounds.network:  # we stand on that network, so no port is published
            address = told["Networks"].get(self.bounds.network, {}).get("IPAddress")
            if not address:
                raise self._not_ready("ended at once")
            return f"http://{address}:{self.port}"
        published = told["Ports"].get(f"{self.port}/tcp")
        if not published:  # it ended before its port was published
            raise self._not_ready("ended at once")
        return f"http://{_host(self.engine.url)}:{published[0]['HostPort']}"

    def _wait(self) -> None:
        deadline = time.monotonic() + self.seconds
        seen = "nothing answered"
        while time.monotonic() < deadline:
            if not self.engine.inspect(self.container)["State"]["Running"]:
                raise self._not_ready("ended before it was ready")
            try:
                left = max(deadline - time.monotonic(), _POLL_SECONDS)
                answer = ask("GET", self.url + self.ready, seconds=left)
            except requests.RequestException:
                time.sleep(_POLL_SECONDS)
                continue
            if 200 <= answer.status_code < 300:  # noqa: PLR2004 a redirect to elsewhere is no answer
                return
            seen = f"last answer {answer.status_code}"
            time.sleep(_POLL_SECONDS)
        raise self._not_ready(f"was not ready within {self.seconds:.0f} s ({seen})")

    def _not_ready(self, why: str) -> NotReady:
        lines = self.engine.logs(self.container, tail=_LAST_LINES).strip().splitlines()
        log = "".join(f"\n  | {line}" for line in lines) or "\n  | (it printed nothing)"
        name = "the container" if self.image.startswith("sha256:") else self.image
        return NotReady(
            f"{name} {why}: waited for {self.ready} on port {self.port}{log}",
            f"see that it listens on 0.0.0.0:{self.port} and answers {self.ready}",
        )


def run(
    engine: Engine,
    image: str,
    command: list[str] | None = None,
    *,
    seconds: float = 60,
    files: dict[str, bytes] | None = None,
    bounds: Bounds | None = None,
    **config: Any,
) -> tuple[int, str]:
    """Run a container to its end; returns its exit status and what it printed. It is removed.

    Args:
        engine: where.
        image: what.
        command: instead of the image's own.
        seconds: how long it may take.
        files: written into the container before it starts, by path from its root.
        bounds: what it may use; None for anything.
        config: as for ``Engine.create``.

    Raises:
        EngineError: it did not end in time.
    """
    if bounds:
        asked = config.get("host") or {}
        swap = {"memswap_limit": asked["mem_limit"]} if "mem_limit" in asked else {}
        config["host"] = {**bounds.host, **swap, **asked}
        seconds = min(seconds, bounds.seconds)
    container = engine.create(image, command, **config)
    try:
        if files:
            engine.put_files(container, "/", files)
        engine.start(container)
        status = engine.wait(container, seconds)
        return status, engine.logs(container)
    except EngineError as error:
        if not engine.inspect(container)["State"]["Running"]:
            raise
        raise EngineError(f"{image} was still running after {seconds:.0f} s") from error
    finally:
        engine.remove(container)


def _host(url: str) -> str:
    """The machine the engine publishes ports on, as seen from here."""
    parts = urlsplit(url)
    if parts.scheme in ("tcp", "http", "https", "ssh") and parts.hostname:
        return parts.hostname
    return "127.0.0.1"


def _published_on(url: str) -> str:
    """Loopback where the engine is on this machine, so that nobody else reaches the container."""
    return "127.0.0.1" if _host(url) in ("127.0.0.1", "localhost") else "0.0.0.0"  # noqa: S104 a remote engine cannot be reached otherwise
