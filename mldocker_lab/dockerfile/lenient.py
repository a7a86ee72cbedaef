"""Read a Dockerfile that someone is still typing: what is sound is kept, what is not is noted.

A build stops at the first fault. An editor has to say something about the other lines, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.checks import check, located
from mldocker_lab.dockerfile.instruction import Instruction, read
from mldocker_lab.dockerfile.lines import Line, directives, lines
from mldocker_lab.dockerfile.parse import Dockerfile, Stage, expand, global_args
from mldocker_lab.dockerfile.words import keyword
from mldocker_lab.errors import DockerfileError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parse_leniently"]


def parse_leniently(
    source: str | bytes, args: Mapping[str, str] | None = None
) -> tuple[Dockerfile, tuple[DockerfileError, ...]]:
    """What can be read of a Dockerfile, and what BuildKit would refuse about the rest.

    It never raises. Faulty instructions are left out; there may be no stage at all.

    Args:
        source: its text.
        args: build arguments; they replace the defaults of ARG before the first FROM.
    """
    text = source.decode("utf-8", "surrogateescape") if isinstance(source, bytes) else source
    problems: list[DockerfileError] = []
    try:
        found = directives(text)
    except DockerfileError as error:
        problems.append(error)
        found = {}
    escape = found.get("escape", "\\")
    instructions = _instructions(text, escape, problems)
    if not any(one.keyword == "FROM" for one in instructions) and not problems:
        problems.append(DockerfileError("the Dockerfile has no FROM", "begin with FROM", line=1))
    parsed = Dockerfile(
        text=text,
        escape=escape,
        syntax=found.get("syntax", ""),
        instructions=tuple(instructions),
        stages=_stages(instructions, args or {}, escape, problems),
    )
    return parsed, tuple(problems)


def _instructions(text: str, escape: str, problems: list[DockerfileError]) -> list[Instruction]:
    """The sound ones; after a FROM that cannot be read, what belongs to it is left out quietly."""
    found: list[Instruction] = []
    stage: int | None = None
    lost = False
    for line in lines(text, escape, problems):
        is_from = keyword(line.text) == "FROM"
        one = _one(line, (len(found), stage), text, escape, problems)
        lost = is_from if one is None and is_from else lost and not is_from
        if one is None or lost:
            continue
        if one.stage is None and one.keyword != "ARG":
            error = DockerfileError(
                f"{one.keyword} stands before the first FROM", "begin with FROM"
            )
            problems.append(located(error, one.line, one.joined))
            continue
        stage = one.stage
        found.append(one)
    return found


def _one(
    line: Line,
    place: tuple[int, int | None],
    text: str,
    escape: str,
    problems: list[DockerfileError],
) -> Instruction | None:
    """The instruction in a line; ``place`` is its index, and the stage before it."""
    try:
        one = read(line, *place, text, escape)
        check(one)
    except DockerfileError as error:
        problems.append(located(error, line.first, line.text))
        return None
    return one


def _stages(
    instructions: list[Instruction],
    args: Mapping[str, str],
    escape: str,
    problems: list[DockerfileError],
) -> tuple[Stage, ...]:
    try:
        values = global_args(instructions, args, escape)
    except DockerfileError as error:
        problems.append(error)
        values = {}
    own: list[list[Instruction]] = []
    for one in instructions:
        if one.keyword == "FROM":
            own.append([])
        if own:
            own[-1].append(one)
    stages: list[Stage] = []
    names: dict[str, int] = {}
    for index, members in enumerate(own):
        origin = members[0]
        base = _expanded(origin, origin.words[0], values, escape, problems) or origin.words[0]
        name = origin.words[2].lower() if len(origin.words) > 1 else None
        platform = _expanded(origin, origin.flag("platform") or "", values, escape, problems)
        before = names.get(base.lower())
        stages.append(Stage(index, name, base, before, platform, tuple(members)))
        if name:
            names[name] = index
    return tuple(stages)


def _expanded(
    one: Instruction,
    text: str,
    values: Mapping[str, str],
    escape: str,
    problems: list[DockerfileError],
) -> str:
    try:
        return expand(text, values, escape)
    except DockerfileError as error:
        problems.append(located(error, one.line, one.joined))
        return text
