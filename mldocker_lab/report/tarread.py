"""A tar read from front to back, believing nothing that it says.

Python's ``tarfile`` keeps every member it has seen and trusts the lengths of extended headers. An
image may come from anywhere, so this reader keeps nothing, bounds everything that a header can make
it hold, and has no code that writes a file. Where formats differ it follows Go's ``archive/tar``,
which is what engines read and write layers with.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from zlib_ng import zlib_ng

from mldocker_lab.errors import Corrupted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["BLOCK", "Entry", "Kind", "Source", "Truncated", "entries", "is_tar"]

#: A tar is made of blocks of this many bytes.
BLOCK = 512
_MOST_EXTENDED = 1 << 20  # bytes of one extended header; Go's limit
_LONGEST_NAME = 4096  # Linux has no longer path
_ZEROS = bytes(BLOCK)

Kind = Literal["file", "folder", "hard link", "link", "other"]

_KINDS: dict[bytes, Kind] = {
    b"0": "file", b"\0": "file", b"7": "file", b"S": "file",
    b"1": "hard link", b"2": "link",
    b"3": "other", b"4": "other", b"6": "other",
    b"5": "folder",
}  # fmt: skip
_BODILESS = b"123456"  # whatever size their headers give
_LARGEST = 1 << 50  # no file system in use holds a larger file
#: What is taken from an extended header; all else in it is passed over.
_HEEDED = frozenset(
    b"path linkpath size uid gid GNU.sparse.name GNU.sparse.size GNU.sparse.realsize".split()
)


class Truncated(Exception):
    """The bytes ended before what they announced; whoever knows their origin says it in words."""


class Entry(NamedTuple):
    """One member of a tar.

    Attributes:
        name: its path without a leading slash, cleaned; b"" is the root itself.
        kind: what it is.
        size: bytes of the file as a program sees it; 0 for everything else.
        stored: bytes of it that follow in the tar (a sparse file stores less than its size).
        mode: permission bits.
        uid: owner.
        gid: group.
        link: what a link points to: a cleaned path for a hard link, the text of a symbolic one.
    """

    name: bytes
    kind: Kind
    size: int
    stored: int
    mode: int
    uid: int
    gid: int
    link: bytes


class Source:
    """Bytes that arrive in pieces, taken in the portions one needs; nothing is read twice.

    Attributes:
        at: bytes taken so far.
    """

    def __init__(self, pieces: Iterable[bytes | memoryview]) -> None:
        self._pieces = iter(pieces)
        self._view = memoryview(b"")
        self._next = 0
        self._before = 0

    @property
    def at(self) -> int:
        """Bytes taken so far."""
        return self._before + self._next

    def exactly(self, count: int) -> bytes:
        """The next ``count`` bytes.

        Raises:
            Truncated: there are not so many.
        """
        end = self._next + count
        if end <= len(self._view):
            taken = bytes(self._view[self._next : end])
            self._next = end
            return taken
        return b"".join(self.portions(count))

    def up_to(self, count: int) -> bytes:
        """The next ``count`` bytes, or what is left of them."""
        taken = b""
        while len(taken) < count and (self._next < len(self._view) or self._more()):
            end = self._next + count - len(taken)
            view = self._view[self._next : end]
            self._next += len(view)
            taken = taken + view if taken else bytes(view)
        return taken

    def portions(self, count: int) -> Iterator[memoryview]:
        """The next ``count`` bytes as they come, not copied; each is good until the next.

        Raises:
            Truncated: there are not so many.
        """
        while count:
            if self._next >= len(self._view) and not self._more():
                raise Truncated
            view = self._view[self._next : self._next + count]
            self._next += len(view)
            count -= len(view)
            yield view

    def rest(self) -> Iterator[memoryview]:
        """All that is left, as it comes, not copied; each is good until the next."""
        while self._next < len(self._view) or self._more():
            view, self._next = self._view[self._next :], len(self._view)
            yield view

    def skip(self, count: int) -> None:
        """Pass over ``count`` bytes.

        Raises:
            Truncated: there are not so many.
        """
        end = self._next + count
        if end <= len(self._view):
            self._next = end
        else:
            for _ in self.portions(count):
                pass

    def drain(self) -> None:
        """Read to the end."""
        while self._more():
            pass

    def _more(self) -> bool:
        for piece in self._pieces:
            if piece:
                self._before += len(self._view)
                self._view, self._next = memoryview(piece), 0
                return True
        self._before, self._next = self.at, 0
        self._view = memoryview(b"")
        return False


def is_tar(head: bytes) -> bool:
    """Whether these first bytes of a file can begin a tar: a header, or an empty tar's zeros."""
    block = head[:BLOCK]
    return len(block) == BLOCK and (block == _ZEROS or _sound(block))


def entries(source: Source) -> Iterator[Entry]:
    """The members of a tar; take a member's bytes from ``source`` before asking for the next.

    What is not taken is passed over. Ends at the tar's end mark, or where its bytes end.

    Raises:
        Truncated: it ends within a member.
        Corrupted: it is no tar, or holds what no image may hold.
    """
    extended: dict[bytes, bytes] = {}
    while True:
        block = source.up_to(BLOCK)
        if not block or block == _ZEROS:
            return
        if len(block) < BLOCK:
            raise Truncated
        if not _sound(block):
            raise Corrupted("there is a header in it whose checksum is wrong")
        flag = block[156:157]
        if flag in b"xgXLK":
            _extend(extended, flag, source, _size(block))
            continue
        entry = _entry(block, flag, extended, source)
        extended = {}
        end = source.at + entry.stored + (-entry.stored % BLOCK)
        yield entry
        source.skip(end - source.at)


def _sound(block: bytes) -> bool:
    """Whether a header's checksum is right; some old programs summed signed bytes."""
    told = block[148:156].strip(b" \0").partition(b"\0")[0].strip()
    if not told or told.strip(b"01234567"):
        return False
    expected = int(told, 8) - 8 * ord(" ") + sum(block[148:156])
    if zlib_ng.adler32(block) & 0xFFFF == (expected + 1) % 65521:  # its lower half is a sum too
        return True
    return sum(block) - 256 * sum(byte > 127 for byte in block) == expected  # noqa: PLR2004 the sign bit


def _extend(extended: dict[bytes, bytes], flag: bytes, source: Source, size: int) -> None:
    """Take in a header that only speaks about the next one: PAX records, or a long GNU name."""
    if size > _MOST_EXTENDED:
        raise Corrupted(f"an extended header in it has {size} bytes")
    body = source.exactly(size)
    source.skip(-size % BLOCK)
    if flag in b"xX":
        extended.update(_records(body))
    elif flag != b"g":  # like engines: what is said of all following members is not applied
        extended[b"path" if flag == b"L" else b"linkpath"] = body.partition(b"\0")[0]


def _records(body: bytes) -> dict[bytes, bytes]:
    """PAX records: ``<length> <key>=<value>`` and a line feed, the length counting all of it."""
    records = {}
    at = 0
    while at < len(body):
        blank = body.find(b" ", at, at + 20)
        length = body[at:blank]
        if blank < 0 or not length.isdigit():
            break
        end = at + int(length)
        key, equals, value = body[blank + 1 : end - 1].partition(b"=")
        if not equals or end > len(body) or end <= blank or body[end - 1 : end] != b"\n":
            break
        if key in _HEEDED:
            records[key] = value
        at = end
    if body[at:].strip(b"\0"):
        raise Corrupted("an extended header in it makes no sense")
    return records


def _entry(block: bytes, flag: bytes, extended: dict[bytes, bytes], source: Source) -> Entry:
    raw = extended.get(b"path") or _plain_name(block)
    kind = _KINDS.get(flag, "other")
    if kind == "file" and flag in b"0\0" and raw.endswith(b"/"):
        kind = "folder"  # the way of tars from before there was a flag for it
    stored = 0 if flag in _BODILESS else _told(extended, b"size", _size(block))
    size = stored if kind == "file" else 0
    if flag == b"S":
        size = _bounded(_number(block[483:495]))
        _skip_map(block, source)
    elif kind == "file" and extended:
        raw = extended.get(b"GNU.sparse.name") or raw
        sparse = _told(extended, b"GNU.sparse.size", size)
        size = _told(extended, b"GNU.sparse.realsize", sparse)
    link = b""
    if kind in ("link", "hard link"):
        link = extended.get(b"linkpath") or _until_nul(block[157:257])
        if len(link) > _LONGEST_NAME:
            raise Corrupted(f"a link in it points to a name of {len(link)} bytes")
        link = link if kind == "link" else _clean(link)
    return Entry(
        _clean(raw),
        kind,
        size,
        stored,
        _small(block[100:108]) & 0o7777,
        _owner(extended, b"uid", block[108:116]),
        _owner(extended, b"gid", block[116:124]),
        link,
    )


def _plain_name(block: bytes) -> bytes:
    name = _until_nul(block[:100])
    if block[257:263] == b"ustar\0":
        prefix = _until_nul(block[345:476] if block[508:512] == b"tar\0" else block[345:500])
        return prefix + b"/" + name if prefix else name
    return name


def _skip_map(block: bytes, source: Source) -> None:
    """Pass over the blocks in which old GNU tars go on listing a sparse file's parts."""
    more = block[482]
    while more:
        more = source.exactly(BLOCK)[504]


def _clean(path: bytes) -> bytes:
    """A path as the file system will know it, without a leading slash.

    Raises:
        Corrupted: it leads out of the image, or is longer than any path can be.
    """
    if len(path) > _LONGEST_NAME:
        raise Corrupted(f"a name in it has {len(path)} bytes")
    if b"\0" in path:
        raise Corrupted("a name in it holds a zero byte")
    path = path.removeprefix(b"./").rstrip(b"/")
    if path[:1] not in (b"/", b".") and b"/." not in path and b"//" not in path:
        return path  # nearly all of them
    parts: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            if not parts and not path.startswith(b"/"):
                raise Corrupted(f"a name in it leads out of the image: {path[:80]!r}")
            parts = parts[:-1]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


def _until_nul(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _size(block: bytes) -> int:
    return _bounded(_number(block[124:136]))


def _bounded(size: int) -> int:
    if size > _LARGEST:
        raise Corrupted(f"a file in it claims {size} bytes")
    return size


def _number(field: bytes) -> int:
    """An octal number, or a binary one as GNU writes those that do not fit.

    Raises:
        Corrupted: it is neither, or negative.
    """
    if field[0] & 0x80:
        if field[0] & 0x40:
            raise Corrupted("a header in it gives a negative size")
        return int.from_bytes(field, "big") & ~(0x80 << 8 * (len(field) - 1))
    digits = field.strip(b" \0").partition(b"\0")[0]
    if digits.strip(b"01234567"):  # Python would take signs and underscores
        raise Corrupted("a header in it has no number where one belongs")
    return int(digits, 8) if digits else 0


def _told(extended: dict[bytes, bytes], key: bytes, default: int) -> int:
    """A size from an extended header."""
    text = extended.get(key)
    if not text:
        return default
    if not text.isdigit() or len(text) > 19:  # noqa: PLR2004 2**63 has 19 digits
        raise Corrupted("an extended header in it has no number where one belongs")
    return _bounded(int(text))


def _owner(extended: dict[bytes, bytes], key: bytes, field: bytes) -> int:
    text = extended.get(key, b"")
    return int(text) & 0xFFFFFFFF if text.isdigit() and len(text) < 19 else _small(field)  # noqa: PLR2004


@lru_cache(maxsize=1024)  # a layer has few owners and few modes
def _small(field: bytes) -> int:
    """A mode or an owner: where it makes no sense, 0 does no harm."""
    try:
        return _number(field) & 0xFFFFFFFF
    except Corrupted:
        return 0
