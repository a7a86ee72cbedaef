"""A pristine copy of an exercise, with nothing of the submission but its declared answer files.

Whatever else was handed in (notebooks, rubrics, ``conftest.py``, modules that shadow others) is
never opened. Answer files are small plain text files with plain names; anything else is refused
by name, and read nowhere.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mldocker_lab.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

    from mldocker_lab.grade.exercise import Exercise

__all__ = ["MOST_BYTES", "MOST_FILES", "Refused", "collect", "prepare"]

MOST_BYTES = 256_000  # an answer is a Dockerfile and its like; of one file
MOST_FILES = 20
_MOST_NAMES = 10_000  # looked at in a folder before giving up


class Refused(LabError):
    """A submission that cannot be graded, with the reason."""


def collect(folder: Path, exercise: Exercise) -> dict[str, bytes]:
    """The answer files in a submitted folder, by name.

    Raises:
        Refused: none is there, or one is a link, no plain file, too big, or not UTF-8 text.
    """
    if folder.is_symlink():
        raise Refused(f"{folder.name} is a symbolic link", "hand in the folder itself")
    names = sorted(name for name in _names(folder) if exercise.owns(name))
    if not names:
        expected = ", ".join(exercise.answer_files)
        raise Refused(
            f"there is no answer file in {folder.name}: none of {expected}",
            "hand in the files of the exercise's answer/ folder",
        )
    if len(names) > MOST_FILES:
        raise Refused(f"{len(names)} answer files are too many", f"at most {MOST_FILES} are read")
    return {name: _content(folder / name) for name in names}


def prepare(exercise: Exercise, files: dict[str, bytes], into: Path) -> None:
    """Copy the exercise to ``into`` and lay the submitted files over its answer.

    Answer files that were not handed in stay as the exercise has them.

    Raises:
        Refused: a name leads out of the answer folder, or is not the learner's to hand in.
    """
    shutil.copytree(
        exercise.folder,
        into,
        ignore=shutil.ignore_patterns("__pycache__", ".*_cache*", ".ipynb_checkpoints"),
    )
    for name, data in files.items():
        if not _plain(name) or not exercise.owns(name):
            raise Refused(f"{name!r} is not an answer file", "hand in plain names only")
        target = into / "answer" / name
        target.unlink(missing_ok=True)
        target.write_bytes(data)


def _names(folder: Path) -> list[str]:
    found: list[str] = []
    try:
        for path in folder.iterdir():
            found.append(path.name)
            if len(found) > _MOST_NAMES:
                raise Refused(
                    f"{folder.name} holds too many files", "hand in the answer files only"
                )
    except OSError as error:
        raise Refused(f"{folder.name} cannot be read: {error.strerror}") from error
    return found


def _content(path: Path) -> bytes:
    if path.is_symlink():
        raise Refused(f"{path.name} is a symbolic link", "hand in the file itself")
    if not path.is_file():
        raise Refused(f"{path.name} is not a plain file", "hand in the file itself")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise Refused(
            f"{path.name} has {size} bytes, more than the {MOST_BYTES} an answer file may have"
        )
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if b"\0" in data or not _is_text(data):
        raise Refused(f"{path.name} is not UTF-8 text", "save it as UTF-8")
    return data


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _plain(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0")
