"""Remembers layers, so that a base is read once and not for every image on it.

A layer's diff id is the hash of its content, so what was measured once stays true. Streams do not
always name the diff id first (older engines name a layer by a hash of its chain, stores with
compressed layers by the compressed bytes), so those names are remembered too; and for an image's id
what its configuration says of its layers, so that a known image need not be sent again.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.report.layerindex import FORMAT, LayerIndex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

__all__ = ["LayerCache", "Weight"]

_PATIENCE = 10.0  # seconds to wait for another process that is writing
#: Bytes of packed indexes on disk; beyond them, what has not been in use for longest is forgotten.
_MOST_BYTES = 200 << 20
_LAYERS = f"layers_{FORMAT}"
_SCHEMA = (
    f"""CREATE TABLE IF NOT EXISTS {_LAYERS} (diff_id TEXT PRIMARY KEY, bytes INTEGER,
        pull_bytes INTEGER, files INTEGER, packed BLOB, used REAL)""",
    "CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, diff_id TEXT)",
    "CREATE TABLE IF NOT EXISTS images (id TEXT PRIMARY KEY, told TEXT)",
)
_WEIGHT = f"""SELECT diff_id, bytes, pull_bytes, files FROM {_LAYERS}
    WHERE diff_id = coalesce((SELECT diff_id FROM names WHERE name = ?1), ?1)"""  # noqa: S608 our own table
_INDEX = f"SELECT packed FROM {_LAYERS} WHERE diff_id = ?"  # noqa: S608
_IMAGE = "SELECT told FROM images WHERE id = ?"
_ADD_LAYER = f"INSERT OR REPLACE INTO {_LAYERS} VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
_ADD_NAME = "INSERT OR REPLACE INTO names VALUES (?, ?)"
_ADD_IMAGE = "INSERT OR REPLACE INTO images VALUES (?, ?)"
_DROP = f"DELETE FROM {_LAYERS} WHERE diff_id = ?"  # noqa: S608
_USED = f"UPDATE {_LAYERS} SET used = ? WHERE diff_id = ?"  # noqa: S608
_FORGET = f"""DELETE FROM {_LAYERS} WHERE diff_id IN (SELECT diff_id FROM (SELECT diff_id,
    sum(length(packed)) OVER (ORDER BY used DESC, diff_id) AS total FROM {_LAYERS})
    WHERE total > ?)"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Weight:
    """What a layer weighs; fields as in ``Layer``."""

    diff_id: str
    bytes: int
    pull_bytes: int
    files: int


class LayerCache:
    """Layers by diff id, in a small database or, without one, in memory.

    Any number of threads and processes may share the file. A file that is no such database is
    left alone, and nothing is remembered beyond this object.

    Args:
        path: the database; None keeps everything in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._unsaved: dict[str, tuple[Weight, LayerIndex]] = {}
        self._names: dict[str, str] = {}
        self._images: dict[str, dict[str, Any]] = {}
        self._write((statement, ()) for statement in _SCHEMA)

    def get(self, name: str) -> Weight | None:
        """The weight of a layer, asked for by its diff id or another name it goes by."""
        with self._lock:
            unsaved = self._unsaved.get(self._names.get(name, name))
        if unsaved is not None:
            return unsaved[0]
        row = self._row(_WEIGHT, name)
        return Weight(*row) if row else None

    def index(self, diff_id: str) -> LayerIndex | None:
        """What a layer holds."""
        with self._lock:
            unsaved = self._unsaved.get(diff_id)
        if unsaved is not None:
            return unsaved[1]
        row = self._row(_INDEX, diff_id)
        try:
            return LayerIndex.unpack(row[0]) if row else None
        except ValueError:
            self._write([(_DROP, (diff_id,))])
            return None

    def put(self, layers: Iterable[tuple[Weight, LayerIndex, str]]) -> None:
        """Remember layers, each with another name it goes by ("" for none)."""
        layers = list(layers)
        statements: list[tuple[str, tuple[Any, ...]]] = []
        for weight, index, name in layers:
            row = (weight.diff_id, weight.bytes, weight.pull_bytes, weight.files)
            statements.append((_ADD_LAYER, (*row, index.pack(), time.time())))
            if name:
                statements.append((_ADD_NAME, (name, weight.diff_id)))
        if not self._write(statements):
            with self._lock:
                for weight, index, name in layers:
                    self._unsaved[weight.diff_id] = weight, index
                    self._names[name] = weight.diff_id

    def image(self, image_id: str) -> dict[str, Any] | None:
        """What was remembered of an image."""
        with self._lock:
            if image_id in self._images:
                return self._images[image_id]
        row = self._row(_IMAGE, image_id)
        return json.loads(row[0]) if row else None

    def put_image(self, image_id: str, told: dict[str, Any], layers: Collection[str]) -> None:
        """Remember what an image's configuration says of its layers.

        Args:
            image_id: the hash that names it.
            told: what to remember.
            layers: their diff ids; they are in use, and stay when room gets short.
        """
        now = time.time()
        statements = [
            (_ADD_IMAGE, (image_id, json.dumps(told))),
            *((_USED, (now, diff_id)) for diff_id in layers),
            (_FORGET, (_MOST_BYTES,)),
        ]
        if not self._write(statements):
            with self._lock:
                self._images[image_id] = told

    def _row(self, query: str, key: str) -> tuple[Any, ...] | None:
        if self._path is None:
            return None
        try:
            with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as database:
                row: tuple[Any, ...] | None = database.execute(query, (key,)).fetchone()
                return row
        except (sqlite3.Error, OSError):
            return None

    def _write(self, statements: Iterable[tuple[str, tuple[Any, ...]]]) -> bool:
        """Carry out all of them or none; a full disk must not stop a measurement."""
        if self._path is None:
            return False
        try:
            with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as database, database:
                for statement, values in statements:
                    database.execute(statement, values)
        except (sqlite3.Error, OSError, OverflowError):
            return False
        return True
