"""A server of ours in a container of the engine: there for a ``with`` block, gone with the program.

Every one of them is labelled, so ``mldocker-lab clean`` removes what a killed program left.
"""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import EngineError, SupplyError

if TYPE_CHECKING:
    from typing import Self

    from mldocker_lab.engine.client import Engine

__all__ = ["FEW_RIGHTS", "Hosted"]

#: What none of these servers needs, as arguments of the SDK's ``create_host_config``.
FEW_RIGHTS: dict[str, Any] = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "auto_remove": True,
}
_START_SECONDS = 30
_POLL_SECONDS = 0.05


class Hosted:
    """A container that was made, not started yet; use it in a ``with`` block, or ``close`` it.

    Args:
        engine: where.
        image: what it runs.
        command: instead of the image's own.
        config: as for ``Engine.create``.
    """

    def __init__(self, engine: Engine, image: str, command: list[str], **config: Any) -> None:
        self._engine = engine
        self._container = engine.create(image, command, **config)
        self._remove = weakref.finalize(self, _remove, engine, self._container)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove it, with all it holds: whoever asks then finds nobody."""
        self._remove()

    def _listening(self) -> str:
        """Wait for the line that it prints once it listens; returns that line.

        Raises:
            SupplyError: it ended, or did not print one in time.
        """
        deadline = time.monotonic() + _START_SECONDS
        while not (said := self._engine.logs(self._container)).endswith("\n"):
            state = self._engine.inspect(self._container)["State"]["Status"]
            if state == "exited" or time.monotonic() > deadline:
                raise SupplyError(f"{self!r} did not start:\n{said}", "`mldocker-lab doctor`")
            time.sleep(_POLL_SECONDS)
        return said

    def _bound(self, port: int) -> list[dict[str, str]]:
        """The addresses of the engine's machine that its port is published on."""
        ports = self._engine.inspect(self._container)["NetworkSettings"]["Ports"] or {}
        return list(ports.get(f"{port}/tcp") or ())


def _remove(engine: Engine, container: str) -> None:
    try:
        engine.remove(container)
    except EngineError:
        return  # the engine is gone
