"""The live view of a real build ends where its report does."""

from __future__ import annotations

from pathlib import Path

import pytest

from mldocker_lab.build.tape import Tape
from mldocker_lab.widgets.state import LiveSide

TAPES = sorted(Path(__file__).parents[1].joinpath("tapes").glob("*.jsonl"))
SIDES = [(tape, name) for tape in map(Tape.load, TAPES) for name in tape.sides]


@pytest.mark.parametrize(("tape", "name"), SIDES, ids=lambda it: getattr(it, "engine", it))
def test_live_states_become_the_statuses_of_the_report(tape, name):
    side = LiveSide.of(name, tape.sides[name].folding().rows())
    for event in tape.events(name):
        side.add(event)
    report = tape.reports.get(name)
    if report is None:
        assert side.outcome == "failed"
        assert "failed" in [step.state for step in side.steps]
        assert side.message
        return
    states = ["run" if step.state == "done" else step.state for step in side.steps]
    assert states == [step.status for step in report.steps]
    assert (side.finished, side.counted) == (report.cache_steps, report.cache_steps)


def test_there_are_recordings():
    assert len(SIDES) >= 4
