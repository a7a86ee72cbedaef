"""Try an engine with a tiny image: build, run, publish a port; and leave nothing behind."""

from __future__ import annotations

import json
import secrets
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from mldocker_lab.engine import probe
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import EngineError, LabError

if TYPE_CHECKING:
    from types import TracebackType

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.engine.describe import EngineFacts

__all__ = ["EXPECTED", "CannotTry", "Trial", "skew"]

#: The exit status a trial container ends with.
EXPECTED = probe.EXIT_STATUS

_RUN_SECONDS = 20
_ASK_SECONDS = 3.0
_DOCKERFILE = {"Dockerfile": b"FROM scratch\nCOPY Dockerfile /\n"}


class CannotTry(LabError):
    """It cannot be tried on this engine; that says nothing about whether it works."""


class Trial:
    """What can be tried on an engine; everything made is removed at the end of its ``with``.

    Args:
        engine: the engine.
        known: what it told about itself.
    """

    def __init__(self, engine: Engine, known: EngineFacts) -> None:
        self._engine = engine
        self._known = known
        self._name = f"mldocker_lab/trial:{secrets.token_hex(4)}"
        self._images: list[str] = []
        self._containers: list[str] = []
        self._loaded = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for container in self._containers:
            self._quietly(self._engine.remove, container)
        for image in self._images:
            self._quietly(self._engine.remove_image, image)

    def build(self, builder: str) -> str:
        """Build an image from scratch; returns its id.

        Args:
            builder: "buildkit" or "classic".

        Raises:
            EngineError: the builder said no.
        """
        name = f"{self._name}-{builder}"
        self._images.append(name)
        params = {
            "version": "2" if builder == "buildkit" else "1",
            "t": name,
            "rm": "1",
            "forcerm": "1",
            "labels": json.dumps({LABEL: "trial"}),
        }
        for message in self._engine.post_build(params, probe.tar(_DOCKERFILE)):
            if "error" in message:
                raise EngineError(f"the build failed: {message['error']}")
        return self._engine.image(name).id

    def run(self) -> int:
        """Run a container to its end; returns its exit status.

        Raises:
            CannotTry: there is no program for the engine's architecture.
            EngineError: it did not start, or did not end.
        """
        host = {"network_mode": "host"} if self._known.network == "host" else {}
        container = self._create(["/exit"], host=host)
        self._engine.start(container)
        return self._engine.wait(container, _RUN_SECONDS)

    def ask(self) -> str:
        """Publish a container's port and ask there; returns the address that answered.

        The answer crosses the bridge, so the container reaches its gateway too.

        Raises:
            CannotTry: there is no program for the engine's architecture.
            EngineError: it did not start, or nobody answered.
        """
        container = self._create(
            ["/serve"], ports=[probe.PORT], host={"port_bindings": {probe.PORT: None}}
        )
        self._engine.start(container)
        told = self._engine.inspect(container)["NetworkSettings"]["Ports"][f"{probe.PORT}/tcp"]
        port = int(told[0]["HostPort"])
        hosts = self._hosts()
        deadline = time.monotonic() + _ASK_SECONDS
        while time.monotonic() < deadline:
            for host in hosts:
                if _greeted(host, port):
                    return host
            time.sleep(0.05)
        raise EngineError(
            "a published port does not answer",
            "is a firewall in the way? With a remote engine, its published ports must be reachable",
        )

    def _hosts(self) -> list[str]:
        """Where published ports may answer: here, on the engine's machine, on its gateway."""
        remote = urlsplit(self._engine.url).hostname if "://" in self._engine.url else None
        first = remote if remote and not self._engine.url.startswith("unix") else "127.0.0.1"
        return [first, *([self._known.gateway] if self._known.gateway else [])]

    def _create(self, command: list[str], **config: Any) -> str:
        if self._known.os != "linux" or self._known.arch not in probe.ARCHITECTURES:
            raise CannotTry(f"no trial program for {self._known.os}/{self._known.arch}")
        if not self._loaded:
            self._images.append(self._name)
            self._engine.load(probe.archive(self._name, self._known.arch))
            self._loaded = True
        container = self._engine.create(self._name, command, **config)
        self._containers.append(container)
        return container

    @staticmethod
    def _quietly(remove: Any, what: str) -> None:
        try:
            remove(what)
        except LabError:
            return  # a sick engine; what is left is labelled, and `clean` finds it


def skew(engine: Engine) -> float | None:
    """Seconds by which the engine's clock is ahead of ours; None if it does not tell.

    Compared with the middle of the question's way there and back.
    """
    before = time.time()
    told = str(engine.info().get("SystemTime") or "")
    middle = (before + time.time()) / 2
    try:
        stamp = datetime.fromisoformat(told[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return stamp.timestamp() - _offset(told) - middle


def _offset(told: str) -> float:
    """Seconds east of Greenwich at the end of an RFC 3339 time; 0 for "Z"."""
    sign = {"+": 1, "-": -1}.get(told[-6:-5], 0)
    return sign * (int(told[-5:-3]) * 3600 + int(told[-2:]) * 60) if sign else 0.0


def _greeted(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1) as channel:
            return channel.recv(64) == probe.GREETING
    except OSError:
        return False
