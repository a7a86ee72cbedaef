"""A folder looked at as a build would, and further: also at what it leaves out."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile import parse
from mldocker_lab.dockerfile.context import Context, scan
from mldocker_lab.dockerfile.lookalikes import secret
from mldocker_lab.dockerfile.sources import Tree, sources
from mldocker_lab.dockerfile.suggest import suggest
from mldocker_lab.errors import DockerfileError, UsageError
from mldocker_lab.report.contextreport import Amount, ContextReport, Lookalike, Part

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.context import Entry
    from mldocker_lab.dockerfile.parse import Dockerfile
    from mldocker_lab.dockerfile.sources import Source

__all__ = ["context_report"]

_LARGEST = 20
_MOST_COUNTED = 200_000  # entries of ignored folders that are counted; a build looks at none
_NEARLY_ALL = 0.95


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
