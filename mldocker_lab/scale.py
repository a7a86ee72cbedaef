"""The same Dockerfiles at full size: real CUDA bases, real frameworks, tens of gigabytes.

Lessons run at *mini* scale. What *full* scale changes stands beside a lesson's context, in
``<context>.full.toml``::

    disk_gb = 60                    what both builds may need on the engine's disk

    [bases]                         what stands in for the lab's bases in FROM lines
    "mldocker-lab/python:3.11-slim" = "python:3.11-slim"

    [add]                           lines to append to files of the context
    "requirements-train.txt" = ["torch==2.4.0"]

Everything else is as it was: the instructions, their order, the program.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import DiskFull, EngineError, SupplyError, UsageError
from mldocker_lab.supply.bases import SLIM
from mldocker_lab.supply.progress import Progress
from mldocker_lab.units import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.workbench import Workbench

__all__ = ["SWITCH", "Scale", "check_room", "chosen", "full", "pulled", "settings"]

#: The environment variable that asks for full scale wherever there is one.
SWITCH = "MLDOCKER_SCALE"
_SCALES = ("mini", "full")
_GB = 1_000_000_000


@dataclass(frozen=True)
class Scale:
    """What a scale changes in a build context.

    Attributes:
        overlay: files that replace those of the context.
        bases: images that the Dockerfiles then start from.
        disk: bytes that the builds may need.
    """

    overlay: dict[str, bytes] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    disk: int = 0


def settings(folder: Path) -> Path:
    """Where it stands what full scale changes in a context: beside it, so no build sends it."""
    folder = folder.resolve()
    return folder.with_name(f"{folder.name}.full.toml")


def chosen(folder: Path, dockerfiles: Iterable[str], scale: str | None = None) -> Scale:
    """The scale that somebody asked for: mini, unless they said otherwise.

    Args:
        folder: the build context.
        dockerfiles: its Dockerfiles.
        scale: "mini" or "full"; None looks at ``MLDOCKER_SCALE``.

    Raises:
        UsageError: there is no such scale, or the context has none.
    """
    wanted = scale or os.environ.get(SWITCH) or "mini"
    if wanted not in _SCALES:
        raise UsageError(f"there is no scale {wanted!r}", f"one of: {', '.join(_SCALES)}")
    if wanted == "mini" or (scale is None and not settings(folder).is_file()):
        return Scale()
    return full(folder, dockerfiles)


def full(folder: Path, dockerfiles: Iterable[str]) -> Scale:
    """A context at full scale.

    Args:
        folder: the build context.
        dockerfiles: its Dockerfiles.

    Raises:
        UsageError: nothing says what that would be, or what says it is wrong.
    """
    path = settings(folder)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{folder.name} has no full scale", "it runs as it is, without MLDOCKER_SCALE=full"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path.name} cannot be read: {error}") from error
    return _applied(folder, dockerfiles, told)


def _applied(folder: Path, dockerfiles: Iterable[str], told: dict[str, Any]) -> Scale:
    bases: dict[str, str] = told.get("bases", {})
    overlay = {name: _based(folder / name, bases) for name in dockerfiles}
    for name, lines in told.get("add", {}).items():
        overlay[name] = (folder / name).read_bytes() + "".join(f"{x}\n" for x in lines).encode()
    return Scale(overlay, tuple(bases.values()), int(told.get("disk_gb", 0) * _GB))


def _based(dockerfile: Path, bases: dict[str, str]) -> bytes:
    """The Dockerfile with other images in its FROM lines, and nowhere else."""
    text = dockerfile.read_text(encoding="utf-8")
    for mini, wanted in bases.items():
        text = re.sub(rf"(?im)^(FROM\s+){re.escape(mini)}(?=\s|$)", rf"\g<1>{wanted}", text)
    return text.encode()


def check_room(bench: Workbench, scale: Scale) -> None:
    """See that the engine's disk has room for the builds.

    Raises:
        DiskFull: it has not.
    """
    _, said = bench.call(SLIM, ["df", "--output=avail", "-B1", "/"])
    free = int(said.split()[-1])
    if free < scale.disk:
        raise DiskFull(
            f"full scale may need {size(scale.disk)}, and {size(free)} are free where the engine "
            "keeps its images",
            "make room, or leave MLDOCKER_SCALE unset: mini scale needs 5 GB",
        )


def pulled(engine: Engine, scale: Scale) -> Iterator[Progress]:
    """Pull the images that the Dockerfiles start from; they stay on the engine, to be kept or not.

    Raises:
        SupplyError: no registry answers, or none has it.
    """
    for name in scale.bases:
        if engine.has_image(name):
            continue
        parts: dict[str, tuple[int, int]] = {}
        yield Progress(f"pulling {name}", 0, None, "bytes")
        try:
            for message in engine.pull(name):
                detail = message.get("progressDetail") or {}
                if message.get("status") == "Downloading" and detail.get("total"):
                    parts[message["id"]] = (detail["current"], detail["total"])
                    done, total = map(sum, zip(*parts.values(), strict=True))
                    yield Progress(f"pulling {name}", done, total, "bytes")
        except EngineError as error:
            raise SupplyError(
                f"full scale needs {name}, and it cannot be pulled: {error.what}",
                "it needs a registry; leave MLDOCKER_SCALE unset to go on at mini scale",
            ) from error
