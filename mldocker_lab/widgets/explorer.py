"""The kernel's half of the explorer: it answers what a page asks about one image.

A page asks with ``{"id": …, "ask": "layers" | "children" | "search", …}`` and is answered with the
same id. Nothing is sent unasked, and never more than a page of rows.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mldocker_lab.report.filetree import PAGE, FileTree
from mldocker_lab.report.layerindex import Kind

if TYPE_CHECKING:
    from mldocker_lab.report.filetree import Found, Listing, Node
    from mldocker_lab.report.inspection import Inspection

__all__ = ["Explorer", "opened"]

_STATIC = Path(__file__).parent / "static"
_KINDS = {
    Kind.FILE: "file",
    Kind.FOLDER: "folder",
    Kind.HARD_LINK: "hard link",
    Kind.LINK: "link",
    Kind.OTHER: "special file",
    Kind.DELETION: "removes",
    Kind.EMPTYING: "empties",
}
_open: dict[str, Explorer] = {}


def opened(inspection: Inspection) -> Explorer:
    """The explorer of an image; however often an image is shown, the kernel keeps one."""
    place = _place(inspection)
    if place not in _open:
        _open[place] = Explorer(inspection, place)
    return _open[place]


def _place(inspection: Inspection) -> str:
    """A name for where an image is shown: the same image, the same name, in every kernel."""
    told = [inspection.image, *(layer.diff_id for layer in inspection.layers)]
    return f"mldocker-explore-{hashlib.sha256('|'.join(told).encode()).hexdigest()[:16]}"


class Explorer(anywidget.AnyWidget):
    """One image for any number of pages.

    Args:
        inspection: the image, taken apart.
        place: the class of the elements that the page's half looks for.
    """

    _esm = _STATIC / "explorer.js"
    _css = _STATIC / "explorer.css"
    place = traitlets.Unicode().tag(sync=True)

    def __init__(self, inspection: Inspection, place: str) -> None:
        self._inspection = inspection
        super().__init__(place=place)
        self.on_msg(self._hear)

    def __repr__(self) -> str:
        """The same every time: it may end up in a saved notebook."""
        return "Explorer of an image"

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What the page wants to know.

        Raises:
            ValueError, TypeError, KeyError: it is no question.
        """
        if asked["ask"] == "layers":
            return self._summary()
        listing, wasted = self._listing(asked["layer"]), bool(asked.get("wasted"))
        if asked["ask"] == "search":
            return _rows(listing.search(str(asked["text"]), wasted=wasted))
        folder, start = str(asked["folder"]).encode("latin-1"), max(int(asked.get("start", 0)), 0)
        return _rows(listing.children(folder, start, PAGE, wasted=wasted))

    def _hear(self, _: Any, asked: Any, __: Any) -> None:
        if not isinstance(asked, dict):
            return
        try:
            self.send({"id": asked.get("id"), **self.answer(asked)})
        except (ValueError, TypeError, KeyError) as error:
            self.send({"id": asked.get("id"), "error": f"that cannot be answered: {error}"})

    @cached_property
    def _tree(self) -> FileTree:
        return FileTree(self._inspection.indexes)

    def _listing(self, layer: Any) -> Listing:
        if layer is None:
            return self._tree.listing(None)
        number = int(layer)
        if not 0 <= number < len(self._inspection.layers):
            raise ValueError(f"there is no layer {number}")
        return self._tree.listing(number)

    def _summary(self) -> dict[str, Any]:
        image = self._inspection
        wasted = image.wasted.by_layer()
        return {
            "image": image.image,
            "bytes": image.bytes,
            "wasted": image.wasted_bytes,
            "pull_bytes": image.pull_bytes,
            "layers": [
                {
                    "instruction": layer.instruction,
                    "bytes": layer.bytes,
                    "pull_bytes": layer.pull_bytes,
                    "files": layer.files,
                    "wasted": wasted.get(number, 0),
                }
                for number, layer in enumerate(image.layers)
            ],
        }


def _rows(found: Found) -> dict[str, Any]:
    return {
        "rows": [_row(node) for node in found.nodes],
        "total": found.total,
        "rest": found.rest,
    }


def _row(node: Node) -> dict[str, Any]:
    """A node as the page receives it; its key as text that survives JSON, one letter a byte."""
    return {
        "key": node.key.decode("latin-1"),
        "name": node.name,
        "path": node.path,
        "kind": _KINDS[node.kind],
        "bytes": node.bytes,
        "wasted": node.wasted,
        "files": node.files,
        "layer": node.layer,
        "by": node.hidden_by,
        "reason": node.reason,
        "opens": node.opens,
        "mode": "" if node.mode is None else f"{node.mode:04o}",
        "owner": f"{node.uid}:{node.gid}",
        "link": node.link,
    }
