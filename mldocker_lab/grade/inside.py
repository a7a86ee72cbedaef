"""What is inside an image, layer by layer: every file that a node would pull, hidden ones too.

A file deleted by a later layer is gone from the container but not from the image. So we look into
each layer's own tar, as ``docker save`` writes it (both layouts: ``<id>/layer.tar`` and OCI blobs).
"""

from __future__ import annotations

import io
import json
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from mldocker_lab.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mldocker_lab.engine.client import Engine

__all__ = ["LayerFiles", "layers", "read"]

_WHITEOUT = ".wh."
_PIECE = 1 << 20
_SMALL = 8 << 20  # documents are kilobytes; a layer that looks like JSON is none


@dataclass(frozen=True, slots=True)
class LayerFiles:
    """One layer.

    Attributes:
        diff_id: its identity ("sha256:…").
        created_by: the instruction that made it, as the image's history tells.
        files: path without a leading slash → bytes; regular files only.
    """

    diff_id: str
    created_by: str
    files: dict[str, int]


def layers(engine: Engine, image: str) -> tuple[LayerFiles, ...]:
    """The layers of an image, lowest first."""
    stream = engine.save(image)
    try:
        return read(stream)
    finally:
        stream.cancel()


def read(chunks: Iterable[bytes]) -> tuple[LayerFiles, ...]:
    """The layers in the bytes of ``docker save``.

    Raises:
        EngineError: it ends too early, or is no image.
    """
    listings: dict[str, dict[str, int]] = {}
    links: dict[str, str] = {}
    documents: dict[str, Any] = {}
    source = _file(chunks)
    try:
        with tarfile.open(fileobj=source, mode="r|") as outer:
            for entry in outer:
                if entry.issym():
                    links[entry.name] = _resolved(entry.name, entry.linkname)
                data = outer.extractfile(entry) if entry.isfile() else None
                if data is not None:
                    _take(entry, data, listings, documents)
        return _assembled(listings, links, documents)
    except (tarfile.ReadError, KeyError, IndexError) as error:
        raise EngineError(f"the image came incomplete from the engine: {error}") from error


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file; each byte is copied once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _file(chunks: Iterable[bytes]) -> IO[bytes]:
    return io.BufferedReader(_Pieces(chunks), _PIECE)


def _pieces(head: bytes, data: IO[bytes]) -> Iterator[bytes]:
    yield head
    while piece := data.read(_PIECE):
        yield piece


def _take(
    entry: tarfile.TarInfo,
    data: IO[bytes],
    listings: dict[str, dict[str, int]],
    documents: dict[str, Any],
) -> None:
    """A part is a document if it looks like JSON, else a layer if it is a tar, else nothing."""
    head = data.read(tarfile.BLOCKSIZE)
    if entry.size <= _SMALL and head.lstrip()[:1] in (b"{", b"["):
        documents[entry.name] = json.loads(head + data.read())
        return
    with suppress(tarfile.ReadError):
        listings[entry.name] = _listed(_file(_pieces(head, data)))


def _listed(tar: IO[bytes]) -> dict[str, int]:
    with tarfile.open(fileobj=tar, mode="r|*") as layer:
        return {
            one.name.removeprefix("./"): one.size
            for one in layer
            if one.isfile() and not one.name.rpartition("/")[2].startswith(_WHITEOUT)
        }


def _assembled(
    listings: dict[str, dict[str, int]], links: dict[str, str], documents: dict[str, Any]
) -> tuple[LayerFiles, ...]:
    manifest = documents["manifest.json"][0]
    config = documents[manifest["Config"]]
    made = [e.get("created_by", "") for e in config.get("history", ()) if not e.get("empty_layer")]
    ids = config["rootfs"]["diff_ids"]
    made += [""] * (len(ids) - len(made))
    return tuple(
        LayerFiles(diff_id, created_by, listings[links.get(name, name)])
        for diff_id, created_by, name in zip(ids, made, manifest["Layers"], strict=False)
    )


def _resolved(name: str, target: str) -> str:
    """Older engines write a repeated layer as a link ``../<id>/layer.tar``."""
    parts = name.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
