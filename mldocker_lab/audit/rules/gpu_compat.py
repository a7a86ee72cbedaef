"""Point 4: the CUDA of the base, of the wheels and of the driver are known, and fit."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, Spot, failed, passed, unjudged
from mldocker_lab.audit.installs import Install
from mldocker_lab.audit.origins import origin
from mldocker_lab.audit.requirements import file_requirements

if TYPE_CHECKING:
    from mldocker_lab.audit.images import Base
    from mldocker_lab.audit.model import Target
    from mldocker_lab.audit.requirements import Requirement

#: The CUDA versions that PyTorch has published wheel indexes for.
_INDEXES = frozenset(
    [
        "75",
        "80",
        "90",
        "91",
        "92",
        "100",
        "101",
        "102",
        "110",
        "111",
        "113",
        "115",
        "116",
        "117",
        "118",
        "121",
        "124",
        "126",
        "128",
        "129",
        "130",
        "132",
    ]
)
_INDEX = re.compile(r"whl/(?:nightly/|test/|pre/)?cu(\d{2,3})\b|/cu(\d{2,3})(?:/|$)|^cu(\d{2,3})$")
_LOCAL = re.compile(r"\+(?:pt\d+)?cu(\d{2,3})\b|\+pt\d+cu(\d{2,3})|[-_]cuda(\d{2,3})?\b")
#: CUDA in the wheels that PyPI serves for a version of torch; later ones are not known.
_TORCH = {
    "1.12": 10, "1.13": 11, "2.0": 11, "2.1": 12, "2.2": 12, "2.3": 12, "2.4": 12, "2.5": 12, "2.6": 12,
    "2.7": 12, "2.8": 12, "2.9": 12, "2.10": 12,
}  # fmt: skip
_GPU_PACKAGES = frozenset(
    [
        "onnxruntime-gpu",
        "tensorflow-gpu",
        "faiss-gpu",
        "tensorrt",
        "paddlepaddle-gpu",
        "mxnet-cu112",
    ]
)
_GPU_NAME = re.compile(r"cupy-cuda(\d+)x|.*-cu(\d\d)\b")
_TRUE = frozenset(["1", "t", "true"])


@dataclass
class _Seen:
    """What asks for a GPU, and what speaks against it."""

    wheels: list[tuple[int, int | None, Spot, str]] = field(default_factory=list)
    wanted: str = ""
    cpu: bool = False
    faults: list[tuple[str, Spot]] = field(default_factory=list)


def _cuda(digits: str) -> tuple[int, int | None]:
    """``118`` → 11.8, ``92`` → 9.2, ``12`` → 12."""
    if len(digits) == 3:  # noqa: PLR2004
        return int(digits[:2]), int(digits[2])
    number = int(digits)
    return (number, None) if 10 <= number <= 20 else (number // 10, number % 10)  # noqa: PLR2004


def judge(target: Target) -> Judged:
    """One CUDA is named, its wheels exist, and base and wheels agree about its major version."""
    seen = _Seen()
    base = target.root
    for one in target.installs():
        _indexes(target, one, seen)
        for package, spot in _packages(target, one):
            _package(package, spot, one, base, seen)
    origin_spot = target.span(base.origin.source.source(0), base.origin.source.end)
    _gate(target, seen)
    if base.gpu and base.cuda is None and _floats(base):
        seen.faults.insert(
            0,
            (
                f"{base.text} names no CUDA version: nobody can say which driver it needs",
                origin_spot,
            ),
        )
    if base.cuda:
        for major, minor, spot, text in seen.wheels:
            if major != base.cuda[0]:
                said = f"{text} is for CUDA {_dotted(major, minor)}, the base {base.text} for CUDA {_dotted(*base.cuda)}"
                seen.faults.append((said, spot))
    if seen.faults:
        return failed(
            "; ".join(dict.fromkeys(text for text, _ in seen.faults)),
            *(spot for _, spot in seen.faults),
        )
    if base.cuda:
        return passed(
            f"CUDA {_dotted(*base.cuda)} is named by {base.text}, and nothing contradicts it",
            origin_spot,
        )
    if seen.wheels:
        major, minor, spot, text = seen.wheels[0]
        return passed(f"the wheels bring CUDA {_dotted(major, minor)} ({text})", spot)
    if not base.known:
        return unjudged(f"the base {base.text} hangs on a build argument", origin_spot)
    if base.gpu or seen.wanted:
        return unjudged(
            f"a GPU is meant ({seen.wanted or base.text}), and no CUDA version can be read",
            origin_spot,
        )
    return unjudged("nothing here asks for a GPU")


def _floats(base: Base) -> bool:
    """Its tag is none, or a word such as latest: the next pull may bring another CUDA."""
    if (
        base.digest
        or "${" in base.tag
        or base.repository.startswith(("nvcr.io/nvidia/l4t", "dustynv/"))
    ):
        return False
    return not re.search(r"\d", base.tag)


def _dotted(major: int, minor: int | None) -> str:
    return str(major) if minor is None else f"{major}.{minor}"


def _indexes(target: Target, one: Install, seen: _Seen) -> None:
    """Wheel indexes that name a CUDA."""
    spot = target.spot(one.command)
    options = (
        "--index-url",
        "-i",
        "--extra-index-url",
        "-f",
        "--find-links",
        "--index",
        "--default-index",
        "--torch-backend",
    )
    values = one.all(*options)
    for name in (
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL",
        "UV_TORCH_BACKEND",
    ):
        values.append(one.step.env.get(name) or "")
    for value in values:
        seen.cpu = seen.cpu or bool(re.search(r"whl/cpu\b", value)) or value == "cpu"
        found = _INDEX.search(value)
        if not found:
            continue
        digits = next(group for group in found.groups() if group)
        seen.wheels.append((*_cuda(digits), spot, f"the index cu{digits}"))
        if digits not in _INDEXES and "whl/" in value:
            seen.faults.append((f"PyTorch publishes no wheels for cu{digits}", spot))


def _packages(target: Target, one: Install) -> list[tuple[Requirement, Spot]]:
    found = []
    for package in one.packages:
        start, end = one.places.get(package.text, (one.command.start, one.command.end))
        found.append((package, target.span(start, end)))
    for path in one.files:
        here = origin(target, one.step, path)
        for file, package in (file_requirements(here, target.project.text) or []) if here else []:
            found.append((package, Spot(target.project.in_context(file), package.line)))
    return found


def _package(package: Requirement, spot: Spot, one: Install, base: Base, seen: _Seen) -> None:
    local = _LOCAL.search(package.text)
    digits = next((group for group in local.groups() if group), "") if local else ""
    if digits:
        seen.wheels.append((*_cuda(digits), spot, package.text))
    if one.tool == "conda":
        _conda(package, spot, seen)
        return
    named = _GPU_NAME.match(package.name)
    if named:
        seen.wheels.append((*_cuda(named.group(1) or named.group(2)), spot, package.name))
    if package.name in _GPU_PACKAGES or named:
        seen.wanted = seen.wanted or package.name
    if package.name == "torch" and not digits and not _has_index(one):
        _torch(package, spot, base, seen)
    if package.name == "onnxruntime-gpu":
        _onnxruntime(package, spot, base, seen)


def _has_index(one: Install) -> bool:
    options = (
        "--index-url",
        "-i",
        "--extra-index-url",
        "-f",
        "--find-links",
        "--index",
        "--default-index",
        "--torch-backend",
    )
    return one.option(*options) is not None or any(
        one.step.env.get(name)
        for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_TORCH_BACKEND")
    )


def _conda(package: Requirement, spot: Spot, seen: _Seen) -> None:
    if (
        package.name in ("cudatoolkit", "pytorch-cuda", "cuda-version", "cuda-toolkit")
        and package.version
    ):
        found = re.match(r"(\d+)(?:\.(\d+))?", package.version)
        if found:
            minor = int(found.group(2)) if found.group(2) else None
            seen.wheels.append((int(found.group(1)), minor, spot, package.text))


def _torch(package: Requirement, spot: Spot, base: Base, seen: _Seen) -> None:
    if base.cuda is None or "pytorch" in base.repository:
        return
    if package.pinned is False:
        said = f"{package.text} without a version brings the newest CUDA, whatever {base.text} has"
        seen.faults.append((said, spot))
        return
    major = _TORCH.get(".".join(package.version.split(".")[:2]))
    if major:
        seen.wheels.append((major, None, spot, package.text))


def _onnxruntime(package: Requirement, spot: Spot, base: Base, seen: _Seen) -> None:
    brings = "[cuda" in package.text.replace(" ", "")
    if base.known and not brings and base.cuda is None and not base.gpu and base.user is not None:
        seen.faults.append(
            (
                f"onnxruntime-gpu finds no CUDA in {base.text}: it falls back to the CPU without an error",
                spot,
            )
        )
    elif (
        not brings
        and "nvidia/cuda" in base.repository
        and base.tag
        and "cudnn" not in base.tag
        and "${" not in base.tag
    ):
        seen.faults.append(
            (
                f"onnxruntime-gpu needs cuDNN, which {base.text} does not have: it falls back to the CPU",
                spot,
            )
        )
    elif package.pinned is False and base.cuda and base.cuda[0] < 13:  # noqa: PLR2004 - what it is built for today
        seen.faults.append(
            (
                f"{package.text} without a version is built for a newer CUDA than {base.text} has",
                spot,
            )
        )


def _gate(target: Target, seen: _Seen) -> None:
    """The image's own check of the driver is switched off."""
    for step in target.chain:
        if step.keyword == "ENV" and "NVIDIA_DISABLE_REQUIRE" in step.one.words[::2]:
            words = dict(zip(step.one.words[::2], (t for t, _ in step.words[1::2]), strict=False))
            if words.get("NVIDIA_DISABLE_REQUIRE", "").lower() in _TRUE:
                seen.faults.append(
                    (
                        "NVIDIA_DISABLE_REQUIRE switches off the check of the driver",
                        target.spot(step),
                    )
                )


RULE = Rule(
    id="gpu-compat",
    number=4,
    title="CUDA, wheels and driver fit together",
    why="A CUDA that does not fit the driver or the wheels stops the container, or lets it compute on the CPU without a word.",
    fix="Name one CUDA version in the base, take wheels of the same major version, and check the host with mldocker-lab gpu check.",
    lesson=lessons.GPU,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM nvidia/cuda:12.2.0-runtime-ubuntu22.04\n"
            "RUN pip install torch --index-url https://wheels.example/whl/cu122\n"
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\n"
            "RUN pip install torch==2.3.1 --index-url https://wheels.example/whl/cu121\n"
        }
    ),
)
