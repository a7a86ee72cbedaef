"""The files of an image as a tree to look through: one layer's, or those of all layers together.

No tree is built. A layer's entries are sorted so that all that is below a folder stands together:
a folder is a range of positions, and its bytes are the difference of two running totals. Whoever
asks gets one folder's children at a time, for an image has more files than any page can hold.

In a layer, *bytes* are those of its own files, and marks of deletion are listed too. In all layers
together, everything counts once that a node pulls, hidden or not: a path that two layers write is
there twice. *Wasted* is as in ``waste``.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_left
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from mldocker_lab.report.layerindex import Kind, shown
from mldocker_lab.report.waste import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mldocker_lab.report.layerindex import LayerIndex
    from mldocker_lab.report.waste import Reason

__all__ = ["PAGE", "REASON_MARKS", "FileTree", "Found", "Listing", "Node"]

#: Rows that are handed out at once.
PAGE = 200
#: A shape for every reason, so that none is told by colour alone.
REASON_MARKS: dict[Reason, str] = {"deleted": "✗", "overwritten": "↻", "metadata": "≈"}
_REASONS: tuple[Reason | None, ...] = (None, *REASON_MARKS)


class Node(NamedTuple):
    """One row: a file, a folder with all that is below it, or a mark of deletion.

    Attributes:
        key: its path, as ``LayerIndex.key`` gives it.
        kind: what it is.
        bytes: file bytes.
        wasted: how many of them are wasted.
        files: how many names that are no folders; 1 for a file.
        layer: the number of the layer that wrote it; of a folder, the last one that did.
        hidden_by: the number of the layer that hid it; None if the finished image shows it.
        reason: why it is hidden.
        opens: whether anything is below it.
        mode: permission bits; None for a folder that no layer lists.
        uid: owner.
        gid: group.
        link: what a link points to.
    """

    key: bytes
    kind: Kind
    bytes: int
    wasted: int
    files: int
    layer: int
    hidden_by: int | None = None
    reason: Reason | None = None
    opens: bool = False
    mode: int | None = None
    uid: int = 0
    gid: int = 0
    link: str = ""

    @property
    def path(self) -> str:
        """Its path as people read it."""
        return shown(self.key)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return shown(self.key.rpartition(b"\0")[2])[1:]


class Found(NamedTuple):
    """Some of many rows, the largest first.

    Attributes:
        nodes: these.
        total: how many there are.
        rest: the bytes of those that come after these, where rows exclude each other; else 0.
    """

    nodes: list[Node]
    total: int
    rest: int = 0


class FileTree:
    """What is needed to make listings of an image.

    Args:
        layers: the image's layers, lowest first; a repeated one is the same object.
    """

    def __init__(self, layers: Sequence[LayerIndex]) -> None:
        self._layers = layers
        self._fates = [_Fates(len(layer)) for layer in layers]
        for seen in walk(layers):
            fates = self._fates[seen.layer]
            fates.sizes[seen.position] = seen.size
            if seen.hidden_by is not None:
                fates.hidden_by[seen.position] = seen.hidden_by
                fates.reasons[seen.position] = _REASONS.index(seen.reason)
        self.listing = cache(self._listing)

    def _listing(self, layer: int | None) -> Listing:
        """The files of one layer, by its number, or of all of them together.

        Raises:
            IndexError: there is no such layer.
        """
        if layer is None:
            return Listing(self._layers, self._fates, self._merged())
        positions = range(len(self._layers[layer]))
        return Listing(self._layers, self._fates, ((layer, at) for at in positions), alone=layer)

    def _merged(self) -> Iterator[tuple[int, int]]:
        ordered = (_in_order(number, layer) for number, layer in enumerate(self._layers))
        return ((number, at) for _, number, at in heapq.merge(*ordered))


def _in_order(number: int, layer: LayerIndex) -> Iterator[tuple[bytes, int, int]]:
    for at, kind in enumerate(layer.kinds):
        if kind < Kind.DELETION:
            yield layer.key(at), number, at


class _Fates:
    """What became of a layer's entries, by position."""

    def __init__(self, length: int) -> None:
        self.sizes = array("Q", bytes(8 * length))
        self.hidden_by = array("H", bytes(2 * length))
        self.reasons = bytearray(length)  # positions in _REASONS


class Listing:
    """Entries in the order of a walk through the tree; made by a ``FileTree``."""

    def __init__(
        self,
        layers: Sequence[LayerIndex],
        fates: Sequence[_Fates],
        entries: Iterable[tuple[int, int]],
        alone: int | None = None,
    ) -> None:
        self._layers, self._fates = layers, fates
        self._numbers, self._positions = array("H"), array("I")
        for number, position in entries:
            self._numbers.append(number)
            self._positions.append(position)
        sizes = self._sizes() if alone is None else layers[alone].sizes
        self._bytes = _totals("Q", sizes)
        self._wasted = _totals("Q", map(self._wasted_of, range(len(self)), sizes))
        self._files = _totals("I", (kind in _FILES for kind in map(self._kind, range(len(self)))))

    def __len__(self) -> int:
        return len(self._positions)

    @property
    def root(self) -> Node:
        """The whole of it."""
        return self._folder(b"", range(0), range(len(self)))

    def children(
        self, folder: bytes = b"", start: int = 0, count: int = PAGE, *, wasted: bool = False
    ) -> Found:
        """What is in a folder, the largest first.

        Args:
            folder: its key; of the root, the empty one.
            start: how many rows to leave out.
            count: how many to give at most.
            wasted: only what wastes bytes, and the most wasteful first.
        """
        ranked = sorted(self._groups(folder, wasted=wasted))
        nodes = [self._node(*where) for *_, where in ranked[start : start + count]]
        return Found(nodes, len(ranked), -sum(row[0] for row in ranked[start + count :]))

    def search(self, text: str, count: int = PAGE, *, wasted: bool = False) -> Found:
        """Paths with ``text`` in them, capitals or not; the largest first.

        Args:
            text: a part of a path.
            count: how many rows to give at most.
            wasted: only what wastes bytes, and the most wasteful first.
        """
        needle = text.encode("utf-8", "replace").lower().replace(b"/", b"\0")
        ranked = list(self._matches(needle, wasted=wasted)) if text else []
        nodes = [self._node(*where) for *_, where in heapq.nsmallest(count, ranked)]
        return Found(nodes, len(ranked))

    def _matches(self, needle: bytes, *, wasted: bool) -> Iterator[_Ranked]:
        folder = b""
        for at in range(len(self)):
            key = self._key(at)
            if needle not in b"\0" + key.lower() or not key:
                continue
            if self._kind(at) != Kind.FOLDER:
                yield from self._rank(key, range(at, at + 1), range(0), wasted=wasted)
            elif key != folder:  # which several layers may list
                folder = key
                own, below = self._extent(at, len(self))
                folders = self._only_folders(own)
                yield from self._rank(key, folders, below, wasted=wasted)

    def _groups(self, folder: bytes, *, wasted: bool) -> Iterator[_Ranked]:
        """What is in a folder, with its rank."""
        prefix = folder + b"\0" if folder else b""
        at = self._first(prefix or b"\0")
        end = self._first(folder + b"\1") if folder else len(self)
        while at < end:
            key = prefix + self._key(at)[len(prefix) :].partition(b"\0")[0]
            own, below = self._extent(at, end, key)
            folders = self._only_folders(own)
            if folders or below:
                yield from self._rank(key, folders, below, wasted=wasted)
            for one in own:
                if self._kind(one) != Kind.FOLDER:
                    yield from self._rank(key, range(one, one + 1), range(0), wasted=wasted)
            at = max(own.stop, below.stop)

    def _rank(
        self, key: bytes, own: Sequence[int], below: range, *, wasted: bool
    ) -> Iterator[_Ranked]:
        where = below or range(own[0], own[0] + 1)  # a folder itself has no bytes
        size = _part(self._wasted if wasted else self._bytes, where)
        if size or not wasted:
            yield -size, key, where.start, (key, own, below)

    def _node(self, key: bytes, own: Sequence[int], below: range) -> Node:
        if below or self._kind(own[-1]) == Kind.FOLDER:
            return self._folder(key, own, below)
        at = own[0]
        sums = self._sums(range(at, at + 1))
        return self._written(Node(key, Kind(self._kind(at)), *sums, self._numbers[at]), at)

    def _folder(self, key: bytes, own: Sequence[int], below: range) -> Node:
        last = max(own or below, key=self._numbers.__getitem__, default=None)
        layer = 0 if last is None else self._numbers[last]
        node = Node(key, Kind.FOLDER, *self._sums(below), layer, opens=bool(below))
        return self._written(node, last) if own and last is not None else node

    def _sums(self, where: range) -> tuple[int, int, int]:
        return _part(self._bytes, where), _part(self._wasted, where), _part(self._files, where)

    def _written(self, node: Node, at: int) -> Node:
        """The node with what its entry says, and what became of that."""
        fates, position = self._fates[self._numbers[at]], self._positions[at]
        item = self._layers[self._numbers[at]].item(position)
        reason = _REASONS[fates.reasons[position]]
        return node._replace(
            hidden_by=fates.hidden_by[position] if reason else None,
            reason=reason,
            mode=item.mode,
            uid=item.uid,
            gid=item.gid,
            link=item.link,
        )

    def _extent(self, at: int, end: int, key: bytes | None = None) -> tuple[range, range]:
        """The entries at a path, and those below it; the first of either is at ``at``."""
        key = self._key(at) if key is None else key
        stop, own = at, at
        while own < end and self._key(own) == key:
            own += 1
        if own < end and self._key(own).startswith(key + b"\0"):
            stop = bisect_left(range(len(self)), key + b"\1", own, end, key=self._key)
        return range(at, own), range(own, max(stop, own))

    def _only_folders(self, own: range) -> list[int]:
        return [at for at in own if self._kind(at) == Kind.FOLDER]

    def _first(self, key: bytes) -> int:
        return bisect_left(range(len(self)), key, key=self._key)

    def _key(self, at: int) -> bytes:
        return self._layers[self._numbers[at]].key(self._positions[at])

    def _kind(self, at: int) -> int:
        return self._layers[self._numbers[at]].kinds[self._positions[at]]

    def _sizes(self) -> Sequence[int]:
        """The bytes of each entry, where everything counts once."""
        pairs = zip(self._numbers, self._positions, strict=True)
        return array("Q", (self._fates[number].sizes[position] for number, position in pairs))

    def _wasted_of(self, at: int, size: int) -> int:
        fates, position = self._fates[self._numbers[at]], self._positions[at]
        return size if fates.reasons[position] and fates.sizes[position] else 0


#: What to sort rows by, and where a row's entries are: at its path, and below it.
_Ranked = tuple[int, bytes, int, tuple[bytes, "Sequence[int]", range]]
_FILES = frozenset({Kind.FILE, Kind.HARD_LINK, Kind.LINK, Kind.OTHER})


def _totals(code: str, numbers: Iterable[int]) -> array[int]:
    return array(code, accumulate(numbers, initial=0))


def _part(totals: array[int], where: range) -> int:
    return totals[where.stop] - totals[where.start] if where else 0
