"""How long answers took: a row for each way, every answer a tick, with the median and the p99."""

from __future__ import annotations

from math import ceil
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
    from collections.abc import Mapping, Sequence

__all__ = ["latencies", "percentile"]

_TOP, _ROW, _AXIS = 70, 78, 44
_NAMES = 210  # width of the column of names
_LEFT, _RIGHT = MARGIN + _NAMES, WIDTH - MARGIN - 118
_BAR, _TICK = 22, 12
_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_MOST_TICKS = 7


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of them do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values, no percentile")
    return sorted(values)[max(ceil(len(values) * percent / 100), 1) - 1]


def latencies(
    title: str,
    rows: Mapping[str, Sequence[float]],
    *,
    words: Mapping[str, str] | None = None,
    note: str = "each tick is an answer · bar: half of them (p50) · hatched: 99 of 100 (p99)",
) -> Picture:
    """Rows of latencies, all on one axis that begins at 0.

    Args:
        title: the heading.
        rows: row → seconds that each answer took.
        words: row → what else is to be said about it, in a few words.
        note: how to read the figure.

    Raises:
        ValueError: a row without a value.
    """
    words = words or {}
    middle = {row: percentile(values, 50) for row, values in rows.items()}
    slow = {row: percentile(values, 99) for row, values in rows.items()}
    bottom = _TOP + _ROW * len(rows)
    sheet = Sheet(bottom + _AXIS)
    sheet.text(MARGIN, 30, title, size=17, bold=True, room=WIDTH - 2 * MARGIN)
    sheet.text(MARGIN, 53, note, size=12, colour=SOFT, room=WIDTH - 2 * MARGIN)
    most = max(slow.values(), default=0) or 1
    scale = (_RIGHT - _LEFT) / most
    _axis(sheet, most, scale, bottom)
    for i, (row, values) in enumerate(rows.items()):
        y = float(_TOP + _ROW * i)
        room = _NAMES - 12
        sheet.text(MARGIN, y + 26, row, size=15, bold=True, room=room)
        sheet.text(MARGIN, y + 48, words.get(row, ""), size=11, colour=SOFT, room=room)
        _bar(sheet, y + 14, middle[row] * scale, slow[row] * scale)
        for value in values:
            x = _LEFT + min(value, most) * scale
            top = y + 14 + _BAR + 4
            sheet.line(x, top, x, top + _TICK, colour=INK)
        x = _LEFT + slow[row] * scale + 8
        sheet.text(x, y + 18, f"p50 {_ms(middle[row])}", size=12, bold=True, back=CARD)
        sheet.text(x, y + 34, f"p99 {_ms(slow[row])}", size=12, back=CARD)
    told = (
        f"{row}: half within {_ms(middle[row])}, 99 of 100 within {_ms(slow[row])}"
        + (f", {words[row]}" if row in words else "")
        for row in rows
    )
    return sheet.picture(f"{title}. {'; '.join(told)}.")


def _ms(seconds: float) -> str:
    ms = seconds * 1000
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"  # noqa: PLR2004 two digits are enough


def _bar(sheet: Sheet, y: float, middle: float, slow: float) -> None:
    sheet.box(_LEFT, y, max(middle, 1), _BAR, fill=BLUE)
    if slow > middle:
        back, front = tint(VERMILLION, 0.3), tint(VERMILLION, 0.7)
        sheet.box(_LEFT + middle, y, slow - middle, _BAR, fill=back, hatch="//", hatch_colour=front)


def _axis(sheet: Sheet, most: float, scale: float, bottom: float) -> None:
    step = next((tick for tick in _TICKS if most / tick <= _MOST_TICKS), ceil(most / _MOST_TICKS))
    for i in range(int(most / step) + 1):
        x = _LEFT + i * step * scale
        sheet.line(x, _TOP + 4, x, bottom, colour=LINE)
        sheet.text(x, bottom + 14, f"{i * step * 1000:g}", size=11, colour=SOFT, align="center")
    sheet.text(_RIGHT + 40, bottom + 14, "milliseconds", size=11, colour=SOFT)
