"""The GPU badge of the engine panel: what the lab says about a host, asked once in a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from mldocker_lab import gpus
from mldocker_lab.gpu import recorded
from mldocker_lab.server import schema

if TYPE_CHECKING:
    from mldocker_lab.gpu.badge import Badge

__all__ = ["HERE", "gpu"]

#: What this machine is called among the hosts.
HERE = "here"

_KEPT_SECONDS = 300.0  # a driver that hangs answers after 20 s, so it is not asked at each look
_LOCK = threading.Lock()
_SEEN: dict[str, tuple[float, Badge]] = {}


def gpu(name: str) -> schema.Gpu:
    """What results about GPUs rest on, if this host is meant.

    Args:
        name: "here", or a recorded host.

    Raises:
        UsageError: there is no such host.
    """
    found = _here() if name == HERE else gpus.badge(name)
    means = found.to_dict()["means"]
    return schema.Gpu(name, found.basis, found.what, means, [HERE, *recorded.hosts()])


def _here() -> Badge:
    with _LOCK:
        seen = _SEEN.get(HERE)
        if seen is None or time.monotonic() - seen[0] > _KEPT_SECONDS:
            seen = _SEEN[HERE] = (time.monotonic(), gpus.badge())
        return seen[1]
