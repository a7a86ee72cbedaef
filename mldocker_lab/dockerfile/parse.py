"""A Dockerfile as BuildKit reads it: instructions, stages, and which stages a target needs."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.checks import check, located
from mldocker_lab.dockerfile.expand import expand
from mldocker_lab.dockerfile.instruction import FILESYSTEM, Instruction, read
from mldocker_lab.dockerfile.lines import Heredoc, Line, directives, lines
from mldocker_lab.errors import DockerfileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "FILESYSTEM",
    "Dockerfile",
    "Heredoc",
    "Instruction",
    "Stage",
    "expand",
    "global_args",
    "load",
    "parse",
]

_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: a FROM and what follows it.

    Attributes:
        index: its number, from 0.
        name: the name after AS, in lower case; None if it has none.
        base: the image (or stage) it starts from, variables replaced.
        base_stage: index of the earlier stage that ``base`` names; None for an image.
        platform: the value of ``--platform``, variables replaced; "" if not given.
        instructions: its instructions; the first is the FROM.
    """

    index: int
    name: str | None
    base: str
    base_stage: int | None
    platform: str
    instructions: tuple[Instruction, ...]

    @property
    def origin(self) -> Instruction:
        """Its FROM."""
        return self.instructions[0]

    @property
    def label(self) -> str:
        """Its name, or its number as text."""
        return self.name or str(self.index)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A parsed Dockerfile.

    Attributes:
        text: the source, byte for byte (a byte that is not UTF-8 is a lone surrogate).
        escape: the escape character.
        syntax: the value of ``# syntax=``; "" if not given.
        instructions: all of them, in order.
        stages: the stages, in order.
    """

    text: str
    escape: str
    syntax: str
    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]

    def final(self, target: str | None = None) -> Stage:
        """The stage that becomes the image: the last one, or the one that ``target`` names.

        Raises:
            UsageError: no stage has that name or number.
        """
        if target is None:
            return self.stages[-1]
        found = self.named(target)
        if found is None and target.isdecimal() and int(target) < len(self.stages):
            found = int(target)
        if found is None:
            raise UsageError(
                f"no stage is called {target!r}",
                "the stages are " + ", ".join(stage.label for stage in self.stages),
            )
        return self.stages[found]

    def named(self, name: str) -> int | None:
        """Index of the stage of that name (the last, if several have it); None if there is none."""
        return _find(self.stages, name)

    def needed(self, target: str | None = None) -> frozenset[int]:
        """Indexes of the stages that BuildKit would build for ``target``, itself included.

        A stage needs the stage it starts from, and those it copies or mounts from.
        """
        todo, found = [self.final(target).index], set[int]()
        while todo:
            stage = self.stages[todo.pop()]
            if stage.index in found:
                continue
            found.add(stage.index)
            if stage.base_stage is not None:
                todo.append(stage.base_stage)
            sources = (self.source_stages(one) for one in stage.instructions)
            todo.extend(index for indexes in sources for index in indexes)
        return frozenset(found)

    def source_stages(self, one: Instruction) -> tuple[int, ...]:
        """Indexes of the stages that an instruction takes files from."""
        found = []
        if one.keyword == "COPY" and (source := one.flag("from")):
            found.append(int(source) if source.isdecimal() else self.named(source))
        found.extend(self.named(mount["from"]) for mount in one.mounts if mount.get("from"))
        return tuple(i for i in found if i is not None and i < len(self.stages))

    def chain(self, target: str | None = None) -> tuple[Instruction, ...]:
        """The instructions whose results are in the final image, oldest first, without FROM."""
        found: list[Instruction] = []
        at: int | None = self.final(target).index
        while at is not None:
            found[:0] = self.stages[at].instructions[1:]
            at = self.stages[at].base_stage
        return tuple(found)


def parse(source: str | bytes, args: Mapping[str, str] | None = None) -> Dockerfile:
    """Read a Dockerfile.

    Args:
        source: its text.
        args: build arguments; they replace the defaults of ARG before the first FROM.

    Raises:
        DockerfileError: BuildKit would refuse it; says the line and what to try.
    """
    text = source.decode("utf-8", "surrogateescape") if isinstance(source, bytes) else source
    found = directives(text)
    escape = found.get("escape", "\\")
    instructions: list[Instruction] = []
    stage: int | None = None
    for line in lines(text, escape):
        one = _read(line, len(instructions), stage, text, escape)
        if one.stage is None and one.keyword != "ARG":
            raise located(
                DockerfileError(
                    f"{one.keyword} stands before the first FROM",
                    "begin with FROM; only ARG may stand before it",
                ),
                one.line,
                one.joined,
            )
        stage = one.stage
        instructions.append(one)
    if stage is None:
        raise DockerfileError(
            "the Dockerfile has no FROM" if instructions else "the Dockerfile is empty",
            "begin with FROM, for example: FROM python:3.11-slim",
        )
    return Dockerfile(
        text=text,
        escape=escape,
        syntax=found.get("syntax", ""),
        instructions=tuple(instructions),
        stages=_stages(instructions, args or {}, escape),
    )


def load(path: Path, args: Mapping[str, str] | None = None) -> Dockerfile:
    """Read the Dockerfile at ``path``.

    Raises:
        UsageError: there is none, or it cannot be read.
        DockerfileError: BuildKit would refuse it.
    """
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        folder = path.parent
        near = sorted(p.name for p in folder.glob("*[Dd]ockerfile*") if p.is_file())
        near = [name for name in near if not name.endswith(".dockerignore")]
        raise UsageError(
            f"there is no {path.name} in {folder}",
            f"it has {', '.join(near)}; name the one you mean"
            if near
            else "write one, or name the folder that has one",
        ) from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", "name a file that you may read"
        ) from error
    return parse(source, args)


def _read(line: Line, index: int, stage: int | None, text: str, escape: str) -> Instruction:
    try:
        one = read(line, index, stage, text, escape)
        check(one)
    except DockerfileError as error:
        raise located(error, line.first, line.text) from None
    return one


def _stages(
    instructions: list[Instruction], args: Mapping[str, str], escape: str
) -> tuple[Stage, ...]:
    values = global_args(instructions, args, escape)
    stages: list[Stage] = []
    for one in instructions:
        if one.keyword != "FROM":
            continue
        base = _expanded(one, one.words[0], values, escape)
        own = tuple(i for i in instructions if i.stage == len(stages))
        _check_sources(own, len(stages))
        stages.append(
            Stage(
                index=len(stages),
                name=one.words[2].lower() if len(one.words) > 1 else None,
                base=base or one.words[0],
                base_stage=_find(stages, base),
                platform=_expanded(one, one.flag("platform") or "", values, escape),
                instructions=own,
            )
        )
    return tuple(stages)


def _check_sources(instructions: tuple[Instruction, ...], stage: int) -> None:
    for one in instructions:
        source = one.flag("from") or ""
        if one.keyword == "COPY" and source.isdecimal() and int(source) >= stage:
            raise located(
                DockerfileError(
                    f"COPY --from={source} names no earlier stage",
                    f"it can be {', '.join(map(str, range(stage)))}; a name is safer"
                    if stage
                    else "no stage comes before this one; name an image, or leave --from out",
                ),
                one.line,
                one.joined,
            )


def _find(stages: list[Stage] | tuple[Stage, ...], name: str) -> int | None:
    name = name.lower()
    return next((s.index for s in reversed(stages) if s.name and s.name == name), None)


def global_args(
    instructions: Sequence[Instruction], args: Mapping[str, str], escape: str
) -> dict[str, str]:
    """What FROM lines can use: the platform's own variables, and ARGs before the first FROM."""
    machine = platform.machine()
    arch = _MACHINES.get(machine, machine)
    values: dict[str, str] = {}
    for side in ("BUILD", "TARGET"):
        values |= {f"{side}PLATFORM": f"linux/{arch}", f"{side}OS": "linux", f"{side}ARCH": arch}
        values |= {f"{side}VARIANT": ""}
    values |= {name: value for name, value in args.items() if name in values}
    for one in instructions:
        if one.stage is not None:
            break
        for word in one.words:
            name, given, default = word.partition("=")
            if name in args:
                values[name] = args[name]
            elif given:
                values[name] = _expanded(one, default, values, escape)
    return values


def _expanded(one: Instruction, text: str, values: Mapping[str, str], escape: str) -> str:
    try:
        return expand(text, values, escape)
    except DockerfileError as error:
        raise located(error, one.line, one.joined) from None
