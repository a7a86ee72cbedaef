"""The build context: which files of a folder are sent to the engine, and the tar that carries them.

Which files the ignore file keeps out is the same for every client; whether an ignored folder is
looked into for files to take back is not. BuildKit looks wherever a ``!`` pattern could match;
the classic command line (and BuildKit's of Docker 20.10) only where the pattern spells the
folder out, so that ``!**/*.py`` takes nothing back from an ignored folder. We do as BuildKit does.

The tar is the same wherever and whenever it is made: owner 0, time 0, modes 0755 or 0644, sorted
names. It is in GNU format, with the Dockerfile first: BuildKit looks at the first kilobyte to
tell a tar from a Dockerfile, and Python's default format fails that look.
"""

from __future__ import annotations

import os
import stat
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.errors import LabError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Archive", "Context", "Entry", "Walker", "scan", "tar"]

Kind = Literal["file", "folder", "symlink", "pipe"]
Walker = Literal["buildkit", "classic"]

_CHUNK = 1 << 20  # bytes read at once
_BLOCK = tarfile.BLOCKSIZE
_IGNORE = ".dockerignore"
_ALL_READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_TYPES = {
    "file": tarfile.REGTYPE,
    "folder": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "pipe": tarfile.FIFOTYPE,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the context.

    Attributes:
        name: path relative to the folder, with slashes; a byte that is not UTF-8 is a surrogate.
        kind: file, folder, symlink or pipe (a named pipe becomes one in the image, too).
        size: bytes of the file; 0 for others.
        mode: 0o755 for folders and programs, 0o644 for other files, 0o777 for symlinks.
        link: where a symlink points to, as written.
        ignored: ignored by the patterns, and sent only because a builder reads it.
    """

    name: str
    kind: Kind
    size: int
    mode: int
    link: str = ""
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What would be sent of a folder.

    Attributes:
        folder: the folder.
        dockerfile: name of the Dockerfile in it, with slashes; it need not exist.
        entries: what is sent, sorted by name.
        left_out: names of what the ignore file keeps out, sorted; a folder that is not even looked
            into stands for all that is in it.
        ignore_file: name of the ignore file that was used; None if there is none.
        skipped: names of sockets and devices, which cannot be sent.
        unreadable: names of what you may not read; a build stops at the first of them.
        patterns: the rules of the ignore file.
    """

    folder: Path
    dockerfile: str
    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]
    ignore_file: str | None
    skipped: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    patterns: Patterns = field(default_factory=Patterns, repr=False, compare=False)

    @property
    def bytes(self) -> int:
        """Sum of the file sizes."""
        return sum(entry.size for entry in self.entries)


def scan(
    folder: str | Path,
    dockerfile: str = "Dockerfile",
    *,
    strict: bool = True,
    walker: Walker = "buildkit",
) -> Context:
    """List what would be sent of ``folder``; nothing but the ignore file is opened.

    ``<dockerfile>.dockerignore`` is preferred over ``.dockerignore``. The Dockerfile and
    ``.dockerignore`` are sent even if they are ignored: builders read them.

    Args:
        folder: the build context.
        dockerfile: name of the Dockerfile in it.
        strict: what may not be read is an error; otherwise it is listed as ``unreadable``.
        walker: whose way of looking into ignored folders.

    Raises:
        UsageError: no such folder, a bad ignore file, something that may not be read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder", "name the folder that holds the Dockerfile")
    name = dockerfile.replace(os.sep, "/").removeprefix("./")
    ignore_file, patterns = _rules(root, name)
    walk = _Walk(patterns, frozenset({name, _IGNORE}), strict=strict, walker=walker)
    walk.folder(root, "", kept=True)
    return Context(
        folder=root,
        dockerfile=name,
        entries=tuple(sorted(walk.entries.values(), key=lambda entry: entry.name)),
        left_out=tuple(sorted(walk.left_out)),
        ignore_file=ignore_file,
        skipped=tuple(sorted(walk.skipped)),
        unreadable=tuple(sorted(walk.unreadable)),
        patterns=patterns,
    )


def _rules(root: Path, dockerfile: str) -> tuple[str | None, Patterns]:
    for name in (f"{dockerfile}{_IGNORE}", _IGNORE):
        try:
            text = (root / name).read_bytes().decode("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise _unreadable(name, error) from error
        try:
            return name, Patterns.parse(text)
        except UsageError as error:
            raise UsageError(f"{name}: {error.what}", error.hint) from None
    return None, Patterns()


class _Walk:
    """Goes through a folder once and sorts what it sees."""

    def __init__(
        self, patterns: Patterns, always: frozenset[str], *, strict: bool, walker: Walker
    ) -> None:
        self.patterns, self.always = patterns, always
        self.strict, self.literally = strict, walker == "classic"
        self.entries: dict[str, Entry] = {}
        self.skipped: list[str] = []
        self.unreadable: list[str] = []
        self.left_out: set[str] = set()

    def folder(self, path: Path | str, prefix: str, *, kept: bool) -> None:
        try:
            found = list(os.scandir(path))
        except OSError as error:
            if kept:
                self._refused(prefix.rstrip("/") or str(path), error)
            return
        for item in found:
            self._item(item, prefix + item.name)

    def _item(self, item: os.DirEntry[str], name: str) -> None:
        ignored = self.patterns.decide(name)
        if item.is_dir(follow_symlinks=False):
            self._folder_item(item, name, ignored=ignored)
        elif ignored and name not in self.always:
            self.left_out.add(name)
        else:
            self._keep(item, name, ignored=ignored)

    def _folder_item(self, item: os.DirEntry[str], name: str, *, ignored: bool) -> None:
        if not ignored:
            self.entries[name] = Entry(name, "folder", 0, 0o755)
            self._parents(name)
        else:
            self.left_out.add(name)
            needed = any(one.startswith(f"{name}/") for one in self.always)
            if not needed and not self.patterns.may_keep_below(name, literally=self.literally):
                return
        before = len(self.left_out)
        self.folder(item.path, f"{name}/", kept=not ignored)
        if len(self.left_out) > before:  # it was looked into: what is left out of it is named
            self.left_out.discard(name)

    def _keep(self, item: os.DirEntry[str], name: str, *, ignored: bool) -> None:
        try:
            facts = item.stat(follow_symlinks=False)
            entry = _entry(item.path, name, facts, ignored=ignored)
        except OSError as error:
            self._refused(name, error)
            return
        if entry is None:
            self.skipped.append(name)
            return
        self.entries[name] = entry
        self._parents(name)

    def _parents(self, name: str) -> None:
        """What is taken back from an ignored folder takes its folders along."""
        folder = name.rpartition("/")[0]
        while folder and folder not in self.entries:
            self.entries[folder] = Entry(folder, "folder", 0, 0o755)
            self.left_out.discard(folder)
            folder = folder.rpartition("/")[0]

    def _refused(self, name: str, error: OSError) -> None:
        if self.strict:
            raise _unreadable(name, error) from error
        self.unreadable.append(name)


def _entry(path: str, name: str, facts: os.stat_result, *, ignored: bool) -> Entry | None:
    if stat.S_ISLNK(facts.st_mode):
        link = os.readlink(path).replace(os.sep, "/")  # noqa: PTH115 - Path would tidy it up
        return Entry(name, "symlink", 0, 0o777, link=link, ignored=ignored)
    if stat.S_ISFIFO(facts.st_mode):
        return Entry(name, "pipe", 0, 0o644, ignored=ignored)
    if not stat.S_ISREG(facts.st_mode):
        return None
    if not (facts.st_mode & _ALL_READ == _ALL_READ or _may_read(path)):
        raise PermissionError(0, "no permission to read it")
    mode = 0o755 if facts.st_mode & 0o111 else 0o644
    return Entry(name, "file", facts.st_size, mode, ignored=ignored)


def _may_read(path: str) -> bool:
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


def _unreadable(name: str, error: OSError) -> UsageError:
    return UsageError(
        f"{_printable(name)} in the build context cannot be read: {error.strerror}",
        "give yourself the right to read it, or list it in .dockerignore",
    )


def _printable(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


@dataclass(frozen=True, slots=True)
class _Item:
    """One member of the tar: its header, and where its bytes come from."""

    entry: Entry
    data: bytes | None = None

    @property
    def header(self) -> bytes:
        entry = self.entry
        info = tarfile.TarInfo(entry.name)
        info.type, info.mode, info.linkname = _TYPES[entry.kind], entry.mode, entry.link
        info.size = entry.size
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


class Archive:
    """The tar of a context: loop over it to send it, as often as you like.

    Attributes:
        size: exact number of bytes that the loop yields.
    """

    def __init__(self, folder: Path, items: list[_Item]) -> None:
        self._folder, self._items = folder, items
        self.size = 2 * _BLOCK + sum(
            len(item.header) + item.entry.size + -item.entry.size % _BLOCK for item in items
        )

    def __iter__(self) -> Iterator[bytes]:
        for item in self._items:
            yield item.header
            if item.data is not None:
                yield item.data
            elif item.entry.kind == "file":
                yield from self._read(item.entry)
            if padding := -item.entry.size % _BLOCK:
                yield bytes(padding)
        yield bytes(2 * _BLOCK)

    def _read(self, entry: Entry) -> Iterator[bytes]:
        left = entry.size
        try:
            with (self._folder / entry.name).open("rb") as file:
                while chunk := file.read(min(left, _CHUNK) or 1):
                    left -= len(chunk)
                    if left < 0:
                        break
                    yield chunk
        except OSError as error:
            raise _unreadable(entry.name, error) from error
        if left:
            raise LabError(
                f"{_printable(entry.name)} changed while it was being sent",
                "build again once nothing writes to it, or list it in .dockerignore",
            )


def tar(
    context: Context,
    *,
    overlay: Mapping[str, bytes] | None = None,
    dockerfile_text: str | None = None,
    dockerfile_name: str | None = None,
) -> Archive:
    """The context as a tar, made while it is read.

    Args:
        context: what ``scan`` found.
        overlay: files to send as if they were in the folder, by name; they replace what is there,
            and are left out if the ignore file says so.
        dockerfile_text: send this instead of the Dockerfile's own text.
        dockerfile_name: send the Dockerfile under this name; its own stays as it is.

    Raises:
        UsageError: there is no Dockerfile, neither in the folder nor given.
    """
    items = {entry.name: _Item(entry) for entry in context.entries}
    for name, data in (overlay or {}).items():
        if not context.patterns.ignored(name) or name == context.dockerfile:
            _put(items, name, data)
    name = dockerfile_name or context.dockerfile
    if dockerfile_text is not None:
        _put(items, name, dockerfile_text.encode("utf-8", "surrogateescape"))
    if name not in items:
        raise UsageError(
            f"there is no {name} in {context.folder}", "write one, or name the one you mean"
        )
    first = items.pop(name)
    return Archive(context.folder, [first, *(items[key] for key in sorted(items))])


def _put(items: dict[str, _Item], name: str, data: bytes) -> None:
    old = items.get(name)
    mode = old.entry.mode if old and old.entry.kind == "file" else 0o644
    items[name] = _Item(Entry(name, "file", len(data), mode), data)
    folder = name.rpartition("/")[0]
    while folder and folder not in items:
        items[folder] = _Item(Entry(folder, "folder", 0, 0o755))
        folder = folder.rpartition("/")[0]
