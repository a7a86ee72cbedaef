"""Which instruction a BuildKit vertex stands for, read from the name BuildKit gives it.

BuildKit numbers the steps of a stage in its vertex names: ``[builder 3/4] COPY a b``. The rule is
in its ``dockerfile2llb``: FROM counts unless the stage stands on another stage or on scratch; RUN,
COPY, ADD and WORKDIR count in the total; but ``WORKDIR /`` makes no vertex and uses up no number.
Triggers of the base (ONBUILD) count too and come first.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mldocker_lab.report.build import FILESYSTEM

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.parse import Dockerfile, Stage

__all__ = ["StepNames"]

_NAME = re.compile(
    r"\[(?:[\w.-]+/\S+ )?"  # linux/amd64, linux/amd64->arm64
    r"(?:(?P<stage>[\w.-]+) )?"
    r" *(?P<number>\d+)/(?P<total>\d+)\] "  # " 2/10": as wide as the total
)
_UNNAMED = re.compile(r"stage-(\d+)")
_METADATA = "[internal] load metadata for "
_NUMBERED = FILESYSTEM | {"WORKDIR"}


class StepNames:
    """Maps vertex names to positions in ``Dockerfile.instructions``."""

    def __init__(self, dockerfile: Dockerfile) -> None:
        self._dockerfile = dockerfile
        self._numbers = [_numbers(stage) for stage in dockerfile.stages]

    def step(self, name: str) -> int | None:
        """The instruction that a vertex of this name carries out, if it is one's."""
        match = _NAME.match(name)
        if not match:
            return None
        stage = self._stage(match["stage"])
        if stage is None:
            return None
        steps, ours = self._numbers[stage]
        number, triggers = int(match["number"]), int(match["total"]) - ours
        first = 2 if self._external(stage) else 1
        if first <= number < first + triggers:
            return None
        return steps.get(number if number < first else number - triggers)

    def blame(self, name: str) -> int | None:
        """The instruction that asked for a vertex: its own, or the one that needs what it loads."""
        own = self.step(name)
        if own is not None:
            return own
        if name.startswith(_METADATA):
            return self._using(name.removeprefix(_METADATA), ("FROM", "COPY", "RUN"))
        if name.startswith("FROM "):
            return self._using(name.removeprefix("FROM "), ("COPY", "RUN", "FROM"))
        for one in self._dockerfile.instructions:
            if one.keyword == "ADD" and name in one.text:
                return one.index
        return None

    def _external(self, stage: int) -> bool:
        return _external(self._dockerfile.stages[stage])

    def _stage(self, name: str | None) -> int | None:
        stages = self._dockerfile.stages
        if name is None:
            return 0 if len(stages) == 1 else None
        for stage in stages:
            if (stage.name or "").lower() == name.lower():
                return stage.index
        unnamed = _UNNAMED.fullmatch(name)
        number = int(unnamed[1]) if unnamed else len(stages)
        return number if number < len(stages) else None

    def _using(self, image: str, keywords: tuple[str, ...]) -> int | None:
        """The first instruction that names an image, spelled short or in full."""
        full = image.split("@", maxsplit=1)[0]
        short = full.removeprefix("docker.io/").removeprefix("library/")
        spellings = {full, short, short.removesuffix(":latest")}
        for keyword in keywords:
            for one in self._dockerfile.instructions:
                words = set(re.split(r"[\s=,@]+", one.text))
                if one.keyword == keyword and words & spellings:
                    return one.index
        return None


def _external(stage: Stage) -> bool:
    return stage.base_stage is None and stage.base != "scratch"


def _numbers(stage: Stage) -> tuple[dict[int, int], int]:
    """BuildKit's numbers of a stage's steps, and its total for the stage."""
    steps: dict[int, int] = {}
    number = total = 0
    folder: str | None = None
    for one in stage.instructions:
        if one.keyword == "FROM" and _external(stage):
            number, total = number + 1, total + 1
            steps[number] = one.index
        if one.keyword not in _NUMBERED:
            continue
        total += 1
        if one.keyword == "WORKDIR":
            folder = _joined(folder, one.value.strip().strip("\"'"))
            if folder == "/":
                continue
        number += 1
        steps[number] = one.index
    return steps, total


def _joined(folder: str | None, path: str) -> str | None:
    """The working directory after WORKDIR; None where only the base image could tell."""
    if path.startswith("/"):
        return posixpath.normpath(path)
    return None if folder is None else posixpath.normpath(posixpath.join(folder, path))
