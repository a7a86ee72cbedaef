"""An image's layers straight from the engine's disk, where that is this machine's and readable.

``docker save`` makes an engine pack all layers anew into a file of its own before the first byte
comes: seconds for each gigabyte. But an engine with the storage driver overlay2 keeps all it takes:
each layer's files in a folder, and everything else of the layer's tar (headers, padding, order) in
a file beside it, written by ``tar-split`` (github.com/vbatts/tar-split), from which the engine
itself puts the same bytes together for ``save`` and ``push``.

What is put together here has the hash that the configuration promises, or it is not that layer:
the reader checks. Where anything is not as expected there are no layers from the disk, and the
engine is asked as ever.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mldocker_lab.engine.client import Engine

__all__ = ["LayersOnDisk", "on_disk"]

_PIECE = 1 << 18
_BLOBS = "blobs/sha256/"
_FILE, _SEGMENT = 1, 2  # the kinds of entries that tar-split writes


def on_disk(engine: Engine, image_id: str) -> LayersOnDisk | None:
    """The layers of an image on the engine's disk; None where they cannot be had so.

    Args:
        engine: has the image.
        image_id: "sha256:…", as an engine without containerd's store names it.
    """
    if not engine.url.startswith("unix://"):
        return None
    try:
        info = engine.info()
        if info.get("Driver") != "overlay2":
            return None
        return LayersOnDisk(Path(str(info["DockerRootDir"])), image_id)
    except (EngineError, OSError, ValueError, LookupError):
        return None


class LayersOnDisk:
    """One image in an engine's folder, in the form of an unpacked ``docker save``.

    Args:
        root: the engine's data folder.
        image_id: "sha256:…".

    Raises:
        OSError, ValueError, LookupError: it is not there, or not as expected.
    """

    def __init__(self, root: Path, image_id: str) -> None:
        digest = image_id.removeprefix("sha256:")
        self._folders = root / "overlay2"
        self._layers = root / "image" / "overlay2" / "layerdb" / "sha256"
        config = (root / "image/overlay2/imagedb/content/sha256" / digest).read_bytes()
        if hashlib.sha256(config).hexdigest() != digest:
            raise ValueError("another engine's disk")
        diff_ids = [str(one) for one in json.loads(config)["rootfs"]["diff_ids"] or ()]
        parts = [_BLOBS + diff_id.removeprefix("sha256:") for diff_id in diff_ids]
        self._documents = {
            f"{digest}.json": config,
            "manifest.json": json.dumps([{"Config": f"{digest}.json", "Layers": parts}]).encode(),
        }
        self._chains = dict(zip(parts, _chain_ids(diff_ids), strict=True))
        self.listener: Callable[[int], None] | None = None
        self._count = 0
        for part in parts:
            self._splits(part).stat()

    def document(self, name: str) -> bytes | None:
        """The manifest or the configuration; None for any other name."""
        return self._documents.get(name)

    def part(self, name: str) -> Iterator[bytes]:
        """A layer's tar, in pieces.

        Raises:
            OSError, ValueError, LookupError: the engine's folder is not as expected, or changes.
        """
        cache = (self._splits(name).parent / "cache-id").read_text().strip()
        files = _Files(self._folders / cache / "diff")
        with gzip.open(self._splits(name)) as lines:
            for piece in _packed(map(json.loads, lines), files):
                self._count += len(piece)
                if self.listener:
                    self.listener(self._count)
                yield piece

    def _splits(self, name: str) -> Path:
        return self._layers / self._chains[name] / "tar-split.json.gz"


def _chain_ids(diff_ids: list[str]) -> Iterator[str]:
    """A layer's name in the engine: the hash of what lies below it and its own.

    github.com/opencontainers/image-spec, config.md, "Layer ChainID".
    """
    chain = ""
    for diff_id in diff_ids:
        chain = f"{chain} {diff_id}" if chain else diff_id
        if " " in chain:
            chain = f"sha256:{hashlib.sha256(chain.encode()).hexdigest()}"
        yield chain.removeprefix("sha256:")


def _packed(entries: Iterable[dict[str, Any]], files: _Files) -> Iterator[bytes]:
    """The tar in pieces: segments as they were kept, files between them."""
    buffer = bytearray()
    for entry in entries:
        if entry["type"] == _SEGMENT:
            buffer += base64.b64decode(entry.get("payload") or "")
        elif entry.get("size"):
            for piece in files.content(_name(entry), int(entry["size"])):
                buffer += piece
                if len(buffer) >= _PIECE:
                    yield bytes(buffer)
                    buffer.clear()
        if len(buffer) >= _PIECE:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


def _name(entry: dict[str, Any]) -> bytes:
    raw = entry.get("name_raw")
    return base64.b64decode(raw) if raw else str(entry["name"]).encode()


class _Files:
    """The files of one layer; whatever links it holds, nothing outside its folder is opened."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(os.fsencode(root))
        self._inside: dict[bytes, bool] = {}

    def content(self, name: bytes, size: int) -> Iterator[bytes]:
        """The bytes of a file.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no file of this layer, or has another size.
        """
        path = os.path.join(self._root, name.lstrip(b"/"))  # noqa: PTH118 names are bytes
        folder = os.path.dirname(path)  # noqa: PTH120
        if not self._is_inside(folder):
            raise ValueError("a name in the layer leads out of it")
        with os.fdopen(os.open(path, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT), "rb", 0) as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode) or told.st_size != size:
                raise ValueError("a file of the layer is not as it was")
            while piece := file.read(_PIECE):
                yield piece

    def _is_inside(self, folder: bytes) -> bool:
        if folder not in self._inside:
            real = os.path.realpath(folder)
            self._inside[folder] = real == self._root or real.startswith(self._root + b"/")
        return self._inside[folder]


_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has neither, nor overlay2
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
