"""A registry of one's own, for as long as a lesson takes: a container on the engine.

A registry in a container works wherever the engine is, offline too, and the engine finds it at an
address of its own loopback, which engines trust without TLS. Nothing is installed for it: the
server is one file, run by the Python of the slim base.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import EngineError
from mldocker_lab.supply import bases
from mldocker_lab.supply.hosted import FEW_RIGHTS, Hosted

if TYPE_CHECKING:
    from mldocker_lab.engine.client import Engine

__all__ = ["Registry"]

_PORT = 5000
_FOLDER = "/tmp"  # noqa: S108 of its own container


class Registry(Hosted):
    """A registry that runs; use it in a ``with`` block, or ``close`` it.

    It ends with this program, too, and by itself if nobody asks it anything for some hours;
    ``mldocker-lab clean`` removes what a killed program left.

    Args:
        engine: where; it has the slim base.

    Attributes:
        address: its "host:port", as the engine's builds and pulls name it.

    Raises:
        SupplyError: it did not start.
    """

    def __init__(self, engine: Engine) -> None:
        host = "0.0.0.0" if engine.gateway() else "127.0.0.1"  # noqa: S104 inside its own network
        super().__init__(
            engine,
            bases.SLIM,
            ["python3", "/registry_server.py", host, str(_PORT if engine.gateway() else 0)],
            host=_host(engine),
            ports=[_PORT] if engine.gateway() else None,
            labels={LABEL: "registry"},
        )
        self.address = "an address of its own"
        try:
            engine.put_files(self._container, "/", {"registry_server.py": _server()})
            engine.start(self._container)
            self.address = f"localhost:{self._port()}"
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"a registry at {self.address}"

    def push(self, image: str, name: str) -> str:
        """Push an image of the engine as ``docker push`` does; a tag that exists is moved.

        Args:
            image: its name or id on the engine.
            name: what it is called in this registry, "repository:tag".

        Returns:
            The digest that the registry knows it by, "sha256:…".

        Raises:
            EngineError: the engine has no such image, or could not push it.
        """
        there = f"{self.address}/{name}"
        self._engine.tag(image, there)
        try:
            return self._engine.push(there)
        finally:
            self._engine.remove_image(there)

    @property
    def held(self) -> int:
        """The bytes that it keeps: layers, configurations and manifests, each once."""
        status, said = self._engine.execute(self._container, ["du", "-sb", _FOLDER])
        if status:
            raise EngineError(f"the registry cannot be measured: {said}")
        return int(said.split()[0])

    def _port(self) -> int:
        """Wait until it listens; the port the engine finds it at."""
        said, bound = self._listening(), self._bound(_PORT)
        return int(bound[0]["HostPort"] if bound else json.loads(said)["port"])


def _host(engine: Engine) -> dict[str, Any]:
    host = {**FEW_RIGHTS, "mem_limit": "512m"}
    if engine.gateway():
        return {**host, "port_bindings": {_PORT: ("127.0.0.1", None)}}
    return {**host, "network_mode": "host"}


def _server() -> bytes:
    return (resources.files(__package__) / "registry_server.py").read_bytes()
