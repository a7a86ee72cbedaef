from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldocker_lab.build.protobuf import Log, Status, Trace, Vertex, encode, fields, trace


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def time(field: int, seconds: int, nanos: int = 0) -> bytes:
    return text(field, number(1, seconds) + number(2, nanos))


VERTEX = (
    text(1, b"sha256:aa")
    + text(2, b"sha256:input")
    + text(3, b"[1/2] FROM x")
    + number(4, 1)
    + time(5, 1000, 500_000_000)
    + time(6, 1002)
)
STATUS = text(1, b"exporting") + text(2, b"sha256:aa") + number(4, 7) + number(5, 300)
LOG = text(1, b"sha256:aa") + number(3, 2) + text(4, "fünf\n".encode())


def test_a_trace_is_read_field_by_field():
    message = text(1, VERTEX) + text(2, STATUS) + text(3, LOG) + text(4, b"a warning, skipped")
    assert trace(message) == Trace(
        vertices=(
            Vertex("sha256:aa", "[1/2] FROM x", cached=True, started=1000.5, completed=1002.0),
        ),
        statuses=(Status("exporting", "sha256:aa", 7, 300),),
        logs=(Log("sha256:aa", 2, "fünf\n".encode()),),
    )


def test_what_is_not_there_yet_is_none():
    (vertex,) = trace(text(1, text(1, b"sha256:aa"))).vertices
    assert (vertex.started, vertex.completed, vertex.cached, vertex.error) == (
        None,
        None,
        False,
        "",
    )


def test_unknown_fields_of_every_kind_are_skipped():
    extra = number(90, 2**63) + varint(91 << 3 | 1) + bytes(8) + varint(92 << 3 | 5) + bytes(4)
    assert trace(extra + text(1, extra + VERTEX)).vertices == trace(text(1, VERTEX)).vertices


@given(st.integers(0, 2**64 - 1))
def test_numbers_of_any_width(value):
    assert list(fields(number(3, value))) == [(3, value)]


@pytest.mark.parametrize("cut", range(1, len(text(1, VERTEX))))
def test_a_message_cut_anywhere_is_refused(cut):
    with pytest.raises(ValueError, match="ends in the middle"):
        trace(text(1, VERTEX)[:cut])


def test_an_unknown_wire_type_is_refused():
    with pytest.raises(ValueError, match="wire type 3"):
        list(fields(varint(1 << 3 | 3)))


@pytest.mark.parametrize(
    "values",
    [{1: "é", 2: b"\x00\xff"}, {1: 0, 2: 127, 3: 128, 15: 2**63}, {16: b"x" * 300}, {}],
)
def test_what_is_encoded_is_read_again(values):
    told = {k: v.encode() if isinstance(v, str) else v for k, v in values.items()}
    assert dict(fields(encode(values))) == told
