"""What became of what: a grid of words, each as it should be or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.show.figure import (
    CARD,
    GREEN,
    MARGIN,
    SOFT,
    VERMILLION,
    WIDTH,
    Picture,
    Sheet,
    tint,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["grid"]

_TOP, _HEAD, _ROW, _GAP = 60, 30, 46, 5
_NAMES = 0.32  # the part of the width that the rows' names take


def grid(title: str, rows: Mapping[str, Mapping[str, str]], *, good: Collection[str]) -> Picture:
    """Rows and columns of words; those that are not good stand on a pattern.

    Args:
        title: the heading.
        rows: row → column → word; the first row has all the columns.
        good: the words that are as they should be.
    """
    columns = list(next(iter(rows.values())))
    sheet = Sheet(_TOP + _HEAD + _ROW * len(rows) + MARGIN)
    sheet.text(MARGIN, 32, title, size=17, bold=True, room=WIDTH - 2 * MARGIN)
    names = (WIDTH - 2 * MARGIN) * _NAMES
    width = (WIDTH - 2 * MARGIN - names) / len(columns)
    for j, column in enumerate(columns):
        x = MARGIN + names + width * j
        sheet.text(x + _GAP, _TOP + 12, column, size=13, colour=SOFT, room=width - 2 * _GAP)
    for i, (row, cells) in enumerate(rows.items()):
        y = _TOP + _HEAD + _ROW * i
        sheet.text(MARGIN, y + _ROW / 2, row, size=13, room=names - 2 * _GAP)
        for j, column in enumerate(columns):
            word, x = cells[column], MARGIN + names + width * j
            _cell(sheet, word, x, y, width, good=word in good)
    return sheet.picture(_told(title, rows))


def _cell(sheet: Sheet, word: str, x: float, y: float, width: float, *, good: bool) -> None:
    colour, hatch = (GREEN, "") if good else (VERMILLION, "//")
    back = tint(colour, 0.3)
    sheet.box(
        x, y + _GAP / 2, width - _GAP, _ROW - _GAP,
        fill=back, edge=CARD, hatch=hatch, hatch_colour=tint(colour, 0.45),
    )  # fmt: skip
    sheet.text(x + 10, y + _ROW / 2, word, size=13, bold=True, room=width - _GAP - 20, back=back)


def _told(title: str, rows: Mapping[str, Mapping[str, str]]) -> str:
    said = (
        f"{row}: " + ", ".join(f"{column} {word}" for column, word in cells.items())
        for row, cells in rows.items()
    )
    return f"{title}. {'; '.join(said)}."
