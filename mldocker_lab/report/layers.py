"""What an image weighs, layer by layer, counted by us and never taken from the engine.

Definitions (the same on every engine and store):

*file bytes*  the sum of the sizes of the files in a layer's tar;
*pull bytes*  the gzip size of that tar: what a registry stores and a node downloads.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["HistoryEntry", "ImageReport", "Layer"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of an image.

    Attributes:
        diff_id: sha256 of the uncompressed tar ("sha256:…"), the layer's identity.
        created_by: the instruction that made it, as the image's history tells.
        bytes: file bytes.
        pull_bytes: gzip bytes of the layer's tar.
        files: number of entries in the tar.
    """

    diff_id: str
    created_by: str
    bytes: int
    pull_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of an image's history.

    Attributes:
        created_by: the instruction, as the builder writes it.
        layer: position of the layer it made in ``ImageReport.layers``; None if it made none.
    """

    created_by: str
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class ImageReport:
    """An image as the sum of its layers; a layer listed twice counts once.

    Attributes:
        image: the name or id it was measured under.
        layers: lowest first.
        history: every instruction of the image and of its base, oldest first.
    """

    image: str
    layers: tuple[Layer, ...]
    history: tuple[HistoryEntry, ...] = ()

    def _unique(self) -> list[Layer]:
        return list({layer.diff_id: layer for layer in self.layers}.values())

    @property
    def bytes(self) -> int:
        """File bytes over unique layers."""
        return sum(layer.bytes for layer in self._unique())

    @property
    def pull_bytes(self) -> int:
        """What a node that has none of these layers downloads."""
        return sum(layer.pull_bytes for layer in self._unique())

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON sees it."""
        return {
            "image": self.image,
            "bytes": self.bytes,
            "pull_bytes": self.pull_bytes,
            "layers": [asdict(layer) for layer in self.layers],
            "history": [asdict(entry) for entry in self.history],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ImageReport:
        """The report that ``to_dict`` wrote."""
        return cls(
            image=data["image"],
            layers=tuple(Layer(**layer) for layer in data["layers"]),
            history=tuple(HistoryEntry(**entry) for entry in data.get("history", ())),
        )
