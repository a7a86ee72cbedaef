"""Things made of parts, drawn to one scale: a stacked bar for each, the parts named inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldocker_lab.show.figure import (
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
from mldocker_lab.units import size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Bar", "Part", "bars", "stacked"]

_TOP, _BAR, _ROW, _FOOT = 76, 54, 128, 46
_NAMED = 66  # a part narrower than this is named below the bar
_PAD = 7

# Colour and pattern say the same, so that either is enough.
_FILLS = (
    ("#9aa2ab", ""),
    (ORANGE, "//"),
    (SKY, ".."),
    (GREEN, "\\\\"),
    (VERMILLION, "xx"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: its name, its amount, and which kind of piece it is."""

    label: str
    value: float
    kind: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its name, a word about its total, and its parts from left to right."""

    label: str
    total: str
    parts: tuple[Part, ...]


def bars(title: str, rows: Mapping[str, Mapping[str, float]], *, note: str = "") -> Picture:
    """Amounts of bytes, one bar for each, made of parts.

    Args:
        title: the heading.
        rows: bar → part → bytes; a part of the same name has the same colour in every bar.
        note: defines what is measured.
    """
    kinds = list(dict.fromkeys(part for parts in rows.values() for part in parts))
    drawn = [
        Bar(name, size(sum(parts.values())), tuple(Part(k, v, k) for k, v in parts.items()))
        for name, parts in rows.items()
    ]
    told = [
        f"{bar.label} {bar.total}"
        + "".join(f", {part.label} {size(part.value)}" for part in bar.parts if part.value)
        for bar in drawn
    ]
    alt = f"{title}. {'; '.join(told)}."
    return stacked(title, drawn, kinds=kinds, unit=size, alt=alt, note=note)


def stacked(
    title: str,
    bars: Sequence[Bar],
    *,
    kinds: Sequence[str],
    unit: Callable[[float], str],
    alt: str,
    note: str = "",
) -> Picture:
    """Bars one under the other, all to one scale.

    Args:
        title: the heading.
        bars: what to draw.
        kinds: kinds of parts in the order of their colours; at most five.
        unit: puts a value in words.
        alt: what the figure says.
        note: defines what is measured.
    """
    sheet = Sheet(_TOP + _ROW * len(bars) + _FOOT)
    sheet.text(MARGIN, 32, title, size=17, bold=True, room=WIDTH - 2 * MARGIN)
    if note:
        sheet.text(MARGIN, 56, note, size=12, colour=SOFT, room=WIDTH - 2 * MARGIN)
    fills = dict(zip(kinds, _FILLS, strict=False))
    most = max((sum(part.value for part in bar.parts) for bar in bars), default=0) or 1
    for i, bar in enumerate(bars):
        scale = (WIDTH - 2 * MARGIN) / most
        _draw(sheet, bar, _TOP + _ROW * i, scale=scale, fills=fills, unit=unit)
    used = {part.kind for bar in bars for part in bar.parts if part.value}
    _legend(sheet, {kind: fill for kind, fill in fills.items() if kind in used})
    return sheet.picture(alt)


def _draw(
    sheet: Sheet,
    bar: Bar,
    y: float,
    *,
    scale: float,
    fills: dict[str, tuple[str, str]],
    unit: Callable[[float], str],
) -> None:
    name = sheet.text(MARGIN, y + 16, bar.label, size=15, bold=True)
    sheet.text(MARGIN + name + 12, y + 16, bar.total, size=13, colour=SOFT)
    x, top, unnamed = float(MARGIN), y + 32, []
    for part in bar.parts:
        width = part.value * scale
        colour, hatch = fills[part.kind]
        sheet.box(
            x, top, width, _BAR, fill=tint(colour, 0.62), edge=CARD, hatch=hatch,
            hatch_colour=tint(colour, 0.9), weight=1.5,
        )  # fmt: skip
        if width >= _NAMED:
            room, back = width - 2 * _PAD, tint(colour, 0.62)
            sheet.text(x + _PAD, top + 18, part.label, size=11, code=True, room=room, back=back)
            sheet.text(x + _PAD, top + 37, unit(part.value), size=12, bold=True, back=back)
        elif part.value:
            unnamed.append(part)
        x += width
    if unnamed:
        text = "too narrow to name: " + ", ".join(f"{p.label} {unit(p.value)}" for p in unnamed)
        sheet.text(MARGIN, top + _BAR + 15, text, size=11, colour=SOFT, room=WIDTH - 2 * MARGIN)


def _legend(sheet: Sheet, fills: dict[str, tuple[str, str]]) -> None:
    x, y = float(MARGIN), sheet.height - 26
    sheet.line(MARGIN, y - 18, WIDTH - MARGIN, y - 18, colour=LINE)
    for kind, (colour, hatch) in fills.items():
        sheet.box(
            x, y - 6, 22, 13, fill=tint(colour, 0.62), hatch=hatch, hatch_colour=tint(colour, 0.9)
        )
        x += 30 + sheet.text(x + 29, y + 0.5, kind, size=12, colour=INK) + 20
