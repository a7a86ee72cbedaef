"""When this machine last built the tiny pair, so that it need not be built each time.

The proof holds for one engine, one version of the lab, one set of bases, wheels and Dockerfiles.
Anything else is a machine that has proved nothing yet.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from mldocker_lab.home import home

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["claim", "proved", "record"]

_FILE = "proved.json"


def claim(engine_id: str, bases: str, folder: Path) -> str:
    """What a proof is a proof of, as one hash.

    Args:
        engine_id: as the engine gives it; a new data folder is a new engine.
        bases: the fingerprint of base images and wheels.
        folder: the pair's build context.
    """
    parts = [version("mldocker_lab"), engine_id, bases]
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            parts += [file.relative_to(folder).as_posix(), file.read_bytes().hex()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def proved(claimed: str) -> datetime | None:
    """When exactly this was proved; None if it was not, or nobody can tell."""
    try:
        told = json.loads((home() / _FILE).read_text(encoding="utf-8"))
        return datetime.fromisoformat(told["date"]) if told["claim"] == claimed else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def record(claimed: str) -> None:
    """It was proved just now."""
    told = {"claim": claimed, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    (home() / _FILE).write_text(json.dumps(told), encoding="utf-8")
