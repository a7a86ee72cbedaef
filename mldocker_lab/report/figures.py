"""Reports as figures: which numbers are drawn, and the sentence that says the same in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.report.build import FILESYSTEM, BuildReport, Step, briefly, marked, reused, when
from mldocker_lab.show.bars import Bar, Part, stacked
from mldocker_lab.show.before_after import Cost, Panel, Tile, before_after
from mldocker_lab.show.timeline import Group, Lane
from mldocker_lab.show.timeline import timeline as draw_timeline
from mldocker_lab.units import divided, size, times, took

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.report.layers import Layer
    from mldocker_lab.show.figure import Picture

__all__ = ["context", "edit", "layers", "timeline"]

_BASE, _OTHER = "base image", "other"
_KINDS = (_BASE, "RUN", "COPY", "ADD", _OTHER)
_NAMED = 4  # parts of a context with a colour of their own
_REST = "everything else"
_WORTH_A_LANE = 0.02  # of the build's time
_Sent = tuple[str, int, int]  # a name, how many files it holds, their bytes
_FILE_BYTES = "file bytes: the sizes of the files in all layers, each layer counted once"


def layers(*builds: BuildReport) -> Picture:
    """What each image is made of, base first, all to one scale.

    Raises:
        UsageError: an image was not measured.
    """
    for build in builds:
        if build.image is None:
            raise UsageError(
                f"the image of {build.name!r} was not measured", "build it with measure=True"
            )
    bars = [_bar(build) for build in builds]
    weights = [f"{bar.label} holds {bar.total}, the largest {_largest(bar)}" for bar in bars]
    alt = "Layers of the images, to one scale. " + "; ".join(weights) + "."
    return stacked(
        _with_ratio("What the images hold", builds),
        bars,
        kinds=_KINDS,
        unit=size,
        alt=alt + _recorded(*builds),
        note=_FILE_BYTES + _recorded(*builds),
    )


def timeline(*builds: BuildReport) -> Picture:
    """What each build spent its time on, on one axis of seconds."""
    groups = [Group(build.name, build.seconds, _lanes(build)) for build in builds]
    spans = [
        f"{build.name} took {took(build.seconds)}, {reused(build)} steps reused{_longest(build)}"
        for build in builds
    ]
    return draw_timeline(
        "Where the time went",
        groups,
        alt="Build timelines on one axis of seconds. "
        + "; ".join(spans)
        + "."
        + _recorded(*builds),
        note="a bar: the step ran; a diamond: its result came from the cache" + _recorded(*builds),
    )


def edit(
    file: str, rebuilds: Sequence[tuple[str, BuildReport, int | None]], recorded: str = ""
) -> Picture:
    """Which steps ran again after the edit, and what that cost, side by side.

    Args:
        file: what was edited; "" if nobody says.
        rebuilds: for each side what to call it, its build after the edit, and the bytes to pull
            again; None if they were not measured.
        recorded: when and where, if this is a replay.
    """
    panels = [_panel(*one) for one in rebuilds]
    alt = "; ".join(
        f"{panel.label}: {panel.headline}, "
        + ", ".join(f"{cost.label} {cost.words}" for cost in panel.costs)
        for panel in panels
    )
    what = f"an edit of {file}" if file else "the edit"
    return before_after(
        f"What {what} costs",
        panels,
        alt=f"Steps run again and steps reused after {what}. {alt}.{_said(recorded)}",
        note="filled: ran again; empty: reused from the cache" + _said(recorded),
    )


def context(
    dockerfile: str, folder: str, rows: Sequence[tuple[str, str, Sequence[_Sent]]]
) -> Picture:
    """What is sent of a folder, by the names at its top: a bar for each way to count it.

    Args:
        dockerfile: name of the Dockerfile.
        folder: the folder, as it is called.
        rows: what is counted, who sends that, and its parts, the largest first: name, number of
            files, bytes. The parts of the first row have a colour of their own.
    """
    names = [name for name, _, _ in rows[0][2][:_NAMED]]
    bars = [_sent(label, who, parts, names) for label, who, parts in rows]
    weights = [f"{bar.label}: {bar.total}{_heaviest(bar)}" for bar in bars]
    return stacked(
        f"What a build of {dockerfile} sends of {folder}",
        bars,
        kinds=(_REST, *names),
        unit=size,
        alt=f"What a build of {dockerfile} sends, to one scale. " + "; ".join(weights) + ".",
        note="the sizes of the files, by the names at the top of the folder",
    )


def _sent(label: str, who: str, sent: Sequence[_Sent], names: list[str]) -> Bar:
    """A bar of a context: its largest parts, and the rest as one; ``names`` have a colour."""
    parts = [
        Part(name, weight, name if name in names else _REST) for name, _, weight in sent[:_NAMED]
    ]
    rest = sum(weight for _, _, weight in sent[_NAMED:])
    parts += [Part(_REST, rest, _REST)] if rest else []
    files, total = sum(count for _, count, _ in sent), sum(weight for _, _, weight in sent)
    counted = f"{size(total)} in {files} file{'' if files == 1 else 's'}"
    return Bar(label, f"{counted} · {who}", tuple(parts))


def _heaviest(bar: Bar) -> str:
    return f", the largest {_largest(bar)}" if bar.parts else ""


def _bar(build: BuildReport) -> Bar:
    """The layers of an image as parts of a bar; those of its base are one part."""
    image = build.image
    unique = list({layer.diff_id: layer for layer in image.layers}.values()) if image else []
    made = [step for step in build.steps if step.bytes is not None][-len(unique) :]
    own = unique[len(unique) - len(made) :]
    base = unique[: len(unique) - len(made)]
    parts = [Part(_BASE, sum(layer.bytes for layer in base), _BASE)] if base else []
    parts += [_part(layer, step) for layer, step in zip(own, made, strict=True)]
    count = f"{len(unique)} layer{'' if len(unique) == 1 else 's'}"
    return Bar(build.name, f"{size(build.bytes)} in {count}", tuple(parts))


def _part(layer: Layer, step: Step) -> Part:
    kind = step.keyword if step.keyword in _KINDS else _OTHER
    return Part(briefly(step.instruction), layer.bytes, kind)


def _largest(bar: Bar) -> str:
    part = max(bar.parts, key=lambda part: part.value)
    return f"{part.label} ({size(part.value)})"


def _with_ratio(title: str, builds: tuple[BuildReport, ...]) -> str:
    """The title, and for two builds how many times the first is the second."""
    if len(builds) != 2:  # noqa: PLR2004 - a ratio needs two
        return title
    first, second = builds
    ratio = divided(first.bytes, second.bytes)
    if not ratio:
        return title
    return f"{title}: {first.name} is {times(ratio)} {second.name}"


def _lanes(build: BuildReport) -> tuple[Lane, ...]:
    """A lane for every step that was run or reused, and one for all the rest."""
    lanes, clock = [], 0.0
    for step in build.steps:
        if step.keyword not in FILESYSTEM or step.status == "skipped":
            continue
        start = clock if step.started is None else step.started
        seconds = 0.0 if step.cached else step.seconds or 0.0
        if step.cached:
            lanes.append(Lane(briefly(step.instruction), start, 0, "spared", marked("cached")))
        else:
            lanes.append(Lane(briefly(step.instruction), start, seconds))
        clock = start + seconds
    done = max((lane.start + lane.seconds for lane in lanes), default=0.0)
    if build.seconds - done > _WORTH_A_LANE * build.seconds:
        lanes.append(Lane("everything else", done, build.seconds - done, "rest"))
    return tuple(lanes)


def _longest(build: BuildReport) -> str:
    ran = [step for step in build.steps if step.status == "run" and step.seconds]
    if not ran:
        return ""
    step = max(ran, key=lambda step: step.seconds or 0)
    return f", the longest {briefly(step.instruction)} ({took(step.seconds)})"


def _panel(label: str, again: BuildReport, pull_again: int | None) -> Panel:
    tiles = tuple(
        Tile(briefly(step.instruction), not step.cached, _tile_word(step))
        for step in again.steps
        if step.keyword in FILESYSTEM and step.status != "skipped"
    )
    costs = (
        Cost("rebuild time", again.seconds, took(again.seconds)),
        Cost("bytes to pull again", pull_again, size(pull_again)),
    )
    return Panel(label, f"{reused(again)} steps reused", tiles, costs)


def _tile_word(step: Step) -> str:
    mark = marked(step.status)
    return f"{mark} {took(step.seconds)}" if not step.cached and step.seconds else mark


def _recorded(*builds: BuildReport) -> str:
    return _said(next((build.recorded for build in builds if build.recorded), ""))


def _said(recorded: str) -> str:
    return f" · recorded {when(recorded)}" if recorded else ""
