"""The engine to work on, with all that builds need on it; the lab's own, started and stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldocker_lab.engine import find as finding
from mldocker_lab.engine import install as installing
from mldocker_lab.engine import private
from mldocker_lab.errors import NoEngine
from mldocker_lab.lab.announce import announce
from mldocker_lab.supply import bases, mirror, wheels
from mldocker_lab.widgets.progress import watch
from mldocker_lab.workbench import Workbench

if TYPE_CHECKING:
    from mldocker_lab.engine.client import Engine

__all__ = ["engine_start", "engine_status", "engine_stop", "find_engine", "supplied", "workbench"]


def find_engine() -> Engine:
    """The engine to use; on Debian and Ubuntu as root one is installed if there is none.

    Raises:
        NoEngine: there is none and none can be started here.
    """
    try:
        return finding.find()
    except NoEngine:
        if not installing.possible():
            raise
        installing.install(announce)
        return finding.find()


def workbench() -> Workbench:
    """A new run on the engine, with base images, wheels and mirror in place."""
    return supplied(find_engine())


def supplied(engine: Engine) -> Workbench:
    """A new run on this engine, with base images, wheels and mirror in place."""
    watch(bases.ensure(engine))
    watch(wheels.fetch(str(engine.version().get("Arch", "amd64"))))
    watch(mirror.ensure(engine))
    return Workbench(engine, mirror.find(engine))


def engine_status() -> dict[str, Any]:
    """Which engine the lab uses, and why."""
    engine = finding.find(start=False)
    return {"engine": engine.name, "why": engine.source, "address": engine.url}


def engine_start() -> str:
    """Start the lab's own engine; returns its address."""
    return private.start()


def engine_stop() -> None:
    """Stop the lab's own engine; what it holds stays."""
    private.stop()
