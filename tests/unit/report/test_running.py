"""A run as words and as a figure: what was seen, each change once."""

from __future__ import annotations

from mldocker_lab.report.exits import Ended
from mldocker_lab.report.running import HealthResult, Mark, RunReport, Sample, Usage


def sample(at, health, code, status="running"):
    return Sample(at, status, health, {"/ready": code})


RUN = RunReport(
    "slow",
    6.0,
    samples=(
        sample(0.0, "starting", None),
        sample(1.0, "starting", 503),
        sample(2.0, "unhealthy", 503),
        sample(4.0, "healthy", 200),
        sample(5.0, "healthy", 200),
        sample(6.0, None, None, status="exited"),
    ),
    usage=(Usage(1, 10, 0.1), Usage(2, 30, 0.2, throttled=3), Usage(3, 20, 0.3, throttled=5)),
    health=(HealthResult(1, 0.1, 1, "no"), HealthResult(3.5, 0.1, 0, "")),
    marks=(Mark(5.5, "SIGTERM"), Mark(6.0, "ended")),
    ended=Ended(0, oom=False, asked="stop", seconds=0.5, reason="it shut down in order"),
    memory_limit=100,
)


def test_states_and_answers_each_change_once():
    assert RUN.states == ("starting", "unhealthy", "healthy", "exited")
    assert RUN.codes("/ready") == (None, 503, 200, None)
    assert RUN.codes("/other") == ()


def test_peaks():
    assert (RUN.peak_memory, RUN.throttled) == (30, 5)
    assert RunReport("new", 0).peak_memory is None


def test_words_hold_no_times():
    assert repr(RUN) == (
        "slow: starting → unhealthy → healthy → exited; exit status 0: it shut down in order"
    )
    assert repr(RunReport("new", 0)) == "new: never seen"


def test_the_figure_says_the_same_in_words():
    picture = RUN.plot(RunReport("new", 0))
    assert picture.png.startswith(b"\x89PNG")
    for words in (
        "starting, then unhealthy, then healthy",
        "1 of 2 health checks passed",
        "/ready answered 503 200",
        "at most 30 B of memory",
        "it shut down in order",
    ):
        assert words in picture.alt


def test_the_bundle_has_the_words_as_text():
    data, _ = RUN._repr_mimebundle_()
    assert data["text/plain"] == repr(RUN)
    assert "image/png" in data


def test_json():
    import json

    assert json.loads(json.dumps(RUN.to_dict()))["samples"][1]["answers"] == {"/ready": 503}
