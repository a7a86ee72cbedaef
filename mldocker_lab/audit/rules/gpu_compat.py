"""Point 4: the CUDA of the base, of the wheels and of the driver are known, and fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.knowledge.cuda import dotted, survey

if TYPE_CHECKING:
    from mldocker_lab.audit.knowledge.cuda import Seen, Wheel
    from mldocker_lab.audit.reading.images import Base
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.spot import Spot

_TRUE = frozenset(["1", "t", "true"])
_REQUIRED = re.compile(r"cuda>=?\d+\.\d+")
_LANGUAGE = re.compile(r"py(thon)?\d+(\.\d+)?|ubuntu\d+(\.\d+)?")


def judge(target: Target) -> Judged:
    """One CUDA is named, its wheels exist, and the base has no other and no older one."""
    base, seen = target.root, survey(target)
    here = target.span(base.origin.source.source(0), base.origin.source.end)
    faults = _base(base, here) + seen.faults + _differences(target, base, seen)
    faults += seen.runtime if not seen.wheels else []
    faults += _switched_off(target)
    if faults:
        return failed("; ".join(dict.fromkeys(t for t, _ in faults)), *(spot for _, spot in faults))
    if seen.open_torch:
        return unjudged(seen.open_torch[0][0], *(spot for _, spot in seen.open_torch))
    if base.cuda:
        said = f"{base.text} has CUDA {dotted(*base.cuda)}, and nothing contradicts it"
        return passed(said, here)
    if seen.wheels:
        wheel = seen.wheels[0]
        version = dotted(wheel.major, wheel.minor)
        return passed(f"the wheels bring CUDA {version} ({wheel.text})", wheel.spot)
    required = _REQUIRED.search(target.env.get("NVIDIA_REQUIRE_CUDA") or "")
    if required and not base.gpu:
        return passed(f"the image asks its host for {required[0]}, and nothing contradicts it")
    return _without_a_version(base, seen, here)


def _without_a_version(base: Base, seen: Seen, here: Spot) -> Judged:
    """Nothing in the files names a CUDA version."""
    if not base.known:
        return unjudged(f"the base {base.text} hangs on a build argument", here)
    if base.rocm:
        return unjudged(f"{base.text} is for AMD's GPUs: no CUDA is named or needed", here)
    if base.gpu and re.search(r"\d", base.tag):
        return passed(f"{base.text} fixes its CUDA, although its tag does not name it", here)
    if base.gpu or seen.wanted:
        said = f"a GPU is meant ({seen.wanted or base.text}), and no CUDA version can be read"
        return unjudged(said, here)
    return unjudged("nothing here asks for a GPU")


def _base(base: Base, here: Spot) -> list[tuple[str, Spot]]:
    """A tag such as latest: the next pull may bring another CUDA."""
    jetson = base.repository.startswith(("nvidia/l4t", "dustynv/"))
    tag = _LANGUAGE.sub("", base.tag)
    open_tag = not base.digest and "${" not in tag and not re.search(r"\d", tag)
    ours = base.known and base.gpu and base.user is not None
    if ours and base.cuda is None and open_tag and not jetson:
        said = f"{base.text} names no {_platform(base)} version"
        return [(f"{said}: nobody can say which driver it needs", here)]
    return []


def _platform(base: Base) -> str:
    return "ROCm" if base.rocm else "CUDA"


def _differences(target: Target, base: Base, seen: Seen) -> list[tuple[str, Spot]]:
    """Wheels, and stages that build, for another major version than the base's."""
    if base.cuda is None:
        return []
    major, ours = base.cuda[0], dotted(*base.cuda)
    found = [
        (f"{w.text} is for CUDA {dotted(w.major, w.minor)}, {base.text} for CUDA {ours}", w.spot)
        for w in seen.wheels
        if w.major != major or _newer(w, base.cuda)
    ]
    for other in target.bases:
        if other.cuda and other.cuda[0] != major:
            spot = target.span(other.origin.source.source(0), other.origin.source.end)
            found.append((f"{other.text} builds for another CUDA than {base.text} runs", spot))
    return found


def _newer(wheel: Wheel, ours: tuple[int, int | None]) -> bool:
    """An index of a newer minor version: the base asks its host for less than was built with."""
    theirs, minor = wheel.minor, ours[1]
    if theirs is None or minor is None:
        return False
    named = wheel.text.startswith("the index ") or re.search(r"pytorch-cuda|\+cu\d", wheel.text)
    return bool(named) and theirs > minor


def _switched_off(target: Target) -> list[tuple[str, Spot]]:
    """The image's own check of the driver is switched off."""
    value = (target.env.get("NVIDIA_DISABLE_REQUIRE") or "").lower()
    step = next(
        (s for s in target.chain if s.keyword == "ENV" and "NVIDIA_DISABLE_REQUIRE" in s.one.words),
        None,
    )
    if step is None or value not in _TRUE:
        return []
    return [("NVIDIA_DISABLE_REQUIRE switches off the check of the driver", target.spot(step))]


RULE = Rule(
    id="gpu-compat",
    number=4,
    title="CUDA, wheels and driver fit together",
    why="A CUDA that does not fit the driver or the wheels stops the container, or lets it compute "
    "on the CPU without a word.",
    fix="Name one CUDA version in the base or in the index of the wheels (--index-url: an extra "
    "index does not win; or the CPU), take no wheels that are newer than the base, and check the "
    "host with mldocker-lab gpu check.",
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
