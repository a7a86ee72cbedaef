"""Limits on all containers of one engine together: memory, processes and processors, by cgroups.

BuildKit's steps take no limits of their own, but they run below the engine's ``cgroup-parent``.
So the limits are set on that group, and hold for builds and services alike. Linux as root; both
versions of cgroups. What could not be limited is told in words, never passed over.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Group", "Limits"]

_ROOT = Path("/sys/fs/cgroup")
_PERIOD = 100_000  # microseconds; the kernel's own default
_REMOVE_SECONDS = 2.0
_GB = 1 << 30
_MOST_MEMORY, _LEAST_MEMORY = 4 * _GB, 1 * _GB
_MOST_DISK = 8 * _GB
_PROCESSES = 512


@dataclass(frozen=True, slots=True)
class Limits:
    """What the containers of one submission may use together.

    Attributes:
        memory: bytes; swap does not add to it.
        processes: processes and threads.
        cpus: processors' worth of time.
        disk: bytes, beyond what the engine's base images take.
    """

    memory: int = _MOST_MEMORY
    processes: int = _PROCESSES
    cpus: float = 1.0
    disk: int = _MOST_DISK

    @classmethod
    def share(cls, of: int) -> Self:
        """One of so many equal shares of this machine, at most what an exercise can need."""
        cores = os.cpu_count() or 1
        try:
            memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4 // of
        except (AttributeError, ValueError, OSError):
            memory = _MOST_MEMORY
        memory = min(max(memory, _LEAST_MEMORY), _MOST_MEMORY)
        return cls(memory=memory, cpus=max(cores / of, 0.5))

    def to_dict(self) -> dict[str, Any]:
        """The limits as JSON sees them."""
        return asdict(self)


class Group:
    """A cgroup with limits, by one name in every hierarchy.

    Attributes:
        name: as an engine's ``cgroup-parent`` wants it: "/mldocker-…".
        missing: what could not be limited, in words.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.missing: tuple[str, ...] = ()
        self._folders: list[Path] = []

    def make(self, limits: Limits) -> None:
        """Make it with these limits; one that is left over is taken away first."""
        self.remove()
        values = _unified(limits) if _is_unified() else _separate(limits)
        missing = []
        for controller, files in values.items():
            try:
                self._set(controller, files)
            except OSError as error:
                missing.append(f"{controller} ({error.strerror or error})")
        self.missing = tuple(missing)

    def remove(self) -> None:
        """Take it away, with all groups below it, once their processes are gone."""
        for root in _roots():
            folder = root / self.name.lstrip("/")
            deadline = time.monotonic() + _REMOVE_SECONDS
            while folder.is_dir() and not _removed(folder) and time.monotonic() < deadline:
                time.sleep(0.05)

    def _set(self, controller: str, files: dict[str, str]) -> None:
        root = _ROOT if _is_unified() else _hierarchy(controller)
        folder = root / self.name.lstrip("/")
        if _is_unified():
            _enable(root, folder, controller)
        folder.mkdir(parents=True, exist_ok=True)
        for file, value in files.items():
            optional = file.startswith("?")
            try:
                (folder / file.lstrip("?")).write_text(value, encoding="ascii")
            except OSError:
                if not optional:
                    raise


def _is_unified() -> bool:
    return (_ROOT / "cgroup.controllers").exists()


def _unified(limits: Limits) -> dict[str, dict[str, str]]:
    quota = int(limits.cpus * _PERIOD)
    return {
        "memory": {"memory.max": str(limits.memory), "?memory.swap.max": "0"},
        "pids": {"pids.max": str(limits.processes)},
        "cpu": {"cpu.max": f"{quota} {_PERIOD}"},
    }


def _separate(limits: Limits) -> dict[str, dict[str, str]]:
    """The names of version 1; a kernel without swap accounting lacks the optional one."""
    memory = str(limits.memory)
    return {
        "memory": {"memory.limit_in_bytes": memory, "?memory.memsw.limit_in_bytes": memory},
        "pids": {"pids.max": str(limits.processes)},
        "cpu": {
            "cpu.cfs_period_us": str(_PERIOD),
            "cpu.cfs_quota_us": str(int(limits.cpus * _PERIOD)),
        },
    }


def _hierarchy(controller: str) -> Path:
    """Where a controller of version 1 is mounted.

    Raises:
        OSError: nowhere.
    """
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(maxsplit=2)
        if kind == "cgroup" and controller in options.split(","):
            return Path(before.split()[4])
    raise OSError(f"this kernel has no {controller} control group")


def _roots() -> list[Path]:
    if _is_unified():
        return [_ROOT]
    with suppress(OSError):
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
        return [Path(line.split()[4]) for line in lines if " - cgroup" in line]
    return []


def _enable(root: Path, folder: Path, controller: str) -> None:
    """Let a controller reach down to ``folder``: each group must hand it on to those below."""
    folder.mkdir(parents=True, exist_ok=True)
    for parent in [root, *reversed([p for p in folder.parents if root in p.parents])]:
        if controller not in (parent / "cgroup.subtree_control").read_text(encoding="ascii"):
            (parent / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")


def _removed(folder: Path) -> bool:
    """Remove a group and those below it; False if one still holds a process."""
    for path, _, _ in sorted(os.walk(folder), reverse=True):
        try:
            Path(path).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True
