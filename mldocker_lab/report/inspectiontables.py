"""An image taken apart, as tables: its layers, its waste, its rubbish, where its bytes are."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mldocker_lab.show.table import Column, Table
from mldocker_lab.show.words import middle
from mldocker_lab.units import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.report.inspection import Inspection
    from mldocker_lab.report.waste import Wasted

__all__ = ["tables"]

_SHORT = 60  # letters of an instruction that is only named

_FILE_BYTES = (
    "file bytes: the sizes of the files in a layer; a file with several names counts once."
)
_WASTED = "wasted: file bytes that a later layer deletes or writes again; every node pulls them."
_PULL_BYTES = (
    "pull bytes: the layer compressed with gzip, as a registry keeps it; within 2 % of a real push."
)
_FILES = "files: names that are not folders."
_REASONS = (
    "deleted: nothing is there any more. overwritten: something else was written there. "
    "metadata: the same contents were written again, with another mode, owner or date."
)
_PACKAGES = "bytes of the files in the package's own record that the image shows."
_FOLDERS = "each file counts once, in the deepest folder listed; folders from 4 % of it on."
_LARGEST = "of the files that the image shows; what was deleted later is in the table of waste."
_UNWANTED = "in any layer, hidden or not: what a later layer deletes is pulled all the same."


def tables(image: Inspection) -> list[Table]:
    """The layers always; the rest if there is any."""
    found = [_layers(image)]
    if image.wasted:
        found.append(_waste(image))
    if image.unwanted:
        found.append(_unwanted(image))
    if image.folders:
        found += [_folders(image), _largest(image)]
    if image.packages:
        found.append(_packages(image))
    return found


def _layers(image: Inspection) -> Table:
    wasted = image.wasted.by_layer()
    rows = [
        (
            layer.instruction,
            size(layer.bytes),
            size(wasted[number]) if number in wasted else "",
            size(layer.pull_bytes),
            f"{layer.files:,}".replace(",", " "),
        )
        for number, layer in enumerate(image.layers)
    ]
    columns = (
        Column("layer made by", "code"),
        Column("file bytes", "number"),
        Column("wasted", "number"),
        Column("pull bytes", "number"),
        Column("files", "number"),
    )
    title = (
        f"{image.image}: {size(image.bytes)} of files in {_count(len(image.layers), 'layer')}, "
        f"{size(image.wasted_bytes)} of it wasted, {size(image.pull_bytes)} to pull"
    )
    return Table(title, columns, tuple(rows), (_FILE_BYTES, _WASTED, _PULL_BYTES, _FILES))


def _waste(image: Inspection) -> Table:
    """Waste by what made and hid it: one row for each such pair, not one for each file."""
    groups: dict[tuple[str, int, int], list[Wasted]] = {}
    for one in image.wasted:
        groups.setdefault((one.reason, one.layer, one.hidden_by), []).append(one)
    ranked = sorted(groups.items(), key=lambda group: -sum(one.bytes for one in group[1]))
    rows = tuple(
        (
            _common(files),
            size(sum(one.bytes for one in files)),
            f"{len(files):,}".replace(",", " "),
            reason,
            middle(image.layers[layer].instruction, _SHORT),
            middle(image.layers[by].instruction, _SHORT),
        )
        for (reason, layer, by), files in ranked[: image.top]
    )
    columns = (
        Column("wasted", "code"),
        Column("file bytes", "number"),
        Column("files", "number"),
        Column("why"),
        Column("written by", "code"),
        Column("hidden by", "code"),
    )
    notes = (_REASONS, *_more(len(ranked), image.top))
    return Table(f"wasted: {size(image.wasted_bytes)}", columns, rows, notes)


def _unwanted(image: Inspection) -> Table:
    hidden = any(one.hidden for one in image.unwanted)
    rows = tuple(
        (
            one.path,
            one.what,
            size(one.bytes),
            *((size(one.hidden) if one.hidden else "",) if hidden else ()),
            _share(one.bytes, image.bytes),
        )
        for one in image.unwanted[: image.top]
    )
    columns = (
        Column("what rarely belongs there", "code"),
        Column("kind"),
        Column("file bytes", "number"),
        *((Column("hidden", "number"),) if hidden else ()),
        Column("of all", "number"),
    )
    advice = {one.kind: f"{one.kind}: {one.advice}." for one in image.unwanted}
    title = f"unwanted: {size(sum(one.bytes for one in image.unwanted))}"
    notes = (*advice.values(), _UNWANTED, *_more(len(image.unwanted), image.top))
    return Table(title, columns, rows, notes)


def _folders(image: Inspection) -> Table:
    seen = image.bytes - image.wasted_bytes
    rows = tuple(
        (one.path, size(one.bytes), _share(one.bytes, seen)) for one in image.folders[: image.top]
    )
    columns = Column("folder", "code"), Column("file bytes", "number"), Column("of all", "number")
    return Table(f"where the {size(seen)} are that the image shows", columns, rows, (_FOLDERS,))


def _largest(image: Inspection) -> Table:
    rows = tuple(
        (one.path, size(one.bytes), middle(image.layers[one.layer].instruction, _SHORT))
        for one in image.largest[: image.top]
    )
    columns = Column("file", "code"), Column("file bytes", "number"), Column("written by", "code")
    return Table("largest files", columns, rows, (_LARGEST,))


def _packages(image: Inspection) -> Table:
    rows = tuple(
        (f"{one.name} {one.version}", size(one.bytes), f"{one.files:,}".replace(",", " "), one.path)
        for one in image.packages[: image.top]
    )
    columns = (
        Column("Python package", "code"),
        Column("file bytes", "number"),
        Column("files", "number"),
        Column("in", "code"),
    )
    total = size(sum(one.bytes for one in image.packages))
    title = f"Python packages: {len(image.packages)}, {total}"
    return Table(title, columns, rows, (_PACKAGES, *_more(len(image.packages), image.top)))


def _common(files: Sequence[Wasted]) -> str:
    """The file, or the folder that holds all of them, or the largest of many."""
    if len(files) == 1:
        return files[0].path
    folder = posixpath.commonpath([posixpath.dirname(one.path) for one in files])
    return f"{files[0].path} …" if folder == "/" else f"{folder}/"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _more(number: int, top: int) -> tuple[str, ...]:
    return (f"{number - top} more rows are not shown.",) if number > top else ()
