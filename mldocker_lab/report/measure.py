"""Weigh an image in one pass over what ``docker save`` writes; nothing is kept on disk.

The stream is a tar of tars. Which of its parts are layers is only said at its end, so every part
that may be one is weighed as it flies by: hashed, counted, and gzipped in a second
thread (both release the interpreter's lock). Works for the layout of older engines
(``<id>/layer.tar``) and for the OCI layout (``blobs/sha256/…``), where layers may be compressed.

Pull bytes: zlib-ng's gzip level 6 comes within half a percent of what a real push stores.
"""

from __future__ import annotations

import hashlib
import json
import queue
import tarfile
import threading
import zlib
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from zlib_ng import zlib_ng

from mldocker_lab.errors import Corrupted, EngineGone
from mldocker_lab.report.layercache import LayerCache, Weight
from mldocker_lab.report.layers import HistoryEntry, ImageReport, Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["LayerCache", "measure"]

_PIECE = 1 << 20
_SMALL = 8 << 20  # manifests and configurations are kilobytes; a layer that starts with { is none
_GZIP_LEVEL = 6
_GZIP_WBITS = 31  # zlib's way to say: with gzip header and trailer
_GZIP_MAGIC, _ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECES_AHEAD = 8


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def measure(
    chunks: Iterable[bytes],
    image: str,
    known: LayerCache | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> ImageReport:
    """Weigh an image.

    Args:
        chunks: the bytes of ``docker save``, in pieces.
        image: what to call it in the report.
        known: weights from earlier; new ones are added to it.
        progress: called now and then with the bytes of the stream read so far.

    Raises:
        EngineGone: the stream ends too early.
        Corrupted: it is no image, or a layer's bytes are not those its hash promises.
    """
    pass_over = _Pass(known if known is not None else LayerCache())
    stream = _Pieces(chunks, progress)
    try:
        with _tar(stream) as tar:
            for entry in tar:
                if entry.isfile():
                    pass_over.part(entry, tar.extractfile(entry))
        stream.drain()
    except (tarfile.ReadError, EOFError, zlib.error) as error:
        raise EngineGone(
            f"the image {image} came incomplete from the engine ({error})",
            "measure it again; `mldocker-lab doctor` tells whether the engine is well",
        ) from error
    return pass_over.report(image)


class _Pieces:
    """An iterable of bytes as something to read from."""

    def __init__(self, chunks: Iterable[bytes], progress: Callable[[int], None] | None) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self._progress = progress
        self._count = 0

    def read(self, size: int = -1, /) -> bytes:
        pieces = []
        while size > 0:
            if not self._rest and not self._next():
                break
            piece, self._rest = self._rest[:size], self._rest[size:]
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def drain(self) -> None:
        """Read to the end, so that the connection can be used again."""
        while self._next():
            pass

    def _next(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._rest = memoryview(chunk)
        self._count += len(chunk)
        if self._progress:
            self._progress(self._count)
        return True


class _Pass:
    """What one pass over a stream collects: documents, and weights by diff id."""

    def __init__(self, known: LayerCache) -> None:
        self._known = known
        self._documents: dict[str, Any] = {}
        self._weights: dict[str, Weight] = {}

    def part(self, entry: tarfile.TarInfo, data: _Readable | None) -> None:
        """Take one file of the stream: a document to keep, or a layer to weigh."""
        if data is None:
            return
        name = entry.name.removeprefix("./")
        weight = self._known.get(_layer_name(name))
        if weight is not None:
            self._weights[weight.diff_id] = weight
            return  # the tar reader skips its bytes
        head = data.read(min(entry.size, tarfile.BLOCKSIZE))
        if entry.size <= _SMALL and head.lstrip()[:1] in (b"{", b"["):
            self._documents[name] = _json(head + data.read())
        elif name.startswith("blobs/") or name.endswith("/layer.tar"):
            weight = _weigh(_uncompressed(_Joined(head, data), name))
            self._weights[weight.diff_id] = weight
            self._known.put(weight, _layer_name(name))

    def report(self, image: str) -> ImageReport:
        """The image that the stream's documents describe."""
        config = self._config()
        if config is None:
            raise EngineGone(
                f"the image {image} came without its manifest: the stream ended too early",
                "measure it again; `mldocker-lab doctor` tells whether the engine is well",
            )
        diff_ids = tuple(config.get("rootfs", {}).get("diff_ids") or ())
        history = _history(config, len(diff_ids))
        made_by = {entry.layer: entry.created_by for entry in history if entry.layer is not None}
        layers = tuple(
            _layer(self._weight(diff_id, image), made_by.get(number, ""))
            for number, diff_id in enumerate(diff_ids)
        )
        return ImageReport(image, layers, history)

    def _weight(self, diff_id: str, image: str) -> Weight:
        weight = self._weights.get(diff_id) or self._known.get(diff_id)
        if weight is None:
            raise Corrupted(
                f"the image {image} promises a layer {diff_id[:19]}… that no part of it is",
                "remove the image and build or pull it again",
            )
        return weight

    def _config(self) -> dict[str, Any] | None:
        """The image's configuration: by Docker's manifest.json, else by the OCI index."""
        for manifest in self._documents.get("manifest.json") or ():
            found = self._documents.get(manifest["Config"])
            if isinstance(found, dict):
                return found
        return self._from_index(self._documents.get("index.json") or {})

    def _from_index(self, index: dict[str, Any]) -> dict[str, Any] | None:
        for entry in index.get("manifests") or ():
            manifest = self._documents.get(_blob(entry["digest"])) or {}
            if entry.get("platform", {}).get("architecture") == "unknown":
                continue  # a build's attestations, stored beside the image
            if "manifests" in manifest:
                nested = self._from_index(manifest)
                if nested is not None:
                    return nested
            found = self._documents.get(_blob(manifest.get("config", {}).get("digest", "")))
            if isinstance(found, dict) and "rootfs" in found:
                return found
        return None


class _Joined:
    """Bytes already read, put back in front of their source."""

    def __init__(self, head: bytes, rest: _Readable) -> None:
        self.head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self.head:
            return self._rest.read(size)
        piece, self.head = (self.head, b"") if size < 0 else (self.head[:size], self.head[size:])
        return piece


class _Tee:
    """A layer's tar on its way through the tar reader, hashed and gzipped as it passes."""

    def __init__(self, source: _Readable) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self._gzip = _GzipCounter()

    def read(self, size: int = -1, /) -> bytes:
        piece = self._source.read(size)
        if piece:
            self._gzip.add(piece)
            self._hash.update(piece)
        return piece

    def hash_all(self) -> str:
        """Read what the tar reader left behind its end; returns the diff id."""
        while self.read(_PIECE):
            pass
        return f"sha256:{self._hash.hexdigest()}"

    def gzip_bytes(self) -> int:
        """End the second thread; returns the gzip bytes of all that was read."""
        return self._gzip.finish()


class _GzipCounter:
    """Counts the gzip bytes of what it is fed, in a thread of its own."""

    def __init__(self) -> None:
        self._pieces: queue.Queue[bytes | None] = queue.Queue(_PIECES_AHEAD)
        self._count = 0
        self._thread = threading.Thread(target=self._work, name="gzip", daemon=True)
        self._thread.start()

    def add(self, piece: bytes) -> None:
        self._pieces.put(piece)

    def finish(self) -> int:
        self._pieces.put(None)
        self._thread.join()
        return self._count

    def _work(self) -> None:
        gzip = zlib_ng.compressobj(_GZIP_LEVEL, zlib_ng.DEFLATED, _GZIP_WBITS)
        while (piece := self._pieces.get()) is not None:
            self._count += len(gzip.compress(piece))
        self._count += len(gzip.flush())


class _Gunzip:
    """The uncompressed bytes of a gzip stream, which may have several members."""

    def __init__(self, source: _Readable) -> None:
        self._source = source
        self._gzip = zlib_ng.decompressobj(_GZIP_WBITS)
        self._waiting = b""

    def read(self, size: int = -1, /) -> bytes:
        while True:
            if self._gzip.eof and self._waiting:
                self._gzip = zlib_ng.decompressobj(_GZIP_WBITS)
            if not self._waiting:
                self._waiting = self._source.read(_PIECE)
            if not self._waiting:
                if not self._gzip.eof:
                    raise EOFError("a compressed layer ends too early")
                return b""
            piece = self._gzip.decompress(self._waiting, max(size, 0))
            self._waiting = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail
            if piece:
                return bytes(piece)


def _uncompressed(data: _Joined, name: str) -> _Readable:
    if data.head.startswith(_GZIP_MAGIC):
        return _Gunzip(data)
    if data.head.startswith(_ZSTD_MAGIC):
        raise Corrupted(
            f"the layer {name} is compressed with zstd, which the lab does not read",
            "build the image on the engine, or pull one with gzip layers",
        )
    return data


def _tar(source: _Readable) -> tarfile.TarFile:
    """A tar read from front to back, without seeking."""
    return tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|", bufsize=_PIECE)


def _weigh(source: _Readable) -> Weight:
    """Weigh one layer's tar."""
    tee = _Tee(source)
    size = files = 0
    try:
        with _tar(tee) as tar:
            for entry in tar:
                files += 1
                size += entry.size if entry.isfile() else 0
        diff_id = tee.hash_all()
    finally:
        pull_bytes = tee.gzip_bytes()
    return Weight(diff_id, size, pull_bytes, files)


def _layer(weight: Weight, created_by: str) -> Layer:
    return Layer(weight.diff_id, created_by, weight.bytes, weight.pull_bytes, weight.files)


def _history(config: dict[str, Any], layers: int) -> tuple[HistoryEntry, ...]:
    """The configuration's history, its non-empty entries zipped with the layers."""
    numbers = iter(range(layers))
    return tuple(
        HistoryEntry(
            created_by=entry.get("created_by", ""),
            layer=None if entry.get("empty_layer") else next(numbers, None),
        )
        for entry in config.get("history") or ()
    )


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _layer_name(part: str) -> str:
    """What a part of the stream is called in the layer cache."""
    folder, _, file = part.rpartition("/")
    if folder == "blobs/sha256":
        return f"sha256:{file}"
    return f"chain:{folder}" if file == "layer.tar" else part


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
