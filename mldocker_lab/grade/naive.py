"""The start of an exercise, built as it is: what an answer's image is measured against.

It is built on the same engine and in the same run as the answer, and so it is the learner's own
measure, not a number from our machine. But it is the same for everyone: it has a run of its own
on the engine, so only the first one waits, and whoever comes later finds its layers in the cache.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.parse import load
from mldocker_lab.dockerfile.rewrite import external_images
from mldocker_lab.grade import inside
from mldocker_lab.grade.start import fingerprint
from mldocker_lab.home import home
from mldocker_lab.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.grade.inside import LayerFiles

__all__ = ["Naive", "build", "file_bytes"]

_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Naive:
    """The start's image.

    Attributes:
        image: its id.
        bytes: file bytes, layers that are listed twice counted once.
    """

    image: str
    bytes: int


def build(bench: Workbench, start: Path, exercise: str) -> Naive:
    """Build a start.

    Args:
        bench: on whose engine, from whose mirror.
        start: the folder with the start; it is only read.
        exercise: the exercise's id.

    Raises:
        BuildFailed: an instruction failed.
    """
    own = Workbench(bench.engine, bench.mirror, f"naive{_key(bench, start)}")
    with tempfile.TemporaryDirectory(prefix="mldocker-naive-") as made:
        folder = Path(made) / f"{exercise}-naive"
        shutil.copytree(start, folder)
        own.forget_others(folder)
        report = own.build(folder, name="start", sizes=False)
    return Naive(report.image_id, _weight(bench, own.run_id, report.image_id))


def file_bytes(layers: Iterable[LayerFiles]) -> int:
    """Sum of the sizes of the files in all layers; a layer that is listed twice counts once."""
    return sum(sum(layer.files.values()) for layer in {one.diff_id: one for one in layers}.values())


def _key(bench: Workbench, start: Path) -> str:
    """Changes with the start and with the bases it stands on: then everything is built anew."""
    bases = external_images(load(start / "Dockerfile"))
    parts = [fingerprint(start), *(bench.engine.image(name).id for name in bases)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_DIGITS]


def _weight(bench: Workbench, run_id: str, image: str) -> int:
    """Weighing means reading a gigabyte: done once for an image."""
    file = home("naive") / f"{run_id}.json"
    with suppress(OSError, ValueError, KeyError):
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["image"] == image:
            return int(known["bytes"])
    weight = file_bytes(inside.layers(bench.engine, image))
    with suppress(OSError):
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps({"image": image, "bytes": weight}), encoding="utf-8")
        draft.replace(file)
    return weight
