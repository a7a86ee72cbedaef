"""The layers and files of an image as tables, for where nothing can be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.report.filetree import REASON_MARKS
from mldocker_lab.report.waste import Wasted
from mldocker_lab.show.table import Column, Table
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.report.inspection import Inspection
    from mldocker_lab.report.survey import Large

__all__ = ["tables"]

_REASONS = (
    "✗ deleted: nothing is there any more. ↻ overwritten: something else was written there. "
    "≈ metadata: the same contents were written again, with another mode, owner or date."
)


def tables(image: Inspection) -> list[Table]:
    """The layers; then the largest files that the image shows, and the largest that it wastes."""
    layers, *_ = image.tables()
    files: list[Large | Wasted] = [*image.largest[: image.top], *image.wasted[: image.top]]
    files.sort(key=lambda one: (-one.bytes, one.path))
    columns = (
        Column("file", "code"),
        Column("file bytes", "number"),
        Column("wasted"),
        Column("written by", "code"),
        Column("hidden by", "code"),
    )
    rows = tuple(_row(image, one) for one in files)
    notes = (_REASONS,) if any(row[2] for row in rows) else ()
    title = f"{image.image}: the largest files, shown and wasted"
    return [layers, Table(title, columns, rows, notes)] if rows else [layers]


def _row(image: Inspection, one: Large | Wasted) -> tuple[str, ...]:
    written = image.layers[one.layer].instruction
    if not isinstance(one, Wasted):
        return one.path, size(one.bytes), "", written, ""
    word = f"{REASON_MARKS[one.reason]} {one.reason}"
    return one.path, size(one.bytes), word, written, image.layers[one.hidden_by].instruction
