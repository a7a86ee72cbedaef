"""The file and line that a check's evidence speaks of, as far as its words tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.parse import load
from mldocker_lab.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

    from mldocker_lab.grade.exercise import Exercise

__all__ = ["where"]

_LINE = re.compile(r"\bline (\d+)\b")
_SHORTEST = 12  # letters of an instruction that tell it from others


def where(exercise: Exercise, seen: str) -> tuple[Path | None, int | None]:
    """The answer file that evidence names, and the line; the Dockerfile if it names none.

    A line is the number the evidence gives, or that of the instruction it quotes.
    """
    files = [path for path in sorted(exercise.answer.glob("*")) if exercise.owns(path.name)]
    dockerfile = next((path for path in files if path.name.endswith("Dockerfile")), None)
    told = _LINE.search(seen)
    named = next((path for path in files if path != dockerfile and path.name in seen), None)
    if told:
        return dockerfile or named, int(told[1])
    if dockerfile is not None and (line := _quoted(dockerfile, seen)):
        return dockerfile, line
    return (named, 1) if named else (dockerfile, None)


def _quoted(dockerfile: Path, seen: str) -> int | None:
    """The line of the first instruction that the evidence quotes, in full or its beginning."""
    try:
        instructions = load(dockerfile).instructions
    except (LabError, OSError):
        return None
    flat = " ".join(seen.split())
    for one in instructions:
        text = " ".join(one.joined.split())
        if text in flat or (len(text) > _SHORTEST and text[: max(_SHORTEST, 40)] in flat):
            return one.line
    return None
