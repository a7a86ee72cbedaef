"""A pristine copy of an exercise, with nothing of the submission but its declared answer files.

The copy is made from what the exercise was at its start: whatever somebody tried in the trusted
exercise's own ``answer/`` is no part of anybody's submission.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mldocker_lab.grade.handin import MOST_BYTES, MOST_FILES, Handed, is_plain
from mldocker_lab.grade.policy import Refused
from mldocker_lab.grade.trees import FolderTree

if TYPE_CHECKING:
    from pathlib import Path

    from mldocker_lab.grade.exercise import Exercise

__all__ = ["MOST_BYTES", "MOST_FILES", "Refused", "collect", "prepare"]

_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".*_cache*", ".ipynb_checkpoints")


def collect(folder: Path, exercise: Exercise) -> dict[str, bytes]:
    """The answer files in a submitted folder, by name.

    Raises:
        Refused: none is there, or one is a link, no plain file, too big, or not UTF-8 text.
    """
    return Handed(FolderTree(folder)).files(exercise)


def prepare(exercise: Exercise, files: dict[str, bytes], into: Path) -> None:
    """Copy the exercise to ``into`` and lay the submitted files over its answer.

    Answer files that were not handed in are as they were at the start.

    Raises:
        Refused: a name leads out of the answer folder, or is not the learner's to hand in.
    """
    shutil.copytree(exercise.folder, into, ignore=_NOT_COPIED)
    if exercise.start.is_dir():
        shutil.rmtree(into / "answer")
        shutil.copytree(exercise.start, into / "answer", ignore=_NOT_COPIED)
    for name, data in files.items():
        if not is_plain(name) or not exercise.owns(name):
            raise Refused(f"{name!r} is not an answer file", "hand in plain names only")
        target = into / "answer" / name
        target.unlink(missing_ok=True)
        target.write_bytes(data)
