"""How a container is to run: what ``docker run`` takes as flags, said once and checked."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from mldocker_lab.run.bounds import Bounds
    from mldocker_lab.run.volume import Volume

__all__ = ["Health", "Options"]

_NS = 1_000_000_000
_RESTARTS = ("no", "always", "unless-stopped", "on-failure")


@dataclass(frozen=True, slots=True)
class Health:
    """A HEALTHCHECK, as the Dockerfile's instruction or the flags of ``docker run`` give it.

    Args:
        command: what is run inside the container: words, or one text for its shell.
        interval: seconds between two probes; the first comes one interval after the start.
        timeout: seconds after which a probe has failed.
        retries: how many failures in a row make the container unhealthy.
        start_period: seconds from the start in which failures do not count.
    """

    command: str | Sequence[str]
    interval: float = 1
    timeout: float = 1
    retries: int = 3
    start_period: float = 0

    def to_api(self) -> dict[str, Any]:
        """The check as the engine's API takes it, times in nanoseconds."""
        shell = isinstance(self.command, str)
        test = ["CMD-SHELL", self.command] if shell else ["CMD", *self.command]
        return {
            "test": test,
            "interval": int(self.interval * _NS),
            "timeout": int(self.timeout * _NS),
            "retries": self.retries,
            "start_period": int(self.start_period * _NS),
        }


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a container runs. What is not given is the image's, or the engine's, own.

    Attributes:
        environment: variables, by name.
        user: "name", "uid" or "uid:gid".
        entrypoint: instead of the image's; "" for none.
        files: written into the container before it starts, by absolute path.
        volumes: volume, name or host path → where it is mounted ("/models:ro").
        network: a network, "none", or "host".
        hosts: further host names, name → address.
        memory: bytes, or a text like "256m": the limit; there is no swap beyond it.
        cpus: processors' worth of time, 0.5 for half of one (the CPU quota).
        pids: how many processes and threads there may be.
        shm: size of /dev/shm, like ``memory``; engines give 64 MB.
        read_only: nothing can be written but volumes and ``tmpfs``.
        tmpfs: folders in memory.
        drop: capabilities to take away ("ALL").
        add: capabilities to give.
        no_new_privileges: a set-uid program gains nothing.
        init: a small init (tini) is process 1.
        restart: "no", "always", "unless-stopped", "on-failure" or "on-failure:3".
        stop_signal: what ``docker stop`` sends instead of SIGTERM.
        log: options of the log driver json-file ("max-size", "max-file").
        health: a check instead of the image's; False for none.
        gpus: "all", or how many: what ``--gpus`` asks for.
        devices: what ``--device`` takes: "/dev/on-host:/dev/inside:rwm", or a CDI device's name.
        groups: further group ids of its processes.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    entrypoint: str | Sequence[str] | None = None
    files: Mapping[str, bytes | str] = field(default_factory=dict)
    volumes: Mapping[Volume | str, str] = field(default_factory=dict)
    network: str | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    memory: int | str | None = None
    cpus: float | None = None
    pids: int | None = None
    shm: int | str | None = None
    read_only: bool = False
    tmpfs: Sequence[str] = ()
    drop: Sequence[str] = ()
    add: Sequence[str] = ()
    no_new_privileges: bool = False
    init: bool = False
    restart: str = "no"
    stop_signal: str | None = None
    log: Mapping[str, str] = field(default_factory=dict)
    health: Health | Literal[False] | None = None
    gpus: int | Literal["all"] | None = None
    devices: Sequence[str] = ()
    groups: Sequence[int] = ()

    def __post_init__(self) -> None:
        if self.restart.partition(":")[0] not in _RESTARTS:
            raise UsageError(
                f"there is no restart policy {self.restart!r}", f"one of {', '.join(_RESTARTS)}"
            )

    @classmethod
    def asked(cls, options: Mapping[str, Any]) -> Self:
        """The options that somebody wrote by name.

        Raises:
            UsageError: there is no such option; says which one may be meant.
        """
        known = [one.name for one in fields(cls)]
        for name in options:
            if name not in known:
                close = get_close_matches(name, known, 1, 0.5)
                meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
                raise UsageError(f"a container has no option {name!r}", meant)
        return cls(**options)

    def config(self) -> dict[str, Any]:
        """The part of ``Engine.create``'s arguments that describes the container."""
        told: dict[str, Any] = {"environment": dict(self.environment)}
        if self.user is not None:
            told["user"] = self.user
        if self.entrypoint is not None:
            told["entrypoint"] = self.entrypoint
        if self.stop_signal is not None:
            told["stop_signal"] = self.stop_signal
        if self.health is False:
            told["healthcheck"] = {"test": ["NONE"]}
        elif self.health is not None:
            told["healthcheck"] = self.health.to_api()
        return told

    def host(self, bounds: Bounds | None = None) -> dict[str, Any]:
        """The part that describes its place on the host; what is asked for stays in bounds."""
        told: dict[str, Any] = dict(bounds.host) if bounds else {}
        told.update(self._limits())
        told.update(self._devices())
        told.update(self._rights(bounds))
        if self.network is not None and not (bounds and bounds.network):
            told["network_mode"] = self.network
        elif self.network == "none":
            told["network_mode"] = "none"
        if self.volumes:
            told["binds"] = [f"{source}:{target}" for source, target in self.volumes.items()]
        if self.hosts:
            told["extra_hosts"] = dict(self.hosts)
        if self.log:
            told["log_config"] = {"Type": "json-file", "Config": dict(self.log)}
        if self.restart != "no":
            name, _, most = self.restart.partition(":")
            told["restart_policy"] = {"Name": name, "MaximumRetryCount": int(most or 0)}
        return told

    def _limits(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if self.memory is not None:
            told["mem_limit"] = told["memswap_limit"] = self.memory
        if self.cpus is not None:
            told["nano_cpus"] = int(self.cpus * _NS)
        if self.pids is not None:
            told["pids_limit"] = self.pids
        if self.shm is not None:
            told["shm_size"] = self.shm
        return told

    def _devices(self) -> dict[str, Any]:
        """Device nodes by their paths; GPUs and CDI devices are requests to the engine."""
        told: dict[str, Any] = {}
        nodes = [one for one in self.devices if one.startswith("/")]
        named = [one for one in self.devices if not one.startswith("/")]
        requests: list[dict[str, Any]] = []
        if self.gpus is not None:
            count = -1 if self.gpus == "all" else self.gpus
            requests.append({"Driver": "", "Count": count, "Capabilities": [["gpu"]]})
        if named:
            requests.append({"Driver": "cdi", "DeviceIDs": named})
        if nodes:
            told["devices"] = nodes
        if requests:
            told["device_requests"] = requests
        if self.groups:
            told["group_add"] = list(self.groups)
        return told

    def _rights(self, bounds: Bounds | None) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if self.drop and not (bounds and "ALL" not in self.drop):
            told["cap_drop"] = list(self.drop)
            told["cap_add"] = list(self.add)
        elif self.add and not bounds:
            told["cap_add"] = list(self.add)
        if self.no_new_privileges:
            told["security_opt"] = ["no-new-privileges"]
        if self.read_only:
            told["read_only"] = True
        if self.tmpfs:
            told["tmpfs"] = dict.fromkeys(self.tmpfs, "")
        if self.init:
            told["init"] = True
        return told
