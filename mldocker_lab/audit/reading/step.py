"""One instruction of a Dockerfile with its variables replaced and its script cut into commands."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.shell import Command, commands, plain
from mldocker_lab.audit.reading.wrappers import unwrapped
from mldocker_lab.dockerfile.expand import expand
from mldocker_lab.dockerfile.instruction import mount_target
from mldocker_lab.errors import DockerfileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.dockerfile.parse import Instruction

__all__ = ["Step", "resolve"]

_VARIABLE = re.compile(r"(?<!\\)\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_MARK = re.compile("\x00(\\w+)\x01")
_SHELLS = frozenset(["", "sh", "bash", "dash", "ash", "zsh"])


def resolve(text: str, values: Mapping[str, str | None], escape: str = "\\") -> tuple[str, bool]:
    """``text`` with known variables replaced, others as ``${NAME}``; whether all are known."""
    marked = _VARIABLE.sub(lambda m: _marked(m, values), text)
    known = {name: value for name, value in values.items() if value is not None}
    try:
        done = expand(marked, known, escape)
    except DockerfileError:
        return text, False
    return _MARK.sub(r"${\1}", done), "\x00" not in done


def _marked(match: re.Match[str], values: Mapping[str, str | None]) -> str:
    name = match.group(1) or match.group(2)
    return match.group() if values.get(name) is not None else f"\x00{name}\x01"


@dataclass(frozen=True)
class Step:
    """An instruction and what was set when it runs.

    Attributes:
        one: the instruction.
        stage: index of its stage.
        values: ARG and ENV by name; None: set, and nobody knows to what.
        env: ENV alone.
        user: the user in force; None if no USER was seen.
        workdir: the folder in force; "" if no WORKDIR was seen.
        shell: the program that reads shell forms.
        escape: the Dockerfile's escape character.
    """

    one: Instruction
    stage: int
    values: Mapping[str, str | None]
    env: Mapping[str, str | None]
    user: str | None
    workdir: str
    shell: tuple[str, ...]
    escape: str
    text: str = field(repr=False)

    @property
    def keyword(self) -> str:
        """RUN, COPY, …."""
        return self.one.keyword

    def resolve(self, text: str) -> tuple[str, bool]:
        """``text`` with its variables replaced; whether all are known."""
        return resolve(text, self.values, self.escape)

    @cached_property
    def words(self) -> tuple[tuple[str, bool], ...]:
        """The instruction's words, resolved; whether all is known about each."""
        return tuple(self.resolve(word) for word in self.one.words)

    @property
    def pairs(self) -> tuple[tuple[str, str, bool], ...]:
        """Name and value of each variable of an ENV or LABEL; whether all is known of the value."""
        values = self.words[1::2]
        return tuple(
            (n, v, known) for n, (v, known) in zip(self.one.words[::2], values, strict=False)
        )

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """The commands of a RUN, CMD or ENTRYPOINT, here-documents of shells included."""
        one = self.one
        start, end = one.source.start, one.source.end
        if one.json is not None:
            if one.keyword == "HEALTHCHECK":
                return (plain(one.json, start, end),)
            return tuple(self._inner(plain(one.json, start, end)))
        value = one.value
        if one.keyword == "HEALTHCHECK":
            value = re.sub(r"^\s*CMD\s+", "", value, flags=re.IGNORECASE)
        at = max(one.source.text.find(value), 0)
        found = commands(value, self.values, lambda i: self._source(at + i))
        for document in one.heredocs:
            if self._is_script(found, document.name):
                begin = max(self.text.find(document.content, start), start)
                found += commands(document.content, self.values, lambda i, b=begin: b + i)  # type: ignore[misc]
        return tuple(found)

    @cached_property
    def plain(self) -> tuple[Command, ...]:
        """The same without ``sudo``, ``exec``, ``env A=b`` and other wrappers."""
        return tuple(unwrapped(command) for command in self.commands)

    def _inner(self, command: Command) -> list[Command]:
        """What ``["sh", "-c", "script"]`` runs; else the command itself."""
        words = command.texts
        if words[2:] and command.name in _SHELLS and words[1].startswith("-") and "c" in words[1]:
            return commands(words[2], self.values, lambda _: command.start) or [command]
        return [command]

    def _source(self, at: int) -> int:
        return self.one.source.source(max(min(at, len(self.one.source.text)), 0))

    def _is_script(self, found: list[Command], name: str) -> bool:
        """Whether a shell reads the here-document of that name."""
        for command in found:
            if any(r.operator.startswith("<<") for r in command.redirects):
                return command.name in _SHELLS
        return not found or all(name in c.texts for c in found)

    @property
    def mounted(self) -> tuple[str, ...]:
        """Targets of the cache mounts of a RUN."""
        return tuple(
            self.resolve(mount_target(m))[0]
            for m in self.one.mounts
            if m["type"] in ("cache", "tmpfs")
        )

    def path(self, text: str) -> str:
        """A path in the image, made absolute with the WORKDIR in force."""
        return posixpath.normpath(posixpath.join("/", self.workdir, text))
