"""Run reports as a figure: what is drawn of a container's life, and the sentence that says it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from mldocker_lab.show.lives import Curve, Dot, Life, Span, Strip, Track, draw
from mldocker_lab.units import size, took

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.report.running import RunReport, Sample
    from mldocker_lab.show.figure import Picture
    from mldocker_lab.show.lives import Mood

__all__ = ["lives"]

_MOODS: dict[str, Mood] = {
    "created": "rest",
    "running": "plain",
    "restarting": "soon",
    "exited": "rest",
    "dead": "bad",
    "starting": "soon",
    "healthy": "good",
    "unhealthy": "bad",
}
_NOTE = "dot: answered 2xx, or the check passed; cross: another answer, or failed; dash: no answer"


_TAIL = 0.04  # of the longest: room for what a life ended in


def lives(*runs: RunReport) -> Picture:
    """States, answers and memory of runs, on one axis of seconds."""
    alt = "Lives of containers on one axis of seconds. " + ". ".join(map(_told, runs)) + "."
    tail = _TAIL * max(run.seconds for run in runs)
    dots = any(run.health or any(s.answers for s in run.samples) for run in runs)
    return draw(
        "What became of it" if len(runs) == 1 else "What became of them",
        [_life(run, tail) for run in runs],
        alt=alt,
        note=_NOTE if dots else "",
    )


def _life(run: RunReport, tail: float) -> Life:
    end = run.seconds + tail
    strips = [_strip(run, "state", end, lambda sample: sample.status)]
    if any(sample.health for sample in run.samples):
        strips.append(_strip(run, "health", end, lambda sample: sample.health))
    marks = [(mark.at, mark.what) for mark in run.marks if mark.what != "ended"]
    return Life(
        label=run.name,
        note=str(run.ended or ""),
        seconds=end,
        strips=tuple(strips),
        tracks=(*_checks(run), *_answers(run)),
        curve=_memory(run),
        marks=tuple(marks),
    )


def _strip(run: RunReport, label: str, last: float, word: Callable[[Sample], str | None]) -> Strip:
    """Spans of equal words; each lasts until a sample says another one."""
    spans = []
    runs = [(key, list(group)) for key, group in groupby(run.samples, word)]
    for i, (key, group) in enumerate(runs):
        start = 0.0 if i == 0 else group[0].at
        end = runs[i + 1][1][0].at if i + 1 < len(runs) else last
        if key is not None:
            spans.append(Span(start, end, key, _MOODS.get(key, "plain")))
    return Strip(label, tuple(spans))


def _checks(run: RunReport) -> tuple[Track, ...]:
    if not run.health:
        return ()
    dots = tuple(
        Dot(result.at + result.seconds, "good" if result.ok else "bad") for result in run.health
    )
    return (Track("HEALTHCHECK", dots),)


def _answers(run: RunReport) -> tuple[Track, ...]:
    paths = dict.fromkeys(path for sample in run.samples for path in sample.answers)
    return tuple(
        Track(
            path,
            tuple(
                Dot(sample.at, _mood(sample.answers[path]))
                for sample in run.samples
                if path in sample.answers
            ),
            _codes(run, path),
        )
        for path in paths
    )


def _mood(code: int | None) -> Mood:
    if code is None:
        return "rest"
    return "good" if 200 <= code < 300 else "bad"  # noqa: PLR2004 2xx


def _codes(run: RunReport, path: str) -> str:
    seen = [code for code, _ in groupby(str(code) for code in run.codes(path) if code is not None)]
    return " ".join(seen[:2]) + (" …" if len(seen) > 2 else "")  # noqa: PLR2004 there is room for two


def _memory(run: RunReport) -> Curve | None:
    """Drawn where it matters: there is a limit."""
    points = tuple((used.at, float(used.memory)) for used in run.usage)
    if run.memory_limit is None or not points:
        return None
    return Curve(
        "memory",
        points,
        run.memory_limit,
        f"limit {size(run.memory_limit)}",
        f"most seen {size(run.peak_memory)}",
    )


def _told(run: RunReport) -> str:
    states = ", then ".join(run.states)
    answers = "".join(
        f"; {track.label} answered {track.words or 'nothing'}" for track in _answers(run)
    )
    checks = sum(result.ok for result in run.health)
    told = f"; {checks} of {len(run.health)} health checks passed" if run.health else ""
    memory = f"; at most {size(run.peak_memory)} of memory" if run.memory_limit else ""
    end = f"; {run.ended}" if run.ended else ""
    return f"{run.name}, {took(run.seconds)}: {states}{told}{answers}{memory}{end}"
