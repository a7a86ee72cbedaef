"""One line in the place we are in: none in a log, one that goes in a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from mldocker_lab.widgets.line import Silent, line


class Screen(io.StringIO):
    """A terminal that remembers."""

    def isatty(self):
        """It is one."""
        return True


@pytest.fixture(autouse=True)
def _live(monkeypatch):
    monkeypatch.delenv("MLDOCKER_LIVE", raising=False)


def test_a_log_and_a_grader_see_none(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(line(), Silent)
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("MLDOCKER_LIVE", "0")
    assert isinstance(line(), Silent)


def test_a_terminal_shows_one_line_that_goes(monkeypatch):
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    shown = line()
    shown.say("building: RUN " + "x" * 200)
    shown.end("done")
    first, last = screen.getvalue().split("\r\x1b[2K")[1:]
    assert first.startswith("building: RUN x")
    assert len(first) < 80
    assert last == ""
