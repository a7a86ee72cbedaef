"""What the engine says of a container, as records of ours; moments become seconds."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mldocker_lab.report.running import HealthResult, Line, State, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["health_of", "lines_of", "moment", "state_of", "usage_of"]

_NS = 1_000_000_000


def moment(told: str | None) -> float:
    """A time as the engine writes it (RFC 3339, nanoseconds), in seconds since 1970.

    The engine's zero (year 1, "never") and nothing at all are 0.
    """
    if not told or told.startswith("0001-"):
        return 0.0
    return datetime.fromisoformat(re.sub(r"\.(\d{1,6})\d*", _six, told)).timestamp()


def _six(found: re.Match[str]) -> str:
    return f".{found[1]:0<6}"


def state_of(told: dict[str, Any]) -> State:
    """The state in the answer to ``docker inspect``."""
    state = told["State"]
    return State(
        status=str(state.get("Status", "")),
        health=_health(state),
        exit_code=int(state.get("ExitCode", 0)),
        oom=bool(state.get("OOMKilled")),
        restarts=int(told.get("RestartCount", 0)),
        pid=int(state.get("Pid", 0)),
        started=moment(state.get("StartedAt")),
        finished=moment(state.get("FinishedAt")),
    )


def _health(state: dict[str, Any]) -> str | None:
    """Podman says "" where Docker leaves it out; "none" is Docker's word for HEALTHCHECK NONE."""
    status = (state.get("Health") or {}).get("Status") or None
    return None if status == "none" else status


def health_of(told: dict[str, Any], began: float) -> list[HealthResult]:
    """The results in the answer to ``docker inspect``; the engine keeps the last five."""
    log = (told["State"].get("Health") or {}).get("Log") or ()
    return [
        HealthResult(
            at=moment(one.get("Start")) - began,
            seconds=moment(one.get("End")) - moment(one.get("Start")),
            exit=int(one.get("ExitCode", 0)),
            output=str(one.get("Output", "")).strip(),
        )
        for one in log
    ]


def lines_of(told: Iterable[tuple[str, str, str]], began: float) -> tuple[Line, ...]:
    """Log lines with their time since ``began``."""
    return tuple(Line(moment(at) - began, stream, text) for at, stream, text in told)


def usage_of(at: float, stats: dict[str, Any]) -> Usage | None:
    """What ``docker stats`` would show; None for a container that does not run."""
    memory, cpu = stats.get("memory_stats") or {}, stats.get("cpu_stats") or {}
    if not memory.get("usage"):
        return None
    throttling = cpu.get("throttling_data") or {}
    return Usage(
        at=at,
        memory=_used(memory),
        cpu=int((cpu.get("cpu_usage") or {}).get("total_usage", 0)) / _NS,
        processes=int((stats.get("pids_stats") or {}).get("current", 0)),
        periods=int(throttling.get("periods", 0)),
        throttled=int(throttling.get("throttled_periods", 0)),
    )


def _used(memory: dict[str, Any]) -> int:
    """Memory without the page cache that can be dropped, as the docker CLI reckons it.

    docs.docker.com/reference/cli/docker/container/stats: total_inactive_file is taken off with
    cgroup v1, inactive_file with v2.
    """
    inner = memory.get("stats") or {}
    cache = int(inner.get("total_inactive_file", inner.get("inactive_file", 0)))
    return max(int(memory["usage"]) - cache, 0)
