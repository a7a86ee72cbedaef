"""A project from a folder: names by walking it once, texts when a rule asks for them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.project import Project
from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["decoded", "load"]

#: Folders that hold no files of the project: their names are noted, nothing in them is read.
_CLOSED = frozenset(
    [".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox",
     ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".hypothesis"]
)  # fmt: skip
_SIZED = re.compile(
    r"\.(pt|pth|ckpt|onnx|safetensors|gguf|ggml|h5|hdf5|keras|pb|tflite|pkl|pickle|joblib|mar|"
    r"engine|plan|bin|npz|model|"
    r"pdparams|weights|nemo)$",
    re.IGNORECASE,
)
_LONGEST = 1_000_000  # bytes of a text that a rule reads
_MOST = 200_000  # files; beyond, the audit says so


def load(folder: str | Path) -> Project:
    """The project in a folder.

    Raises:
        UsageError: no such folder, or far too many files.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder", "name a project's folder, or a Dockerfile")
    names: list[str] = []
    sizes: dict[str, int] = {}
    for name, entry in _walk(str(root), ""):
        names.append(name)
        if _SIZED.search(name):
            try:
                sizes[name] = entry.stat().st_size
            except OSError:
                sizes[name] = 0
        if len(names) > _MOST:
            raise UsageError(
                f"{root} has more than {_MOST} files", "name the folder of one service"
            )
    return Project(tuple(names), _reader(root), whole=True, sizes=sizes)


def _walk(path: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    todo = [(path, prefix)]
    while todo:
        here, before = todo.pop()
        try:
            with os.scandir(here) as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            name = before + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield name, entry
            elif entry.name in _CLOSED:
                yield name + "/…", entry
            else:
                todo.append((entry.path, name + "/"))


def _reader(root: Path) -> Callable[[str], str | None]:
    known: dict[str, str | None] = {}
    top = root.resolve()

    def read(name: str) -> str | None:
        if name not in known:
            known[name] = _text(top, name)
        return known[name]

    return read


def decoded(data: bytes) -> str:
    """A file's text; Windows' shells write UTF-16 with a mark in front."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


def _text(root: Path, name: str) -> str | None:
    path = root / name
    try:
        if not path.resolve().is_relative_to(root) or not path.is_file():
            return None
        if path.stat().st_size > _LONGEST:
            return None
        return decoded(path.read_bytes())
    except (OSError, ValueError):
        return None
