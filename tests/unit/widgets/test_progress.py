"""Progress in a notebook: one line above the result, and only if it takes long."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mldocker_lab.widgets import progress


@dataclass
class Stage:
    """How far something is."""

    what: str
    done: int = 0
    total: int | None = None


class Said:
    """A line that remembers what it showed."""

    def __init__(self):
        self.texts = []
        self.say = self.texts.append

    def end(self, text=""):  # noqa: D102
        self.texts.append(text)


@pytest.fixture
def said(monkeypatch):
    shown = Said()
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "line", lambda: shown)
    return shown


def test_stages_take_turns_in_one_line(said, monkeypatch, capsys):
    monkeypatch.setattr(progress, "_QUIET_SECONDS", -1)
    progress.watch([Stage("base"), Stage("wheels", 1, 4), Stage("wheels", 2, 4)])
    assert said.texts == ["base …", "wheels: 25 %", "wheels: 50 %", ""]
    assert capsys.readouterr() == ("", "")


def test_what_is_quick_is_not_mentioned(said):
    progress.watch([Stage("base"), Stage("wheels")])
    with progress.counting("reading") as tell:
        tell(1000)
    assert said.texts == []


def test_what_takes_long_says_how_far_it_is(said, monkeypatch, capsys):
    monkeypatch.setattr(progress, "_QUIET_SECONDS", 0)
    with progress.counting("reading") as tell:
        tell(2_000_000)
    assert "reading: 2 MB" in said.texts
    assert said.texts[-1] == ""
    assert capsys.readouterr() == ("", "")
