"""Which CUDA and cuDNN a framework's wheels were built for.

PyTorch's wheels bring their CUDA along; TensorFlow's look for it in the image. Sources: PyTorch's
"previous versions" page and the metadata of its wheels; TensorFlow's "tested build configurations";
the torch that vLLM's wheels require, and its change to CUDA 12 (its pull request 1527).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.requirements import Requirement

__all__ = [
    "OPEN_CUDA", "onnxruntime_cuda", "tensorflow_cuda", "tensorflow_needs", "torch_cuda",
    "vllm_cuda",
]  # fmt: skip

#: CUDA's major version that a PyTorch or TensorFlow without a version brings or asks for at least.
OPEN_CUDA = 12

#: CUDA's major version in the wheels that the usual index has for a version of torch.
_TORCH = (
    {f"1.{minor}": 10 for minor in range(3, 13)}
    | {"1.13": 11, "2.0": 11}
    | {f"2.{minor}": 12 for minor in range(1, 11)}
    | {f"2.{minor}": 13 for minor in range(11, 16)}
)
#: First TensorFlow of a range, in order: its CUDA and its cuDNN's major version.
_TENSORFLOW = (
    ((1, 0), (8, 0), 5),
    ((1, 3), (8, 0), 6),
    ((1, 5), (9, 0), 7),
    ((1, 13), (10, 0), 7),
    ((2, 1), (10, 1), 7),
    ((2, 4), (11, 0), 8),
    ((2, 5), (11, 2), 8),
    ((2, 12), (11, 8), 8),
    ((2, 15), (12, 2), 8),
    ((2, 18), (12, 5), 9),
)
#: First minor version of onnxruntime-gpu 1.x, and its CUDA: "CUDA Execution Provider", ORT's docs.
_ONNXRUNTIME = ((24, None), (19, 12), (7, 11), (0, 10))
#: First version of vllm, and CUDA's major version in its usual wheels.
_VLLM = (((0, 26, 0), 13), ((0, 20, 0), None), ((0, 2, 2), 12), ((0, 0, 0), 11))
_NEWEST_TENSORFLOW = (2, 20)
_ONE_PACKAGE = (2, 1)  # before it, plain tensorflow computes on the CPU only


def torch_cuda(version: str) -> int | None:
    """CUDA's major version in torch's usual wheels of that version; None if it is not known."""
    return _TORCH.get(".".join(version.split(".")[:2]))


def onnxruntime_cuda(version: str) -> int | None:
    """CUDA's major version that the usual wheel of an onnxruntime-gpu looks for, if it is known."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if not numbers or numbers[1] != "1":
        return None
    return next((cuda for first, cuda in _ONNXRUNTIME if first <= int(numbers[2])), None)


def vllm_cuda(version: str) -> int | None:
    """CUDA's major version in vllm's usual wheels of that version; None if it is not known."""
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    wanted = tuple(numbers + [0] * (3 - len(numbers)))
    return next((cuda for first, cuda in _VLLM if numbers and first <= wanted), None)


def tensorflow_cuda(version: str) -> tuple[int, int] | None:
    """CUDA in TensorFlow's own GPU image of that version; None if it is not known."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if not numbers:
        return None
    wanted = (int(numbers[1]), int(numbers[2]))
    found = [cuda for first, cuda, _ in _TENSORFLOW if first <= wanted <= _NEWEST_TENSORFLOW]
    return found[-1] if found else None


def tensorflow_needs(package: Requirement) -> tuple[tuple[int, int], int] | None:
    """CUDA and cuDNN's major version that a TensorFlow looks for in its image.

    None if it is no TensorFlow for GPUs, has no exact version, is too new to be known, or brings
    its CUDA along (``tensorflow[and-cuda]``).
    """
    if package.name not in ("tensorflow", "tensorflow-gpu") or "[" in package.text:
        return None
    numbers = re.match(r"(\d+)\.(\d+)", package.version)
    if not numbers:
        return None
    version = (int(numbers[1]), int(numbers[2]))
    plain = package.name == "tensorflow" and version < _ONE_PACKAGE
    if plain or version > _NEWEST_TENSORFLOW:
        return None
    found = [(cuda, cudnn) for first, cuda, cudnn in _TENSORFLOW if first <= version]
    return found[-1] if found else None
