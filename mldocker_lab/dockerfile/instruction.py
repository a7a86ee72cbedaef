"""One instruction of a Dockerfile, as BuildKit sees it and as it stands in the source."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.expand import SPACE
from mldocker_lab.dockerfile.words import Flag, cut_flags, keyword, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.dockerfile.lines import Heredoc, Line

__all__ = ["FILESYSTEM", "Instruction", "mount_target", "read", "split_mount"]

#: The instructions that make files, and so a layer that a cache can hold.
FILESYSTEM = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Attributes:
        index: its position among all instructions of the file, from 0 (FROM and ARG count).
        keyword: RUN, COPY, … in capitals.
        value: its arguments: what follows keyword and flags, continuations joined.
        flags: ``--name=value`` in order; the value of a bare ``--name`` is "".
        words: the arguments cut into words by the rules of this keyword: one for RUN and CMD in
            shell form, names and values in turn for ENV and LABEL, sources and destination for
            COPY, the trigger's keyword and words for ONBUILD.
        json: the words, if they were written as a JSON list; None in shell form.
        heredocs: its here-documents.
        line, end_line: where it stands in the source, from 1.
        text: its exact source.
        joined: keyword and arguments on one line as BuildKit joins them, without here-documents.
        stage: index of its stage; None for an ARG before the first FROM.
    """

    index: int
    keyword: str
    value: str
    flags: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    json: tuple[str, ...] | None
    heredocs: tuple[Heredoc, ...]
    line: int
    end_line: int
    text: str
    joined: str
    stage: int | None
    source: Line = field(repr=False, compare=False)
    placed: tuple[Flag, ...] = field(repr=False, compare=False)

    @property
    def filesystem(self) -> bool:
        """Whether it makes files: RUN, COPY, ADD."""
        return self.keyword in FILESYSTEM

    @property
    def oneline(self) -> str:
        """One line for tables: single spaces, and the first line of a here-document."""
        first, *rest = self.joined.split()
        line = " ".join([first.upper(), *rest])
        if not self.heredocs:
            return line
        head, *more = self.heredocs[0].content.strip().split("\n")
        return f"{line} ({head.strip()}{'…' if more else ''})"

    def flag(self, name: str) -> str | None:
        """The value of ``--name``; "" if it has none, None if it is not given."""
        return next((value for key, value in self.flags if key == name), None)

    @property
    def mounts(self) -> tuple[dict[str, str], ...]:
        """Each ``RUN --mount`` as its fields; ``type`` is bind unless it says otherwise."""
        found = []
        for name, value in self.flags:
            if name == "mount" and self.keyword == "RUN":
                pairs = (part.partition("=")[::2] for part in split_mount(value))
                found.append({"type": "bind", **{key.strip().lower(): val for key, val in pairs}})
        return tuple(found)


def split_mount(value: str) -> list[str]:
    """The fields of a mount: comma separated, a field with a comma in double quotes."""
    try:
        return next(csv.reader([value]), [])
    except csv.Error:  # a line break in it
        return [value]


def mount_target(mount: Mapping[str, str]) -> str:
    """Where a mount is put; "" if it does not say."""
    return next((mount[key] for key in ("target", "dst", "destination") if key in mount), "")


def _stage(keyword: str, before: int | None) -> int | None:
    return before if keyword != "FROM" else 0 if before is None else before + 1


def read(line: Line, index: int, stage: int | None, source: str, escape: str) -> Instruction:
    """The instruction in a logical line; ``stage`` is that of the instruction before it.

    Raises:
        DockerfileError: its arguments cannot be cut into words; the line is not named yet.
    """
    word = keyword(line.text)
    flags, at = cut_flags(line.text)
    value = line.text[at:].strip(SPACE)
    found, form = words(word, value, escape)
    return Instruction(
        index=index,
        keyword=word,
        value=value,
        flags=tuple((flag.name, flag.value or "") for flag in flags),
        words=found,
        json=form,
        heredocs=line.heredocs,
        line=line.first,
        end_line=line.last,
        text=source[line.start : line.end],
        joined=line.text.strip(SPACE),
        stage=_stage(word, stage),
        source=line,
        placed=flags,
    )
