"""Remembers what layers weigh, so that a base is compressed once and not for every image on it.

A layer's diff id is the hash of its content, so what was measured once stays true. Streams do not
always name the diff id first (older engines name a layer by a hash of its chain, stores with
compressed layers by the compressed bytes), so those names are remembered too.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LayerCache", "Weight"]

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS weights
        (diff_id TEXT PRIMARY KEY, bytes INTEGER, pull_bytes INTEGER, files INTEGER);
    CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, diff_id TEXT);
"""
_ALL_WEIGHTS = "SELECT diff_id, bytes, pull_bytes, files FROM weights"


@dataclass(frozen=True, slots=True)
class Weight:
    """What a layer weighs; fields as in ``Layer``."""

    diff_id: str
    bytes: int
    pull_bytes: int
    files: int


class LayerCache:
    """Weights by diff id, in memory and, given a path, in a small database beside it.

    Any number of threads and processes may share the file. A file that is no such database is
    left alone, and nothing is remembered beyond this process.

    Args:
        path: the database; None keeps everything in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._weights: dict[str, Weight] = {}
        self._names: dict[str, str] = {}
        if path is not None:
            self._load(path)

    def get(self, name: str) -> Weight | None:
        """The weight of a layer, asked for by its diff id or another name it goes by."""
        with self._lock:
            return self._weights.get(self._names.get(name, name))

    def put(self, weight: Weight, name: str = "") -> None:
        """Remember a weight, and another name for the layer."""
        with self._lock:
            self._weights[weight.diff_id] = weight
            if name:
                self._names[name] = weight.diff_id
        if self._path is not None:
            self._save(self._path, weight, name)

    def _load(self, path: Path) -> None:
        try:
            with closing(sqlite3.connect(path, timeout=10)) as database:
                database.executescript(_SCHEMA)
                for row in database.execute(
                    "SELECT diff_id, bytes, pull_bytes, files FROM weights"
                ):
                    self._weights[row[0]] = Weight(*row)
                self._names.update(database.execute("SELECT name, diff_id FROM names"))
        except (sqlite3.Error, OSError):
            self._path = None

    def _save(self, path: Path, weight: Weight, name: str) -> None:
        row = (weight.diff_id, weight.bytes, weight.pull_bytes, weight.files)
        try:
            with closing(sqlite3.connect(path, timeout=10)) as database, database:
                database.execute("INSERT OR REPLACE INTO weights VALUES (?, ?, ?, ?)", row)
                if name:
                    database.execute(
                        "INSERT OR REPLACE INTO names VALUES (?, ?)", (name, weight.diff_id)
                    )
        except (sqlite3.Error, OSError):
            self._path = None  # a full disk must not stop a measurement
