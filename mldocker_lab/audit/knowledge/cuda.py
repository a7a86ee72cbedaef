"""What installations say about CUDA: wheel indexes, local versions, packages that need it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mldocker_lab.audit.knowledge.runtimes import complaints
from mldocker_lab.audit.reading.frameworks import OPEN_CUDA, torch_cuda
from mldocker_lab.audit.reading.origins import asked
from mldocker_lab.audit.reading.scripts import installs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mldocker_lab.audit.reading.images import Base
    from mldocker_lab.audit.reading.installs import Install
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.requirements import Requirement
    from mldocker_lab.audit.reading.spot import Spot

__all__ = ["Seen", "Wheel", "dotted", "survey"]

#: The CUDA versions that PyTorch has published wheel indexes for.
_INDEXES = frozenset(
    "75 80 90 91 92 100 101 102 110 111 113 115 116 117 118 121 124 126 128 129 130 132".split()
)
_INDEX = re.compile(r"whl/(?:nightly/|test/|pre/)?cu(\d{2,3})\b|/cu(\d{2,3})(?:/|$)|^cu(\d{2,3})$")
_CPU_INDEX = re.compile(r"whl/(nightly/|test/)?cpu\b|^cpu$")
#: Indexes that leave the choice open: mirrors of the usual one, and torch's page of all wheels.
_ANY_WHEELS = re.compile(r"^(?!.*onnxruntime).*(torch_stable|pypi|mirror)", re.IGNORECASE)
_OTHER_DEVICE = re.compile(r"\+(cpu|rocm|xpu)")
_TOOLKIT = re.compile(r"cuda(?:-[a-z]+)*-(\d\d)-(\d)\b")
_RUNFILE = re.compile(r"\bcuda_(\d+)\.(\d+)[\w.]*[-_]linux\S*")
_LOCAL = re.compile(r"\+(?:pt\d+)?cu(\d{2,3})\b|[-_]cuda(\d{2,3})\b")
_NAMED = re.compile(r"cupy-cuda(\d+)x|jax-cuda(\d+)-\w+|.*-cu(\d\d)$")
_EXTRA = re.compile(r"\[[^\]]*cuda(\d\d)[^\]]*\]")
_OPTIONS = (
    "--index-url", "-i", "--extra-index-url", "-f", "--find-links", "--index", "--default-index",
    "--torch-backend",
)  # fmt: skip
#: Indexes that get no new torch any more, and the options that put an index beside the usual one.
#: torch 2.12 dropped CUDA 12.8, 2.14 dropped 12.9 and 2.15 dropped 12.6 (pytorch/pytorch issues
#: 178665, 187834 and 190385). Last looked at in November 2026, when 2.15 was the newest.
_ENDED = _INDEXES - frozenset(["130", "132"])
_BESIDE = ("--extra-index-url", "PIP_EXTRA_INDEX_URL", "-f", "--find-links")
_VARIABLES = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
    "UV_TORCH_BACKEND",
)  # fmt: skip
_GPU_PACKAGES = frozenset(
    """
onnxruntime-gpu tensorflow-gpu faiss-gpu tensorrt paddlepaddle-gpu vllm sglang flash-attn xformers
""".split()
)
_GPU_EXTRA = re.compile(r"^(tensorflow|jax)\[[^\]]*(cuda|gpu)", re.IGNORECASE)
#: Packages that bring the torch along that they were built with.
_BRING_TORCH = frozenset(["torchvision", "torchaudio", "vllm", "sglang", "xformers", "lmdeploy"])
_CONDA = frozenset(["cudatoolkit", "pytorch-cuda", "cuda-version", "cuda-toolkit"])
_MAJORS = range(10, 21)  # two digits are a major version; others, as 92, are 9.2


@dataclass(frozen=True, slots=True)
class Wheel:
    """A CUDA version that an installation names."""

    major: int
    minor: int | None
    text: str
    spot: Spot


@dataclass
class Seen:
    """What was found.

    Attributes:
        wheels: the CUDA versions that are named.
        faults: what speaks against it, whatever the base is.
        wanted: a package that makes no sense without a GPU.
        runtime: doubts about what looks for its CUDA in the image; no wheel may bring one.
        settled: torch was taken from an index that names its CUDA, or the CPU.
        open_torch: installations of torch that leave its CUDA open: what speaks for no answer.
        torch: torch itself is installed.
        beside: packages that bring torch along.
        overruled: an extra index from which pip takes nothing, for the usual one has newer wheels.
    """

    wheels: list[Wheel] = field(default_factory=list)
    faults: list[tuple[str, Spot]] = field(default_factory=list)
    wanted: str = ""
    runtime: list[tuple[str, Spot]] = field(default_factory=list)
    settled: bool = False
    open_torch: list[tuple[str, Spot]] = field(default_factory=list)
    torch: bool = False
    beside: list[tuple[Requirement, Spot]] = field(default_factory=list)
    overruled: str = ""


def dotted(major: int, minor: int | None) -> str:
    """``12, 1`` → "12.1"."""
    return str(major) if minor is None else f"{major}.{minor}"


def _version(digits: str) -> tuple[int, int | None]:
    """``118`` → 11.8, ``92`` → 9.2, ``12`` → 12."""
    if digits[2:]:
        return int(digits[:2]), int(digits[2])
    number = int(digits)
    return (number, None) if number in _MAJORS else (number // 10, number % 10)


def survey(target: Target) -> Seen:
    """What the installations of a target say about CUDA."""
    seen = Seen()
    for one in installs(target):
        packages = asked(target, one)
        values = [(o, value) for o, value in one.options if o in _OPTIONS]
        values += [(name, one.step.env.get(name) or "") for name in _VARIABLES]
        given = [(name, value, target.spot(one.command)) for name, value in values if value]
        given += [
            (p.text.partition(" ")[0], p.text, spot) for p, spot in packages if p.text[:1] == "-"
        ]
        left = _left_aside(one, packages, target.root)
        lost = [v for name, v, _ in given if name in _BESIDE and left(v)]
        seen.overruled = next(iter(lost), seen.overruled)
        indexes = [(v, spot) for _, v, spot in given if v not in lost]
        settled = True in [_index(value, spot, seen) for value, spot in indexes]
        decided = settled or any(not _ANY_WHEELS.search(value) for value, _ in indexes)
        for package, spot in packages:
            _package(package, spot, one, target.root, seen, indexed=decided)
        seen.settled = seen.settled or (settled and any(p.name == "torch" for p, _ in packages))
    if any("cudnn" in step.one.value for step in target.chain if step.keyword == "RUN"):
        seen.runtime = [one for one in seen.runtime if "no cuDNN" not in one[0]]
    toolkits = list(_toolkits(target)) if target.root.cuda is None else []
    seen.wheels += toolkits
    if toolkits:
        seen.runtime = [one for one in seen.runtime if "finds no CUDA" not in one[0]]
    if seen.settled or toolkits:  # an index decided about torch, before or after
        seen.open_torch = []
    elif not seen.torch and seen.beside:
        package, spot = seen.beside[0]
        _torch(package, spot, target.root, seen)
    return seen


def _left_aside(
    one: Install, packages: list[tuple[Requirement, Spot]], base: Base
) -> Callable[[str], bool]:
    """Whether pip takes nothing from an index that stands beside the usual one.

    pip takes the newest version of both; an index that gets no new torch any more loses, unless
    the version is fixed. uv takes what the extra index has. An index for another CUDA than the
    base's is not left aside: what it was written for would not fit either.
    """
    torch = next((p for p, _ in packages if p.name == "torch"), None)
    loose = one.tool == "pip" and torch and torch.newest

    def left(value: str) -> bool:
        found = _INDEX.search(value)
        digits = next(g for g in found.groups() if g) if found else ""
        return bool(loose and digits in _ENDED and _within(_version(digits), base.cuda))

    return left


def _within(theirs: tuple[int, int | None], ours: tuple[int, int | None] | None) -> bool:
    """Whether a base with our CUDA takes theirs: the same major version, no newer minor one."""
    if ours is None or theirs[0] != ours[0]:
        return ours is None
    return ours[1] is None or (theirs[1] or 0) <= ours[1]


def _toolkits(target: Target) -> Iterator[Wheel]:
    """A CUDA that the system's packages bring: ``apt-get install cuda-toolkit-12-4``."""
    for step in target.chain:
        for command in step.plain if step.keyword == "RUN" else ():
            found = [_TOOLKIT.match(text) for text in command.texts if "install" in command.texts]
            found += [_RUNFILE.search(text) for text in command.texts]
            for match in filter(None, found):
                major, minor = int(match.group(1)), int(match.group(2))
                yield Wheel(major, minor, match.group(), target.spot(step))


def _index(value: str, spot: Spot, seen: Seen) -> bool:
    """Note the CUDA that an index names; whether it names one, or the CPU."""
    found = _INDEX.search(value)
    if not found:
        return bool(_CPU_INDEX.search(value))
    digits = next(group for group in found.groups() if group)
    seen.wheels.append(Wheel(*_version(digits), f"the index cu{digits}", spot))
    if digits not in _INDEXES and "whl/" in value:
        seen.faults.append((f"PyTorch publishes no wheels for cu{digits}", spot))
    return True


def _package(
    package: Requirement, spot: Spot, one: Install, base: Base, seen: Seen, *, indexed: bool
) -> None:
    if one.tool == "conda" and package.name in _CONDA:
        _conda(package, spot, seen)
    matches = (_LOCAL.search(package.text), _NAMED.match(package.name), _EXTRA.search(package.text))
    digits = next((g for match in matches if match for g in match.groups() if g), "")
    if digits:
        seen.wheels.append(Wheel(*_version(digits), package.text, spot))
    gpu = package.name in _GPU_PACKAGES or _GPU_EXTRA.match(package.text)
    if gpu or (digits and not matches[0]):
        seen.wanted = seen.wanted or package.name
    seen.torch = seen.torch or package.name in ("torch", "pytorch")
    if package.name == "torch" and _OTHER_DEVICE.search(package.version):
        seen.settled = True
    free = one.tool != "conda" and not (digits or indexed or seen.settled)
    if package.name == "torch" and free:
        _torch(package, spot, base, seen)
    elif package.name in _BRING_TORCH and free:
        seen.beside.append((package, spot))
    if one.tool != "conda" or package.name == "onnxruntime-gpu":
        for sure, text in complaints(package, base, indexed=indexed):
            (seen.faults if sure else seen.runtime).append((text, spot))


def _conda(package: Requirement, spot: Spot, seen: Seen) -> None:
    found = re.match(r"(\d+)(?:\.(\d+))?", package.version)
    if found:
        minor = int(found.group(2)) if found.group(2) else None
        seen.wheels.append(Wheel(int(found.group(1)), minor, package.text, spot))
    elif package.pinned is False:
        seen.open_torch.append((f"{package.text} names no version", spot))


def _torch(package: Requirement, spot: Spot, base: Base, seen: Seen) -> None:
    """Torch from the usual index: its wheels bring a CUDA of their own."""
    if not base.known or (base.user is None and not base.gpu):
        return
    major = torch_cuda(package.version)
    if "pytorch" in base.repository:  # what is there stays, unless another version is asked for
        if major and base.cuda and not base.tag.startswith(package.version):
            seen.wheels.append(Wheel(major, None, package.text, spot))
        return
    if package.newest and base.cuda and base.cuda[0] < OPEN_CUDA:
        said = f"{package.text} brings CUDA {OPEN_CUDA} or newer, {base.text} has another"
        if seen.overruled:
            said += f"; {seen.overruled} stands beside the usual index, which has newer wheels"
        seen.faults.append((said, spot))
        return
    if package.pinned is False:
        there = f"whatever {base.text} has" if base.cuda else "and with it the driver that it needs"
        said = f"{package.text} names no exact version: it brings the newest CUDA, {there}"
        seen.open_torch.append((said, spot))
        return
    if package.pinned and not base.gpu:
        said = f"{package.text} brings a CUDA of its own, and nothing here says which"
        seen.open_torch.append((said, spot))
    elif major and base.cuda:
        seen.wheels.append(Wheel(major, None, package.text, spot))
