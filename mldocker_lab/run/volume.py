"""A volume of one's own: labelled, and gone when the block that made it ends."""

from __future__ import annotations

import secrets
import weakref
from typing import TYPE_CHECKING

from mldocker_lab.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from mldocker_lab.engine.client import Engine

__all__ = ["Volume"]


class Volume:
    """Files that outlive a container, and that several can share; ``str`` of it is its name.

    Args:
        engine: where.
        labels: further labels of it.
    """

    def __init__(self, engine: Engine, labels: Mapping[str, str] | None = None) -> None:
        self.name = f"mldocker-lab-{secrets.token_hex(4)}"
        engine.make_volume(self.name, labels)
        self._remove = weakref.finalize(self, _remove, engine, self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return "a volume of the lab"

    def close(self) -> None:
        """Remove it. What a container still uses stays until ``mldocker-lab clean``."""
        self._remove()


def _remove(engine: Engine, name: str) -> None:
    try:
        engine.remove_volume(name)
    except EngineError:
        return  # the engine is gone, or a container uses it: its owner still wants it
