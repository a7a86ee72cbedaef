"""An exercise is a folder: adding one is adding a folder.

exercise.toml    title, minutes, points of each check, which files are the answer
exercise.ipynb   story, working cells, one check per cell
rubric.py        the checks
answer/          what the learner edits, and what it is built with; starts bad
start/           the same as answer/ was at its start, for ``reset`` and ``diff``
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

__all__ = ["NOTEBOOK", "SETTINGS", "Exercise"]

SETTINGS = "exercise.toml"
NOTEBOOK = "exercise.ipynb"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise, read from its folder.

    Attributes:
        folder: where it lies.
        id: its name ("03_cache"), the folder's name too.
        title: what it is called.
        minutes: how long a learner needs, about.
        points: points of each check, in the order of the notebook.
        answer_files: patterns of file names in ``answer/`` that are the learner's.
        needs: what the machine must have ("engine").
        seconds: how long grading it may take.
        warm: practice may keep the layer cache from one state of the answer to the next, because
            no check counts what a cold build does. Grading is always cold.
    """

    folder: Path
    id: str
    title: str
    minutes: int
    points: dict[str, int]
    answer_files: tuple[str, ...]
    needs: tuple[str, ...] = ("engine",)
    seconds: float = _SECONDS
    warm: bool = False

    @property
    def possible(self) -> int:
        """All its points."""
        return sum(self.points.values())

    @property
    def answer(self) -> Path:
        """The folder the learner edits."""
        return self.folder / "answer"

    @property
    def start(self) -> Path:
        """The folder with the answer as it was at its start; it may be missing."""
        return self.folder / "start"

    def owns(self, name: str) -> bool:
        """Whether a file of ``answer/`` is the learner's to hand in."""
        return any(fnmatch(name, pattern) for pattern in self.answer_files)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an exercise.

        Raises:
            UsageError: no exercise there, or its settings do not say what they must.
        """
        path = folder / SETTINGS
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{folder} is no exercise: it has no {SETTINGS}",
                "name a folder like exercises/03_cache",
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} is not valid TOML: {error}") from error
        return cls._from(told, folder, path)

    @classmethod
    def _from(cls, told: dict[str, Any], folder: Path, path: Path) -> Self:
        missing = sorted({"id", "title", "minutes", "points", "answer"} - told.keys())
        if missing:
            raise UsageError(f"{path} lacks {', '.join(missing)}", "copy another exercise's")
        files = tuple(told["answer"])
        if not _ID.fullmatch(told["id"]):
            raise UsageError(f"{path}: the id {told['id']!r} is no plain name")
        if any("/" in name or "\\" in name or name in ("", ".", "..") for name in files):
            raise UsageError(f"{path}: answer files are plain names inside answer/: {files}")
        return cls(
            folder,
            told["id"],
            told["title"],
            told["minutes"],
            {name: int(points) for name, points in told["points"].items()},
            files,
            tuple(told.get("needs", ("engine",))),
            float(told.get("seconds", _SECONDS)),
            bool(told.get("warm", False)),
        )
