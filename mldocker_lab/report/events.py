"""What happens during a build, in one language for every builder.

The builders (``mldocker_lab.build``) translate their engine's dialect into these events; reports,
live views and recordings only ever see these. ``at`` is seconds since the build was asked for.
``step`` is the position of an instruction in ``Dockerfile.instructions`` (from 0), None for what
belongs to no instruction (sending the context, exporting the image).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = [
    "Built",
    "Event",
    "Failed",
    "Finished",
    "Output",
    "Progress",
    "Started",
    "decode",
    "encode",
]


@dataclass(frozen=True, slots=True)
class Started:
    """An instruction began to run (or to be looked up in the cache)."""

    step: int
    at: float


@dataclass(frozen=True, slots=True)
class Finished:
    """An instruction is done; ``cached`` says whether its result was reused."""

    step: int
    at: float
    cached: bool
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of text that an instruction printed; pieces need not be whole lines."""

    step: int | None
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes moved so far: the context on its way to the engine, a layer being exported."""

    step: int | None
    at: float
    what: str
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """The end of a good build."""

    at: float
    image_id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The end of a bad one. ``step`` is the instruction that failed, if any."""

    step: int | None
    at: float
    message: str


Event = Started | Finished | Output | Progress | Built | Failed
_KINDS = {cls.__name__.lower(): cls for cls in (Started, Finished, Output, Progress, Built, Failed)}


def encode(event: Event) -> dict[str, Any]:
    """The event as a JSON object: its kind and its fields."""
    return {"kind": type(event).__name__.lower(), **asdict(event)}


def decode(data: dict[str, Any]) -> Event:
    """The event that ``encode`` wrote.

    Raises:
        ValueError: unknown kind or wrong fields.
    """
    fields = dict(data)
    kind = _KINDS.get(fields.pop("kind", ""))
    if kind is None:
        raise ValueError(f"not a build event: {data!r}")
    try:
        return kind(**fields)
    except TypeError as error:
        raise ValueError(f"not a build event: {data!r}") from error
