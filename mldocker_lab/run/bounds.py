"""What builds and containers of somebody else's answer may use; without bounds all is theirs."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Bounds"]

#: What remains of root in a container: enough to start a service as a user of its own.
_CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"),
)
_LOG = {"Type": "json-file", "Config": {"max-size": "2m", "max-file": "1"}}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one graded run.

    Attributes:
        seconds: how long a build, or a container that runs to its end, may take.
        memory: bytes of memory of a container.
        processes: its processes and threads.
        cpus: its share of processors.
        network: the network its containers are on, one that leads nowhere; None for the
            engine's default.
        disk_folder: a folder on the engine's disk, where that has to be watched; "" where its
            size is limited, or cannot be seen.
        disk: bytes that may be written there.
    """

    seconds: float
    memory: int
    processes: int
    cpus: float
    network: str | None = None
    disk_folder: str = ""
    disk: int = 0

    @property
    def host(self) -> dict[str, Any]:
        """The bounds as arguments of the SDK's ``create_host_config``."""
        return {
            "mem_limit": self.memory,
            "memswap_limit": self.memory,
            "pids_limit": self.processes,
            "nano_cpus": int(self.cpus * 1e9),
            "cap_drop": ["ALL"],
            "cap_add": list(_CAPABILITIES),
            "security_opt": ["no-new-privileges"],
            "log_config": _LOG,
            **({"network_mode": self.network} if self.network else {}),
        }

    def room(self) -> int | None:
        """Bytes free on a disk that has to be watched; None where none has to be."""
        return shutil.disk_usage(self.disk_folder).free if self.disk_folder else None

    def to_json(self) -> str:
        """The bounds as one word for an environment variable."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The bounds that ``to_json`` wrote."""
        return cls(**json.loads(text))
