"""Just enough protobuf to talk with BuildKit: no compiler, no generated code, no dependency.

BuildKit reports progress as ``moby.buildkit.v1.StatusResponse`` messages. The wire format is a run
of (field number, value) pairs; the field numbers below come from BuildKit's
``api/services/control/control.proto``. Unknown fields are skipped, so newer engines stay readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Log", "Status", "Trace", "Vertex", "encode", "fields", "trace"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTH = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10


@dataclass(frozen=True, slots=True)
class Vertex:
    """A node of the build graph, as it stands now; later messages repeat it with news.

    Times are seconds of the engine's clock since 1970; None until they happened.
    """

    digest: str
    name: str = ""
    cached: bool = False
    started: float | None = None
    completed: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Progress inside a vertex: bytes moved, or a named phase with its start and end."""

    id: str
    vertex: str
    current: int = 0
    total: int = 0
    completed: float | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """Bytes that a vertex printed, on its standard output (1) or on its standard error (2)."""

    vertex: str
    stream: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Trace:
    """One progress message."""

    vertices: tuple[Vertex, ...]
    statuses: tuple[Status, ...]
    logs: tuple[Log, ...]


def trace(message: bytes) -> Trace:
    """Read one StatusResponse.

    Raises:
        ValueError: the bytes are no protobuf message.
    """
    vertices, statuses, logs = [], [], []
    for number, value in fields(message):
        if number == 1:
            vertices.append(_vertex(_bytes(value)))
        elif number == 2:  # noqa: PLR2004 field numbers, here and below, are the schema
            statuses.append(_status(_bytes(value)))
        elif number == 3:  # noqa: PLR2004
            logs.append(_log(_bytes(value)))
    return Trace(tuple(vertices), tuple(statuses), tuple(logs))


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The (field number, value) pairs of a message: varints as int, everything else as bytes.

    Raises:
        ValueError: the message ends in the middle of a field, or uses an unknown wire type.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == _BYTES:
            width, at = _varint(message, at)
        elif wire in _WIDTH:
            width = _WIDTH[wire]
        else:
            raise ValueError(f"not a protobuf message: wire type {wire}")
        if at + width > len(message):
            raise ValueError("a protobuf message that ends in the middle of a field")
        yield number, message[at : at + width]
        at += width


def encode(values: Mapping[int, int | str | bytes]) -> bytes:
    """A message of these fields, by number: integers as varints, text and bytes with a length."""
    message = bytearray()
    for number, value in values.items():
        if isinstance(value, int):
            message += _as_varint(number << 3 | _VARINT) + _as_varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            message += _as_varint(number << 3 | _BYTES) + _as_varint(len(data)) + data
    return bytes(message)


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 the top bit says that more follows
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 the top bit says that more follows
            return value, at + place + 1
    raise ValueError("a protobuf message that ends in the middle of a number")


def _vertex(message: bytes) -> Vertex:
    told = dict(fields(message))
    return Vertex(
        digest=_text(told.get(1)),
        name=_text(told.get(3)),
        cached=bool(told.get(4)),
        started=_time(told.get(5)),
        completed=_time(told.get(6)),
        error=_text(told.get(7)),
    )


def _status(message: bytes) -> Status:
    told = dict(fields(message))
    return Status(
        id=_text(told.get(1)),
        vertex=_text(told.get(2)),
        current=_number(told.get(4)),
        total=_number(told.get(5)),
        completed=_time(told.get(8)),
    )


def _log(message: bytes) -> Log:
    told = dict(fields(message))
    stream = told.get(3, 0)
    return Log(
        vertex=_text(told.get(1)),
        stream=stream if isinstance(stream, int) else 0,
        text=_bytes(told.get(4, b"")),
    )


def _time(value: int | bytes | None) -> float | None:
    """A ``google.protobuf.Timestamp``: seconds and nanoseconds."""
    if value is None:
        return None
    told = dict(fields(_bytes(value)))
    return _number(told.get(1)) + _number(told.get(2)) / 1e9


def _text(value: int | bytes | None) -> str:
    return _bytes(value or b"").decode(errors="replace")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("not a progress message: a number where text belongs")  # noqa: TRY004 it is the data that is wrong
    return value


def _number(value: int | bytes | None) -> int:
    return value if isinstance(value, int) else 0
