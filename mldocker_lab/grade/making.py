"""A new exercise from a template that works: its start fails, its solution passes.

What comes out is a folder to change piece by piece, with something to run after every change.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from mldocker_lab.errors import LabError, UsageError
from mldocker_lab.grade import reference

__all__ = ["Made", "new"]

_NAME = "NN_name"
_TITLE = "Say hello"
_FORM = re.compile(r"[0-9]{2}_[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Made:
    """What was made.

    Attributes:
        exercise: its id.
        folder: the exercise.
        solution: its right answer; None outside of a checkout, where there are no tests.
        wrong: the folder of its wrong answers; None likewise.
    """

    exercise: str
    folder: Path
    solution: Path | None = None
    wrong: Path | None = None

    def to_dict(self) -> dict[str, Any]:
        """What was made, as JSON sees it."""
        places = {"folder": self.folder, "solution": self.solution, "wrong": self.wrong}
        told = {name: str(path) if path else None for name, path in places.items()}
        return {"exercise": self.exercise, **told}

    def __str__(self) -> str:
        lines = [f"made {self.folder}"]
        if self.solution and self.wrong:
            lines += [f"     {self.solution}", f"     {self.wrong}"]
        return "\n".join(
            [
                *lines,
                "",
                f"It works: `mldocker-lab grade {self.folder}` gives the start nothing.",
                "Change it piece by piece; `Add an exercise` in CONTRIBUTING.md says how.",
                "After a change of rubric.py or the points:",
                f"  python -m mldocker_lab.grade.reference {self.folder}",
            ]
        )


def new(name: str, root: Path, *, title: str | None = None) -> Made:
    """Make an exercise.

    Args:
        name: its id: two digits and words ("05_signals").
        root: the folder of exercises. Is there a ``tests/`` beside it with ``solutions/``, then a
            solution and a wrong answer are made there, too.
        title: what it is called; the template's title if not given.

    Raises:
        UsageError: the name is no id, or something of that name is there already.
        LabError: the folder cannot be written.
    """
    if not _FORM.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for an exercise", "two digits and a few words, like 05_signals"
        )
    tests = root.resolve().parent / "tests"
    in_checkout = (tests / "solutions").is_dir()
    made = Made(
        name,
        root / name,
        tests / "solutions" / name if in_checkout else None,
        tests / "wrong" / name if in_checkout else None,
    )
    for path in filter(None, (made.folder, made.solution, made.wrong)):
        if path.exists():
            raise UsageError(f"{path} is there already", "choose another name")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as place:
            draft = Path(place) / name
            _draft(draft, {_NAME: name, _TITLE: title or _TITLE})
            _put(draft, made)
    except OSError as error:
        raise LabError(f"{error.filename} cannot be written: {error.strerror}") from error
    return made


def _put(draft: Path, made: Made) -> None:
    """Move every part to its place; all of them, or none."""
    places = {"solution": made.solution, "wrong": made.wrong}
    done: list[Path] = []
    try:
        for part, path in places.items():
            if path is None:
                shutil.rmtree(draft / part)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                done.append(path)
                shutil.move(draft / part, path)
        shutil.move(draft, made.folder)
    except BaseException:
        for path in done:
            shutil.rmtree(path, ignore_errors=True)
        raise


def _draft(folder: Path, words: dict[str, str]) -> None:
    with resources.as_file(resources.files(__package__) / "template") as template:
        shutil.copytree(template, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(folder / "answer", folder / "start")
    for path in folder.glob("exercise.*"):
        text = path.read_text(encoding="utf-8")
        for old, replacement in words.items():
            text = text.replace(old, replacement)
        path.write_text(text, encoding="utf-8")
    reference.write(folder)
