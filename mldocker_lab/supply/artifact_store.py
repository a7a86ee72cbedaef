"""A store for model files that graded containers download from: a container of ours beside them.

What MLflow is in the lesson, in a second instead of five, on whatever network graded containers
are: they are a stranger's and reach nothing else. It can be slow, hand out other bytes, or be
down, whenever a check wants that.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine.client import LABEL
from mldocker_lab.supply import bases, reach
from mldocker_lab.supply.hosted import FEW_RIGHTS, Hosted
from mldocker_lab.supply.model_registry import MODELS_HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mldocker_lab.supply.mirror import Mirror

__all__ = ["ArtifactStore"]

_PORT = 8412
_FOLDER = "/srv"
_FILES = f"{_FOLDER}/models"


class ArtifactStore(Hosted):
    """A store that runs; use it in a ``with`` block, or ``close`` it.

    Args:
        mirror: the wheel mirror on the engine: containers reach this store in the same way.
        network: the network that graded containers are on; None where they are on the default.
        host: what it may use, as arguments of the SDK's ``create_host_config``.
        labels: further labels of its container.

    Attributes:
        address: where containers find it, given ``hosts``.
        hosts: what a container needs to know for that, name → address.

    Raises:
        SupplyError: it did not start.
    """

    def __init__(
        self,
        mirror: Mirror,
        network: str | None = None,
        host: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        engine = mirror.engine
        way = "address" if network else mirror.way
        published = reach.published_on(engine, way)
        super().__init__(
            engine,
            bases.SLIM,
            [
                *("python3", f"{_FOLDER}/artifact_server.py", _FILES),
                *(reach.listens_on(way), str(0 if way == "host" else _PORT)),
            ],
            host={**(host or {}), **_place(way, network, published)},
            ports=[_PORT] if published else None,
            labels={**(labels or {}), LABEL: "artifact-store"},
        )
        self.address = "an address of its own"
        try:
            self._write("artifact_server.py", _server())
            self._write("models/.here", b"")
            engine.start(self._container)
            self.address = f"http://{MODELS_HOST}:{self._port(published)}"
            self.hosts = {MODELS_HOST: reach.address(engine, self._container, way, network or "")}
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        return f"an artifact store, for containers at {self.address}"

    def put(self, path: str, data: bytes) -> None:
        """Have a file under "name/version"; one that is there is replaced."""
        self._write(f"models/{path}", data)

    @contextmanager
    def hold(self, path: str) -> Iterator[None]:
        """While the block runs, send half of a file; the rest when it ends."""
        with self._marked(f"{path}.hold"):
            yield

    @contextmanager
    def down(self) -> Iterator[None]:
        """While the block runs, answer nobody."""
        with self._marked("down"):
            yield

    def seen(self, event: str, path: str) -> int:
        """How often something has happened to a file: "asked", "half" or "sent"."""
        lines = (json.loads(line) for line in self._engine.logs(self._container).splitlines())
        return sum(one == {"event": event, "path": f"/{path}"} for one in lines)

    def _write(self, name: str, data: bytes) -> None:
        self._engine.put_files(self._container, _FOLDER, {name: data})

    @contextmanager
    def _marked(self, name: str) -> Iterator[None]:
        """A file that tells the server how to behave, for a while."""
        self._write(f"models/{name}", b"")
        try:
            yield
        finally:
            self._engine.execute(self._container, ["rm", "-f", f"{_FILES}/{name}"])

    def _port(self, published: str | None) -> int:
        """Wait until it listens; the port that containers find it at."""
        said = self._listening()
        return int(self._bound(_PORT)[0]["HostPort"] if published else json.loads(said)["port"])


def _place(way: str, network: str | None, published: str | None) -> dict[str, Any]:
    """Where it stands on the engine, and that it needs no rights there."""
    place = {**FEW_RIGHTS, "mem_limit": "128m", "memswap_limit": "128m"}
    if network:
        return {**place, "network_mode": network}
    if published:
        return {**place, "port_bindings": {_PORT: (published, None)}}
    return {**place, "network_mode": "host"} if way == "host" else place


def _server() -> bytes:
    return (resources.files(__package__) / "artifact_server.py").read_bytes()
