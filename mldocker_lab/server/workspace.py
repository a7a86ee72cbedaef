"""Where the course is, and how JupyterLab names what is in it.

Nothing that a page asks for lies outside the folder that JupyterLab shows: links are followed
before that is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mldocker_lab.errors import UsageError

__all__ = ["Workspace"]

_BESIDE_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder that JupyterLab shows.

    Attributes:
        root: the folder.
    """

    root: Path

    @property
    def course(self) -> Path:
        """The folder with the course: the one JupyterLab shows, if it holds one, else ours."""
        here = self.root.resolve()
        return here if any((here / "notebooks").glob("[0-9]*_*.ipynb")) else _BESIDE_PACKAGE

    @property
    def note(self) -> str:
        """What keeps the course from being opened; empty if nothing does."""
        if not (self.course / "notebooks").is_dir():
            return "There is no course here. Start JupyterLab in a clone of mldocker_lab."
        if self.name(self.course / "notebooks") is None:
            return f"JupyterLab shows {self.root}, the course is elsewhere: start it with make lab."
        return ""

    def name(self, path: Path) -> str | None:
        """How JupyterLab names a path; None if it does not show it."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return None

    def inside(self, name: str) -> Path:
        """The path of this name.

        Raises:
            UsageError: it leads out of the workspace, or to nothing.
        """
        try:
            path = (self.root / name.removeprefix("/")).resolve()
            there = path.exists()
        except (OSError, ValueError, RuntimeError):  # a loop of links, a zero byte, far too long
            there = False
        if not there or not path.is_relative_to(self.root.resolve()):
            raise UsageError(f"there is no {name!r} in the folder that JupyterLab shows")
        return path
