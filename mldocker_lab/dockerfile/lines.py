"""A Dockerfile as logical lines: continuations joined, comments dropped, here-documents attached.

Every character of a logical line remembers where in the source it came from, so that a rewriting
can replace a word and leave every other byte alone. Source of the rules: BuildKit's
``frontend/dockerfile/parser`` package.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from mldocker_lab.dockerfile.expand import SPACE, raw_words, unquoted
from mldocker_lab.dockerfile.words import cut_flags, json_form
from mldocker_lab.errors import DockerfileError

__all__ = ["Heredoc", "Line", "directives", "lines"]

BOM = "\ufeff"
_MAX_LINE = 65535  # bytes; BuildKit's scanner gives up beyond
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$", re.ASCII)
_KNOWN = ("syntax", "escape", "check")
_HEREDOC = re.compile(r"(\d*)<<(-?)([\t\f\r ]*)([^<]*)$")
_ONBUILD = re.compile(r"\A\s*onbuild[\t\v\f\r ]+", re.IGNORECASE)
_TAKES_HEREDOC = re.compile(r"\s*(?:run|copy|add)[\t\v\f\r ]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A here-document: ``<<EOF`` up to a line that says EOF.

    Attributes:
        name: the word that ends it, without quotes.
        content: the lines between, as written.
        chomp: ``<<-``: leading tabs are dropped.
        expand: variables in it are replaced (the name was not quoted).
        fd: the number before ``<<``, 0 if there is none.
    """

    name: str
    content: str
    chomp: bool = False
    expand: bool = True
    fd: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One logical line.

    Attributes:
        text: continuations joined, as BuildKit sees it.
        first, last: line numbers in the source, from 1; here-documents included.
        start, end: its place in the source, without the last newline.
        heredocs: what was attached to it.
    """

    text: str
    first: int
    last: int
    start: int
    end: int
    pieces: tuple[tuple[int, int], ...] = field(repr=False)
    heredocs: tuple[Heredoc, ...] = ()

    def source(self, at: int) -> int:
        """Where in the source the character ``at`` of ``text`` stands."""
        here, there = self.pieces[bisect_right(self.pieces, (at, 1 << 62)) - 1]
        return there + at - here


def directives(text: str) -> dict[str, str]:
    """``# syntax=``, ``# escape=`` and ``# check=`` from the top of the file.

    Raises:
        DockerfileError: one is given twice, or the escape character is not allowed.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix(BOM).split("\n"), 1):
        match = _DIRECTIVE.match(line.strip(SPACE))
        name = match.group(1).lower() if match else ""
        if not match or name not in _KNOWN:
            break
        if name in found:
            raise DockerfileError(
                f"line {number}: a second '# {name}=' directive: {line.strip()}",
                "keep one of them",
                line=number,
            )
        found[name] = match.group(2)
        if name == "escape" and found[name] not in ("\\", "`"):
            raise DockerfileError(
                f"line {number}: the escape character cannot be {found[name]!r}: {line.strip()}",
                "it is a backslash or a backtick",
                line=number,
            )
    return found


class _Source:
    """The physical lines of a text, one after the other; faults are raised, or noted."""

    def __init__(self, text: str, problems: list[DockerfileError] | None) -> None:
        self.text, self.problems = text, problems
        self.at = len(BOM) if text.startswith(BOM) else 0
        self.number = 0

    def next(self) -> tuple[int, str] | None:
        """Offset and content of the next line, without its newline; None at the end."""
        if self.at >= len(self.text):
            return None
        start = self.at
        end = self.text.find("\n", start)
        self.at = len(self.text) if end < 0 else end + 1
        self.number += 1
        line = self.text[start : self.at].rstrip("\r\n")
        if len(line) > _MAX_LINE // 4 and len(line.encode(errors="surrogateescape")) > _MAX_LINE:
            self.refuse(
                DockerfileError(
                    f"line {self.number} is longer than {_MAX_LINE} bytes",
                    "split it with continuations, or COPY a script",
                    line=self.number,
                )
            )
        return start, line

    def refuse(self, error: DockerfileError) -> None:
        """Raise it, or note it where the reader goes on."""
        if self.problems is None:
            raise error
        self.problems.append(error)


def lines(text: str, escape: str, problems: list[DockerfileError] | None = None) -> list[Line]:
    """The logical lines of ``text`` that hold an instruction, in order.

    Args:
        text: the source.
        escape: the escape character.
        problems: read on after a fault, and note it here.

    Raises:
        DockerfileError: a here-document is never closed, a line is too long; never with
            ``problems``.
    """
    source = _Source(text, problems)
    found: list[Line] = []
    while (physical := source.next()) is not None:
        line = _logical(source, *physical, escape)
        if line is not None:
            found.append(line)
    return found


def _logical(source: _Source, start: int, line: str, escape: str) -> Line | None:
    first = source.number
    stripped = line.lstrip(SPACE)
    if not stripped or stripped.startswith("#"):
        return None
    content, goes_on = _trim(stripped, escape)
    pieces = [(0, start + len(line) - len(stripped))]
    text, end = content, start + len(line)
    while goes_on and (physical := source.next()) is not None:
        start_next, line = physical
        stripped = line.lstrip(SPACE)
        if not stripped or stripped.startswith("#"):
            continue
        end = start_next + len(line)
        content, goes_on = _trim(line, escape)
        pieces.append((len(text), start_next))
        text += content
    heredocs, ended = _heredocs(source, text, first)
    return Line(
        text=text,
        first=first,
        last=source.number,
        start=start,
        end=ended or end,
        pieces=tuple(pieces),
        heredocs=heredocs,
    )


def _trim(line: str, escape: str) -> tuple[str, bool]:
    """The line without its continuation character; whether it had one (two make none)."""
    body = line.rstrip(" \t")
    if body.endswith(escape) and not body.endswith(escape * 2):
        return body[:-1], True
    return line, False


def _heredocs(source: _Source, text: str, first: int) -> tuple[tuple[Heredoc, ...], int]:
    if "<<" not in text or not _TAKES_HEREDOC.match(_ONBUILD.sub("", text)):
        return (), 0
    found: list[Heredoc] = []
    end = 0
    for name, chomp, quoted, fd, apart in _announced(text):
        begin, number = source.at, source.number
        while (physical := source.next()) is not None:
            start, line = physical
            if (line.lstrip("\t") if chomp else line) == name:
                content, end = source.text[begin:start], start + len(line)
                break
        else:
            if apart:  # a shift, as in $((1 << 2)), or an older BuildKit's idea of it
                source.at, source.number = begin, number
                continue
            source.refuse(
                DockerfileError(
                    f"line {first}: the here-document is never closed: {text.strip(SPACE)}",
                    f"end it with a line that holds only {name}",
                    line=first,
                )
            )
            content, end = source.text[begin:], len(source.text)
        found.append(Heredoc(name, content, chomp=chomp, expand=not quoted, fd=fd))
    return tuple(found), end


def _announced(text: str) -> list[tuple[str, bool, bool, int, bool]]:
    """Every ``<<NAME`` in a line that is not in JSON form: name, chomp, quoted, number, apart.

    Since Docker 28, white space may stand before the name (``<< NAME``: "apart"); before, that was
    no here-document. It is taken for one where a line ends it.
    """
    command = _ONBUILD.sub("", text)
    _, rest = cut_flags(command)
    if json_form(command[rest:]) is not None:
        return []
    found = []
    for word in raw_words(text):
        match = _HEREDOC.match(word)
        names = raw_words(match.group(4)) if match else []
        if match and len(names) == 1:
            name, (fd, chomp, apart) = unquoted(names[0]), match.groups()[:3]
            found.append((name, bool(chomp), name != names[0], int(fd or 0), bool(apart)))
    return found
