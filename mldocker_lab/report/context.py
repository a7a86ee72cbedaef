"""What a build sends of a folder, what is large in it, and what need not be sent.

Two numbers are called "the build context", and this report says which is which:

*all that is not ignored*  what a tar to the engine's API holds (this lab, most libraries, the
classic builder), and what ``COPY . .`` takes;
*what COPY names*  what ``docker build`` with BuildKit sends: only what COPY, ADD and bind mounts of
the stages it needs ask for.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.dockerfile import parse
from mldocker_lab.dockerfile.context import Context, scan
from mldocker_lab.dockerfile.lookalikes import secret
from mldocker_lab.dockerfile.sources import Tree, sources
from mldocker_lab.dockerfile.suggest import Suggestion, as_text, suggest
from mldocker_lab.errors import DockerfileError, UsageError

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.context import Entry
    from mldocker_lab.dockerfile.parse import Dockerfile
    from mldocker_lab.dockerfile.sources import Source
    from mldocker_lab.show.figure import Picture

__all__ = ["Amount", "ContextReport", "Lookalike", "Part", "Suggestion", "context_report"]

_LARGEST = 20
_MOST_COUNTED = 200_000  # entries of ignored folders that are counted; a build looks at none
_NEARLY_ALL = 0.95


@dataclass(frozen=True, slots=True)
class Amount:
    """Some files: how many, and the sum of their sizes in bytes."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A file or folder of the context: its path, how many files, and the sum of their sizes."""

    path: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A file that looks like a secret, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What a build sends of a folder.

    Attributes:
        folder: the folder, as it was named.
        dockerfile: name of the Dockerfile.
        ignore_file: name of the ignore file; None if there is none.
        files: names of all files, symlinks and pipes that are not ignored, sorted: what
            ``COPY . .`` takes, and what a tar to the engine's API holds.
        bytes: the sum of their sizes.
        ignored: files that the ignore file keeps out.
        ignored_all: False if there are so many ignored files that not all were counted.
        also_sent: ignored files that are sent all the same, since builders read them.
        copied: what COPY, ADD and bind mounts take; None if that cannot be told.
        copied_why: why it cannot be told; "" if it can.
        largest_files, largest_folders: the largest first; a folder counts all that is below it.
        suggestions: lines for the ignore file.
        lookalikes: files that look like secrets and are sent.
        skipped: sockets and devices, which no tar can hold.
        unreadable: what you may not read; a build stops there.
        left_by_classic: files that only BuildKit takes back from ignored folders.
        parts, copied_parts: what ``files`` and ``copied`` are made of: the names at the top of the
            folder, the largest first.
    """

    folder: str
    dockerfile: str
    ignore_file: str | None
    files: tuple[str, ...] = field(repr=False)
    bytes: int
    ignored: Amount
    ignored_all: bool
    also_sent: tuple[str, ...]
    copied: Amount | None
    copied_why: str
    largest_files: tuple[Part, ...] = field(repr=False)
    largest_folders: tuple[Part, ...] = field(repr=False)
    suggestions: tuple[Suggestion, ...]
    lookalikes: tuple[Lookalike, ...]
    skipped: tuple[str, ...]
    unreadable: tuple[str, ...]
    left_by_classic: tuple[str, ...]
    parts: tuple[Part, ...] = field(repr=False)
    copied_parts: tuple[Part, ...] = field(repr=False)

    @property
    def saves(self) -> Amount:
        """What the suggested lines keep out, those to look at first not counted."""
        sure = [one for one in self.suggestions if not one.look_first]
        return Amount(sum(one.files for one in sure), sum(one.bytes for one in sure))

    @property
    def suggested(self) -> str:
        """The lines to append to the ignore file, as text; "" if there is nothing to suggest."""
        return as_text(self.suggestions)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON sees it."""
        return {
            "folder": self.folder,
            "dockerfile": self.dockerfile,
            "ignore_file": self.ignore_file,
            "files": list(self.files),
            "bytes": self.bytes,
            "ignored": self.ignored.files,
            "ignored_bytes": self.ignored.bytes,
            "ignored_complete": self.ignored_all,
            "also_sent": list(self.also_sent),
            "copied": asdict(self.copied) if self.copied else None,
            "largest_files": [asdict(part) for part in self.largest_files],
            "largest_folders": [asdict(part) for part in self.largest_folders],
            "suggested": {
                **asdict(self.saves),
                "lines": [asdict(one) for one in self.suggestions],
                "text": self.suggested,
            },
            "lookalikes": [asdict(one) for one in self.lookalikes],
            "skipped": list(self.skipped),
            "unreadable": list(self.unreadable),
            "left_by_classic": list(self.left_by_classic),
        }

    def plot(self) -> Picture:
        """What is sent of the folder, by its parts: all that is not ignored, and what COPY names.

        Raises:
            UsageError: what COPY names cannot be told.
        """
        from mldocker_lab.report import figures

        return figures.context(self)

    def __str__(self) -> str:
        return str(self._repr_mimebundle_()["text/plain"])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from mldocker_lab.report.contexttables import context_tables
        from mldocker_lab.show.table import bundle

        return bundle(context_tables(self), include, exclude)


def context_report(folder: str | Path, dockerfile: str = "Dockerfile") -> ContextReport:
    """Look at a folder as a build context. No file is opened but the Dockerfile and ignore file.

    Args:
        folder: the folder.
        dockerfile: its Dockerfile, relative to the folder or an absolute path; without one, only
            what COPY names cannot be told.

    Raises:
        UsageError: no such folder, or a bad ignore file.
    """
    context = scan(folder, dockerfile, strict=False)
    read, why = _dockerfile(context)
    sent = [one for one in context.entries if not one.ignored]
    files = [one for one in sent if one.kind != "folder"]
    taken = sources(read) if read else ()
    named, unclear = _named(sent, taken)
    copied = Amount(len(named), sum(one.size for one in named)) if named is not None else None
    ignored, complete = _ignored(context)
    paths = tuple(one.path for one in taken if one.path is not None)
    old = (
        scan(folder, dockerfile, strict=False, walker="classic") if _by_wildcard(context) else None
    )
    return ContextReport(
        folder=str(folder),
        dockerfile=context.dockerfile,
        ignore_file=context.ignore_file,
        files=tuple(one.name for one in files),
        bytes=sum(one.size for one in files),
        ignored=ignored,
        ignored_all=complete,
        also_sent=tuple(one.name for one in context.entries if one.ignored),
        copied=copied if read else None,
        copied_why=why or unclear,
        largest_files=_largest([Part(one.name, 1, one.size) for one in files]),
        largest_folders=_largest(_folders(files)),
        suggestions=suggest(context, paths, _mentions(read) if read else ""),
        lookalikes=_lookalikes(files),
        skipped=context.skipped,
        unreadable=context.unreadable,
        left_by_classic=_only_in(files, old) if old else (),
        parts=_tops(files),
        copied_parts=_tops(named or []) if read else (),
    )


def _dockerfile(context: Context) -> tuple[Dockerfile | None, str]:
    try:
        return parse.load(context.folder / context.dockerfile), ""
    except (UsageError, DockerfileError) as error:
        return None, f"{error.what} ({error.hint})"


def _named(sent: list[Entry], taken: tuple[Source, ...]) -> tuple[list[Entry] | None, str]:
    """What COPY, ADD and bind mounts take; None and why, if a source cannot be known."""
    unknown = [str(one.line) for one in taken if one.path is None]
    if unknown:
        return None, f"line {', '.join(unknown)} takes what a variable without a value names"
    tree = Tree(sent)
    names = set().union(*(tree.taken(one.path) for one in taken if one.path is not None))
    return [one for one in sent if one.name in names and one.kind != "folder"], ""


def _tops(files: list[Entry]) -> tuple[Part, ...]:
    """The names at the top of the folder with all that is below them, the largest first."""
    below: dict[str, list[int]] = defaultdict(list)
    for one in files:
        below[one.name.partition("/")[0]].append(one.size)
    parts = [Part(name, len(sizes), sum(sizes)) for name, sizes in below.items()]
    return tuple(sorted(parts, key=lambda part: (-part.bytes, part.path)))


def _ignored(context: Context) -> tuple[Amount, bool]:
    """How much the ignore file keeps out, and whether all of it was counted."""
    files = size = seen = 0
    todo = [context.folder / name for name in reversed(context.left_out)]
    while todo:
        seen += 1
        if seen > _MOST_COUNTED:
            return Amount(files, size), False
        path = todo.pop()
        try:
            if path.is_dir() and not path.is_symlink():
                with os.scandir(path) as found:
                    todo += [Path(item.path) for item in found]
            else:
                size += path.lstat().st_size
                files += 1
        except OSError:
            continue
    return Amount(files, size), True


def _by_wildcard(context: Context) -> bool:
    """Whether the ignore file takes something back by a wildcard."""
    return any(one.keep and one.kind != "exact" for one in context.patterns.patterns)


def _only_in(files: list[Entry], other: Context) -> tuple[str, ...]:
    theirs = {one.name for one in other.entries if not one.ignored}
    return tuple(one.name for one in files if one.name not in theirs)


def _folders(files: list[Entry]) -> list[Part]:
    """Every folder with all that is below it, except those that only lead to one that is as big."""
    counts: dict[str, int] = defaultdict(int)
    sizes: dict[str, int] = defaultdict(int)
    for one in files:
        folder = one.name.rpartition("/")[0]
        while folder:
            counts[folder] += 1
            sizes[folder] += one.size
            folder = folder.rpartition("/")[0]
    leads = {
        folder.rpartition("/")[0]
        for folder, size in sizes.items()
        if size > _NEARLY_ALL * sizes.get(folder.rpartition("/")[0], 0)
    }
    return [Part(name, counts[name], sizes[name]) for name in sizes if name not in leads]


def _largest(parts: list[Part]) -> tuple[Part, ...]:
    found = sorted((part for part in parts if part.bytes), key=lambda one: (-one.bytes, one.path))
    return tuple(found[:_LARGEST])


def _mentions(dockerfile: Dockerfile) -> str:
    """The instructions that may use files of the context by their names in the image."""
    kinds = ("RUN", "CMD", "ENTRYPOINT", "ENV", "HEALTHCHECK")
    return "\n".join(one.text for one in dockerfile.instructions if one.keyword in kinds)


def _lookalikes(files: list[Entry]) -> tuple[Lookalike, ...]:
    found = ((one.name, secret(one.name)) for one in files if one.kind == "file")
    return tuple(Lookalike(name, why) for name, why in found if why)
