"""The start of an exercise: what you changed since, and the way back to it.

The start lies in the exercise's own ``start/``, so neither git nor a network is asked for it.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.errors import LabError, UsageError

if TYPE_CHECKING:
    from mldocker_lab.grade.exercise import Exercise

__all__ = ["Change", "Difference", "Restored", "difference", "fingerprint", "reset"]

KEPT = "kept"
_NOISE = frozenset({"__pycache__", ".ipynb_checkpoints", ".DS_Store"})
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not as it was at the start.

    Attributes:
        file: its name in ``answer/``.
        kind: what became of it.
        yours: it is one of the answer files; all others are taken from the exercise in grading.
        diff: a unified diff; one sentence if it is no text.
    """

    file: str
    kind: Literal["added", "changed", "removed"]
    yours: bool
    diff: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All that was changed in an answer."""

    exercise: str
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON sees it."""
        changes = [
            {"file": one.file, "kind": one.kind, "yours": one.yours, "diff": one.diff}
            for one in self.changes
        ]
        return {"exercise": self.exercise, "changes": changes}

    def __str__(self) -> str:
        if not self.changes:
            return f"{self.exercise}: nothing was changed since the start"
        note = "  (not an answer file: grading takes the exercise's own)"
        return "\n".join(
            f"{one.kind}: {one.file}{'' if one.yours else note}\n{one.diff}" for one in self.changes
        ).rstrip("\n")


@dataclass(frozen=True, slots=True)
class Restored:
    """What ``reset`` did.

    Attributes:
        exercise: its id.
        files: names that are now as they were at the start, or gone if they were added.
        kept: the folder that holds your versions; None if you had none.
    """

    exercise: str
    files: tuple[str, ...]
    kept: Path | None

    def to_dict(self) -> dict[str, Any]:
        """What was done, as JSON sees it."""
        kept = str(self.kept) if self.kept else None
        return {"exercise": self.exercise, "files": list(self.files), "kept": kept}

    def __str__(self) -> str:
        if not self.files:
            return f"{self.exercise}: nothing to do, nothing was changed since the start"
        lines = [f"{self.exercise}: back at the start ({', '.join(self.files)})"]
        if self.kept:
            lines.append(f"your versions are kept in {self.kept}")
        return "\n".join(lines)


def fingerprint(folder: Path) -> str:
    """16 hex digits that change with every name and every byte of an answer."""
    digest = hashlib.sha256()
    for name, path in _files(folder).items():
        content = _content(path)
        digest.update(f"{name}\0{len(content)}\0".encode(errors="surrogateescape"))
        digest.update(content)
    return digest.hexdigest()[:_DIGITS]


def difference(exercise: Exercise) -> Difference:
    """What was changed in an answer since the start.

    Raises:
        UsageError: the exercise keeps no start.
    """
    before, after = _files(_start(exercise)), _files(exercise.answer)
    changes = []
    for name in sorted(before.keys() | after.keys()):
        old, new = (_content(side[name]) if name in side else None for side in (before, after))
        if old == new:
            continue
        kind: Literal["added", "changed", "removed"] = (
            "added" if old is None else "removed" if new is None else "changed"
        )
        yours = "/" not in name and exercise.owns(name)
        changes.append(Change(name, kind, yours, _diff(name, old, new)))
    return Difference(exercise.id, tuple(changes))


def reset(exercise: Exercise, *, now: datetime | None = None) -> Restored:
    """Bring an answer back to its start; your versions move to ``kept/<date>``, none is lost.

    Stopped half-way, the rest is done by the next call.

    Raises:
        UsageError: the exercise keeps no start.
        LabError: a file cannot be moved or written.
    """
    changes = difference(exercise).changes
    moved = [one.file for one in changes if one.kind != "removed"]
    kept = _free(exercise.folder / KEPT, now or datetime.now().astimezone()) if moved else None
    try:
        for name in moved:
            assert kept is not None  # noqa: S101 made for them
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(exercise.answer / name, kept / name)
        for one in changes:
            if one.kind != "added":
                target = exercise.answer / one.file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(exercise.start / one.file, target, follow_symlinks=False)
    except OSError as error:
        raise LabError(
            f"{error.filename} cannot be moved: {error.strerror}",
            "close the programs that use it, then reset again",
        ) from error
    _drop_empty(exercise)
    return Restored(exercise.id, tuple(one.file for one in changes), kept)


def _start(exercise: Exercise) -> Path:
    if not exercise.start.is_dir():
        raise UsageError(
            f"{exercise.id} keeps no start", "copy its first answer/ to a folder start/ beside it"
        )
    return exercise.start


def _files(folder: Path) -> dict[str, Path]:
    """Files and links by name with slashes, in order; nothing that editors leave behind."""
    found = {}
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = [name for name in folders if name not in _NOISE and name not in links]
        for name in (*names, *links):
            if name not in _NOISE:
                path = Path(place, name)
                found[path.relative_to(folder).as_posix()] = path
    return dict(sorted(found.items()))


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return b"link to " + os.fsencode(path.readlink())
    if not path.is_file():
        return b"no plain file"
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabError(
            f"{path} cannot be read: {error.strerror}", "give yourself the right to"
        ) from error


def _diff(name: str, old: bytes | None, new: bytes | None) -> str:
    try:
        before, after = ((side or b"").decode().splitlines() for side in (old, new))
    except UnicodeDecodeError:
        return f"{name} is no text: {len(old or b'')} bytes before, {len(new or b'')} now\n"
    lines = difflib.unified_diff(before, after, f"start/{name}", f"answer/{name}", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _free(place: Path, now: datetime) -> Path:
    """A new folder named after the time: two resets in one second get two."""
    stem = now.strftime("%Y-%m-%d-%H%M%S")
    number = 1
    while (path := place / (stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return path


def _drop_empty(exercise: Exercise) -> None:
    """Folders that held only what you added are gone with it."""
    for place, _, _ in os.walk(exercise.answer, topdown=False):
        path = Path(place)
        ours = exercise.start / path.relative_to(exercise.answer)
        if not ours.is_dir() and not any(path.iterdir()):
            path.rmdir()
