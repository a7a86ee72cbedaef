"""Events fold into what a view draws."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mldocker_lab.report.events import Built, Failed, Finished, Output, Progress, Started
from mldocker_lab.widgets.state import LIVE_MARKS, LOG_LINES, LiveSide


@dataclass(frozen=True)
class Row:
    """What ``begin`` gets for an instruction."""

    instruction: str
    state: str = "waiting"


ROWS = [
    Row("FROM base"),
    Row("COPY . ."),
    Row("RUN pip install"),
    Row("RUN test", "skipped"),
    Row("CMD x"),
]


@pytest.fixture
def side():
    return LiveSide.of("bad", ROWS)


def states(side):
    return [step.state for step in side.steps]


def feed(side, *events):
    for event in events:
        side.add(event)


def test_before_the_first_event_steps_wait_and_the_rest_is_known(side):
    assert states(side) == ["metadata", "waiting", "waiting", "skipped", "metadata"]
    assert (side.at, side.finished, side.counted) == (None, 0, 2)


def test_steps_run_finish_and_are_reused(side):
    feed(side, Started(1, 0.5), Finished(1, 0.6, cached=True), Started(2, 0.7))
    assert states(side)[1:3] == ["cached", "running"]
    feed(side, Finished(2, 10.7, cached=False))
    assert states(side)[1:3] == ["cached", "done"]
    assert side.steps[2].seconds == pytest.approx(10)
    assert side.finished == 2


def test_seconds_the_builder_gives_win(side):
    feed(side, Started(2, 1.0), Finished(2, 9.0, cached=False, seconds=3.0))
    assert side.steps[2].seconds == 3.0


def test_a_good_end_leaves_nothing_waiting(side):
    feed(side, Started(2, 0.1), Built(5.0, "sha256:x"))
    assert side.outcome == "built"
    assert states(side) == ["metadata", "cached", "done", "skipped", "metadata"]


def test_a_bad_end_names_the_step_and_why(side):
    feed(
        side,
        Started(1, 0.1),
        Finished(1, 0.2, cached=False),
        Started(2, 0.3),
        Failed(2, 4.0, "no such package"),
    )
    assert states(side) == ["metadata", "done", "failed", "skipped", "metadata"]
    assert (side.outcome, side.message) == ("failed", "no such package")


def test_a_bad_base_fails_at_its_from(side):
    feed(side, Failed(0, 1.0, "no such image"))
    assert states(side)[0] == "failed"


def test_log_joins_pieces_drops_escapes_and_keeps_the_last_rewrite(side):
    feed(
        side,
        Output(2, 1.0, "\x1b[32mColl"),
        Output(2, 1.1, "ecting numpy\x1b[0m\n 10%\r"),
        Output(2, 1.2, " 50%"),
    )
    assert side.log == ["Collecting numpy", " 50%"]


def test_log_is_bounded_in_lines_and_width(side):
    feed(
        side,
        Output(2, 1.0, "".join(f"line {i}\n" for i in range(1000))),
        Output(2, 1.0, "x" * 100_000),
    )
    assert len(side.log) == LOG_LINES
    assert max(map(len, side.log)) <= 200
    assert side.log[0] == f"line {1000 - LOG_LINES + 1}"


def test_log_belongs_to_the_step_that_spoke_last(side):
    feed(side, Output(1, 1.0, "copying\n"), Output(2, 2.0, "collecting\n"))
    assert side.log == ["collecting"]


def test_bytes_moved_stay_until_newer_ones_push_them_out(side):
    feed(
        side,
        *(
            Progress(None, 1.0, what, 5, 10)
            for what in ("context", "extracting", "sha256:0123456789ab")
        ),
    )
    assert side.to_dict()["moved"] == [
        {"what": "context", "done": 5, "total": 10},
        {"what": "layer 01234567", "done": 5, "total": 10},
    ]


def test_every_state_has_a_mark_of_its_own():
    assert len(set(LIVE_MARKS.values())) == len(LIVE_MARKS)


def test_the_clock_stops_with_the_build_and_not_with_the_weighing():
    side = LiveSide.of("bad", [])
    side.add(Built(5.3, "sha256:x"))
    side.add(Progress(None, 9.6, "weighing", 100))
    assert side.at == 5.3
