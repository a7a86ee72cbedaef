"""What an engine is and can do, asked from the engine itself and kept in one flat record."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mldocker_lab.engine.client import Engine

__all__ = ["EngineFacts", "facts"]

_CONTAINERD = "io.containerd.snapshotter.v1"


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """An engine's own account of itself.

    Attributes:
        name: "Docker Engine 20.10.24".
        version: its version without packagers' additions.
        api: newest API version it speaks.
        minimum_api: oldest API version it speaks.
        os: "linux" or "windows".
        arch: "amd64", "arm64", … as images name it.
        store: where layers live: "overlay2", "vfs", …, or "containerd" for its image store.
        builders: which of "buildkit" and "classic" answer through the API.
        network: "bridge" if containers get a network of their own, "host" if they share.
        gateway: the engine's machine as its containers see it; None without a bridge.
        private: whether it is the lab's own.
        source: why this engine is used, in words.
        reduced: what it has to do without, in words; empty on an ordinary one.
        ncpu: processors it may use.
        memory: bytes of memory it may use.
        cgroup: version of the control groups, "1", "2" or "".
    """

    name: str
    version: str
    api: str
    minimum_api: str
    os: str
    arch: str
    store: str
    builders: tuple[str, ...]
    network: str
    gateway: str | None
    private: bool
    source: str
    reduced: tuple[str, ...]
    ncpu: int
    memory: int
    cgroup: str

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON sees it."""
        return asdict(self)


def facts(engine: Engine) -> EngineFacts:
    """Ask an engine what it is.

    Raises:
        EngineGone: it does not answer.
    """
    info, told, gateway = engine.info(), engine.version(), engine.gateway()
    store = _store(info)
    network = "bridge" if gateway else "host"
    return EngineFacts(
        name=engine.name,
        version=str(told.get("Version", "")).split("+")[0],
        api=str(told.get("ApiVersion", "")),
        minimum_api=str(told.get("MinAPIVersion", "")),
        os=str(told.get("Os", "")),
        arch=str(told.get("Arch", "")),
        store=store,
        builders=_builders(told),
        network=network,
        gateway=gateway,
        private=engine.private,
        source=engine.source,
        reduced=tuple(_missing(info, store, network)),
        ncpu=int(info.get("NCPU") or 0),
        memory=int(info.get("MemTotal") or 0),
        cgroup=str(info.get("CgroupVersion") or ""),
    )


def _store(info: dict[str, Any]) -> str:
    """The containerd image store calls itself by its snapshotter, so look at the driver's type."""
    status = {pair[0]: pair[1] for pair in info.get("DriverStatus") or () if len(pair) > 1}
    return "containerd" if status.get("driver-type") == _CONTAINERD else str(info.get("Driver", ""))


def _builders(told: dict[str, Any]) -> tuple[str, ...]:
    """Docker on Linux has both; Podman answers the classic call only, Windows has no BuildKit."""
    components = told.get("Components") or [{}]
    podman = "podman" in str(components[0].get("Name", "")).lower()
    return ("classic",) if podman or told.get("Os") != "linux" else ("buildkit", "classic")


def _missing(info: dict[str, Any], store: str, network: str) -> list[str]:
    found = []
    if store == "vfs":
        found.append("no overlay mounts: every layer is a full copy")
    if network == "host":
        found.append("no bridge: containers share the host's network")
    if not info.get("MemoryLimit", True):
        found.append("no memory limits")
    if not info.get("CpuCfsQuota", True):
        found.append("no CPU limits")
    return found
