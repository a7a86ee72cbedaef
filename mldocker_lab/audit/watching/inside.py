"""What is in the image that was built: tools, packages, weights, what should have stayed outside.

Read from the image's layers, so it needs no shell in it and hides behind no name: weights are known
by their first bytes. A file that a later layer deletes is shipped all the same, and counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit.watching.seen import Seen
from mldocker_lab.errors import EngineError
from mldocker_lab.report.layerindex import Kind
from mldocker_lab.units import size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mldocker_lab.report.inspection import Inspection

__all__ = ["judged", "weights"]

_COMPILERS = frozenset(["gcc", "g++", "cc", "clang", "rustc", "nvcc", "gfortran"])
_JUPYTER = frozenset(["jupyterlab", "jupyter-server", "notebook", "jupyter-core", "nbclassic"])
#: Packages that learn or watch learning; a service that predicts needs none of them.
_TRAINING = frozenset(
    ["skl2onnx", "wandb", "mlflow", "tensorboard", "torchmetrics", "pytorch-lightning", "lightning",
     "optuna", "ray", "datasets", "deepspeed", "keras-tuner"]
)  # fmt: skip
_LEAKS = frozenset([".git"])
_WEIGHTS = re.compile(
    r"\.(safetensors|pt|pth|ckpt|gguf|ggml|h5|hdf5|keras|onnx|tflite|pkl|pickle|joblib|bin)$"
)
_SYSTEM = re.compile(r"^/(usr|lib\w*|bin|sbin|etc|var)/|/(site|dist)-packages/")
_WEIGHTS_FROM = 10_000  # bytes
_LONGEST_HEADER = 100_000_000  # bytes: what safetensors itself allows
_PICKLES = (b"\x02", b"\x03", b"\x04", b"\x05")  # versions of the protocol
_MOST_READ = 40  # files whose first bytes are fetched
_BIN = re.compile(r"^/(usr/(local/)?)?s?bin/([^/]+)$")


def judged(image: Inspection, head: Callable[[str], bytes]) -> dict[str, Seen]:
    """What the image's content says about the points.

    Args:
        image: taken apart.
        head: the first bytes of a file that the image shows.
    """
    return {
        "multi-stage": _lean(image),
        "model-external": _external(image, head),
        "dockerignore": _context(image),
        "jupyter-in-production": _jupyter(image),
    }


def _paths(image: Inspection, *, deleted: bool = True) -> Iterator[tuple[str, int]]:
    """Every file with its size; the last layer that has it speaks.

    Args:
        image: taken apart.
        deleted: those too that a later layer deletes by name.
    """
    found: dict[str, int] = {}
    for layer in image.indexes:
        for item in layer:
            if item.kind is Kind.FILE:
                found[item.path] = item.bytes
            elif item.kind is Kind.DELETION and not deleted:
                found.pop(item.path, None)
    yield from found.items()


def _lean(image: Inspection) -> Seen:
    tools = sorted(
        {
            m[3]
            for path, _ in _paths(image, deleted=False)
            if (m := _BIN.match(path)) and _tool(m[3])
        }
    )
    packages = [one for one in image.packages if one.name.lower() in _TRAINING]
    heavy = ", ".join(f"{one.name} {size(one.bytes)}" for one in image.packages[:3])
    whole = f"the image holds {size(image.bytes)}" + (f" ({heavy})" if heavy else "")
    if tools or packages:
        what = ", ".join((*tools[:3], *(one.name for one in packages[:3])))
        return Seen("fail", f"{whole}, and with them {what}, which serving does not need")
    return Seen("pass", f"{whole}, no compiler and no training packages")


def _tool(name: str) -> bool:
    return name in _COMPILERS or re.fullmatch(r"(gcc|g\+\+|clang)-\d+", name) is not None


def _jupyter(image: Inspection) -> Seen:
    found = [one for one in image.packages if one.name.lower() in _JUPYTER]
    if found:
        weight = size(sum(one.bytes for one in found))
        names = ", ".join(one.name for one in found[:3])
        return Seen("fail", f"the image holds {names}, {weight}", decides=True)
    return Seen("pass", "no Jupyter in the image", decides=True)


def _context(image: Inspection) -> Seen:
    unwanted = [one for one in image.unwanted if one.kind in _LEAKS or "secret" in one.kind]
    if unwanted:
        what = ", ".join(f"{one.path} ({size(one.bytes)})" for one in unwanted[:3])
        return Seen("fail", f"the image holds {what}")
    return Seen("not-judged", "nothing in the image that should have stayed outside")


def _external(image: Inspection, head: Callable[[str], bytes]) -> Seen:
    found = weights(image, head)
    if found:
        path, count, kind = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return Seen("fail", f"{path} in the image is a model: {kind}, {size(count)}{more}")
    return Seen("pass", "no model weights in any layer")


def weights(image: Inspection, head: Callable[[str], bytes]) -> list[tuple[str, int, str]]:
    """Models in the image: path, bytes, what they are; the largest first.

    Args:
        image: taken apart.
        head: the first bytes of a file; an EngineError where it cannot be read.
    """
    candidates = [
        (path, count)
        for path, count in _paths(image)
        if count >= _WEIGHTS_FROM and not _SYSTEM.search(path)
    ]
    found = []
    for path, count in sorted(candidates, key=lambda one: -one[1])[:_MOST_READ]:
        try:
            kind = known(head(path), path)
        except EngineError:  # a later layer deleted it: only its name is left to tell
            kind = "weights by its name" if _WEIGHTS.search(path) else ""
        if kind:
            found.append((path, count, kind))
    return found


def known(head: bytes, path: str = "") -> str:
    """What kind of model a file is by its first bytes; "" if it is none that we know.

    Formats: safetensors begin with the length of a JSON header; ONNX is a protobuf whose first
    field is its version; PyTorch writes a zip (since 1.6) or a pickle; GGUF, HDF5 and TFLite have
    marks of their own.
    """
    header = int.from_bytes(head[:8], "little")
    signs = {
        "safetensors": head[8:10] == b'{"' and 0 < header < _LONGEST_HEADER,
        "GGUF": head[:4] == b"GGUF",
        "HDF5": head[:8] == b"\x89HDF\r\n\x1a\n",
        "TensorFlow Lite": head[4:8] == b"TFL3",
        "ONNX": head[:1] == b"\x08" and head[1:2] < b"\x20" and head[2:3] == b"\x12",
        "PyTorch": head[:2] == b"PK" and (b"data.pkl" in head or b"/byteorder" in head),
        "a pickle": head[:1] == b"\x80" and head[1:2] in _PICKLES and bool(_WEIGHTS.search(path)),
    }
    return next((kind for kind, it_is in signs.items() if it_is), "")
