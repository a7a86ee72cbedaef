"""What took how long: a lane for every piece of work, all groups on one axis of seconds."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from mldocker_lab.show.figure import (
    BLUE,
    CARD,
    INK,
    LINE,
    MARGIN,
    SOFT,
    VERMILLION,
    WIDTH,
    Picture,
    Sheet,
    tint,
)
from mldocker_lab.units import took

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Group", "Lane", "timeline"]

_TOP, _HEAD, _LANE, _GAP, _AXIS = 76, 34, 25, 14, 48
_LABEL = 320  # width of the column of names
_LEFT, _RIGHT = MARGIN + _LABEL + 14, WIDTH - MARGIN - 58
_COLOURS = (VERMILLION, BLUE)
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Lane:
    """A piece of work.

    Attributes:
        label: its name.
        start: seconds after the beginning of its group.
        seconds: how long it took.
        kind: "work" is a bar, "spared" a diamond with ``word``, "rest" a hatched bar.
        word: what is written at a spared one.
    """

    label: str
    start: float
    seconds: float
    kind: Literal["work", "spared", "rest"] = "work"
    word: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lanes that belong together, and how long all of it took."""

    label: str
    seconds: float
    lanes: tuple[Lane, ...]


def timeline(title: str, groups: Sequence[Group], *, alt: str, note: str = "") -> Picture:
    """Groups one under the other, on one axis of seconds that they share."""
    rows = sum(_HEAD + _LANE * len(group.lanes) + _GAP for group in groups)
    sheet = Sheet(_TOP + rows + _AXIS)
    sheet.text(MARGIN, 32, title, size=17, bold=True, room=WIDTH - 2 * MARGIN)
    if note:
        sheet.text(MARGIN, 56, note, size=12, colour=SOFT, room=WIDTH - 2 * MARGIN)
    most = max((group.seconds for group in groups), default=0) or 1
    scale = (_RIGHT - _LEFT) / most
    _axis(sheet, most, scale, _TOP + rows)
    y = float(_TOP)
    for i, group in enumerate(groups):
        _group(sheet, group, y, scale, _COLOURS[i % len(_COLOURS)])
        y += _HEAD + _LANE * len(group.lanes) + _GAP
    return sheet.picture(alt)


def _axis(sheet: Sheet, most: float, scale: float, bottom: float) -> None:
    step = next((tick for tick in _TICKS if most / tick <= _MOST_TICKS), ceil(most / _MOST_TICKS))
    for i in range(int(most / step) + 1):
        x = _LEFT + i * step * scale
        sheet.line(x, _TOP + 6, x, bottom, colour=LINE)
        sheet.text(x, bottom + 14, f"{i * step:g}", size=11, colour=SOFT, align="center")
    sheet.text(_RIGHT + 30, bottom + 14, "seconds", size=11, colour=SOFT, align="center")


def _group(sheet: Sheet, group: Group, y: float, scale: float, colour: str) -> None:
    name = sheet.text(MARGIN, y + 16, group.label, size=15, bold=True)
    sheet.text(MARGIN + name + 12, y + 16, took(group.seconds), size=13, colour=SOFT)
    end = _LEFT + group.seconds * scale
    bottom = y + _HEAD + _LANE * len(group.lanes)
    sheet.line(end, y + 10, end, bottom, colour=colour, weight=2)
    for i, lane in enumerate(group.lanes):
        _lane(sheet, lane, y + _HEAD + _LANE * i, scale, colour)


def _lane(sheet: Sheet, lane: Lane, y: float, scale: float, colour: str) -> None:
    centre, x = y + _LANE / 2, _LEFT + max(lane.start, 0) * scale
    width = max(lane.seconds * scale, 2)
    code = lane.kind != "rest"
    sheet.text(
        MARGIN, centre, lane.label, size=11, room=_LABEL, code=code, colour=INK if code else SOFT
    )
    if lane.kind == "spared":
        sheet.diamond(x + 6, centre, 6, edge=colour)
        sheet.text(x + 18, centre, lane.word, size=11, colour=SOFT, back=CARD)
        return
    plain = lane.kind == "work"
    sheet.box(
        x, y + 4, width, _LANE - 8,
        fill=colour if plain else tint(colour, 0.2),
        hatch="" if plain else "////", hatch_colour=tint(colour, 0.5),
    )  # fmt: skip
    words = took(lane.seconds)
    wide = sheet.width_of(words, 11) + 12
    inside = plain and width > wide
    before = x + width + wide > WIDTH - MARGIN and not inside
    sheet.text(
        x + 6 if inside else x - 6 if before else x + width + 6,
        centre,
        words,
        size=11,
        align="right" if before else "left",
        colour="#ffffff" if inside else SOFT,
        bold=inside,
        back=None if inside else CARD,
    )
