"""What is inside an image, layer by layer: every file that a node would pull, hidden ones too.

A file deleted by a later layer is gone from the container but not from the image, so a rubric looks
into each layer on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldocker_lab.build.measured import contents
from mldocker_lab.report.layerindex import Kind

if TYPE_CHECKING:
    from mldocker_lab.engine.client import Engine
    from mldocker_lab.report.savestream import Contents

__all__ = ["LayerFiles", "layers", "listed"]


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
    """The layers of an image, lowest first.

    Raises:
        ImageNotFound: no such image.
        EngineGone: the engine stopped in the middle.
        Corrupted: the image is not what it claims to be.
    """
    return listed(contents(engine, image))


def listed(found: Contents) -> tuple[LayerFiles, ...]:
    """The layers of an image that was read."""
    return tuple(
        LayerFiles(
            layer.diff_id,
            layer.created_by,
            {item.path[1:]: item.bytes for item in index if item.kind is Kind.FILE},
        )
        for layer, index in zip(found.report.layers, found.indexes(), strict=True)
    )
