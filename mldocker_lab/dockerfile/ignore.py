"""Which files a ``.dockerignore`` keeps out of the build context, by moby's exact rules.

The last pattern that matches decides; a pattern that matches a folder matches what is in it;
``!`` takes files back. ``*`` and ``?`` stop at a slash, ``**`` does not. Source of the rules:
moby's ``patternmatcher`` and ``ignorefile`` packages, down to their oddities: braces and the bar
are not escaped, so ``data|src*`` means either of two.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from mldocker_lab.dockerfile.expand import SPACE
from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Pattern", "Patterns"]

_WILD = re.compile(r"[*?\[\]^\\|{}]")
_REPEAT = re.compile(r"\{\d+(,\d*)?\}")
_Kind = Literal["exact", "prefix", "suffix", "regex"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file.

    Attributes:
        text: the cleaned pattern, without its ``!``.
        keep: it began with ``!`` and takes files back.
        line: where it stands, from 1.
    """

    text: str
    keep: bool
    line: int
    kind: _Kind = "exact"
    regex: re.Pattern[str] | None = field(default=None, repr=False)

    def matcher(self) -> Callable[[str], object]:
        """A function that says whether it matches this very path (its folders are not asked)."""
        if self.kind == "exact":
            return self.text.__eq__
        if self.kind == "prefix":
            start = self.text[:-2]
            return lambda path: path.startswith(start)
        if self.kind == "suffix":
            end = self.text[2:]
            return lambda path: path.endswith(end) or f"/{path}" == end
        assert self.regex is not None  # noqa: S101 - made so
        return self.regex.match

    def may_match_below(self, folder: str, *, literally: bool = False) -> bool:
        """Whether it could match something inside ``folder``: False is certain, True is not.

        Args:
            folder: the folder.
            literally: only if its text begins with the folder's name, whatever its wildcards mean.
        """
        if literally:
            return f"{self.text}/".startswith(f"{folder}/")
        wild = _WILD.search(self.text)
        fixed = self.text[: wild.start()].rpartition("/")[0] if wild else self.text
        below = f"{fixed}/".startswith(f"{folder}/")
        return below or (wild is not None and (not fixed or f"{folder}/".startswith(f"{fixed}/")))


class _Run:
    """Neighbouring patterns of one kind (all ignore, or all keep), tried in one go."""

    def __init__(self, keep: bool, first: int, patterns: list[Pattern]) -> None:  # noqa: FBT001
        self.keep, self.span = keep, slice(first, first + len(patterns))
        self._exact = frozenset(p.text for p in patterns if p.kind == "exact")
        self._starts = tuple(p.text[:-2] for p in patterns if p.kind == "prefix")
        self._ends = tuple(p.text[2:] for p in patterns if p.kind == "suffix")
        each = [p.regex.pattern for p in patterns if p.regex]
        self._regex = re.compile("|".join(f"(?:{one})" for one in each), re.ASCII) if each else None

    def matches(self, path: str) -> bool:
        return (
            path in self._exact
            or path.startswith(self._starts)
            or f"/{path}".endswith(self._ends)
            or (self._regex is not None and self._regex.match(path) is not None)
        )


class Patterns:
    """All patterns of an ignore file, compiled once.

    Not for use from several threads at once: it remembers what it found out about folders.
    """

    def __init__(self, patterns: Iterable[Pattern] = ()) -> None:
        self.patterns = tuple(patterns)
        self._tests = [(p.keep, p.matcher()) for p in self.patterns]
        self._runs: list[_Run] = []
        for keep, run in groupby(self.patterns, key=lambda p: p.keep):
            first = self._runs[-1].span.stop if self._runs else 0
            self._runs.append(_Run(keep, first, list(run)))
        self._folders: dict[str, tuple[bool, ...]] = {"": (False,) * len(self.patterns)}

    @classmethod
    def parse(cls, text: str) -> Patterns:
        """Read an ignore file.

        Raises:
            UsageError: a lone ``!``, or brackets and escapes that make no sense; says the line.
        """
        found = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            cleaned = "" if line.startswith("#") else _cleaned(line.strip(SPACE))
            if cleaned:
                found.append(_pattern(cleaned, number))
        return cls(found)

    def ignored(self, path: str) -> bool:
        """Whether the file or folder at ``path`` (relative, with slashes) is kept out."""
        path = posixpath.normpath(path)
        path = path.lstrip("/") or "/"
        return path != "." and self.decide(path)

    def decide(self, path: str) -> bool:
        """The same for a path that is clean already, as it comes from walking a folder."""
        above, ignored = self._above(path), False
        for run in self._runs:
            if any(above[run.span]) or (run.keep == ignored and run.matches(path)):
                ignored = not run.keep
        return ignored

    def may_keep_below(self, folder: str, *, literally: bool = False) -> bool:
        """Whether something inside an ignored folder could be taken back by a ``!`` pattern."""
        return any(p.keep and p.may_match_below(folder, literally=literally) for p in self.patterns)

    def _above(self, path: str) -> tuple[bool, ...]:
        """For every pattern, whether it matched a folder that ``path`` is in.

        A pattern that could not change the decision is not tried, and so does not count for what
        is below: moby does the same.
        """
        folder = path.rpartition("/")[0]
        known = self._folders.get(folder)
        if known is None:
            ignored, found = False, []
            for (keep, test), above in zip(self._tests, self._above(folder), strict=True):
                hit = above or (keep == ignored and bool(test(folder)))
                found.append(hit)
                if hit:
                    ignored = not keep
            known = self._folders[folder] = tuple(found)
        return known


def _cleaned(line: str) -> str:
    """The pattern as Go's ``filepath.Clean`` leaves it, without a leading slash; ``!`` first."""
    bang = "!" if line.startswith("!") else ""
    rest = line[len(bang) :].strip(SPACE)
    if not rest:
        return bang
    rest = posixpath.normpath(rest)
    return bang + (rest.lstrip("/") if len(rest) > 1 else rest)


def _pattern(cleaned: str, number: int) -> Pattern:
    keep = cleaned.startswith("!")
    text = cleaned[keep:]
    if not text:
        raise UsageError(
            f"line {number} of the ignore file is a lone !",
            "write the pattern to take back right after it: !keep.txt",
        )
    try:
        _check(text)
        kind, source = _translate(text)
        regex = re.compile(_python(source), re.ASCII) if kind == "regex" else None
    except (ValueError, re.error, RecursionError, OverflowError) as error:
        raise UsageError(
            f"line {number} of the ignore file is not a pattern: {cleaned} ({error})",
            "brackets hold characters or ranges, as in [a-c]; a backslash escapes the next one",
        ) from None
    return Pattern(text, keep, number, kind, regex)


def _check(text: str) -> None:
    """Refuse what Go's ``filepath.Match`` calls a bad pattern.

    Raises:
        ValueError: says what is wrong.
    """
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            if at == len(text):
                raise ValueError("a backslash at the end escapes nothing")
        elif text[at] == "[":
            at = _check_class(text, at + 1)
        at += 1


def _check_class(text: str, at: int) -> int:
    at += text[at : at + 1] == "^"
    first = True
    while first or text[at : at + 1] != "]":
        at = _check_member(text, at)
        if text[at : at + 1] == "-":
            at = _check_member(text, at + 1)
        first = False
    return at


def _check_member(text: str, at: int) -> int:
    if text[at : at + 1] in ("", "-", "]"):
        raise ValueError("the brackets do not hold a list of characters")
    at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise ValueError("the brackets are not closed")
    return at


def _translate(text: str) -> tuple[_Kind, str]:
    """How to match it, and the regular expression (Go's dialect) that moby would use."""
    kind: _Kind = "exact"
    source, at = "", 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*" and text[at : at + 1] == "*":
            begins = at == 1
            at += 1
            at += text[at : at + 1] == "/"
            if at < len(text):
                source, kind = source + "(.*/)?", "regex"
            elif kind == "exact":
                kind = "prefix"
            else:
                source, kind = source + ".*", "regex"
            kind = "suffix" if begins else kind
        elif char in "*?":
            source, kind = source + ("[^/]*" if char == "*" else "[^/]"), "regex"
        elif char == "\\":
            source, kind = source + char + text[at : at + 1], "regex"
            at += 1
        else:
            kind = "regex" if char in "[]" else kind
            source += f"\\{char}" if char in ".+()$" else char
    return kind, source


def _python(source: str) -> str:
    r"""The same expression for Python: a lone brace, and a bracket inside a list, are plain.

    Go's ``^`` and ``$`` mean the whole text; Python needs ``\Z`` so that a last newline counts. A
    bar splits even these off, so only the first of two begins where the path begins.
    """
    done, inside, at = [], False, 0
    while at < len(source):
        char = source[at]
        if char == "\\":
            done.append(source[at : at + 2])
            at += 2
            continue
        if inside and char in "[&~|":
            char = f"\\{char}"
        elif not inside and char in "{}":
            repeat = _REPEAT.match(source, at)
            char = repeat.group() if repeat else f"\\{char}"
            at += len(repeat.group()) - 1 if repeat else 0
        elif char == "[":
            inside = True
            at += source[at + 1 : at + 2] == "^"
            char = source[at - 1 : at + 1] if source[at] == "^" else char
        elif char == "]":
            inside = False
        elif char == "|" and not inside:
            char = "|(?s:.*?)"
        done.append(char)
        at += 1
    return "".join(done) + r"\Z"
