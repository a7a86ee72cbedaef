"""What an image weighs, layer by layer, counted by us and never taken from the engine.

Definitions (the same on every engine and store):

*file bytes*  the sum of the sizes of the files in a layer's tar;
*pull bytes*  the gzip size of that tar: what a registry stores and a node downloads. Engines'
              compressors differ, and large layers are estimated; see ``pullsize``.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["HistoryEntry", "ImageReport", "Layer", "instruction"]

#: What builders put around an instruction in an image's history.
_SHELL = re.compile(r"^(RUN )?(?:\|\d+ (?:\w+=.*? )*)?/bin/(?:ba)?sh -c ")
_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s*")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of an image.

    Attributes:
        diff_id: sha256 of the uncompressed tar ("sha256:…"), the layer's identity.
        created_by: the instruction that made it, as the image's history tells.
        bytes: file bytes.
        pull_bytes: gzip bytes of the layer's tar.
        files: number of names in it that are neither folders nor marks of deletion.
    """

    diff_id: str
    created_by: str
    bytes: int
    pull_bytes: int
    files: int

    @property
    def instruction(self) -> str:
        """The instruction as the Dockerfile has it, without what builders put around it."""
        return instruction(self.created_by)


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

    @property
    def diff_ids(self) -> frozenset[str]:
        """What its layers are known by."""
        return frozenset(layer.diff_id for layer in self.layers)

    def pulled_with(self, having: ImageReport | None) -> int:
        """Pull bytes of the layers that another image has not; of all, if there is none.

        This is what a node pulls that has the other image: a registry and an engine know a layer
        by its digest, and fetch only those they have not got.
        """
        there = having.diff_ids if having else frozenset()
        return sum(layer.pull_bytes for layer in self._unique() if layer.diff_id not in there)

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


def instruction(created_by: str) -> str:
    """A line of history as the Dockerfile has it: "RUN /bin/sh -c ls # buildkit" is "RUN ls"."""
    text = " ".join(created_by.split()).removesuffix("# buildkit").strip()
    bare = _NOP.sub("", text)
    return bare if bare != text else _SHELL.sub("RUN ", text)
