"""The engine as the panel shows it. All of it may wait for an engine: not for an event loop."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab import cleaning
from mldocker_lab.engine import find as finding
from mldocker_lab.engine import private
from mldocker_lab.engine.describe import facts
from mldocker_lab.errors import EngineError
from mldocker_lab.home import home
from mldocker_lab.server import schema
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.engine.client import Engine

__all__ = ["clean", "look", "start", "stop", "used"]

_FEW, _TOO_FEW = 10e9, 3e9  # free bytes: a lesson's images; a single bad image
_BLOCK = 512  # bytes, what st_blocks counts


def look() -> schema.EngineState:
    """Which engine there is, what the lab has on it, and how much room is left."""
    own = _own_runs()
    try:
        engine = finding.find(start=False)
    except EngineError as error:
        return _without(error, own)
    try:
        return _with(engine, own)
    except EngineError as error:
        return _without(error, own)
    finally:
        engine.close()


def start() -> schema.EngineState:
    """Start the lab's own engine."""
    private.start()
    return look()


def stop() -> schema.EngineState:
    """Stop the lab's own engine; what it holds stays."""
    private.stop()
    return look()


def clean(*, carry_out: bool) -> schema.Clean:
    """What ``clean`` removes: first looked at, then, when told to, done."""
    engine = finding.find(start=False)
    try:
        plan = cleaning.plan(engine)
        if carry_out:
            plan.carry_out()
        told = plan.to_dict()
    finally:
        engine.close()
    return schema.Clean(told["containers"], told["images"], told["done"], told["left"])


def used() -> schema.Bytes:
    """Bytes on disk of the lab's folder; files with two names count once."""
    seen: set[tuple[int, int]] = set()
    total, todo = 0, [str(home())]
    while todo:
        with suppress(OSError), os.scandir(todo.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if found.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        if (found.st_dev, found.st_ino) in seen:
                            continue
                        seen.add((found.st_dev, found.st_ino))
                    total += getattr(found, "st_blocks", -(-found.st_size // _BLOCK)) * _BLOCK
                    if entry.is_dir(follow_symlinks=False) and not os.path.ismount(entry.path):
                        todo.append(entry.path)
    return schema.Bytes(total)


def _with(engine: Engine, own: bool) -> schema.EngineState:  # noqa: FBT001
    known, told = facts(engine), cleaning.plan(engine)
    info = engine.info()
    return schema.EngineState(
        state="running",
        name=known.name,
        version=known.version,
        builders=list(known.builders),
        private=known.private,
        why=known.source,
        hint="; ".join(known.reduced),
        can_start=False,
        can_stop=own,
        images=len(told.images),
        containers=len(told.containers),
        disk=_disk(_data(info, engine)),
    )


def _without(error: EngineError, own: bool) -> schema.EngineState:  # noqa: FBT001
    can_start = not own and not _other_is_named() and not private.obstacle()
    return schema.EngineState(
        state="stopped" if can_start else "none",
        name="",
        version="",
        builders=[],
        private=False,
        why=error.what,
        hint="Start the lab's own engine." if can_start else error.hint,
        can_start=can_start,
        can_stop=own,
        images=None,
        containers=None,
        disk=_disk(home()),
    )


def _own_runs() -> bool:
    return private.running() is not None


def _other_is_named() -> bool:
    """Whether somebody named an engine: then the lab's own would not be used."""
    if os.environ.get("MLDOCKER_ENGINE") == "private":
        return False
    try:
        return finding.named() is not None
    except EngineError:
        return True


def _data(info: dict[str, Any], engine: Engine) -> Path | None:
    """Where the engine keeps its data, if that is a folder of this machine."""
    folder = Path(str(info.get("DockerRootDir") or "/nowhere"))
    desktop = "desktop" in str(info.get("OperatingSystem", "")).lower()
    return folder if engine.url.startswith("unix://") and not desktop else None


def _disk(folder: Path | None) -> schema.Disk:
    try:
        if folder is None:
            raise FileNotFoundError
        free = shutil.disk_usage(folder).free
    except OSError:
        return schema.Disk(None, "unknown", "the engine's disk is not on this machine")
    state: Literal["ok", "warn", "bad"] = (
        "ok" if free >= _FEW else "warn" if free >= _TOO_FEW else "bad"
    )
    advice = {
        "ok": "",
        "warn": ": enough for a lesson, not for all. Clean up.",
        "bad": ": a build may not fit. Clean up first.",
    }
    return schema.Disk(free, state, f"{size(free)} free{advice[state]}")
