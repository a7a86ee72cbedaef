"""What a built image and its container were seen to do, and what that means for the rules.

Pure: who builds and runs is ``watching``. What was not seen is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mldocker_lab.audit.finding import Judged, failed, passed, unjudged
from mldocker_lab.units import size, took

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.audit.finding import Finding
    from mldocker_lab.report.exits import Ended

__all__ = ["Watched", "judgements", "merged"]

_BAD_ANSWERS = range(500, 600)
_TERMINATED = 143  # SIGTERM ended it, and nothing in it handled that
_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen; None, or nothing, where it was not looked at.

    Attributes:
        bytes: file bytes of the image.
        workshop: compilers, Jupyter and training packages that the final image can use.
        weights: files with weights that the image brings beyond its base, with their bytes.
        uid: the user it runs as.
        strict: it got ready as a random user with a read-only root; None if not tried.
        health: "healthy", "unhealthy", "starting", or "" without a HEALTHCHECK.
        healthy_after: seconds until it was healthy.
        ready: its ready path answered 2xx.
        predicted: status of the answer to one prediction.
        broken: status of the ready path with a broken model; 0 if it ended instead.
        lines_alive: lines that had arrived when it was killed.
        lines_stopped: lines of a run that was asked the same and stopped in order.
        ended: how it ended when it was asked to stop.
        memory: the limit it ran under.
        oom: it was killed for it.
        trouble: why it could not be watched.
    """

    bytes: int | None = None
    workshop: tuple[str, ...] | None = None
    weights: tuple[tuple[str, int], ...] | None = None
    uid: int | None = None
    strict: bool | None = None
    health: str = ""
    healthy_after: float | None = None
    ready: bool | None = None
    predicted: int | None = None
    broken: int | None = None
    lines_alive: int | None = None
    lines_stopped: int | None = None
    ended: Ended | None = None
    memory: str = ""
    oom: bool = False
    trouble: str = ""


def judgements(seen: Watched) -> dict[str, Judged]:
    """What was seen, as answers of the rules that it concerns."""
    return {
        "multi-stage": _workshop(seen),
        "model-external": _weights(seen),
        "non-root": _user(seen),
        "healthcheck": _health(seen),
        "logs-stdout": _logs(seen),
        "exec-form": _stop(seen),
        "limits": _limits(seen),
    }


def merged(findings: Iterable[Finding], seen: Watched) -> tuple[Finding, ...]:
    """The findings of the files, with what was seen in the place of what was read.

    What is seen to fail fails. What is seen to hold passes, except for limits: that a service
    bears one does not say that its deployment sets one.
    """
    said = judgements(seen)
    return tuple(_merged(one, said[one.id]) if one.id in said else one for one in findings)


def _merged(one: Finding, said: Judged) -> Finding:
    if said.status == "not-judged" or (one.id == "limits" and said.status == "pass"):
        more = f"{one.evidence}; {said.evidence}" if said.status == "pass" else one.evidence
        return replace(one, evidence=more)
    fix = (said.fix or one.rule.fix) if said.status == "fail" else ""
    return replace(
        one, status=said.status, evidence=f"measured: {said.evidence}", fix=fix, fixes=()
    )


def _workshop(seen: Watched) -> Judged:
    if seen.workshop is None:
        return unjudged("nobody looked into the image")
    if seen.workshop:
        more = "…" if len(seen.workshop) > _SHOWN else ""
        return failed(f"the image can use {', '.join(seen.workshop[:_SHOWN])}{more}")
    return passed(f"no compiler, no Jupyter and no training package in {size(seen.bytes)}")


def _weights(seen: Watched) -> Judged:
    if seen.weights is None:
        return unjudged("nobody looked into the layers")
    if seen.weights:
        path, count = max(seen.weights, key=lambda one: one[1])
        return failed(f"a layer holds {path} ({size(count)})")
    return passed("no layer above the base holds weights")


def _user(seen: Watched) -> Judged:
    if seen.uid is None:
        return unjudged("it could not be asked who it is")
    if seen.uid == 0:
        return failed("its process 1 runs as user 0")
    words = {
        True: "; it gets ready as any user with a read-only root, too",
        False: "; as another user with a read-only root it does not get ready",
        None: "",
    }
    return passed(f"its process 1 runs as user {seen.uid}{words[seen.strict]}")


def _health(seen: Watched) -> Judged:
    if seen.ready is None and not seen.health:
        return unjudged("mldocker.yaml names no ready path")
    if seen.ready is False:
        return failed(f"it does not get ready: {seen.trouble}")
    if seen.health == "unhealthy":
        return failed("its HEALTHCHECK says unhealthy while it answers")
    if seen.predicted is not None and seen.predicted in _BAD_ANSWERS:
        return failed(f"it says that it is ready, and a prediction answers {seen.predicted}")
    if seen.broken is not None and seen.broken in range(200, 300):
        return failed("with a broken model it still says that it is ready")
    if not seen.health:
        return unjudged("it gets ready; the image has no HEALTHCHECK")
    after = f"healthy after {took(seen.healthy_after)}" if seen.healthy_after else seen.health
    told = {None: "", 0: "; a broken model ends it"}
    broken = told.get(seen.broken, f"; with a broken model it answers {seen.broken}")
    return passed(f"{after}{broken}")


def _logs(seen: Watched) -> Judged:
    if seen.lines_alive is None:
        return unjudged("it was not killed")
    if seen.lines_alive:
        return passed(f"{seen.lines_alive} lines had arrived when it was killed")
    if seen.lines_stopped:
        return failed(
            f"no line had arrived when it was killed; a run that was stopped in order "
            f"brought {seen.lines_stopped}"
        )
    return unjudged("it printed nothing at all")


def _stop(seen: Watched) -> Judged:
    ended = seen.ended
    if ended is None:
        return unjudged("it was not stopped")
    if ended.killed:
        return failed(f"asked to stop, it was killed after {took(ended.seconds)}")
    if ended.status == _TERMINATED:
        return unjudged("the signal ended it; nothing in it was shut down in order")
    return passed(f"asked to stop, it ended by itself with status {ended.status}")


def _limits(seen: Watched) -> Judged:
    if not seen.memory or seen.ready is None:
        return unjudged("it did not run under limits")
    if seen.oom:
        return failed(f"it was killed for its memory limit of {seen.memory}")
    return passed(f"it works within {seen.memory}") if seen.ready else unjudged("it never worked")
