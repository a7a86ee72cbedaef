"""Instructions that are one and the same operation, written in two stages.

Two stages often begin alike: ``FROM python``, ``WORKDIR /app``, ``COPY requirements.txt .``.
BuildKit does such work once and reports it once; the classic builder does it once and calls the
second a cache hit. Neither says anything about what an earlier build left behind, so a twin takes
the status of the first one: that is how both builders come to agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mldocker_lab.report.build import FILESYSTEM

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.parse import Dockerfile, Instruction

__all__ = ["twins"]

#: What a RUN's cache key depends on besides the files before it (BuildKit's view).
_ENVIRONMENT = frozenset({"ARG", "ENV", "SHELL", "USER"})


@dataclass(frozen=True, slots=True)
class _State:
    """Where a stage stands: how its files came to be, its environment, its working directory."""

    files: tuple[object, ...] = ()
    environment: tuple[str, ...] = ()
    folder: tuple[str, ...] = ()


def twins(dockerfile: Dockerfile) -> dict[int, int]:
    """Positions of filesystem steps that repeat an earlier one, mapped to that one's position."""
    first: dict[tuple[object, ...], int] = {}
    repeats: dict[int, int] = {}
    ends: dict[int, _State] = {}
    for stage in dockerfile.stages:
        state = _State(files=(stage.base,))
        if stage.base_stage is not None:
            state = ends.get(stage.base_stage, state)
        for one in stage.instructions:
            state = _after(state, one)
            if one.keyword in FILESYSTEM:
                original = first.setdefault(state.files, one.index)
                if original != one.index:
                    repeats[one.index] = original
        ends[stage.index] = state
    return repeats


def _after(state: _State, one: Instruction) -> _State:
    """The state after an instruction."""
    text = one.text.strip()
    if one.keyword in _ENVIRONMENT:
        return replace(state, environment=(*state.environment, text))
    if one.keyword == "WORKDIR":
        return replace(state, files=(state.files, text), folder=(*state.folder, text))
    if one.keyword == "RUN" or (one.keyword in FILESYSTEM and "$" in text):
        return replace(state, files=(state.files, state.folder, state.environment, text))
    if one.keyword in FILESYSTEM:
        return replace(state, files=(state.files, state.folder, text))
    return state
