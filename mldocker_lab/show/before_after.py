"""What a change makes you do again: tiles for the work redone and the work spared, and its cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Cost", "Panel", "Tile", "before_after"]

_TOP, _HEAD, _TILE, _SPACE, _COST, _FOOT, _END = 76, 42, 32, 6, 44, 12, 14
_GUTTER = 28
_COLOURS = (VERMILLION, BLUE)


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of work: its name, whether it was done again, and a word about it."""

    label: str
    redone: bool
    word: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What the change cost in one measure; None if that was not measured."""

    label: str
    value: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the things compared. All panels state the same costs, in the same order."""

    label: str
    headline: str
    tiles: tuple[Tile, ...]
    costs: tuple[Cost, ...]


def before_after(title: str, panels: Sequence[Panel], *, alt: str, note: str = "") -> Picture:
    """Panels side by side; a filled tile was done again, an empty one was spared."""
    tiles = max((len(panel.tiles) for panel in panels), default=0)
    costs = max((len(panel.costs) for panel in panels), default=0)
    sheet = Sheet(_TOP + _HEAD + (_TILE + _SPACE) * tiles + _COST * costs + 2 * _FOOT + _END)
    sheet.text(MARGIN, 32, title, size=17, bold=True, room=WIDTH - 2 * MARGIN)
    if note:
        sheet.text(MARGIN, 56, note, size=12, colour=SOFT, room=WIDTH - 2 * MARGIN)
    width = (WIDTH - 2 * MARGIN - _GUTTER * (len(panels) - 1)) / max(len(panels), 1)
    most = [max((panel.costs[i].value or 0 for panel in panels), default=0) for i in range(costs)]
    for i, panel in enumerate(panels):
        x, colour = MARGIN + i * (width + _GUTTER), _COLOURS[i % len(_COLOURS)]
        _tiles(sheet, panel, x, width, colour)
        y = _TOP + _HEAD + (_TILE + _SPACE) * tiles + _FOOT
        sheet.line(x, y, x + width, y)
        for row, cost in enumerate(panel.costs):
            _cost(sheet, cost, (x, y + _FOOT + _COST * row), width, most=most[row], colour=colour)
    return sheet.picture(alt)


def _tiles(sheet: Sheet, panel: Panel, x: float, width: float, colour: str) -> None:
    name = sheet.text(x, _TOP + 18, panel.label, size=15, bold=True)
    sheet.text(
        x + name + 12, _TOP + 18, panel.headline, size=13, colour=SOFT, room=width - name - 12
    )
    for i, tile in enumerate(panel.tiles):
        y = _TOP + _HEAD + (_TILE + _SPACE) * i
        ink, soft = ("#ffffff", "#ffffff") if tile.redone else (INK, SOFT)
        fill, edge = (colour, colour) if tile.redone else (CARD, tint(colour, 0.75))
        sheet.box(x, y, width, _TILE, fill=fill, edge=edge, radius=7, weight=1.4)
        taken = sheet.text(
            x + width - 12, y + _TILE / 2, tile.word, size=11, align="right", colour=soft,
            bold=tile.redone,
        )  # fmt: skip
        room = width - taken - 36
        sheet.text(x + 12, y + _TILE / 2, tile.label, size=11, code=True, colour=ink, room=room)


def _cost(
    sheet: Sheet, cost: Cost, at: tuple[float, float], width: float, *, most: float, colour: str
) -> None:
    x, y = at
    sheet.text(x, y + 10, cost.label, size=12, colour=SOFT)
    sheet.text(x + width, y + 10, cost.words, size=13, bold=True, align="right")
    sheet.box(x, y + 22, width, 8, fill=tint(LINE, 0.45), radius=4)
    if cost.value and most:
        sheet.box(x, y + 22, max(width * cost.value / most, 8), 8, fill=colour, radius=4)
