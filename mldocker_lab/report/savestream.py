"""An image as it is written down: what ``docker save`` sends, or an OCI layout, in one pass.

The stream is a tar of tars. Which of its parts are layers is only said at its end, so every part
that may be one is read as it flies by: hashed, gzipped in a second thread, its entries noted.
Nothing else is kept, and nothing is written to disk. Works for the layout of older engines
(``<id>/layer.tar``), for the OCI layout (``blobs/sha256/…``) as a tar or a folder, and for what
other tools write: a layer is known by its hash, not by its name.

Whoever wrote it may lie. No name in it is used as a path, no length is trusted with memory, and a
layer counts only if its bytes have the hash that the image's configuration promises.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from zlib_ng import zlib_ng

from mldocker_lab.errors import Corrupted, EngineGone, UsageError
from mldocker_lab.report import secrets
from mldocker_lab.report.layercache import LayerCache, Weight
from mldocker_lab.report.layerindex import MOST_BYTES, IndexBuilder
from mldocker_lab.report.layers import HistoryEntry, ImageReport, Layer
from mldocker_lab.report.manifests import BLOBS, LARGEST, Described, Documents
from mldocker_lab.report.pullsize import Gzipping, PullSize
from mldocker_lab.report.tarread import BLOCK, Source, Truncated, entries, is_tar
from mldocker_lab.report.unpack import compression, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from mldocker_lab.report.layerindex import LayerIndex

__all__ = ["Contents", "Unpacked", "read", "read_path", "read_unpacked", "remembered"]

_PIECE = 1 << 20
_MOST_ENTRIES = 8_000_000
_CHAIN_NAME = re.compile(r"([0-9a-f]{64})/layer\.tar")
_BLOB_NAME = re.compile(rf"{BLOBS}([0-9a-f]{{64}})")
#: The lists that packages are installed with: they tell what each package weighs.
_RECORDS = (b".dist-info/RECORD", b".egg-info/installed-files.txt")
_LARGEST_RECORD = 4 << 20

_MISSING = "it promises a layer {}…, and no part of it is that layer"


@dataclass(frozen=True)
class Contents:
    """An image: what it weighs, and what its layers hold.

    Attributes:
        report: its layers, weighed.
    """

    report: ImageReport
    _known: LayerCache = field(repr=False)

    def indexes(self) -> tuple[LayerIndex, ...]:
        """What each layer of the report holds.

        Raises:
            Corrupted: it is more than any real image holds, or was forgotten meanwhile.
        """
        found: dict[str, LayerIndex] = {}
        for diff_id in dict.fromkeys(layer.diff_id for layer in self.report.layers):
            index = self._known.index(diff_id)
            if index is None:
                raise Corrupted("what was known of a layer is gone", "ask again")
            found[diff_id] = index
        if sum(len(found[layer.diff_id]) for layer in self.report.layers) > _MOST_ENTRIES:
            raise Corrupted(f"{self.report.image} holds more files than any real image")
        return tuple(found[layer.diff_id] for layer in self.report.layers)


def remembered(image_id: str, image: str, known: LayerCache) -> Contents | None:
    """An image that was read before and is known by its id; None if any of it is not known.

    Args:
        image_id: the engine's name for exactly this image.
        image: what to call it in the report.
        known: what was read before.
    """
    told = known.image(image_id)
    if told is None:
        return None
    history = tuple(HistoryEntry(*entry) for entry in told["history"])
    described = Described(tuple(told["diff_ids"]), history, ())
    weights = {diff_id: known.get(diff_id) for diff_id in described.diff_ids}
    complete = {diff_id: weight for diff_id, weight in weights.items() if weight is not None}
    if len(complete) < len(weights):
        return None
    return Contents(_report(described, complete, image), known)


def read(
    chunks: Iterable[bytes],
    image: str,
    known: LayerCache | None = None,
    *,
    image_id: str = "",
    progress: Callable[[int], None] | None = None,
) -> Contents:
    """Read an image that an engine sends.

    The engine is believed that a part with the name of a known layer is that layer.

    Args:
        chunks: the bytes of ``docker save``, in pieces.
        image: what to call it in the report.
        known: layers from earlier; new ones are added to it.
        image_id: the engine's name for exactly this image; remembered with its layers.
        progress: called now and then with the bytes of the stream read so far.

    Raises:
        EngineGone: the stream ends too early.
        Corrupted: it is no image, or a layer's bytes are not those its hash promises.
    """
    parts = _Parts(known if known is not None else LayerCache(), believed=True)
    try:
        contents = parts.read_tar(_counted(chunks, progress), image)
    except Truncated as error:
        raise EngineGone(
            f"the image {image} came incomplete from the engine: the stream ended too early",
            "ask again; `mldocker-lab doctor` tells whether the engine is well",
        ) from error
    if image_id:
        parts.remember(image_id, contents.report)
    return contents


class Unpacked(Protocol):
    """An image whose parts lie side by side, by the names they have in ``docker save``."""

    def document(self, name: str) -> bytes | None:
        """A document; None if there is none."""

    def part(self, name: str) -> Iterable[bytes]:
        """The bytes of another part."""


def read_unpacked(
    parts: Unpacked, image: str, known: LayerCache | None = None, *, image_id: str = ""
) -> Contents:
    """Read an image part by part, from whoever is believed about the layers that are known.

    Args:
        parts: the image.
        image: what to call it in the report.
        known: layers from earlier; new ones are added to it.
        image_id: the engine's name for exactly this image; remembered with its layers.

    Raises:
        Corrupted: it is no image, or a layer's bytes are not those its hash promises.
        Whatever ``parts`` raises.
    """
    known = known if known is not None else LayerCache()
    reader = _Parts(known, Documents(parts.document), believed=True)
    try:
        contents = reader.read_unpacked(parts, image)
    except Truncated as error:
        raise Corrupted(f"{image} is not whole") from error
    if image_id:
        reader.remember(image_id, contents.report)
    return contents


def read_path(
    path: Path,
    known: LayerCache | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> Contents:
    """Read an image from a file or folder: ``docker save`` or an OCI layout. No engine is asked.

    Args:
        path: a tar, which may be compressed with gzip or zstd, or an unpacked OCI layout.
        known: layers from earlier; new ones are added to it.
        progress: called now and then with the bytes read so far.

    Raises:
        UsageError: there is no image, or more than one.
        Corrupted: a part of it is damaged or missing, or not what it claims.
    """
    known = known if known is not None else LayerCache()
    try:
        if path.is_dir():
            folder = _Folder(path)
            return _Parts(known, Documents(folder.document)).read_unpacked(folder, path.name)
        with path.open("rb") as file:
            chunks = _counted(iter(lambda: file.read(_PIECE), b""), progress)
            head = next(chunks, b"")
            plain = unpacked(map(memoryview, chain([head], chunks)), head)
            return _Parts(known).read_tar(plain, path.name)
    except Truncated as error:
        raise Corrupted(
            f"{path} holds no image, or only the beginning of one",
            "write it again: `docker save NAME -o FILE`",
        ) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


class _Parts:
    """What is collected from the parts of one image: documents, and layers by diff id.

    Args:
        known: layers from earlier.
        documents: where documents go, and come from.
        believed: a part that goes by a known name is that layer; its bytes are passed over.
    """

    def __init__(
        self, known: LayerCache, documents: Documents | None = None, *, believed: bool = False
    ) -> None:
        self._known = known
        self._documents = documents if documents is not None else Documents()
        self._believed = believed
        self._weights: dict[str, Weight] = {}
        self._new: dict[str, tuple[LayerIndex, PullSize, str]] = {}
        self._unreadable: list[str] = []
        self._room = MOST_BYTES

    def read_tar(self, chunks: Iterable[bytes | memoryview], image: str) -> Contents:
        """Read an image from a tar.

        Raises:
            Truncated: it ends too early, or holds no image.
        """
        source = Source(chunks)
        with _explained(image):
            with Gzipping() as gzipping:
                for entry in entries(source):
                    if entry.kind == "file":
                        name = entry.name.decode(errors="replace")
                        self._part(name, entry.stored, source, gzipping)
                source.drain()
            return self._contents(image)

    def read_unpacked(self, folder: Unpacked, image: str) -> Contents:
        """Read an image part by part.

        Raises:
            Truncated: it holds no image.
        """
        with _explained(image):
            described = self._documents.image()
            with Gzipping() as gzipping:
                for name in dict.fromkeys(described.parts if described else ()):
                    if not self._knows(name):
                        source = Source(folder.part(name))
                        head = source.up_to(BLOCK)
                        if is_tar(head) or compression(head):
                            self._held(name, head, source.rest(), gzipping)
            return self._contents(image)

    def remember(self, image_id: str, report: ImageReport) -> None:
        """Keep what the configuration says under the image's id."""
        diff_ids = [layer.diff_id for layer in report.layers]
        history = [[entry.created_by, entry.layer] for entry in report.history]
        self._known.put_image(image_id, {"diff_ids": diff_ids, "history": history}, diff_ids)

    def _part(self, name: str, size: int, source: Source, gzipping: Gzipping) -> None:
        """One file of the image: a document to keep, a layer to read, or neither."""
        head = source.exactly(min(size, BLOCK))
        rest = _outer(source.portions(size - len(head)))
        if is_tar(head) or compression(head):
            self._held(name, head, rest, gzipping)
        elif size <= LARGEST and head.lstrip()[:1] in (b"{", b"["):
            self._documents.add(name, head + b"".join(rest))

    def _held(self, name: str, head: bytes, rest: Iterator[memoryview], gzipping: Gzipping) -> None:
        """A part that may be a layer; one that cannot be read is remembered, not fatal."""
        try:
            self._layer(name, head, chain([memoryview(head)], rest), gzipping)
        except Truncated:
            self._unreadable.append(f"its part {name} ends too early")
        except Corrupted as error:
            self._unreadable.append(f"its part {name} cannot be read: {error.what}")

    def _layer(
        self, name: str, head: bytes, pieces: Iterable[memoryview], gzipping: Gzipping
    ) -> None:
        if self._knows(name):
            return
        alias = _alias(name)
        weight = self._known.get(alias) if alias else None
        raw = hashlib.sha256()
        pieces = _hashed(pieces, raw)
        if weight is not None and alias.startswith("sha256:"):
            for _ in pieces:
                pass
            if alias != f"sha256:{raw.hexdigest()}":
                raise Corrupted("it does not have the hash that it is named after")
            self._weights[weight.diff_id] = weight
            return
        digest, plain = raw, pieces
        if compression(head):
            digest = hashlib.sha256()
            plain = _hashed(unpacked(pieces, head), digest)
        builder, size = IndexBuilder(self._room), PullSize(gzipping)
        _note_entries(_measured(plain, size), builder)
        self._room = builder.room
        size.finish()
        if not self._believed and alias != f"sha256:{raw.hexdigest()}":
            alias = ""
        self._new.setdefault(f"sha256:{digest.hexdigest()}", (builder.finish(), size, alias))

    def _knows(self, name: str) -> bool:
        """Whether a part is a layer that was weighed before; if so, it is taken as weighed."""
        alias = _alias(name)
        weight = self._known.get(alias) if alias and self._believed else None
        if weight is not None:
            self._weights[weight.diff_id] = weight
        return weight is not None

    def _contents(self, image: str) -> Contents:
        """The image that the documents describe, with the layers that were found."""
        described = self._documents.image()
        if described is None:
            raise Truncated
        added = []
        for diff_id, (index, size, alias) in self._new.items():
            weight = Weight(diff_id, index.file_bytes, size.total, index.files)
            self._weights[diff_id] = weight
            added.append((weight, index, alias))
        missing = [diff_id for diff_id in described.diff_ids if diff_id not in self._weights]
        if missing:
            raise Corrupted(
                "; ".join((_MISSING.format(missing[0][:19]), *self._unreadable[:1])),
                "remove the image and build or pull it again",
            )
        self._known.put(added)
        return Contents(_report(described, self._weights, image), self._known)


class _Folder:
    """An OCI layout that was unpacked; nothing outside of it is opened, whatever its links say."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def document(self, name: str) -> bytes | None:
        """A document; None if there is none."""
        path = self._inside(name)
        if path is None or path.stat().st_size > LARGEST:
            return None
        return path.read_bytes()

    def part(self, name: str) -> Iterator[bytes]:
        """The bytes of a file.

        Raises:
            Corrupted: it is not there.
        """
        path = self._inside(name)
        if path is None:
            raise Corrupted(f"its part {name[:100]!r} is not there")
        return _pieces(path)

    def _inside(self, name: str) -> Path | None:
        if not name or "\0" in name:
            return None
        path = (self._root / name).resolve()
        return path if path.is_relative_to(self._root) and path.is_file() else None


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _counted(chunks: Iterable[bytes], progress: Callable[[int], None] | None) -> Iterator[bytes]:
    """The chunks as they are; ``progress`` hears of each megabyte, and of the end."""
    count = told = 0
    for chunk in chunks:
        count += len(chunk)
        if progress and count - told >= _PIECE:
            told = count
            progress(count)
        yield chunk
    if progress:
        progress(count)


class _Ended(Exception):
    """The image's own bytes ended within a part; the part is not to blame."""


def _outer(pieces: Iterator[memoryview]) -> Iterator[memoryview]:
    try:
        yield from pieces
    except Truncated as error:
        raise _Ended from error


@contextmanager
def _explained(image: str) -> Iterator[None]:
    """Errors say which image they are about."""
    try:
        yield
    except _Ended as error:
        raise Truncated from error
    except (Corrupted, UsageError) as error:
        hint = error.hint or "save or build it again, and do not load this one anywhere"
        raise type(error)(f"the image {image} cannot be read: {error.what}", hint) from error


def _hashed(pieces: Iterable[memoryview], digest: hashlib._Hash) -> Iterator[memoryview]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _measured(pieces: Iterable[memoryview], size: PullSize) -> Iterator[memoryview]:
    for piece in pieces:
        size.add(piece)
        yield piece


def _note_entries(layer: Iterable[memoryview], builder: IndexBuilder) -> None:
    """Read one layer's tar to its last byte."""
    source = Source(layer)
    for entry in entries(source):
        if not entry.stored or entry.kind != "file":
            builder.add(entry)
            continue
        listing = entry.name.endswith(_RECORDS) and entry.stored <= _LARGEST_RECORD
        if listing or secrets.worth_reading(entry.name, entry.stored):
            data = source.exactly(entry.stored)
            mark = 0 if listing else secrets.recognised(entry.name, data)
            builder.add(entry, zlib_ng.crc32(data), mark, data if listing else None)
            continue
        checksum = 0
        for view in source.portions(entry.stored):
            checksum = zlib_ng.crc32(view, checksum)
        builder.add(entry, checksum)
    source.drain()


def _report(described: Described, weights: Mapping[str, Weight], image: str) -> ImageReport:
    made_by = {entry.layer: entry.created_by for entry in described.history}
    layers = tuple(
        Layer(
            diff_id,
            made_by.get(number, ""),
            weights[diff_id].bytes,
            weights[diff_id].pull_bytes,
            weights[diff_id].files,
        )
        for number, diff_id in enumerate(described.diff_ids)
    )
    return ImageReport(image, layers, described.history)


def _alias(part: str) -> str:
    """What a part is called in the layer cache; "" if its name says nothing about its bytes."""
    if blob := _BLOB_NAME.fullmatch(part):
        return f"sha256:{blob[1]}"
    chain_name = _CHAIN_NAME.fullmatch(part)
    return f"chain:{chain_name[1]}" if chain_name else ""
