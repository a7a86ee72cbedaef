"""What a killed engine leaves on a Linux machine: processes and mounts; found, and taken away.

Both are recognised by paths of the engine's own folders, never by a program's name alone, so
another engine's are never touched.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from mldocker_lab.errors import EngineError

__all__ = ["alive", "end", "end_children", "mounts_below", "processes", "unmount_below"]

_DETACH = 2  # MNT_DETACH: gone from the tree at once, freed when nobody uses it
_POLL_SECONDS = 0.05


def processes(argument: str) -> list[int]:
    """The processes that have exactly this argument on their command line, oldest first."""
    return sorted(pid for pid in _all() if argument in _arguments(pid))


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie, which nobody has waited for yet, does not."""
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def end(pid: int, *, seconds: float) -> None:
    """Ask a process to end (SIGTERM); kill it if it has not after ``seconds``."""
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        _signal(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not alive(pid):
                return
            time.sleep(_POLL_SECONDS)


def end_children(pid: int) -> None:
    """Kill a process and its children: a containerd shim and the container it watches."""
    children = [child for child in _all() if _stat(child)[1:2] == [str(pid)]]
    for one in (*children, pid):
        end(one, seconds=0)


def mounts_below(folder: Path) -> list[str]:
    """The mount points at and below a folder, the last mounted first."""
    prefix = str(folder)
    points = []
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        point = _unescape(line.split()[4])
        if point == prefix or point.startswith(f"{prefix}/"):
            points.append(point)
    return points[::-1]


def unmount_below(folder: Path) -> None:
    """Unmount everything below a folder, but not the folder itself.

    Raises:
        EngineError: something could not be unmounted.
    """
    for point in mounts_below(folder):
        if point != str(folder):
            _unmount(point)


def _unmount(point: str) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(os.fsencode(point), _DETACH) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise EngineError(f"{point} cannot be unmounted: {reason}", f"umount -l {point}")


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _arguments(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return os.fsdecode(raw).rstrip("\0").split("\0") if raw else []


def _stat(pid: int) -> list[str]:
    """State, parent and the rest of ``/proc/PID/stat``, after the name, which may hold blanks."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _unescape(text: str) -> str:
    r"""Mountinfo writes a blank as ``\040``."""
    return (
        text.encode("latin-1", "backslashreplace").decode("unicode_escape")
        if "\\" in text
        else text
    )
