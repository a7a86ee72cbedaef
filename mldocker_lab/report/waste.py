"""What of an image nobody can see any more: bytes that every node pulls and no container shows.

*Wasted bytes* are the bytes of files, in any layer, that the finished image does not show, because
something came later and hid them:

*deleted*      nothing is at their path after it: a deletion mark, or one for a folder above them
               (as ``rm -rf`` leaves), a folder marked as emptied, a folder that became a file;
*metadata*     the same contents were written again, with another mode or owner or date;
*overwritten*  something else was written at their path.

Within one layer the tar decides: what comes later in it hides what came before, so a path that is
listed twice wastes its first copy; a deletion mark only speaks of the layers below. A file with
several names (hard links) is hidden when all of them are, and counts once. A layer that an image
lists twice is stored once: its files are counted where it comes last. So the file bytes of an image
are exactly what it shows and what it wastes, and an image whose only layer lists no path twice
wastes nothing. Files without bytes are not listed.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, NamedTuple, overload

from mldocker_lab.report.layerindex import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.report.layerindex import LayerIndex

__all__ = ["Reason", "Seen", "Waste", "Wasted", "walk"]

Reason = Literal["deleted", "overwritten", "metadata"]
_REASONS: tuple[Reason, ...] = ("deleted", "overwritten", "metadata")
_LAYER_BITS = 32
_NEVER = 1 << 62


class _At(NamedTuple):
    """An entry in the merged order of all layers: by path, then by the time it was written.

    ``time`` has the layer in its high bits and the position in the tar in the low ones, from 1;
    a deletion mark has 0 there, for it comes before everything in its layer.
    """

    key: bytes
    time: int
    kind: int
    layer: int
    position: int


class Seen(NamedTuple):
    """One entry of one layer, and what became of it.

    Attributes:
        key: its path, as ``LayerIndex.key`` gives it.
        layer: the number of its layer, lowest first.
        position: where it stands in that layer's index.
        size: its file bytes; 0 where a layer is repeated later on.
        hidden_by: the number of the layer that hid it; None if the finished image shows it.
        reason: why it is hidden.
    """

    key: bytes
    layer: int
    position: int
    size: int
    hidden_by: int | None
    reason: Reason | None


def walk(layers: Sequence[LayerIndex]) -> Iterator[Seen]:
    """Every entry of every layer once, deletion marks aside: what became of it.

    They come in the order of their paths, but for files with several names, which come at the end;
    of these, the name that is still shown has the size.

    Args:
        layers: the layers of an image, lowest first; a repeated one is the same object.
    """
    last = {id(layer): number for number, layer in enumerate(layers)}
    names = _Names(layers)
    above: list[_Cut] = []  # where things above were hidden, one inside the other
    merged = heapq.merge(*(_entries(number, layer) for number, layer in enumerate(layers)))
    for key, group in groupby(merged, itemgetter(0)):
        items = list(group)
        items.sort()  # marks of deletion stand anywhere in their tar
        while above and not key.startswith(above[-1].prefix):
            above.pop()
        for item, hidden_by, reason in _fates(items, above, names):
            layer = layers[item.layer]
            size = layer.sizes[item.position] if last[id(layer)] == item.layer else 0
            seen = Seen(key, item.layer, item.position, size, hidden_by, reason)
            if not names.defer(seen):
                yield seen
        times = [item.time for item in items if item.kind != Kind.FOLDER]
        if times:
            above.append(_Cut(key + b"\0" if key else b"", times))
    yield from names.deferred()


def _entries(number: int, layer: LayerIndex) -> Iterator[_At]:
    kinds, orders, start = layer.kinds, layer.orders, number << _LAYER_BITS
    for position in range(len(layer)):
        kind = kinds[position]
        time = start if kind >= Kind.DELETION else start + orders[position] + 1
        yield _At(layer.key(position), time, kind, number, position)


def _fates(
    items: list[_At], above: list[_Cut], names: _Names
) -> Iterator[tuple[_At, int | None, Reason | None]]:
    """For all entries at one path, from the last to the first: which layer hid each, and why."""
    if len(items) == 1 and not above:  # nearly all of them
        if items[0].kind < Kind.DELETION:
            yield items[0], None, None
        return
    anything = solid = _NEVER  # the next time that something was here, or anything but a folder
    in_layer: dict[int, _At] = {}
    for item in reversed(items):
        if item.kind < Kind.DELETION:
            cut = solid if item.kind == Kind.FOLDER else anything
            for other in above:
                cut = min(cut, other.after(item.time))
            if cut == _NEVER:
                yield item, None, None
            else:
                by = cut >> _LAYER_BITS
                yield item, by, names.reason(item, in_layer.get(by))
            in_layer.setdefault(item.layer, item)
        if item.kind != Kind.EMPTYING:
            anything = item.time
            solid = solid if item.kind == Kind.FOLDER else item.time


class _Cut(NamedTuple):
    """A path below which what was there before was hidden, once or several times."""

    prefix: bytes
    times: list[int]

    def after(self, time: int) -> int:
        """When that first happened after ``time``."""
        at = bisect_right(self.times, time)
        return self.times[at] if at < len(self.times) else _NEVER


class _Names:
    """Files with several names: their bytes are there as long as one name is."""

    def __init__(self, layers: Sequence[LayerIndex]) -> None:
        self._layers = layers
        self._file: dict[tuple[int, int], tuple[int, int]] = {}
        self._seen: defaultdict[tuple[int, int], list[Seen]] = defaultdict(list)
        for number, layer in enumerate(layers):
            for position, file in layer.hard_links().items():
                found = (number, file) if file is not None else self._below(number, position)
                if found is not None:
                    self._file[number, position] = self._file[found] = found

    def reason(self, item: _At, instead: _At | None) -> Reason:
        """Why an entry is hidden, by what the layer that hid it has at its path."""
        if instead is None:
            return "deleted"
        was, now = self._contents(item), self._contents(instead)
        return "metadata" if was is not None and was == now else "overwritten"

    def defer(self, seen: Seen) -> bool:
        """Whether the entry is one of several names; they are told by ``deferred``."""
        file = self._file.get((seen.layer, seen.position))
        if file is None:
            return False
        self._seen[file].append(seen)
        return True

    def deferred(self) -> Iterator[Seen]:
        """All names of all such files, the size at the first that is shown."""
        for file, names in self._seen.items():
            size = sum(seen.size for seen in names)
            shown = [seen for seen in names if seen.hidden_by is None]
            own = [seen for seen in names if (seen.layer, seen.position) == file]
            carrier = (shown or own or names)[0]
            for seen in names:
                yield seen._replace(size=size if seen is carrier else 0)

    def _below(self, number: int, position: int) -> tuple[int, int] | None:
        """The file that a hard link means which its own layer has not."""
        key = self._layers[number].link(position)
        for below in range(number - 1, -1, -1):
            target = self._layers[below].find(key)
            if target is not None:
                if self._layers[below].kinds[target] == Kind.FILE:
                    return below, target
                return self._file.get((below, target))
        return None

    def _contents(self, item: _At) -> tuple[int, int] | None:
        """Size and checksum of a file; None for what is none."""
        number, position = self._file.get((item.layer, item.position), (item.layer, item.position))
        layer = self._layers[number]
        if layer.kinds[position] != Kind.FILE:
            return None
        return layer.sizes[position], layer.sums[position]


class Wasted(NamedTuple):
    """One wasted file.

    Attributes:
        path: where it was, absolute.
        bytes: its file bytes.
        reason: what hid it.
        layer: the number of the layer that has it, lowest first.
        hidden_by: the number of the layer that hid it.
    """

    path: str
    bytes: int
    reason: Reason
    layer: int
    hidden_by: int


class Waste(Sequence[Wasted]):
    """All wasted files of an image, the largest first; packed, for there may be 200 000.

    Args:
        layers: the image's layers, lowest first.

    Attributes:
        bytes: wasted bytes of the image.
    """

    def __init__(self, layers: Sequence[LayerIndex]) -> None:
        self._layers = layers
        self._numbers, self._positions = array("H"), array("I")
        self._bys, self._reasons, self._sizes = array("H"), array("B"), array("Q")
        self._order: array[int] | None = None
        self.bytes = 0

    def add(self, seen: Seen) -> None:
        """Take note of an entry, if it wastes anything."""
        if seen.hidden_by is None or seen.reason is None or not seen.size:
            return
        self._numbers.append(seen.layer)
        self._positions.append(seen.position)
        self._bys.append(seen.hidden_by)
        self._reasons.append(_REASONS.index(seen.reason))
        self._sizes.append(seen.size)
        self._order = None
        self.bytes += seen.size

    def __len__(self) -> int:
        return len(self._sizes)

    @overload
    def __getitem__(self, index: int) -> Wasted: ...
    @overload
    def __getitem__(self, index: slice) -> list[Wasted]: ...
    def __getitem__(self, index: int | slice) -> Wasted | list[Wasted]:
        if self._order is None:
            self._order = array("I", sorted(range(len(self)), key=self._rank))
        if isinstance(index, slice):
            return [self._row(at) for at in self._order[index]]
        return self._row(self._order[index])

    def by_layer(self) -> dict[int, int]:
        """Wasted bytes of each layer that has any."""
        total: dict[int, int] = {}
        for number, size in zip(self._numbers, self._sizes, strict=True):
            total[number] = total.get(number, 0) + size
        return total

    def _rank(self, at: int) -> tuple[int, bytes, int]:
        return -self._sizes[at], self._key(at), self._numbers[at]

    def _key(self, at: int) -> bytes:
        return self._layers[self._numbers[at]].key(self._positions[at])

    def _row(self, at: int) -> Wasted:
        return Wasted(
            shown(self._key(at)),
            self._sizes[at],
            _REASONS[self._reasons[at]],
            self._numbers[at],
            self._bys[at],
        )
