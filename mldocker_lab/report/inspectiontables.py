"""An image taken apart, as tables: its layers, its waste, its rubbish, where its bytes are."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mldocker_lab.show.table import Column, Table
from mldocker_lab.show.words import middle
from mldocker_lab.units import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.report.layers import ImageReport, Layer
    from mldocker_lab.report.survey import Folder, Large, Package, Unwanted
    from mldocker_lab.report.waste import Waste, Wasted

__all__ = ["folders", "largest", "layers", "packages", "unwanted", "waste"]

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


def layers(image: ImageReport, wasted: Waste) -> Table:
    """The layers, lowest first: what each weighs, and how much of it is wasted."""
    by_layer = wasted.by_layer()
    rows = [
        (
            layer.instruction,
            size(layer.bytes),
            size(by_layer[number]) if number in by_layer else "",
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
        f"{size(wasted.bytes)} of it wasted, {size(image.pull_bytes)} to pull"
    )
    return Table(title, columns, tuple(rows), (_FILE_BYTES, _WASTED, _PULL_BYTES, _FILES))


def waste(wasted: Waste, layers: Sequence[Layer], top: int) -> Table:
    """Waste by what made and hid it: one row for each such pair, not one for each file."""
    groups: dict[tuple[str, int, int], list[Wasted]] = {}
    for one in wasted:
        groups.setdefault((one.reason, one.layer, one.hidden_by), []).append(one)
    ranked = sorted(groups.items(), key=lambda group: -sum(one.bytes for one in group[1]))
    rows = tuple(
        (
            _common(files),
            size(sum(one.bytes for one in files)),
            f"{len(files):,}".replace(",", " "),
            reason,
            middle(layers[layer].instruction, _SHORT),
            middle(layers[by].instruction, _SHORT),
        )
        for (reason, layer, by), files in ranked[:top]
    )
    columns = (
        Column("wasted", "code"),
        Column("file bytes", "number"),
        Column("files", "number"),
        Column("why"),
        Column("written by", "code"),
        Column("hidden by", "code"),
    )
    notes = (_REASONS, *_more(len(ranked), top))
    return Table(f"wasted: {size(wasted.bytes)}", columns, rows, notes)


def unwanted(found: Sequence[Unwanted], whole: int, top: int) -> Table:
    """What rarely belongs into an image, and its share of the ``whole`` image's bytes."""
    hidden = any(one.hidden for one in found)
    rows = tuple(
        (
            one.path,
            one.what,
            size(one.bytes),
            *((size(one.hidden) if one.hidden else "",) if hidden else ()),
            _share(one.bytes, whole),
        )
        for one in found[:top]
    )
    columns = (
        Column("what rarely belongs there", "code"),
        Column("kind"),
        Column("file bytes", "number"),
        *((Column("hidden", "number"),) if hidden else ()),
        Column("of all", "number"),
    )
    advice = {one.kind: f"{one.kind}: {one.advice}." for one in found}
    title = f"unwanted: {size(sum(one.bytes for one in found))}"
    notes = (*advice.values(), _UNWANTED, *_more(len(found), top))
    return Table(title, columns, rows, notes)


def folders(found: Sequence[Folder], seen: int, top: int) -> Table:
    """Where the bytes are; ``seen`` are all that the image shows."""
    rows = tuple((one.path, size(one.bytes), _share(one.bytes, seen)) for one in found[:top])
    columns = Column("folder", "code"), Column("file bytes", "number"), Column("of all", "number")
    return Table(f"where the {size(seen)} are that the image shows", columns, rows, (_FOLDERS,))


def largest(found: Sequence[Large], layers: Sequence[Layer], top: int) -> Table:
    """The largest files that the image shows."""
    rows = tuple(
        (one.path, size(one.bytes), middle(layers[one.layer].instruction, _SHORT))
        for one in found[:top]
    )
    columns = Column("file", "code"), Column("file bytes", "number"), Column("written by", "code")
    return Table("largest files", columns, rows, (_LARGEST,))


def packages(found: Sequence[Package], top: int) -> Table:
    """The installed Python distributions."""
    rows = tuple(
        (f"{one.name} {one.version}", size(one.bytes), f"{one.files:,}".replace(",", " "), one.path)
        for one in found[:top]
    )
    columns = (
        Column("Python package", "code"),
        Column("file bytes", "number"),
        Column("files", "number"),
        Column("in", "code"),
    )
    total = size(sum(one.bytes for one in found))
    title = f"Python packages: {len(found)}, {total}"
    return Table(title, columns, rows, (_PACKAGES, *_more(len(found), top)))


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
