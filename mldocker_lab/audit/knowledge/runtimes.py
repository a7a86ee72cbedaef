"""Frameworks that look for their CUDA in the image, and do not bring it: do they find it?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.frameworks import (
    OPEN_CUDA,
    onnxruntime_cuda,
    tensorflow_needs,
    vllm_cuda,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.images import Base
    from mldocker_lab.audit.reading.requirements import Requirement

__all__ = ["complaints"]

_ANY_MINOR = 11  # from this CUDA on, minor versions stand in for each other
_NEWEST = 13  # the CUDA that onnxruntime-gpu is built for today
_OLD_PADDLE = re.compile(r"1\.|2\.[0-5]\b")  # its wheels ask for CUDA 10.2 of the image


def complaints(package: Requirement, base: Base, *, indexed: bool) -> Iterator[tuple[bool, str]]:
    """What speaks against a package on a base: whether it holds for sure, and the words.

    What does not hold for sure is that CUDA is missing: another package may bring it.

    Args:
        package: what is installed.
        base: the image that the target starts from.
        indexed: another index than the usual one decides which wheels are taken.
    """
    if not base.known:
        return
    if package.name == "onnxruntime-gpu":
        yield from _onnxruntime(package, base, indexed=indexed)
    elif package.name == "tensorflow" and "and-cuda" in package.text and package.newest:
        yield from _too_new(package, base, sure=True)
    elif package.name in ("tensorflow", "tensorflow-gpu") and "tensorflow" not in base.repository:
        yield from _tensorflow(package, base)
    elif package.name == "jax" and re.search(r"\[[^\]]*cuda\]", package.text) and package.newest:
        yield from _too_new(package, base, sure=True)
    elif package.name == "vllm" and not indexed and "+cu" not in package.text:
        yield from _vllm(package, base)
    elif package.name == "paddlepaddle-gpu" and _OLD_PADDLE.match(package.version):
        yield from _missing(package.text, base)


def _missing(name: str, base: Base) -> Iterator[tuple[bool, str]]:
    if base.cuda is None and not base.gpu and base.user is not None:
        yield False, f"{name} finds no CUDA in {base.text}"


def _too_new(package: Requirement, base: Base, *, sure: bool) -> Iterator[tuple[bool, str]]:
    if base.cuda and base.cuda[0] < OPEN_CUDA:
        verb = "brings" if sure else "asks for"
        yield sure, f"{package.text} {verb} CUDA {OPEN_CUDA} or newer, {base.text} has another"


def _vllm(package: Requirement, base: Base) -> Iterator[tuple[bool, str]]:
    """Each of its wheels requires one exact torch, and that brings its CUDA along."""
    major = vllm_cuda(package.version)
    if package.newest:
        yield from _too_new(package, base, sure=True)
    elif major and base.cuda and base.cuda[0] != major:
        yield True, f"{package.text} is built for CUDA {major}, not for {base.text}"


def _bare(base: Base) -> bool:
    """A CUDA image without cuDNN."""
    return "nvidia/cuda" in base.repository and bool(base.tag) and "cudnn" not in base.tag


def _tensorflow(package: Requirement, base: Base) -> Iterator[tuple[bool, str]]:
    """TensorFlow looks for one CUDA and one cuDNN in its image, and else computes on the CPU."""
    if package.name == "tensorflow-gpu":
        yield from _missing("tensorflow-gpu", base)
    if package.newest:
        yield from _too_new(package, base, sure=False)
    needs = tensorflow_needs(package)
    if needs is None or base.cuda is None:
        return
    (major, minor), cudnn = needs
    ours = re.search(r"cudnn(\d)", base.tag)
    exact = major < _ANY_MINOR and base.cuda[1] is not None
    if base.cuda[0] != major or (exact and base.cuda[1] != minor):
        yield True, f"{package.text} is built for CUDA {major}.{minor}, not for {base.text}"
    elif _bare(base):
        yield False, f"{package.text} finds no cuDNN in {base.text}"
    elif ours and int(ours.group(1)) != cudnn:
        yield True, f"{package.text} is built with cuDNN {cudnn}, not for {base.text}"


def _onnxruntime(package: Requirement, base: Base, *, indexed: bool) -> Iterator[tuple[bool, str]]:
    """ONNX Runtime falls back to the CPU without an error."""
    if "[cuda" in package.text.replace(" ", ""):
        return
    major = None if indexed else onnxruntime_cuda(package.version)
    silently = "it falls back to the CPU without an error"
    if major and base.cuda and base.cuda[0] != major:
        yield True, f"{package.text} is built for CUDA {major}, not for {base.text}"
    elif base.cuda is None:
        yield from ((sure, f"{text}: {silently}") for sure, text in _missing(package.name, base))
    elif _bare(base):
        yield False, f"onnxruntime-gpu finds no cuDNN in {base.text}: {silently}"
    elif package.newest and base.cuda[0] < OPEN_CUDA:
        yield from _too_new(package, base, sure=True)
    elif package.pinned is False and base.cuda[0] < _NEWEST:
        said = f"{package.text} without a version is built for a newer CUDA"
        yield False, f"{said} than {base.text} has"
