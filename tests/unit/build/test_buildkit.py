from __future__ import annotations

import base64

import pytest

from mldocker_lab.build.buildkit import BuildKitDialect
from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import EngineError
from mldocker_lab.report.events import Built, Failed, Finished, Output, Progress, Started

DOCKERFILE = parse("FROM base\nCOPY --link a /a\nRUN one\n")


def _varint(value):
    head, value = value & 0x7F, value >> 7
    return bytes([head | 0x80]) + _varint(value) if value else bytes([head])


def _field(number, value):
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _time(moment):
    return _field(1, int(moment)) + _field(2, round(moment % 1 * 1e9))


def vertex(digest, name, *, cached=False, started=None, completed=None, error=""):
    message = _field(1, digest.encode()) + _field(3, name.encode()) + _field(4, int(cached))
    message += _field(5, _time(started)) if started else b""
    message += _field(6, _time(completed)) if completed else b""
    message += _field(7, error.encode()) if error else b""
    return _field(1, message)


def log(digest, text, stream=1):
    return _field(3, _field(1, digest.encode()) + _field(3, stream) + _field(4, text))


def status(digest, name, current, total):
    parts = _field(1, name) + _field(2, digest.encode()) + _field(4, current) + _field(5, total)
    return _field(2, parts)


def told(*messages):
    """The events of traces; one arrives every second, from second 10 on."""
    dialect = BuildKitDialect(DOCKERFILE)
    events = []
    for at, message in enumerate(messages):
        if isinstance(message, bytes):
            aux = base64.b64encode(message).decode()
            message = {"id": "moby.buildkit.trace", "aux": aux}  # noqa: PLW2901
        events += dialect.events(message, 10.0 + at)
    return [*events, *dialect.end(99.0)]


def test_the_last_word_about_a_vertex_counts():
    """A COPY is hashed first, which is told like a run, and found in the cache after that."""
    name = "[stage-0 2/3] COPY --link a /a"
    events = told(
        vertex("a", name),
        vertex("a", name, started=5000.0),
        vertex("a", name, started=5000.0, completed=5000.25),
        vertex("a", name, started=5000.5, completed=5000.5, cached=True),
    )
    assert events == [
        Started(1, 11.0),
        Finished(1, 11.25, cached=False, seconds=0.25),
        Finished(1, 11.5, cached=True, seconds=0.25),
    ]


def test_an_instruction_of_two_vertices_is_cached_if_both_are():
    name = "[2/3] COPY --link a /a"
    events = told(
        vertex("a", name, started=1.0, completed=1.0, cached=True),
        vertex("b", name, started=2.0, completed=2.5),
    )
    assert events[-1] == Finished(1, 11.5, cached=False, seconds=0.5)
    assert sum(isinstance(e, Started) for e in events) == 1


def test_text_cut_in_the_middle_of_a_character_comes_out_whole():
    run = vertex("r", "[3/3] RUN one", started=1.0)
    euro = "€\n".encode()
    events = told(run + log("r", euro[:2]), log("r", euro[2:]))
    assert events[1:] == [Output(2, 11.0, "€\n")]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([(2, "sh: not found"), (1, "before\n"), (2, "\n")], "sh: not found\nbefore\n"),
        ([(1, "a"), (2, "b"), (1, "c\n"), (2, "d\n")], "a\nb\nc\nd\n"),
        ([(1, "10 %"), (1, "\r20 %"), (1, "\n")], "10 %\r20 %\n"),
        ([(1, "a\n"), (2, "b\n"), (2, "\n"), (1, "\n")], "a\nb\n\n\n"),
    ],
)
def test_two_streams_do_not_share_a_line(pieces, lines):
    """What a program writes to its two outputs arrives in pieces, and not always in order."""
    run = vertex("r", "[3/3] RUN one", started=1.0)
    events = told(run, *(log("r", text.encode(), stream) for stream, text in pieces))
    assert "".join(event.text for event in events if isinstance(event, Output)) == lines


def test_bytes_moved():
    events = told(vertex("x", "exporting to image", started=1.0) + status("x", b"layers", 3, 9))
    assert events == [Progress(None, 10.0, "layers", 3, 9)]


def test_a_failed_vertex_is_not_finished_and_names_the_step():
    events = told(
        vertex("a", "[2/3] COPY --link a /a", started=1.0, completed=2.0, error="context canceled"),
        vertex("r", "[3/3] RUN one", started=1.0, completed=2.0, error="exit code: 1"),
        {"error": "failed to solve: exit code: 1"},
    )
    assert not [e for e in events if isinstance(e, Finished)]
    assert events[-1] == Failed(2, 12.0, "failed to solve: exit code: 1")


def test_the_image_comes_last():
    events = told({"id": "moby.image.id", "aux": {"ID": "sha256:1"}}, {"stream": "Successfully"})
    assert events == [Built(99.0, "sha256:1")]


@pytest.mark.parametrize("aux", ["%%%", base64.b64encode(b"\x0a\x05no").decode()])
def test_progress_that_cannot_be_read_is_said_so(aux):
    with pytest.raises(EngineError, match="cannot be read"):
        told({"id": "moby.buildkit.trace", "aux": aux})
