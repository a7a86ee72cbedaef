"""What lies at a path: an exercise, a folder of exercises, a submission, or a folder of those.

A submission is a folder, a git checkout, a zip file or a notebook, and always *one* submission by
the name of its own folder or file: what it says inside about whose it is counts for nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.grade.exercise import SETTINGS, Exercise
from mldocker_lab.grade.handin import NOTEBOOKS, Handed
from mldocker_lab.grade.policy import Refused
from mldocker_lab.grade.trees import FolderTree, Tree, ZipTree
from mldocker_lab.show.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

__all__ = ["Found", "Submission", "discover", "known_exercises"]

_BESIDE_PACKAGE = Path(__file__).resolve().parents[2] / "exercises"
_ZIP = ".zip"
_CHECKOUT = "exercises"  # where they are in a fork of the project
_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
_DEEPEST = 2  # a zipped folder has one more around it


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody's answers.

    Attributes:
        name: whose, by the name of the folder or file.
        answers: exercise id → where its answer is.
        when: when it was handed in, as far as its files tell.
        problem: why nothing of it can be read, if so.
    """

    name: str
    answers: dict[str, Handed] = field(default_factory=dict)
    when: datetime | None = None
    problem: Refused | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a path holds.

    Attributes:
        submissions: by name.
        ignored: names of files that are no submission.
    """

    submissions: tuple[Submission, ...]
    ignored: tuple[str, ...] = ()


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


def discover(path: Path, known: Mapping[str, Exercise]) -> Found:
    """The submissions at a path, by name.

    ``exercises/03_cache`` and ``exercises`` are one submission each (your own answers);
    ``alice`` with ``alice/03_cache/Dockerfile`` is one, and so are ``alice.zip`` and
    ``alice.ipynb``; a folder of such is many.

    Raises:
        UsageError: nothing of that kind is there.
    """
    if path.is_file() and path.suffix in (_ZIP, NOTEBOOKS):
        return Found((_file(path, printable(path.stem), known),))
    if not path.is_dir():
        raise UsageError(
            f"there is no folder, zip file or notebook {path}",
            "name an exercise, a submission, or a folder of submissions",
        )
    path = path.resolve()
    if (path / SETTINGS).is_file() or path.name in known:
        tree = FolderTree(path)
        answers = {path.name: Handed(tree, _inner(tree))}
        return Found((Submission(printable(path.name), answers, tree.when),))
    own = _folder(path, printable(path.name), known)
    if own.answers and (path / _CHECKOUT).is_dir():
        return Found((own,))
    many = _many(path, known)
    if any(one.answers for one in many.submissions) or not own.answers:
        if many.submissions:
            return many
        raise UsageError(
            f"{path} holds no exercise and no answer to one",
            f"answers lie in folders called like their exercise: {', '.join(sorted(known))}",
        )
    return Found((own,))


def _many(path: Path, known: Mapping[str, Exercise]) -> Found:
    """The submissions in a folder of submissions.

    Raises:
        UsageError: some of its folders are submissions, others answers.
    """
    submissions, ignored, answers = [], [], []
    taken: set[str] = set()
    for entry in _listed(path):
        name = entry.stem if entry.suffix in (_ZIP, NOTEBOOKS) else entry.name
        if name in known or (entry / SETTINGS).is_file():
            answers.append(name)
        elif not entry.name.startswith((".", "__")):
            name = printable(name)
            made = _entry(entry, printable(entry.name) if name in taken else name, known)
            if made is None:
                ignored.append(printable(entry.name))
            else:
                taken.add(made.name)
                submissions.append(made)
    others = [one.name for one in submissions if one.answers]
    if answers and others:
        raise UsageError(
            f"{path} holds answers ({answers[0]}) as well as submissions ({others[0]})",
            "name the one you mean, or rename the folder that is called like an exercise",
        )
    return Found(tuple(submissions), tuple(ignored))


def _entry(entry: Path, name: str, known: Mapping[str, Exercise]) -> Submission | None:
    """What one entry of a folder of submissions is; None for a file that is none."""
    if entry.is_symlink():
        return Submission(name, problem=Refused(f"{entry.name} is a symbolic link"))
    if entry.is_dir():
        return _folder(entry, name, known)
    if entry.suffix in (_ZIP, NOTEBOOKS):
        return _file(entry, name, known)
    if entry.suffix in _ARCHIVES:
        return Submission(
            name,
            problem=Refused(
                f"{entry.name} is no folder, zip file or notebook", "hand in a zip file"
            ),
        )
    return None


def _folder(path: Path, name: str, known: Mapping[str, Exercise]) -> Submission:
    return _in_tree(lambda: FolderTree(path), name, known)


def _file(path: Path, name: str, known: Mapping[str, Exercise]) -> Submission:
    if path.is_symlink():
        return Submission(name, problem=Refused(f"{path.name} is a symbolic link"))
    if path.suffix == NOTEBOOKS:
        tree = _One(path)
        exercise = _meant(path.stem, known)
        if exercise:
            return Submission(name, {exercise: Handed(tree, path.name)}, tree.when)
        why = Refused(
            f"{path.name} does not say to which exercise it is an answer",
            f"call it like one: {', '.join(f'{one}.ipynb' for one in sorted(known))}",
        )
        return Submission(name, problem=why)
    return _in_tree(lambda: ZipTree(path), name, known)


def _in_tree(make: Callable[[], Tree], name: str, known: Mapping[str, Exercise]) -> Submission:
    try:
        tree = make()
        answers = _answers(tree, known)
        if answers:
            return Submission(name, answers, tree.when)
    except Refused as error:
        return Submission(name, problem=error)
    why = Refused(
        "it holds no answer to an exercise",
        f"answers lie in folders called like their exercise: {', '.join(sorted(known))}",
    )
    return Submission(name, {}, tree.when, why)


def _answers(
    tree: Tree, known: Mapping[str, Exercise], place: str = "", depth: int = 0
) -> dict[str, Handed]:
    """Exercise id → its answer, in a folder of a submission.

    They lie in folders called like their exercise, there or in ``exercises/`` (a fork of the
    project); or in one more folder around it all, as zip files have it; or, where only one
    exercise is asked for, simply there.
    """
    names = tree.names(place)
    found: dict[str, Handed] = {}
    for name, folder in names.items():
        path = f"{place}/{name}" if place else name
        stem = name.removesuffix(NOTEBOOKS)
        if folder and (name in known or SETTINGS in tree.names(path)):
            found[name] = Handed(tree, _inner(tree, path))
        elif not folder and stem in known:  # a notebook; or no folder, which will be refused
            found.setdefault(stem, Handed(tree, path))
    if names.get(_CHECKOUT):
        path = f"{place}/{_CHECKOUT}" if place else _CHECKOUT
        found = {**_answers(tree, known, path, _DEEPEST), **found}
    if not found and len(known) == 1:
        ((only, exercise),) = known.items()
        inner = _inner(tree, place)
        if any(exercise.owns(name) or name.endswith(NOTEBOOKS) for name in tree.names(inner)):
            found = {only: Handed(tree, inner)}
    folders = [name for name, folder in names.items() if folder and not name.startswith((".", "_"))]
    if not found and depth < _DEEPEST and len(folders) == 1:
        path = f"{place}/{folders[0]}" if place else folders[0]
        found = _answers(tree, known, path, depth + 1)
    return found


def _inner(tree: Tree, place: str = "") -> str:
    """The files lie in ``answer/`` as in the exercise, or right in the folder."""
    if tree.names(place).get("answer"):
        return f"{place}/answer" if place else "answer"
    return place


def _meant(stem: str, known: Iterable[str]) -> str | None:
    """The exercise a notebook's name names: its own, or a part of it ("alice_03_cache")."""
    ids = sorted(known, key=len, reverse=True)
    if len(ids) == 1:
        return ids[0]
    return next((one for one in ids if one in stem), None)


def _listed(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


class _One(FolderTree):
    """A single file, seen as the only one in its folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent)
        self._only = path

    @property
    def when(self) -> datetime | None:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self._only.lstat().st_mtime, UTC)

    def names(self, folder: str = "") -> dict[str, bool]:
        return {} if folder else {self._only.name: False}
