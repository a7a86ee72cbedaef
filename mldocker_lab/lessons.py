"""The lessons there are, and the way back to how they were shipped.

How a lesson was shipped is known to git, where the course is a clone. What you changed is copied to
the lab's folder before anything is put back.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine import find as finding
from mldocker_lab.errors import EngineError, LabError, UsageError
from mldocker_lab.guessing import memory
from mldocker_lab.home import KEPT, home
from mldocker_lab.show.table import Column, Table
from mldocker_lab.workbench import forget

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FOLDER", "Lesson", "Reset", "Shelf", "lesson", "shelf"]

#: Where the notebooks are.
FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
_TITLE = re.compile(r"^# (?:\d+ · )?(.+)$", re.MULTILINE)
_MINUTES = re.compile(r"\*\*Takes\*\* (\d+)")


@dataclass(frozen=True, repr=False)
class Lesson:
    """One lesson.

    Attributes:
        notebook: its file.
    """

    notebook: Path

    @property
    def name(self) -> str:
        """For example 03_cache."""
        return self.notebook.stem

    @property
    def number(self) -> str:
        """For example 03."""
        return self.name.partition("_")[0]

    @property
    def contexts(self) -> tuple[Path, ...]:
        """The folders that it builds, and their recordings."""
        return tuple(sorted((self.notebook.parent / "contexts").glob(f"{self.number}_*")))

    @property
    def title(self) -> str:
        """Its heading, without the number."""
        found = _TITLE.search(self._header)
        return found[1] if found else self.name

    @property
    def minutes(self) -> int | None:
        """How long it takes, as it says itself."""
        found = _MINUTES.search(self._header)
        return int(found[1]) if found else None

    def __repr__(self) -> str:
        return f"{self.name}: {self.title}" + (f", {self.minutes} minutes" if self.minutes else "")

    @cached_property
    def _header(self) -> str:
        return next((text for kind, _, text in self.cells() if kind == "markdown"), "")

    def cells(self, *, shipped: bool = False) -> list[tuple[str, str, str]]:
        """Kind, id and source of its cells.

        Args:
            shipped: as it was shipped, where git can tell.

        Raises:
            UsageError: the file is no notebook.
        """
        text = self._shipped() if shipped else None
        try:
            told = json.loads(text or self.notebook.read_text(encoding="utf-8"))
            return [
                (cell["cell_type"], cell.get("id", ""), "".join(cell["source"]))
                for cell in told["cells"]
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{self.notebook} cannot be read as a notebook", "mldocker-lab lesson reset"
            ) from error

    def reset(self, *, now: datetime | None = None) -> Reset:
        """Put notebook and contexts back as shipped, forget the guesses, remove its images.

        What you changed is copied to the lab's folder first.

        Raises:
            UsageError: the course is no clone.
            LabError: a file cannot be copied or put back.
        """
        files = self._changed()
        kept = self._keep(files, now or datetime.now().astimezone()) if files else None
        tracked = [path for path, new in files.items() if not new]
        for path in files.keys() - set(tracked):
            path.unlink(missing_ok=True)
        if tracked:
            names = [str(path) for path in tracked]
            self._git("restore", "--source=HEAD", "--staged", "--worktree", "--", *names)
        shown = tuple(sorted(_relative(path, self.notebook.parent) for path in files))
        gone = tuple(memory.forget(self.number))
        return Reset(self.name, shown, kept, gone, self._forget_images())

    def _changed(self) -> dict[Path, bool]:
        """The files that are not as shipped, and whether they are new."""
        try:
            self._git("ls-files", "--error-unmatch", "--", str(self.notebook))
        except LabError as error:
            raise UsageError(
                f"nothing tells how {self.name} was shipped: {self.notebook.parent} is no clone",
                "clone the course with git, or unpack it anew",
            ) from error
        top = Path(self._git("rev-parse", "--show-toplevel").strip())
        paths = [str(path) for path in (self.notebook, self.notebook.parent / "contexts")]
        told = self._git(
            "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *paths
        )
        found = {top / entry[3:]: entry.startswith("??") for entry in told.split("\0") if entry}
        return {path: new for path, new in found.items() if self._owns(path)}

    def _owns(self, path: Path) -> bool:
        parts = Path(_relative(path, self.notebook.parent)).parts
        mine = parts[0] == "contexts" and parts[1].startswith(f"{self.number}_")
        return mine or parts == (self.notebook.name,)

    def _keep(self, files: Iterable[Path], now: datetime) -> Path | None:
        """Copies of what is there; None if nothing is, since all of it was deleted."""
        there = [path for path in files if path.is_file()]
        if not there:
            return None
        place = home(KEPT) / f"{self.name}-{now:%Y-%m-%d-%H%M%S}"
        try:
            for path in there:
                target = place / _relative(path, self.notebook.parent)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target, follow_symlinks=False)
        except OSError as error:
            raise LabError(
                f"{error.filename} cannot be copied: {error.strerror}",
                "nothing was reset; make room, or set MLDOCKER_HOME",
            ) from error
        return place

    def _forget_images(self) -> int | None:
        """How many runs had left images, which are removed; None without an engine."""
        try:
            engine = finding.find(start=False)
        except EngineError:
            return None
        try:
            return sum(forget(engine, path) for path in self.contexts if path.is_dir())
        finally:
            engine.close()

    def _shipped(self) -> str | None:
        try:
            return self._git("show", f"HEAD:./{self.notebook.name}")
        except LabError:
            return None

    def _git(self, *words: str) -> str:
        command = ["git", "-C", str(self.notebook.parent), *words]
        try:
            done = subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            told = getattr(error, "stderr", b"") or str(error).encode()
            why = (told.decode(errors="replace").strip().splitlines() or ["it failed"])[-1]
            raise LabError(f"git {words[0]}: {why}") from error
        return done.stdout.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Reset:
    """What ``reset`` did.

    Attributes:
        lesson: its name.
        files: what is as shipped again, relative to the notebooks.
        kept: the folder with your versions; None if you had none.
        guesses: ids of the guesses that were forgotten.
        images: how many runs had images, which were removed; None if no engine answered.
    """

    lesson: str
    files: tuple[str, ...]
    kept: Path | None
    guesses: tuple[str, ...]
    images: int | None

    def to_dict(self) -> dict[str, Any]:
        """What was done, as JSON sees it."""
        return {
            "lesson": self.lesson,
            "files": list(self.files),
            "kept": str(self.kept) if self.kept else None,
            "guesses": list(self.guesses),
            "images": self.images,
        }

    def __str__(self) -> str:
        files = ", ".join(self.files) or "no file had changed"
        images = "no engine answered"
        if self.images is not None:
            images = f"those of {self.images} run{'' if self.images == 1 else 's'} removed"
        lines = [
            f"{self.lesson}: as it was shipped ({files})",
            f"guesses: {len(self.guesses)} forgotten; images: {images}",
        ]
        lines += [f"your versions are kept in {self.kept}"] if self.kept else []
        if any(name.endswith(".ipynb") for name in self.files):
            lines.append("if it is open in JupyterLab: File, Reload Notebook from Disk")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Shelf:
    """All lessons."""

    lessons: tuple[Lesson, ...]

    def to_dict(self) -> dict[str, Any]:
        """The lessons as JSON sees them."""
        return {
            "lessons": [
                {
                    "name": one.name,
                    "title": one.title,
                    "minutes": one.minutes,
                    "guesses": _guessed(one),
                }
                for one in self.lessons
            ]
        }

    def __str__(self) -> str:
        columns = (
            Column("lesson"),
            Column("title"),
            Column("minutes", "number"),
            Column("your guesses", "number"),
        )
        rows = tuple(
            (one.name, one.title, str(one.minutes or "–"), str(_guessed(one)))
            for one in self.lessons
        )
        return Table("Lessons", columns, rows).to_text()

    __repr__ = __str__


def shelf(folder: Path = FOLDER) -> Shelf:
    """All lessons, in their order."""
    return Shelf(tuple(Lesson(path) for path in sorted(folder.glob("[0-9]*_*.ipynb"))))


def lesson(name: str, folder: Path = FOLDER) -> Lesson:
    """The lesson of a number or a name: "03" or "03_cache".

    Raises:
        UsageError: there is none.
    """
    wanted = name.removesuffix(".ipynb").rpartition("/")[2]
    for one in shelf(folder).lessons:
        if wanted in (one.number, one.name):
            return one
    raise UsageError(f"there is no lesson {name!r}", "mldocker-lab lesson list")


def _guessed(one: Lesson) -> int:
    return sum(kept.guess is not None for kept in memory.load(one.number).values())


def _relative(path: Path, folder: Path) -> str:
    """With slashes, links on the way resolved: git tells real paths."""
    return path.relative_to(folder.resolve()).as_posix()
