"""What a Dockerfile takes from its build context: the sources of COPY, ADD and bind mounts.

BuildKit's command line sends these and nothing else. Whoever sends a tar sends all that is not
ignored, whatever the Dockerfile asks for.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.parse import expand, global_args
from mldocker_lab.errors import DockerfileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mldocker_lab.dockerfile.context import Entry
    from mldocker_lab.dockerfile.parse import Dockerfile, Instruction

__all__ = ["Source", "Tree", "sources"]

_REMOTE = re.compile(r"https?://|git://|ssh://|git@[\w.-]+:")
_BARE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_DOCUMENT = re.compile(r"\d*<<-?[^<]+")
_WILD = re.compile(r"[*?\[\\]")
_MOST_LINKS = 255  # as many symlinks in a row as Linux would follow, and more


@dataclass(frozen=True, slots=True)
class Source:
    """A path in the context that an instruction takes from it.

    Attributes:
        path: cleaned, without a leading slash, maybe with wildcards; "" for the whole context;
            None if it hangs on a variable that the Dockerfile gives no value.
        line: where the instruction stands, from 1.
    """

    path: str | None
    line: int


def sources(dockerfile: Dockerfile, target: str | None = None) -> tuple[Source, ...]:
    """What the stages that are needed take from the context, in order.

    Args:
        dockerfile: whose sources.
        target: the stage that is built; None for the last.
    """
    needed = dockerfile.needed(target)
    values = global_args(dockerfile.instructions, {}, dockerfile.escape)
    environment: dict[int, dict[str, str]] = {}
    found: list[Source] = []
    for stage in dockerfile.stages:
        known = dict(environment.get(-1 if stage.base_stage is None else stage.base_stage, {}))
        kept = set(known)
        for one in stage.instructions:
            _learn(one, known, kept, values, dockerfile.escape)
            if stage.index in needed:
                paths = (_path(text, known, dockerfile.escape) for text in _texts(one))
                found += [Source(path, one.line) for path in paths]
        environment[stage.index] = {name: known[name] for name in kept}
    return tuple(found)


def _learn(
    one: Instruction,
    known: dict[str, str],
    kept: set[str],
    values: Mapping[str, str],
    escape: str,
) -> None:
    """Note what ARG and ENV set; only ENV outlives its stage."""
    if one.keyword == "ARG":
        for word in one.words:
            name, given, default = word.partition("=")
            if name in kept:
                continue
            if given:
                known[name] = _expanded(default, known, escape)
            elif name in values:
                known[name] = values[name]
    elif one.keyword == "ENV":
        before = dict(known)
        for name, value in zip(one.words[::2], one.words[1::2], strict=False):
            known[name] = _expanded(value, before, escape)
            kept.add(name)


def _texts(one: Instruction) -> Iterator[str]:
    """The sources as they are written."""
    if one.keyword in ("COPY", "ADD") and one.flag("from") is None:
        for word in one.words[:-1]:
            remote = one.keyword == "ADD" and _REMOTE.match(word)
            document = one.heredocs and _DOCUMENT.fullmatch(word)
            if not remote and not document:
                yield word
    for mount in one.mounts:
        if mount["type"] == "bind" and not mount.get("from"):
            yield mount.get("source") or mount.get("src") or "."


def _path(text: str, known: Mapping[str, str], escape: str) -> str | None:
    names = {one or two for one, two in _BARE.findall(text)}
    if names - set(known):
        return None
    return posixpath.normpath(f"/{_expanded(text, known, escape)}").lstrip("/")


def _expanded(text: str, known: Mapping[str, str], escape: str) -> str:
    try:
        return expand(text, known, escape)
    except DockerfileError:  # said with its line where the file is read, or by the builder
        return text


class Tree:
    """The entries of a context, to look sources up in."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._below: dict[str, dict[str, Entry]] = defaultdict(dict)
        for entry in entries:
            folder, _, name = entry.name.rpartition("/")
            self._below[folder][name] = entry

    def named(self, path: str) -> set[str]:
        """Names of the entries that a source's path means; "" is the whole context."""
        return set(self._walk("", _parts(path), set(), 0))

    def taken(self, path: str) -> set[str]:
        """Names of all entries that a source needs, symlinks and what they point to included."""
        links: set[str] = set()
        found = set(self._walk("", _parts(path), links, 0))
        todo = list(found)
        while todo:
            below = [entry.name for entry in self._below.get(todo.pop(), {}).values()]
            found.update(below)
            todo += below
        return (found | links) - {""}

    def _walk(self, folder: str, parts: list[str], links: set[str], depth: int) -> Iterator[str]:
        if not parts:
            yield folder
            return
        for entry in self._matching(folder, parts[0]):
            if entry.kind != "symlink":
                yield from self._walk(entry.name, parts[1:], links, depth)
            elif depth < _MOST_LINKS:
                links.add(entry.name)
                there = _parts(posixpath.normpath(posixpath.join("/", folder, entry.link)))
                yield from self._walk("", [*there, *parts[1:]], links, depth + 1)

    def _matching(self, folder: str, part: str) -> list[Entry]:
        here = self._below.get(folder, {})
        if not _WILD.search(part):
            return [here[part]] if part in here else []
        matches = re.compile(fnmatch.translate(_python_glob(part))).match
        return [entry for name, entry in here.items() if matches(name)]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _python_glob(part: str) -> str:
    """Go's wildcards as Python's: another mark for "none of these", and escapes as lists."""
    return re.sub(r"\\(.)", r"[\1]", part).replace("[^", "[!")
