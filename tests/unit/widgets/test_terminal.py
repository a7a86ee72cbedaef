"""What a terminal shows, and what a log gets."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
from rich.console import Console

from mldocker_lab.report.events import Built, Failed, Finished, Output, Progress, Started
from mldocker_lab.widgets.terminal import Lines, Terminal


@dataclass(frozen=True)
class Row:
    """What ``begin`` gets for an instruction."""

    instruction: str


SIDES = {
    "bad": [Row("FROM base"), Row("COPY . ."), Row("RUN pip install -r requirements.txt")],
    "good": [Row("FROM base"), Row("COPY app.py .")],
}


def play(view):
    view.begin(SIDES, "after the edit of app.py")
    view.event("bad", Progress(None, 0.1, "context", 12_000_000, 40_000_000))
    view.event("bad", Finished(1, 0.5, cached=True))
    view.event("bad", Started(2, 0.6))
    view.event("bad", Output(2, 0.7, "Collecting numpy\n"))
    view.event("good", Finished(1, 0.5, cached=False, seconds=0.5))


def screen(view):
    """What stands on the screen now, without colours."""
    with view.console.capture() as shown:
        view.console.print(view._picture())
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.get())


@pytest.fixture
def make():
    views = []

    def make_(width):
        console = Console(file=io.StringIO(), width=width, height=40, force_terminal=True)
        views.append(Terminal(console))
        return views[-1]

    yield make_
    for view in views:
        view.end()


def test_a_wide_terminal_shows_both_side_by_side(make):
    view = make(160)
    play(view)
    head = next(line for line in screen(view).splitlines() if line.startswith("bad"))
    assert "good" in head
    assert "1 of 2 steps" in head


def test_a_narrow_terminal_shows_one_above_the_other(make):
    view = make(60)
    play(view)
    lines = screen(view).splitlines()
    assert [line[:4].strip() for line in lines if line.startswith(("bad", "good"))] == [
        "bad",
        "good",
    ]
    assert max(map(len, lines)) <= 60


def test_states_log_and_bytes_are_shown(make):
    view = make(160)
    play(view)
    text = screen(view)
    for words in (
        "□ cached",
        "▶ running",
        "■ done",
        "│ Collecting numpy",
        "12 MB of 40 MB",
        "after the edit",
    ):
        assert words in text


def test_the_last_picture_says_how_it_ended(make):
    view = make(160)
    play(view)
    view.event("bad", Failed(2, 3.0, "pip did not find numpy"))
    view.event("good", Built(1.0, "sha256:x"))
    view.end()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", view.console.file.getvalue())
    assert "✗ failed" in text
    assert "pip did not find numpy" in text
    assert "built" in text


def test_a_log_gets_one_line_for_each_finished_step():
    stream = io.StringIO()
    view = Lines(stream, patience=0)
    play(view)
    view.event("good", Built(1.0, "sha256:x"))
    view.event("bad", Failed(2, 3.0, "no numpy"))
    view.end()
    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    assert lines == [
        "after the edit of app.py",
        "bad □ cached COPY . .",
        "good ■ done 0.5 s COPY app.py .",
        "good built in 1.0 s",
        "bad failed after 3.0 s: no numpy",
    ]


def test_a_short_build_leaves_a_log_empty():
    stream = io.StringIO()
    view = Lines(stream, patience=1000)
    play(view)
    view.end()
    assert stream.getvalue() == ""


def test_ending_a_view_that_never_began_does_nothing(make):
    make(80).end()
    Lines(io.StringIO()).end()
