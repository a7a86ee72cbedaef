"""A Dockerfile with everything resolved that text can resolve: what each instruction really says.

Stages are followed, ARG and ENV replaced, RUN scripts cut into commands. What hangs on something
unknown says so, so that a rule can answer "not judged".
"""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.images import Base, base_of
from mldocker_lab.audit.reading.installs import Install, installs_of
from mldocker_lab.audit.reading.spot import Spot
from mldocker_lab.audit.reading.step import Step, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mldocker_lab.audit.reading.deployment import Deployment
    from mldocker_lab.audit.reading.project import Project
    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.dockerfile.ignore import Patterns
    from mldocker_lab.dockerfile.parse import Dockerfile, Instruction, Stage

__all__ = ["Target"]

_PLATFORM = ("PLATFORM", "OS", "ARCH", "VARIANT")
_GIVEN = frozenset(f"{side}{part}" for side in ("TARGET", "BUILD") for part in _PLATFORM)


@dataclass(frozen=True)
class Target:
    """One Dockerfile and the stage of it that is judged.

    Attributes:
        project: the files around it.
        file: its path in the project.
        dockerfile: it, parsed.
        stage: the stage that becomes the image.
        args: build arguments.
        deployment: the containers that run it, from compose files, manifests and scripts.
        ignore: what its ignore file keeps out; None if there is none.
        ignore_file: the path of that file, or where it should be.
        ignore_error: what is wrong with it; "" if nothing is.
    """

    project: Project
    file: str
    dockerfile: Dockerfile
    stage: Stage
    args: Mapping[str, str] = field(default_factory=dict)
    deployment: Deployment | None = None
    ignore: Patterns | None = None
    ignore_file: str = ".dockerignore"
    ignore_error: str = ""

    @cached_property
    def _lines(self) -> list[int]:
        text = self.dockerfile.text
        return [0, *(i + 1 for i, char in enumerate(text) if char == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a place in the Dockerfile."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def spot(self, what: Step | Command, message: str = "") -> Spot:
        """The place of an instruction or a command in the Dockerfile."""
        if isinstance(what, Step):
            start, end = what.one.source.start, what.one.source.end
            start = what.one.source.source(0)
        else:
            start, end = what.start, what.end
        return self.span(start, end, message)

    def span(self, start: int, end: int, message: str = "") -> Spot:
        """The place between two offsets of the Dockerfile."""
        return Spot(self.file, *self.position(start), *self.position(max(end, start)), message)

    @cached_property
    def needed(self) -> frozenset[int]:
        """Indexes of the stages that a build of this target makes."""
        return self.dockerfile.needed(str(self.stage.index))

    @cached_property
    def lineage(self) -> tuple[int, ...]:
        """Indexes of the stages whose layers are in the image, the oldest first."""
        found, at = [], self.stage.index
        while True:
            found.append(at)
            before = self.dockerfile.stages[at].base_stage
            if before is None:
                return tuple(reversed(found))
            at = before

    @cached_property
    def steps(self) -> dict[int, tuple[Step, ...]]:
        """The instructions of every stage that is needed, FROM left out."""
        found: dict[int, tuple[Step, ...]] = {}
        last: dict[int, _State] = {}
        for stage in self.dockerfile.stages:
            if stage.index in self.needed:
                before = stage.base_stage
                state = (
                    _State(self.args, self.global_args) if before is None else last[before].child()
                )
                found[stage.index] = tuple(_walk(stage, state, self.dockerfile))
                last[stage.index] = state
        return found

    @cached_property
    def chain(self) -> tuple[Step, ...]:
        """The instructions whose results are in the image, the oldest first."""
        return tuple(step for index in self.lineage for step in self.steps[index])

    @cached_property
    def env(self) -> Mapping[str, str | None]:
        """ENV of the image, as it is when the container starts."""
        if not self.chain:
            return {}
        last = self.chain[-1]
        state = _State(self.args, self.global_args)
        state.env, state.values = dict(last.env), dict(last.values)
        if last.keyword == "ENV":
            _env(last.one, state, last.escape)
        return state.env

    @cached_property
    def all_steps(self) -> tuple[Step, ...]:
        """The instructions of every stage that is needed."""
        return tuple(step for index in sorted(self.steps) for step in self.steps[index])

    @cached_property
    def global_args(self) -> dict[str, str | None]:
        """What ARG before the first FROM sets."""
        values: dict[str, str | None] = dict.fromkeys(_GIVEN, None)
        for one in self.dockerfile.instructions:
            if one.stage is not None:
                break
            for word in one.words if one.keyword == "ARG" else ():
                name, given, default = word.partition("=")
                values[name] = None
                if name in self.args:
                    values[name] = self.args[name]
                elif given:
                    text, known = resolve(default, values, self.dockerfile.escape)
                    values[name] = text if known else None
        return values

    def base(self, index: int) -> Base:
        """The image that a stage starts from in the end, through the stages between."""
        stages = self.dockerfile.stages
        before = stages[index].base_stage
        while before is not None:
            index = before
            before = stages[index].base_stage
        origin = stages[index].origin
        text, known = resolve(origin.words[0], self.global_args, self.dockerfile.escape)
        return base_of(text, origin, known=known)

    @cached_property
    def root(self) -> Base:
        """The image that this one starts from in the end."""
        return self.base(self.stage.index)

    @cached_property
    def bases(self) -> tuple[Base, ...]:
        """The images that the needed stages start from."""
        outer = [i for i in sorted(self.needed) if self.dockerfile.stages[i].base_stage is None]
        return tuple(self.base(index) for index in outer)

    def last(self, *keywords: str) -> Step | None:
        """The last instruction of these in the image; None if there is none."""
        return next((s for s in reversed(self.chain) if s.keyword in keywords), None)

    @cached_property
    def entrypoint(self) -> Step | None:
        """The ENTRYPOINT in force."""
        return self.last("ENTRYPOINT")

    @cached_property
    def command(self) -> Step | None:
        """The CMD in force; an ENTRYPOINT of a later stage drops that of an earlier one."""
        cmd, entry = self.last("CMD"), self.entrypoint
        return None if cmd and entry and entry.stage > cmd.stage else cmd

    @property
    def started(self) -> tuple[Step, ...]:
        """ENTRYPOINT and CMD, those that are in force."""
        return tuple(step for step in (self.entrypoint, self.command) if step)

    def installs_of(self, step: Step) -> tuple[Install, ...]:
        """What the line of a RUN itself installs; ``scripts.installs`` reads its scripts, too."""
        return self._installs[step.stage, step.one.index]

    @cached_property
    def _installs(self) -> dict[tuple[int, int], tuple[Install, ...]]:
        return {(step.stage, step.one.index): installs_of(step) for step in self.all_steps}


class _State:
    """What is in force while a stage is walked through."""

    def __init__(self, args: Mapping[str, str], outer: Mapping[str, str | None]) -> None:
        self.args, self.outer = args, outer
        self.env: dict[str, str | None] = {}
        self.values: dict[str, str | None] = {}
        self.user: str | None = None
        self.workdir = ""
        self.shell: tuple[str, ...] = ("/bin/sh", "-c")

    def child(self) -> _State:
        """What a stage that starts from this one inherits; BuildKit hands ARG on, too."""
        new = _State(self.args, self.outer)
        new.env, new.values = dict(self.env), dict(self.values)
        new.user, new.workdir, new.shell = self.user, self.workdir, self.shell
        return new


def _walk(stage: Stage, state: _State, dockerfile: Dockerfile) -> Iterator[Step]:
    values, env = dict(state.values), dict(state.env)
    for one in stage.instructions[1:]:
        yield Step(
            one=one,
            stage=stage.index,
            values=values,
            env=env,
            user=state.user,
            workdir=state.workdir,
            shell=state.shell,
            escape=dockerfile.escape,
            text=dockerfile.text,
        )
        change = _CHANGES.get(one.keyword)
        if change:
            change(one, state, dockerfile.escape)
            if one.keyword in ("ARG", "ENV"):
                values, env = dict(state.values), dict(state.env)


def _arg(one: Instruction, state: _State, escape: str) -> None:
    for word in one.words:
        name, given, default = word.partition("=")
        if name in state.env:
            continue
        if name in state.args:
            state.values[name] = state.args[name]
        elif given:
            text, known = resolve(default, state.values, escape)
            state.values[name] = text if known else None
        else:
            state.values[name] = state.outer.get(name)


def _env(one: Instruction, state: _State, escape: str) -> None:
    before = dict(state.values)
    for name, value in zip(one.words[::2], one.words[1::2], strict=False):
        text, known = resolve(value, before, escape)
        state.env[name] = state.values[name] = text if known else None


def _user(one: Instruction, state: _State, escape: str) -> None:
    state.user = resolve(one.words[0], state.values, escape)[0]


def _workdir(one: Instruction, state: _State, escape: str) -> None:
    path = resolve(one.words[0], state.values, escape)[0]
    state.workdir = posixpath.normpath(posixpath.join("/", state.workdir, path))


def _shell(one: Instruction, state: _State, _: str) -> None:
    state.shell = one.json or state.shell


_CHANGES: dict[str, Callable[[Instruction, _State, str], None]] = {
    "ARG": _arg,
    "ENV": _env,
    "USER": _user,
    "WORKDIR": _workdir,
    "SHELL": _shell,
}
