"""What practice found last: a small file for each exercise, for hints and for whoever shows it.

``practice/<exercise id>.json`` in the lab's folder (``MLDOCKER_HOME``)::

    {
     "version": 1,
     "exercise": "03_cache",
     "checks": {
      "lean-context": {
       "status": "failed",                  passed | failed | not-attempted | error
       "points": 0, "possible": 2,
       "at": "2026-11-24T20:11:02+00:00",   when it was checked last
       "answer": "5f0c…",                   fingerprint of the answer that was judged
       "tries": 3,                          how often it was checked
       "seen": "…", "why": "…",
       "hints": ["…", "…", "…"],            all of them, the first one first
       "shown": 1                           how many of them the learner has asked for
      }
     }
    }

A check that was never run is not in it. A result is about the answer with that fingerprint:
compare it with ``start.fingerprint(exercise.answer)`` to know whether it still holds. These are
results of practice; points that count come from ``mldocker-lab grade`` alone.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mldocker_lab.home import home

if TYPE_CHECKING:
    from mldocker_lab.grade.score import CheckScore
    from mldocker_lab.grade.verdict import Status

__all__ = ["Last", "load", "note", "shown"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Last:
    """The last result of one check in practice; attributes as in the file."""

    status: Status
    points: int
    possible: int
    at: str
    answer: str
    tries: int
    seen: str
    why: str
    hints: tuple[str, ...]
    shown: int


def load(exercise: str) -> dict[str, Last]:
    """The last results by check id; nothing if there are none, or if they cannot be read."""
    try:
        told = json.loads((home("practice") / f"{exercise}.json").read_text(encoding="utf-8"))
        if told["version"] != _VERSION:
            return {}
        return {
            name: Last(**{**last, "hints": tuple(last["hints"])})
            for name, last in told["checks"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def note(exercise: str, score: CheckScore, answer: str) -> None:
    """Keep a result; a hint that was asked for stays asked for while the failure is the same."""
    results = load(exercise)
    before = results.get(score.id)
    verdict = score.verdict
    same = before is not None and (before.status, before.hints) == (verdict.status, verdict.hints)
    results[score.id] = Last(
        status=verdict.status,
        points=score.points,
        possible=score.possible,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        answer=answer,
        tries=before.tries + 1 if before else 1,
        seen=verdict.seen,
        why=verdict.why,
        hints=verdict.hints,
        shown=before.shown if before and same else min(1, len(verdict.hints)),
    )
    _write(exercise, results)


def shown(exercise: str, check: str, count: int) -> None:
    """Remember how many hints of a check were asked for."""
    results = load(exercise)
    if check in results:
        _write(exercise, results | {check: replace(results[check], shown=count)})


def _write(exercise: str, results: dict[str, Last]) -> None:
    """All or nothing. A full disk must not take a check's answer away, so it is not told here."""
    told: dict[str, Any] = {
        "version": _VERSION,
        "exercise": exercise,
        "checks": {name: asdict(last) for name, last in results.items()},
    }
    with suppress(OSError):
        path = home("practice") / f"{exercise}.json"
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
        draft.replace(path)
