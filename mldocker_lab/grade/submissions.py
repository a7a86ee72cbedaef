"""What lies at a path: an exercise, a folder of exercises, a submission, or a folder of those."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.grade.exercise import SETTINGS, Exercise

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Submission", "discover", "known_exercises"]

_BESIDE_PACKAGE = Path(__file__).resolve().parents[2] / "exercises"


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody's answers.

    Attributes:
        name: whose, by the folder's name.
        answers: exercise id → folder with the answer files.
    """

    name: str
    answers: dict[str, Path]


def known_exercises(root: Path | None = None) -> dict[str, Exercise]:
    """The exercises we trust, by id: their rubrics run in our own process.

    Args:
        root: their folder; else ``MLDOCKER_EXERCISES``, else the one beside the package, else
            ``exercises`` where you are.

    Raises:
        UsageError: there is no such folder, or an exercise in it cannot be read.
    """
    if root is None:
        told = os.environ.get("MLDOCKER_EXERCISES")
        root = Path(told) if told else _BESIDE_PACKAGE
        root = root if root.is_dir() or told else Path("exercises")
    if not root.is_dir():
        raise UsageError(
            f"there is no folder of exercises at {root}",
            "name it in the variable MLDOCKER_EXERCISES",
        )
    loaded = [Exercise.load(path.parent) for path in sorted(root.glob(f"*/{SETTINGS}"))]
    return {exercise.id: exercise for exercise in loaded}


def discover(path: Path, known: Iterable[str]) -> list[Submission]:
    """The submissions at a path, by name.

    ``exercises/03_cache`` and ``exercises`` are one submission each (your own answers);
    ``alice`` with ``alice/03_cache/Dockerfile`` is one; a folder of such folders is many.

    Raises:
        UsageError: nothing of that kind is there.
    """
    ids = set(known)
    if not path.is_dir():
        raise UsageError(f"there is no folder {path}", "name an exercise or a folder of answers")
    path = path.resolve()
    if (path / SETTINGS).is_file() or path.name in ids:
        return [Submission(path.name, {path.name: _answer(path)})]
    folders = _folders(path)
    own = _answers(folders, ids)
    if own:
        return [Submission(path.name, own)]
    many = [Submission(one.name, _answers(_folders(one), ids)) for one in folders]
    found = [one for one in many if one.answers]
    if not found:
        raise UsageError(
            f"{path} holds no exercise and no answer to one",
            f"answers lie in folders called like their exercise: {', '.join(sorted(ids))}",
        )
    return found


def _answers(folders: list[Path], ids: set[str]) -> dict[str, Path]:
    mine = [one for one in folders if one.name in ids or (one / SETTINGS).is_file()]
    return {one.name: _answer(one) for one in mine}


def _answer(folder: Path) -> Path:
    """The files lie in ``answer/`` as in the exercise, or right in the folder."""
    inner = folder / "answer"
    return inner if inner.is_dir() else folder


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(one for one in path.iterdir() if one.is_dir() and not one.is_symlink())
    except OSError:
        return []
