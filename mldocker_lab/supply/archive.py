"""An image as ``docker load`` takes it in, put together from layer tars that we have.

Nothing in it depends on the moment or the machine, so every engine gives it the same id.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Image", "LayerFile", "archive", "member", "pieces"]

_CREATED = "2025-06-01T00:00:00Z"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A layer: its tar, the sha256 of that, and the words its history gets."""

    path: Path
    sha256: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image to be.

    Attributes:
        name: "repository:tag".
        architecture: "amd64" or "arm64".
        layers: lowest first.
        config: its run-time configuration (Env, Cmd, Labels, …).
    """

    name: str
    architecture: str
    layers: tuple[LayerFile, ...]
    config: dict[str, Any] = field(default_factory=dict)

    def described(self) -> bytes:
        """Its configuration as JSON; the sha256 of this is the image's id."""
        return json.dumps(
            {
                "architecture": self.architecture,
                "os": "linux",
                "created": _CREATED,
                "config": self.config,
                "rootfs": {
                    "type": "layers",
                    "diff_ids": [f"sha256:{layer.sha256}" for layer in self.layers],
                },
                "history": [
                    {"created": _CREATED, "created_by": layer.created_by} for layer in self.layers
                ],
            },
            sort_keys=True,
        ).encode()


def archive(image: Image) -> Iterator[bytes]:
    """The bytes of the archive, in pieces."""
    described = image.described()
    config = f"{hashlib.sha256(described).hexdigest()}.json"
    files = [f"{layer.sha256}/layer.tar" for layer in image.layers]
    manifest = [{"Config": config, "RepoTags": [image.name], "Layers": files}]
    yield from member(config, len(described), [described])
    for name, layer in zip(files, image.layers, strict=True):
        yield from member(name, layer.path.stat().st_size, pieces(layer.path))
    told = json.dumps(manifest).encode()
    yield from member("manifest.json", len(told), [told])
    yield bytes(2 * tarfile.BLOCKSIZE)


def member(name: str, size: int, data: Iterable[bytes]) -> Iterator[bytes]:
    """One file of a tar, in pieces, readable for everyone."""
    entry = tarfile.TarInfo(name)
    entry.size = size
    yield entry.tobuf(tarfile.GNU_FORMAT)
    yield from data
    yield bytes(-size % tarfile.BLOCKSIZE)


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file, in pieces."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
