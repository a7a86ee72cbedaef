"""What one layer's tar holds, packed: about a hundred bytes for a file, whatever its size.

The entries stand in the order of a walk through the tree (a folder, then what is in it), so several
layers can be read side by side like sorted lists. A *key* is a path with zero bytes where the
slashes are: compared byte by byte, keys sort in that order.
"""

from __future__ import annotations

import json
import sys
from array import array
from bisect import bisect_left
from enum import IntEnum
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from zlib_ng import zlib_ng

from mldocker_lab.errors import Corrupted
from mldocker_lab.report.unpack import GZIP_ERROR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.report.tarread import Entry

__all__ = ["FORMAT", "IndexBuilder", "Item", "Kind", "LayerIndex", "key_of", "shown"]

#: Changes when the packed form does, or what is looked for in files, or how layers are weighed.
FORMAT = 3
#: Bytes that the index of one image may take, roughly; a million files need about 200 MB.
MOST_BYTES = 256 << 20
_WHITEOUT, _OPAQUE, _META = b".wh.", b".wh..wh..opq", b".wh..wh."
#: What is known of an entry besides its name and its link, each in an array of its own.
_COLUMNS = {
    "name_ends": "I", "link_ends": "I", "kinds": "B", "sizes": "Q", "sums": "I",
    "modes": "H", "uids": "I", "gids": "I", "marks": "B", "orders": "I",
}  # fmt: skip
_ENTRY_BYTES = 128  # what an entry counts for besides its name: two million of them are the end
_PACKING = 3  # zlib-ng's level: half the size of level 1 at the speed of a disk


class Kind(IntEnum):
    """What an entry of a layer is."""

    FILE = 0
    FOLDER = 1
    HARD_LINK = 2
    LINK = 3
    OTHER = 4
    DELETION = 5  # of what lower layers have at its path
    EMPTYING = 6  # of what lower layers have below its path


_KINDS = {
    "file": Kind.FILE,
    "folder": Kind.FOLDER,
    "hard link": Kind.HARD_LINK,
    "link": Kind.LINK,
    "other": Kind.OTHER,
}


class Item(NamedTuple):
    """One entry of a layer, for people.

    Attributes:
        path: absolute, as a program in the container would say it.
        kind: what it is.
        bytes: its size; only files have one, a hard link's bytes are those of its file.
        mode: permission bits.
        uid: owner.
        gid: group.
        link: what a link points to.
    """

    path: str
    kind: Kind
    bytes: int
    mode: int
    uid: int
    gid: int
    link: str


class LayerIndex:
    """The entries of one layer, by position from 0; made by an ``IndexBuilder`` or ``unpack``.

    The columns may be read directly by whoever goes through all of them.

    Attributes:
        kinds: an array of ``Kind``.
        sizes: bytes of each file.
        sums: CRC-32 of each file's contents.
        orders: the position each had in the tar.
        marks: what was recognised in a file's contents, 0 for nothing.
        kept: contents of the few files that were kept whole, by position.
    """

    def __init__(
        self, columns: dict[str, array[int]], names: bytes, links: bytes, kept: dict[int, bytes]
    ) -> None:
        self._columns = columns
        self._names, self._links = names, links
        self._ends, self._link_ends = columns["name_ends"], columns["link_ends"]
        self.kinds, self.sizes, self.sums = columns["kinds"], columns["sizes"], columns["sums"]
        self.orders, self.marks, self.kept = columns["orders"], columns["marks"], kept

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[Item]:
        return map(self.item, range(len(self)))

    @property
    def file_bytes(self) -> int:
        """The sizes of all files."""
        return sum(self.sizes)

    @property
    def files(self) -> int:
        """How many names there are that are neither folders nor marks of deletion."""
        return sum(self.kinds.count(kind) for kind in _COUNTED)

    def key(self, position: int) -> bytes:
        """An entry's path, zero bytes for slashes; of what it deletes, if it is such a mark."""
        return self._names[self._ends[position - 1] if position else 0 : self._ends[position]]

    def link(self, position: int) -> bytes:
        """What a link points to: a key for a hard link, text for a symbolic one."""
        start = self._link_ends[position - 1] if position else 0
        return self._links[start : self._link_ends[position]]

    def path(self, position: int) -> str:
        """An entry's path as people read it."""
        return shown(self.key(position))

    def item(self, position: int) -> Item:
        """All that is known of an entry."""
        kind, link = Kind(self.kinds[position]), self.link(position)
        return Item(
            self.path(position),
            kind,
            self.sizes[position],
            self._columns["modes"][position],
            self._columns["uids"][position],
            self._columns["gids"][position],
            shown(link) if kind is Kind.HARD_LINK else _printable(link),
        )

    def find(self, key: bytes, before: int | None = None) -> int | None:
        """The position of the last entry in the tar with that key, deletions aside.

        Args:
            key: its path.
            before: only what stands before this place in the tar.
        """
        last = len(self) if before is None else before
        at = bisect_left(range(len(self)), (key, last), key=self._rank) - 1
        while at >= 0 and self.key(at) == key:
            if self.kinds[at] < Kind.DELETION:
                return at
            at -= 1
        return None

    def hard_links(self) -> dict[int, int | None]:
        """For each hard link the file that holds its bytes; None if this layer has it not."""
        if not self.kinds.count(Kind.HARD_LINK):  # most layers have none, and counting is quick
            return {}
        found: dict[int, int | None] = {}
        links = [at for at, kind in enumerate(self.kinds) if kind == Kind.HARD_LINK]
        for position in sorted(links, key=self.orders.__getitem__):
            target = self.find(self.link(position), self.orders[position])
            if target is not None and self.kinds[target] != Kind.FILE:
                target = found.get(target)
            found[position] = target
        return found

    def _rank(self, position: int) -> tuple[bytes, int]:
        return self.key(position), self.orders[position]

    def pack(self) -> bytes:
        """All of it as bytes, for ``unpack``."""
        head = {
            "entries": len(self),
            "names": len(self._names),
            "links": len(self._links),
            "kept": [(position, len(data)) for position, data in self.kept.items()],
        }
        parts = [json.dumps(head).encode(), b"\n", self._names, self._links, *self.kept.values()]
        parts += [_little(column).tobytes() for column in self._columns.values()]
        return bytes(zlib_ng.compress(b"".join(parts), _PACKING))

    @classmethod
    def unpack(cls, packed: bytes) -> LayerIndex:
        """The index that ``pack`` wrote.

        Raises:
            ValueError: these bytes are none.
        """
        try:
            data = zlib_ng.decompress(packed)
            head, _, body = data.partition(b"\n")
            told = json.loads(head)
            rest = _Parts(memoryview(body))
            names, links = bytes(rest(told["names"])), bytes(rest(told["links"]))
            kept = {position: bytes(rest(length)) for position, length in told["kept"]}
            columns = {}
            for name, code in _COLUMNS.items():
                columns[name] = array(code)
                columns[name].frombytes(rest(told["entries"] * columns[name].itemsize))
                columns[name] = _little(columns[name])
        except (GZIP_ERROR, KeyError, TypeError) as error:
            raise ValueError("these bytes are no index of a layer") from error
        return cls(columns, names, links, kept)


_COUNTED = (Kind.FILE, Kind.HARD_LINK, Kind.LINK, Kind.OTHER)


class IndexBuilder:
    """Takes a layer's entries in the order of its tar.

    Args:
        room: bytes that the index may take.
    """

    def __init__(self, room: int = MOST_BYTES) -> None:
        self.room = room
        self._names, self._links = bytearray(), bytearray()
        self._last, self._in_order = b"", True
        self._kept: dict[int, bytes] = {}
        self._deletions: set[tuple[bytes, Kind]] = set()
        self._columns = {name: array(code) for name, code in _COLUMNS.items()}

    def add(
        self, entry: Entry, checksum: int = 0, mark: int = 0, kept: bytes | None = None
    ) -> None:
        """The next entry.

        Args:
            entry: its header.
            checksum: CRC-32 of its contents.
            mark: what was recognised in them.
            kept: the contents themselves, if they are wanted later.

        Raises:
            Corrupted: there are too many of them.
        """
        name = _meaning(key_of(entry.name), _KINDS[entry.kind])
        if name is None:
            return
        key, kind = name
        if kind >= Kind.DELETION:
            if name in self._deletions:
                return
            self._deletions.add(name)
        link = key_of(entry.link) if kind is Kind.HARD_LINK else entry.link
        self.room -= len(key) + len(link) + len(kept or b"") + _ENTRY_BYTES
        if self.room < 0:
            raise Corrupted(
                "there are more names in it than in any real image",
                "do not load it anywhere; if it is yours, tell us about it",
            )
        columns = self._columns
        position = len(columns["kinds"])
        if kept is not None:
            self._kept[position] = kept
        self._in_order = self._in_order and self._last <= key
        self._last = key
        self._names += key
        self._links += link
        columns["name_ends"].append(len(self._names))
        columns["link_ends"].append(len(self._links))
        columns["kinds"].append(kind)
        columns["sizes"].append(entry.size if kind is Kind.FILE else 0)
        columns["sums"].append(checksum)
        columns["modes"].append(entry.mode)
        columns["uids"].append(entry.uid)
        columns["gids"].append(entry.gid)
        columns["marks"].append(mark)
        columns["orders"].append(position)

    def finish(self) -> LayerIndex:
        """The index of what was added; the builder is used up."""
        names, links, columns = bytes(self._names), bytes(self._links), self._columns
        self._names.clear()
        if self._in_order:  # as nearly all tars of engines are
            return LayerIndex(columns, names, links, self._kept)
        # Memory peaks here: what is not needed any more goes before the next thing is made.
        keys = _cut(names, columns.pop("name_ends"))
        del names
        order = array("I", sorted(range(len(keys)), key=keys.__getitem__))
        names = b"".join(map(keys.__getitem__, order))
        ends = array("I", accumulate(len(keys[at]) for at in order))
        del keys
        targets = _cut(links, columns.pop("link_ends"))
        links = b"".join(map(targets.__getitem__, order))
        link_ends = array("I", accumulate(len(targets[at]) for at in order))
        del targets
        for name in list(columns):
            columns[name] = array(_COLUMNS[name], map(columns[name].__getitem__, order))
        columns |= {"name_ends": ends, "link_ends": link_ends}
        kept = {new: self._kept[at] for new, at in enumerate(order) if at in self._kept}
        return LayerIndex({name: columns[name] for name in _COLUMNS}, names, links, kept)


def _cut(joined: bytes, ends: array[int]) -> list[bytes]:
    return [joined[start:end] for start, end in pairwise(chain((0,), ends))]


def key_of(path: bytes) -> bytes:
    """A clean path without a leading slash as a key."""
    return path.replace(b"/", b"\0")


def shown(key: bytes) -> str:
    """A key as the absolute path that people read; what cannot be printed is escaped."""
    return _printable(b"/" + key.replace(b"\0", b"/"))


def _printable(text: bytes) -> str:
    words = text.decode("utf-8", "backslashreplace")
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def _meaning(key: bytes, kind: Kind) -> tuple[bytes, Kind] | None:
    """What a name says: itself, what it deletes, or nothing for a storage driver's own notes."""
    if _WHITEOUT not in key:
        return key, kind
    folder, _, name = key.rpartition(b"\0")
    if name == _OPAQUE:
        return folder, Kind.EMPTYING
    if any(part.startswith(_META) for part in key.split(b"\0")):
        return None
    if not name.startswith(_WHITEOUT):
        return key, kind
    target = name.removeprefix(_WHITEOUT)
    if target in (b"", b".", b".."):
        raise Corrupted(f"it deletes what is no file: {shown(key)}")
    return (folder + b"\0" + target if folder else target), Kind.DELETION


class _Parts:
    """Takes one part after the other."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def __call__(self, length: int) -> memoryview:
        part, self._data = self._data[:length], self._data[length:]
        if len(part) < length:
            raise ValueError("too short")
        return part


def _little(column: array[int]) -> array[int]:
    """The column in the byte order of files, whatever this machine's."""
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column
