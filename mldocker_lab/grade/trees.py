"""A submission as a tree of names, whatever it came as: a folder, a zip file.

Nothing is unpacked and nothing is followed. Names are looked up one by one, and of a file only as
many bytes are read as an answer file may have; links, special files and names that lead elsewhere
are refused by name.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mldocker_lab.grade.policy import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FolderTree", "Tree", "ZipTree"]

_MOST_NAMES = 5_000  # in one folder, or in a zip file
_MOST_ZIP = 50 << 20
_MOST_DIRECTORY = 2 << 20  # bytes of a zip's table of contents: it is read into memory as a whole
_END = struct.Struct("<4s4H2LH")
_END_MARK, _COMMENT = b"PK\x05\x06", 1 << 16
_ENCRYPTED = 0x1
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Tree(Protocol):
    """A folder, real or in a file."""

    @property
    def when(self) -> datetime | None:
        """When it was handed in, as far as its own times tell."""

    def names(self, folder: str = "") -> dict[str, bool]:
        """What lies in a folder: name → whether it is a folder itself.

        Raises:
            Refused: it cannot be read, or there is too much in it.
        """

    def read(self, name: str, most: int) -> bytes:
        """A file, by its path with slashes.

        Raises:
            Refused: it is a link, no plain file, or has more than ``most`` bytes.
        """


class FolderTree:
    """A folder on this machine; links in it are named, and never followed."""

    def __init__(self, root: Path) -> None:
        if root.is_symlink():
            raise Refused(f"{root.name} is a symbolic link", "hand in the folder itself")
        self.root = root

    @property
    def when(self) -> datetime | None:
        """The time of the last commit if it is a git checkout, else of its newest plain file."""
        return _committed(self.root) or _newest(self.root)

    def names(self, folder: str = "") -> dict[str, bool]:
        """What lies in a folder; links are no folders."""
        found: dict[str, bool] = {}
        place = self._place(folder)
        if place.is_symlink():
            raise Refused(f"{place.name} is a symbolic link", "hand in the folder itself")
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    found[entry.name] = entry.is_dir(follow_symlinks=False)
                    if len(found) > _MOST_NAMES:
                        raise Refused(
                            f"{place.name} holds too many files", "hand in the answer files only"
                        )
        except OSError as error:
            raise Refused(f"{place.name} cannot be read: {error.strerror}") from error
        return dict(sorted(found.items()))

    def read(self, name: str, most: int) -> bytes:
        """A file, if it is one and small enough."""
        path = self._place(name)
        try:
            facts = path.lstat()
        except OSError as error:
            raise Refused(f"{path.name} cannot be read: {error.strerror}") from error
        if stat.S_ISLNK(facts.st_mode):
            raise Refused(f"{path.name} is a symbolic link", "hand in the file itself")
        if not stat.S_ISREG(facts.st_mode):
            raise Refused(f"{path.name} is not a plain file", "hand in the file itself")
        _check_size(path.name, facts.st_size, most)
        try:
            number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            with os.fdopen(number, "rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            raise Refused(f"{path.name} cannot be read: {error.strerror}") from error
        _check_size(path.name, len(data), most)
        return data

    def _place(self, name: str) -> Path:
        """Where a name lies; no part of the way may be a link."""
        place = self.root
        for part in name.split("/") if name else ():
            if place.is_symlink():
                raise Refused(f"{place.name} is a symbolic link", "hand in the folder itself")
            place /= part
        return place


class ZipTree:
    """A zip file, read in place: its table of contents first, then single files, each bounded."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, zipfile.ZipInfo] = {}
        self._odd: dict[str, str] = {}
        with _opened(path) as archive:
            for info in archive.infolist():
                self._add(info)

    @property
    def when(self) -> datetime | None:
        """The time of the zip file: those inside are whatever its maker wrote."""
        return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)

    def names(self, folder: str = "") -> dict[str, bool]:
        """What lies in a folder of the zip file."""
        prefix = f"{folder}/" if folder else ""
        found: dict[str, bool] = {}
        for name in (*self._files, *self._odd):
            if name.startswith(prefix) and name != prefix:
                first, slash, _ = name[len(prefix) :].partition("/")
                found[first] = found.get(first, False) or bool(slash)
        return dict(sorted(found.items()))

    def read(self, name: str, most: int) -> bytes:
        """A file, if it is one and small enough, also when unpacked."""
        short = name.rpartition("/")[2]
        if name in self._odd:
            raise Refused(f"{short} in {self._path.name} {self._odd[name]}", "hand in plain files")
        if name not in self._files:
            raise Refused(f"{short} is not in {self._path.name}")
        info = self._files[name]
        _check_size(short, info.file_size, most)
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(info) as file:
                data = file.read(most + 1)
        except (*_UNREADABLE, OSError) as error:
            raise Refused(f"{short} in {self._path.name} cannot be unpacked: {error}") from error
        _check_size(short, len(data), most)
        return data

    def _add(self, info: zipfile.ZipInfo) -> None:
        """Note an entry; what leads out of the zip, or is there twice, is no file of it."""
        name = info.orig_filename.split("\0")[0].replace("\\", "/")
        parts = name.rstrip("/").split("/")
        if name.startswith("/") or ":" in parts[0] or ".." in parts or "" in parts:
            return
        if info.is_dir():
            self._files.setdefault(name, info)
            return
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind == stat.S_IFLNK:
            self._odd[name] = "is a symbolic link"
        elif kind not in (0, stat.S_IFREG):
            self._odd[name] = "is not a plain file"
        elif info.flag_bits & _ENCRYPTED:
            self._odd[name] = "is encrypted"
        elif name in self._files:
            self._odd[name] = "is there twice"
        else:
            self._files[name] = info


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip file whose size and table of contents are bearable.

    Raises:
        Refused: it is not one, or too big.
    """
    try:
        total = path.stat().st_size
        if total > _MOST_ZIP:
            raise Refused(f"{path.name} has {total} bytes", f"at most {_MOST_ZIP} are read")
        with path.open("rb") as file:
            file.seek(max(0, total - _COMMENT - _END.size))
            tail = file.read()
        at = tail.rfind(_END_MARK)
        if at < 0 or len(tail) - at < _END.size:
            raise Refused(f"{path.name} is not a zip file", "zip the folder with your answer")
        _, _, _, _, count, size, _, _ = _END.unpack_from(tail, at)
        if count > _MOST_NAMES or size > _MOST_DIRECTORY:
            raise Refused(f"{path.name} holds too many files", "hand in the answer files only")
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (*_UNREADABLE, OSError, ValueError) as error:
        raise Refused(
            f"{path.name} cannot be read as a zip file: {error}", "zip the folder again"
        ) from error


def _check_size(name: str, size: int, most: int) -> None:
    if size > most:
        raise Refused(f"{name} has {size} bytes, more than the {most} that are read of it")


def _committed(root: Path) -> datetime | None:
    """The time of a checkout's last commit, from git's own log file: no program is started.

    A repository can tell git to run programs, so git itself is not asked.
    """
    log = root / ".git" / "logs" / "HEAD"
    try:
        if log.parents[1].is_symlink() or log.is_symlink() or not log.is_file():
            return None
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            last = file.read().splitlines()[-1].decode("utf-8", "replace")
        seconds = last.partition("\t")[0].split()[-2]
        return datetime.fromtimestamp(int(seconds), UTC)
    except (OSError, ValueError, IndexError, OverflowError):
        return None


def _newest(root: Path) -> datetime | None:
    newest, seen = 0.0, 0
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name != ".git"]
        for name in files:
            seen += 1
            if seen > _MOST_NAMES:
                return None
            try:
                facts = os.lstat(Path(folder) / name)
            except OSError:
                continue
            if stat.S_ISREG(facts.st_mode):
                newest = max(newest, facts.st_mtime)
    return datetime.fromtimestamp(newest, UTC) if newest else None
