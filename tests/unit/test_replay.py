"""A recorded pair answers like a built one, says that it is recorded, and invents nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mldocker_lab.errors import Corrupted, UsageError
from mldocker_lab.replay import RecordedPair, recording_of

CONTEXT = Path(__file__).parents[2] / "notebooks" / "contexts" / "00_preflight"


class Listening:
    """A view that only remembers what it was told."""

    def __init__(self):
        self.sides = {}
        self.heard = []
        self.ended = 0

    def begin(self, sides, note=""):
        """Keep the sides and the note."""
        self.sides, self.note = sides, note

    def event(self, side, event):
        """Keep the event."""
        self.heard.append((side, event))

    def end(self, _result=None):
        """Count the end."""
        self.ended += 1


@pytest.fixture
def pair(monkeypatch):
    monkeypatch.setenv("MLDOCKER_LIVE", "0")
    return RecordedPair(CONTEXT, recording_of(CONTEXT))


def test_results_say_when_and_where_they_were_recorded(pair):
    assert pair.bad.recorded.startswith("recorded 20")
    assert "Docker Engine" in pair.good.recorded
    assert pair.bad.bytes > pair.good.bytes > 0
    assert "ecorded 20" in repr(pair)


def test_a_view_hears_both_sides_in_the_order_they_happened(pair):
    view = Listening()
    pair.new_view = lambda: view
    pair.build()
    assert {side for side, _ in view.heard} == {"bad", "good"}
    at = [event.at for _, event in view.heard]
    assert at == sorted(at)
    assert set(view.sides) == {"bad", "good"}
    assert "recorded 20" in view.note
    assert view.ended == 1


def test_an_edit_that_was_recorded(pair):
    after = pair.edit("predict.py")
    assert after.bad_rebuild.cache_hits < after.bad_rebuild.cache_steps
    assert after.good_rebuild["pip install"].cached


def test_an_edit_that_was_not_recorded_is_refused(pair):
    with pytest.raises(UsageError, match="was not recorded"):
        pair.edit("requirements.txt")


def test_a_cut_recording_is_noticed(tmp_path):
    whole = recording_of(CONTEXT).read_text().splitlines(keepends=True)
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(whole[:-3]))
    with pytest.raises(Corrupted, match="end is missing"):
        RecordedPair(CONTEXT, cut)
