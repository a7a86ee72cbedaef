"""The course as the panel shows it, from the files of lessons, guesses, practice and memory."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.grade import progress
from mldocker_lab.grade.shelf import shelf as exercise_shelf
from mldocker_lab.grade.start import fingerprint
from mldocker_lab.grade.submissions import known_exercises
from mldocker_lab.guessing import memory as guesses
from mldocker_lab.lessons import shelf as lesson_shelf
from mldocker_lab.server import memory, schema
from mldocker_lab.server.where import where

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.grade.progress import Last
    from mldocker_lab.grade.shelf import Standing
    from mldocker_lab.guessing.memory import Kept
    from mldocker_lab.lessons import Lesson
    from mldocker_lab.server.workspace import Workspace

__all__ = ["course", "exercises"]

_ASKED = re.compile(r"""lab\.predict\(\s*["']([^"']+)["']""")
_STATE: dict[str, Any] = {"untouched": "new", "begun": "begun", "done": "done"}


def course(workspace: Workspace) -> schema.Course:
    """All lessons and exercises, and how far you are."""
    known = memory.load()
    folder = workspace.course / "notebooks"
    found = lesson_shelf(folder).lessons if folder.is_dir() else ()
    lessons = [_lesson(one, workspace, known["lessons"].get(one.name, {})) for one in found]
    shelf = exercise_shelf(exercises(workspace).values()).exercises
    practised = [
        _exercise(one, standing, workspace, known["exercises"].get(one.id, {}))
        for one, standing in shelf
    ]
    latest = _latest(lessons, practised, known)
    return schema.Course(lessons, practised, latest, workspace.note)


def exercises(workspace: Workspace) -> dict[str, Exercise]:
    """The exercises of the course by id; none where there is no folder of them."""
    folder = workspace.course / "exercises"
    return known_exercises(folder) if folder.is_dir() else {}


# -- lessons ---------------------------------------------------------------------------------------


def _lesson(one: Lesson, workspace: Workspace, known: dict[str, Any]) -> schema.LessonState:
    read = _read(one.notebook)
    kept = guesses.load(one.number)
    predictions = [_prediction(name, kept.get(name)) for name in read.asked]
    measured = sum(bool(each.measured) for each in predictions)
    begun = bool(known.get("opened")) or bool(kept)
    done = bool(known.get("done")) or (bool(read.asked) and measured == len(read.asked))
    return schema.LessonState(
        name=one.name,
        number=one.number,
        title=read.title,
        minutes=read.minutes,
        path=workspace.name(one.notebook),
        state="done" if done else "begun" if begun else "new",
        marked=bool(known.get("done")),
        asked=len(read.asked),
        predictions=[each for each in predictions if each.guess or each.measured],
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What a lesson's notebook says, read once for each version of the file."""

    title: str
    minutes: int | None
    asked: tuple[str, ...]


_READ: dict[tuple[str, int, int], _Read] = {}


def _read(notebook: Path) -> _Read:
    from mldocker_lab.errors import UsageError
    from mldocker_lab.lessons import Lesson

    try:
        facts = notebook.stat()
    except OSError:
        return _Read(notebook.stem, None, ())
    key = (str(notebook), facts.st_mtime_ns, facts.st_size)
    if key not in _READ:
        one = Lesson(notebook)
        try:
            sources = [source for kind, _, source in one.cells() if kind == "code"]
        except UsageError:  # half written, or broken: it can be put back
            return _Read(notebook.stem, None, ())
        asked = dict.fromkeys(name for text in sources for name in _ASKED.findall(text))
        _READ[key] = _Read(one.title, one.minutes, tuple(asked))
    return _READ[key]


def _prediction(name: str, kept: Kept | None) -> schema.Prediction:
    if kept is None:
        return schema.Prediction(name, "", "", "")
    guess, measured = (
        "" if answer is None else kept.question.shown(answer)
        for answer in (kept.guess, kept.measured)
    )
    return schema.Prediction(name, kept.question.text, guess, measured)


# -- exercises -------------------------------------------------------------------------------------


def _exercise(
    one: Exercise, standing: Standing, workspace: Workspace, known: dict[str, Any]
) -> schema.ExerciseState:
    results = progress.load(one.id)
    now = fingerprint(one.answer)
    opened = bool(known.get("opened"))
    state = _STATE["begun" if opened and standing.status == "untouched" else standing.status]
    return schema.ExerciseState(
        id=one.id,
        title=one.title,
        minutes=one.minutes,
        possible=one.possible,
        score=standing.score,
        state=state,
        path=workspace.name(one.folder / "exercise.ipynb"),
        files=_files(one, workspace),
        needs=list(one.needs),
        checks=[_check(name, one, results.get(name), now, workspace) for name in one.points],
        grade=_grade(known.get("grade"), now),
    )


def _check(
    name: str, one: Exercise, last: Last | None, now: str, workspace: Workspace
) -> schema.Check:
    possible, says = one.points[name], _says(one).get(name, "")
    if last is None:
        return schema.Check(
            name, says, possible, 0, "not-run", "", "", [], 0, stale=False, file=None, line=None
        )
    path, line = (None, None) if last.status == "passed" else where(one, last.seen)
    return schema.Check(
        id=name,
        says=says,
        possible=possible,
        points=possible if last.status == "passed" else 0,
        status=last.status,
        seen=last.seen,
        why=last.why,
        hints=list(last.hints[: last.shown]),
        left=len(last.hints) - last.shown,
        stale=last.answer != now,
        file=workspace.name(path) if path else None,
        line=line,
    )


_SAYS: dict[tuple[str, int], dict[str, str]] = {}


def _says(one: Exercise) -> dict[str, str]:
    """What each check promises; read, never run: looking at a course must not run its programs."""
    rubric = one.folder / "rubric.py"
    key = (str(rubric), rubric.stat().st_mtime_ns if rubric.is_file() else 0)
    if key not in _SAYS:
        try:
            tree = ast.parse(rubric.read_text(encoding="utf-8"))
        except (OSError, ValueError, SyntaxError, RecursionError):
            tree = ast.Module([], [])
        _SAYS[key] = dict(_promises(tree))
    return _SAYS[key]


def _promises(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The id and the words of every ``@check("id", says="words")``."""
    for function in tree.body:
        for call in getattr(function, "decorator_list", ()):
            match call:
                case ast.Call(
                    args=[ast.Constant(value=str(name)), *_],
                    keywords=[ast.keyword(arg="says", value=ast.Constant(value=str(says)))],
                ):
                    yield name, says


def _files(one: Exercise, workspace: Workspace) -> list[str]:
    """The learner's own files, the Dockerfile first."""
    found = [
        path for path in sorted(one.answer.glob("*")) if path.is_file() and one.owns(path.name)
    ]
    found.sort(key=lambda path: "Dockerfile" not in path.name)
    return [name for path in found if (name := workspace.name(path))]


def _grade(known: Any, now: str) -> schema.Grade | None:
    try:
        return schema.Grade(
            int(known["score"]), int(known["possible"]), str(known["at"]), known["answer"] != now
        )
    except (KeyError, TypeError, ValueError):
        return None


def _latest(
    lessons: list[schema.LessonState],
    practised: list[schema.ExerciseState],
    known: dict[memory.Kind, dict[str, dict[str, Any]]],
) -> schema.Latest | None:
    found = [
        (
            str(known["lessons"][one.name]["opened"]),
            schema.Latest("lesson", one.name, one.title, one.path),
        )
        for one in lessons
        if one.path and known["lessons"].get(one.name, {}).get("opened")
    ]
    found += [
        (
            str(known["exercises"][one.id]["opened"]),
            schema.Latest("exercise", one.id, one.title, one.path),
        )
        for one in practised
        if one.path and known["exercises"].get(one.id, {}).get("opened")
    ]
    return max(found, key=lambda pair: pair[0], default=("", None))[1]
