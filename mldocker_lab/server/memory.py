"""What the course remembers of you beside guesses and practice: opened, marked as done, graded.

``course.json`` in the lab's folder (``MLDOCKER_HOME``)::

    {
     "version": 1,
     "lessons": {"03_cache": {"opened": "2026-11-25T03:20:00+00:00", "done": true}},
     "exercises": {"03_cache": {"opened": "…", "grade": {"score": 8, "possible": 10, "at": "…",
                                                        "answer": "fingerprint"}}}
    }

It belongs to the lab's folder, not to a browser: a second one shows the same.
"""

from __future__ import annotations

import errno
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.errors import DiskFull, LabError
from mldocker_lab.home import home

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Kind", "forget", "load", "note", "now"]

Kind = Literal["lessons", "exercises"]
_VERSION = 1
_LOCK = threading.Lock()


def now() -> str:
    """This moment, as it is written; fine enough to tell what was opened last."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def load() -> dict[Kind, dict[str, dict[str, Any]]]:
    """All of it; nothing if there is no file, or none that can be read."""
    found: dict[Kind, dict[str, dict[str, Any]]] = {"lessons": {}, "exercises": {}}
    try:
        told = json.loads(_file().read_text(encoding="utf-8"))
        if told["version"] == _VERSION:
            for kind, known in found.items():
                known.update({k: dict(v) for k, v in told[kind].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"lessons": {}, "exercises": {}}
    return found


def note(kind: Kind, name: str, **facts: Any) -> None:
    """Remember facts about a lesson or an exercise.

    Raises:
        DiskFull: there is no room for it.
        LabError: the lab's folder cannot be written.
    """
    with _LOCK:
        known = load()
        known[kind].setdefault(name, {}).update(facts)
        _write(known)


def forget(kind: Kind, name: str) -> None:
    """Forget what is known of a lesson or an exercise.

    Raises:
        DiskFull, LabError: as ``note``.
    """
    with _LOCK:
        known = load()
        if known[kind].pop(name, None) is not None:
            _write(known)


def _file() -> Path:
    return home() / "course.json"


def _write(known: dict[Kind, dict[str, dict[str, Any]]]) -> None:
    """All or nothing."""
    try:
        path = _file()
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps({"version": _VERSION, **known}, indent=1), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "your progress could not be kept: the disk is full", "mldocker-lab clean"
            ) from error
        raise LabError(
            f"your progress could not be kept: {error.strerror}", "look at the lab's folder"
        ) from error
