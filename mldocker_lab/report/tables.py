"""Reports as tables: what is counted, in which row, and the sentence that defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.report.compare import Comparison, Side, divided
from mldocker_lab.show.table import Column, Table
from mldocker_lab.units import size, times, took

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.report.build import BuildReport, Status, Step

__all__ = ["MARKS", "build_table", "comparison_table", "marked", "reused", "when"]

#: A filled shape is work that was done, a hollow one work that was spared.
MARKS: dict[Status, str] = {"run": "■", "cached": "□", "skipped": "–", "metadata": "·"}

_FILE_BYTES = "file bytes: the sizes of the files in all layers, each layer counted once."
_PULL_BYTES = (
    "pull bytes: the same layers compressed with gzip; what a node that has none of them downloads."
)
_CONTEXT = "context sent: bytes of the tar that went to the engine before the first instruction."
_REUSED = "steps reused: RUN, COPY and ADD steps answered by the build cache, of those needed."
_AGAIN = "bytes to pull again: pull bytes of the layers that were not in the image before the edit."

_Row = tuple[str, str, str, str]


def marked(status: Status) -> str:
    """The status as a shape and a word: ``"□ cached"``."""
    return f"{MARKS[status]} {status}"


def reused(build: BuildReport | None) -> str:
    """``"3 of 4"``: steps that came from the cache, of those that count."""
    return f"{build.cache_hits} of {build.cache_steps}" if build else size(None)


def when(recorded: str) -> str:
    """When and where, without the word: a recording says "recorded 2026-11-22 on …" of itself."""
    return recorded.removeprefix("recorded ")


def comparison_table(pair: Comparison) -> Table:
    """Bad beside good: bytes, time and reuse, and how many times the one is the other."""
    rows = [
        _measure("file bytes", pair, lambda side: side.build.bytes, size),
        _measure("pull bytes", pair, lambda side: side.build.pull_bytes, size),
        _measure("context sent", pair, lambda side: side.build.context_bytes, size),
        _measure("build time (cold)", pair, lambda side: side.build.seconds, took),
        _steps("steps reused", pair, lambda side: side.build),
    ]
    notes = [_FILE_BYTES, _PULL_BYTES, _CONTEXT, _REUSED]
    if pair.bad_rebuild or pair.good_rebuild:
        rows += [
            _measure("rebuild time", pair, lambda side: side.rebuild_seconds, took),
            _steps("steps reused after the edit", pair, lambda side: side.rebuild),
            _measure("bytes to pull again", pair, lambda side: side.pull_again, size),
        ]
        notes.append(_AGAIN)
    columns = (
        Column(""),
        Column(pair.bad.name, "number"),
        Column(pair.good.name, "number"),
        Column(f"{pair.bad.name} ÷ {pair.good.name}", "number"),
    )
    edit = f", and after an edit of {pair.edit}" if pair.edit else ""
    title = f"{pair.bad.name} and {pair.good.name}, side by side{edit}"
    return Table(title, columns, tuple(rows), (*notes, *_origin(pair.bad, pair.recorded)))


def build_table(build: BuildReport) -> Table:
    """One build: every instruction, what became of it, how long it took, what it left behind."""
    staged = len({step.stage for step in build.steps}) > 1
    columns = (
        Column("instruction", "code"),
        *((Column("stage"),) if staged else ()),
        Column("status"),
        Column("time", "number"),
        Column("layer", "number"),
    )
    rows = tuple(_step_row(step, staged=staged) for step in build.steps)
    weight = (
        f"{size(build.bytes)} of files, {size(build.pull_bytes)} to pull" if build.image else ""
    )
    title = ", ".join(
        filter(
            None, [f"{build.name}: {took(build.seconds)}", f"{reused(build)} steps reused", weight]
        )
    )
    notes = [_REUSED, "layer: file bytes of the layer the instruction left in the image."]
    return Table(title, columns, rows, (*notes, *_origin(build, build.recorded)))


def _step_row(step: Step, *, staged: bool) -> tuple[str, ...]:
    ran = step.status == "run" and step.seconds is not None
    seconds = took(step.seconds) if ran else ""
    layer = size(step.bytes) if step.bytes is not None else ""
    stage = (step.stage,) if staged else ()
    return (step.instruction, *stage, marked(step.status), seconds, layer)


def _measure(
    name: str,
    pair: Comparison,
    measure: Callable[[Side], float | None],
    unit: Callable[[float | None], str],
) -> _Row:
    bad, good = map(measure, pair.sides)
    return name, unit(bad), unit(good), times(divided(bad, good))


def _steps(name: str, pair: Comparison, build: Callable[[Side], BuildReport | None]) -> _Row:
    bad, good = (reused(build(side)) for side in pair.sides)
    return name, bad, good, ""


def _origin(build: BuildReport, recorded: str) -> tuple[str, ...]:
    built = f"Built by {build.engine} with the {build.builder} builder."
    replayed = f"Recorded {when(recorded)}; replayed, not built just now."
    return (replayed,) if recorded else (built,)
