"""What engines say of a container, read: their times, their words, their memory."""

from __future__ import annotations

import pytest

from mldocker_lab.run.reading import health_of, lines_of, moment, state_of, usage_of


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1970-01-01T00:00:01.5Z", 1.5),
        ("1970-01-01T00:00:01.123456789Z", 1.123456),
        ("1970-01-01T02:00:01.05+02:00", 1.05),
        ("1970-01-01T00:00:03Z", 3),
        ("0001-01-01T00:00:00Z", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_moments(told, seconds):
    assert moment(told) == pytest.approx(seconds)


def test_state_and_health():
    told = {
        "RestartCount": 2,
        "State": {
            "Status": "running", "ExitCode": 0, "OOMKilled": False, "Pid": 7,
            "StartedAt": "1970-01-01T00:00:10Z", "FinishedAt": "0001-01-01T00:00:00Z",
            "Health": {
                "Status": "unhealthy",
                "Log": [
                    {"Start": "1970-01-01T00:00:11Z", "End": "1970-01-01T00:00:11.25Z",
                     "ExitCode": 1, "Output": "curl: not found\n"}
                ],
            },
        },
    }  # fmt: skip
    state = state_of(told)
    assert (state.status, state.health, state.running) == ("running", "unhealthy", True)
    assert (state.restarts, state.pid, state.started, state.finished) == (2, 7, 10, 0)
    (result,) = health_of(told, 10)
    assert (result.at, result.seconds, result.ok) == (1, 0.25, False)
    assert result.output == "curl: not found"


@pytest.mark.parametrize("health", [None, {}, {"Status": ""}, {"Status": "none"}])
def test_no_health_check_is_no_health(health):
    assert state_of({"State": {"Status": "running", "Health": health}}).health is None


def test_lines_count_from_the_start():
    told = [("1970-01-01T00:00:10.5Z", "stderr", "loading")]
    (line,) = lines_of(told, 10)
    assert (line.at, line.stream, line.text) == (0.5, "stderr", "loading")


@pytest.mark.parametrize("key", ["total_inactive_file", "inactive_file"])
def test_memory_is_without_the_page_cache(key):
    used = usage_of(
        1,
        {
            "memory_stats": {"usage": 100, "stats": {key: 40}},
            "cpu_stats": {
                "cpu_usage": {"total_usage": 2_500_000_000},
                "throttling_data": {"periods": 10, "throttled_periods": 4},
            },
            "pids_stats": {"current": 3},
        },
    )
    assert (used.memory, used.cpu, used.processes) == (60, 2.5, 3)
    assert (used.periods, used.throttled) == (10, 4)


def test_a_container_that_does_not_run_uses_nothing():
    assert usage_of(1, {"memory_stats": {}, "cpu_stats": {}}) is None
