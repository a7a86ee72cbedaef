"""Lives of containers: what state each was in and what it answered, on one axis of seconds.

A life is a heading, strips (spans of colour that say a word), tracks (a point for every answer) and
perhaps a curve (memory). Marks cut through all of them. Knows nothing of Docker.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from mldocker_lab.show.figure import (
    BLUE,
    CARD,
    GREEN,
    INK,
    LINE,
    MARGIN,
    ORANGE,
    SKY,
    SOFT,
    VERMILLION,
    WIDTH,
    Picture,
    Sheet,
    tint,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Curve", "Dot", "Life", "Mood", "Span", "Strip", "Track", "draw"]

#: How something stands: "good", "bad", on its way ("soon"), at rest, or plain.
Mood = Literal["good", "bad", "soon", "rest", "plain"]

_TOP, _HEAD, _MARKS, _STRIP, _TRACK, _CURVE, _GAP, _AXIS = 76, 28, 24, 34, 26, 96, 18, 44
_NAMES = 170
_LEFT, _RIGHT = MARGIN + _NAMES, WIDTH - MARGIN - 12
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_MOST_TICKS = 9
_COLOURS: dict[Mood, str] = {
    "good": GREEN, "bad": VERMILLION, "soon": ORANGE, "rest": SOFT, "plain": SKY,
}  # fmt: skip
_HATCHES: dict[Mood, str] = {"good": "", "bad": "////", "soon": "..", "rest": "", "plain": ""}
_DOT = 3.4


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in one state."""

    start: float
    end: float
    word: str
    mood: Mood


@dataclass(frozen=True, slots=True)
class Strip:
    """Spans in a row."""

    label: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """An answer at a moment."""

    at: float
    mood: Mood


@dataclass(frozen=True, slots=True)
class Track:
    """Answers in a row; ``words`` sums them up at the row's name."""

    label: str
    dots: tuple[Dot, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity over time, and the line it must not cross.

    Attributes:
        label: its name.
        points: (seconds, value).
        limit: a value; None without one.
        words: what stands at the limit, and
        peak: at the highest point.
    """

    label: str
    points: tuple[tuple[float, float], ...]
    limit: float | None = None
    words: str = ""
    peak: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """One container."""

    label: str
    note: str
    seconds: float
    strips: tuple[Strip, ...] = ()
    tracks: tuple[Track, ...] = ()
    curve: Curve | None = None
    marks: tuple[tuple[float, str], ...] = ()

    @property
    def height(self) -> float:
        """What it takes on the sheet."""
        rows = _STRIP * len(self.strips) + _TRACK * len(self.tracks)
        return self.head + rows + (_CURVE if self.curve else 0) + _GAP

    @property
    def head(self) -> float:
        """The part above its rows."""
        return _HEAD + (_MARKS if self.marks else 0)


def draw(title: str, lives: Sequence[Life], *, alt: str, note: str = "") -> Picture:
    """Lives one under the other, on an axis of seconds that they share."""
    bottom = _TOP + sum(life.height for life in lives)
    sheet = Sheet(bottom + _AXIS)
    sheet.text(MARGIN, 32, title, size=17, bold=True, room=WIDTH - 2 * MARGIN)
    if note:
        sheet.text(MARGIN, 56, note, size=12, colour=SOFT, room=WIDTH - 2 * MARGIN)
    most = max((life.seconds for life in lives), default=0) or 1
    scale = (_RIGHT - _LEFT) / most
    _axis(sheet, most, scale, bottom)
    y = float(_TOP)
    for life in lives:
        _life(sheet, life, y, scale)
        y += life.height
    return sheet.picture(alt)


def _axis(sheet: Sheet, most: float, scale: float, bottom: float) -> None:
    step = next((tick for tick in _TICKS if most / tick <= _MOST_TICKS), ceil(most / _MOST_TICKS))
    for i in range(int(most / step + 1e-9) + 1):
        x = _LEFT + i * step * scale
        sheet.line(x, _TOP + 4, x, bottom, colour=LINE)
        sheet.text(x, bottom + 12, f"{i * step:g}", size=11, colour=SOFT, align="center")
    sheet.text(MARGIN, bottom + 12, "seconds since the start", size=11, colour=SOFT)


def _life(sheet: Sheet, life: Life, y: float, scale: float) -> None:
    name = sheet.text(MARGIN, y + 12, life.label, size=15, bold=True, room=WIDTH / 3)
    room = WIDTH - 2 * MARGIN - name - 12
    sheet.text(MARGIN + name + 12, y + 12, life.note, size=12, colour=SOFT, room=room, back=CARD)
    top = y + life.head
    at = top
    for strip in life.strips:
        _strip(sheet, strip, at, scale)
        at += _STRIP
    for track in life.tracks:
        _track(sheet, track, at, scale)
        at += _TRACK
    if life.curve:
        _curve(sheet, life.curve, at, scale)
        at += _CURVE
    _marks(sheet, life.marks, top, at, scale)


def _strip(sheet: Sheet, strip: Strip, y: float, scale: float) -> None:
    sheet.text(MARGIN, y + _STRIP / 2, strip.label, size=12, room=_NAMES - 14)
    for span in strip.spans:
        x, width = _LEFT + span.start * scale, max((span.end - span.start) * scale, 1.5)
        colour = _COLOURS[span.mood]
        fill = tint(colour, 0.32)
        sheet.box(
            x, y + 4, width, _STRIP - 8,
            fill=fill, hatch=_HATCHES[span.mood], hatch_colour=tint(colour, 0.5),
        )  # fmt: skip
        sheet.box(x, y + 4, min(2.5, width), _STRIP - 8, fill=colour, layer=2)
        if sheet.width_of(span.word, 12, bold=True) + 14 < width:
            sheet.text(x + 8, y + _STRIP / 2, span.word, size=12, bold=True, back=fill)


def _track(sheet: Sheet, track: Track, y: float, scale: float) -> None:
    middle = y + _TRACK / 2
    wide = sheet.text(MARGIN, middle, track.label, size=12, code=True, room=_NAMES - 60)
    if track.words:
        sheet.text(
            MARGIN + wide + 8, middle, track.words, size=11, colour=SOFT, room=_NAMES - wide - 22
        )
    for dot in track.dots:
        x, colour = _LEFT + dot.at * scale, _COLOURS[dot.mood]
        if dot.mood == "bad":  # a cross: told from the others without its colour
            sheet.line(x - _DOT, middle - _DOT, x + _DOT, middle + _DOT, colour=colour, weight=2)
            sheet.line(x - _DOT, middle + _DOT, x + _DOT, middle - _DOT, colour=colour, weight=2)
        elif dot.mood == "rest":
            sheet.line(x - _DOT, middle, x + _DOT, middle, colour=colour, weight=2)
        else:
            sheet.box(
                x - _DOT, middle - _DOT, 2 * _DOT, 2 * _DOT, fill=colour, radius=_DOT, layer=2
            )


def _curve(sheet: Sheet, curve: Curve, y: float, scale: float) -> None:
    bottom, room = y + _CURVE - 12, _CURVE - 30
    highest = max((value for _, value in curve.points), default=0)
    most = max(highest, curve.limit or 0) or 1
    sheet.text(MARGIN, y + _CURVE / 2, curve.label, size=12, room=_NAMES - 14)
    spots = [(_LEFT + at * scale, bottom - room * value / most) for at, value in curve.points]
    for (x, top), (to_x, to_top) in itertools.pairwise(spots):
        sheet.line(x, top, to_x, to_top, colour=BLUE, weight=2)
    if len(spots) == 1:  # seen once: no line yet
        x, top = spots[0]
        sheet.box(x - _DOT, top - _DOT, 2 * _DOT, 2 * _DOT, fill=BLUE, radius=_DOT, layer=2)
    sheet.line(_LEFT, bottom, _RIGHT, bottom, colour=SOFT)
    if curve.limit:
        top = bottom - room * curve.limit / most
        sheet.line(_LEFT, top, _RIGHT, top, colour=VERMILLION, weight=1.5)
        sheet.text(
            _RIGHT, top - 9, curve.words, size=11, colour=VERMILLION, align="right", back=CARD
        )
    if curve.peak and spots:
        x, top = min(spots, key=lambda spot: spot[1])
        right = x > (_LEFT + _RIGHT) / 2
        sheet.text(
            x - 8 if right else x + 8, max(top - 2, y + 24), curve.peak,
            size=11, colour=BLUE, align="right" if right else "left", back=CARD,
        )  # fmt: skip


def _marks(
    sheet: Sheet, marks: Sequence[tuple[float, str]], top: float, bottom: float, scale: float
) -> None:
    """Lines through all rows, their words above; a word that would lie on another one is left."""
    free = float(_LEFT) - 4
    for at, word in marks:
        x = _LEFT + at * scale
        sheet.line(x, top - 6, x, bottom, colour=INK, weight=1.2)
        wide = sheet.width_of(word, 11)
        left = min(max(x - wide / 2, free + 4), WIDTH - MARGIN - wide)
        if left < x + 40 and left >= free:
            sheet.text(left, top - 14, word, size=11, colour=INK, back=CARD)
            free = left + wide + 4
