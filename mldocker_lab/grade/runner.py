"""Grading from paths to points: what was handed in, what of it is known already, and the rest.

A check earns its points when two witnesses agree: nbval, that its cell showed exactly what the
pristine notebook promises, and the check's own verdict, written where no cell output can reach.

Nothing of a submission is read but its declared answer files (``handin``), and nothing of it runs
but in containers, in a pen if this machine lets us make one (``station``, ``engine.pen``). Equal
answers are graded once. Every result is in the gradebook before the next one is waited for, so a
run that is killed has lost nothing that it had finished.

docs/grading.md says what this defends against, and what it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.grade import fingerprints
from mldocker_lab.grade.policy import Refused
from mldocker_lab.grade.pool import Job, Pool, refused
from mldocker_lab.grade.score import CheckScore, ExerciseScore, Gradebook, SubmissionScore
from mldocker_lab.grade.station import Kind, found, nowhere
from mldocker_lab.grade.submissions import Submission, discover, known_exercises
from mldocker_lab.grade.verdict import Verdict
from mldocker_lab.show.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.grade.ledger import Hashes, Ledger
    from mldocker_lab.workbench import Workbench

__all__ = ["Options", "Watcher", "grade", "grade_all"]


_FEW = 10
_NONE = "no engine was given to grade on"


class Watcher:
    """Hears how grading goes; this one does nothing with it."""

    def begin(self, names: list[str], known: int) -> None:
        """It begins: whose answers will be graded, and how many results are known already."""

    def preparing(self, what: str) -> None:
        """Something is prepared that all of it needs."""

    def doing(self, worker: int, what: str) -> None:
        """A worker begins something; "" when it is done."""

    def waiting(self) -> None:
        """It waits for a result, which may take long; raise something to stop grading."""

    def result(self, submission: str, score: ExerciseScore, note: str) -> None:
        """A result is there; ``note`` says where from, if it was not graded just now."""

    def end(self) -> None:
        """All results are there, or there will be no more."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to grade.

    Attributes:
        exercises: the folder of the exercises we trust; None for the lab's own.
        only: ids of the exercises to grade; every submission is held to all of them. None for
            whatever each submission holds.
        kind: finds what to build on, told for how many answers at a time; only asked if
            something has to be built.
        jobs: how many answers at a time.
        ledger: the gradebook's file; None keeps nothing.
        regrade: grade anew what is known already.
        due: when it had to be handed in.
        watcher: hears how it goes.
    """

    exercises: Path | None = None
    only: tuple[str, ...] = ()
    kind: Callable[[int], Kind] = lambda _: nowhere(_NONE)
    jobs: int = 1
    ledger: Ledger | None = None
    regrade: bool = False
    due: datetime | None = None
    watcher: Watcher = field(default_factory=Watcher)


def grade(
    paths: Iterable[Path], bench: Workbench | None, *, exercises: Path | None = None
) -> Gradebook:
    """Grade everything at some paths on one given engine, and keep nothing.

    Args:
        paths: exercises, folders of exercises, submissions, or folders of submissions.
        bench: the engine to build on; each answer gets a run of its own there, which is forgotten
            afterwards. None where no exercise needs an engine.
        exercises: the folder of the exercises we trust; None for the lab's own.

    Raises:
        UsageError: a path holds nothing that can be graded.
    """
    if bench is None:
        return grade_all(paths, Options(exercises=exercises))
    return grade_all(paths, Options(exercises=exercises, kind=lambda _: found(bench)))


def grade_all(paths: Iterable[Path], options: Options) -> Gradebook:
    """Grade everything at some paths.

    Raises:
        UsageError: a path holds nothing that can be graded, or there is no such exercise.
        DiskFull: the gradebook has no room; what it holds is whole.
    """
    known = _chosen(known_exercises(options.exercises), options.only)
    submissions: list[Submission] = []
    ignored: list[str] = []
    for path in paths:
        there = discover(Path(path), known)
        submissions += there.submissions
        ignored += there.ignored
    answers = [known[name] for one in submissions for name in one.answers if name in known]
    building = any("engine" in exercise.needs for exercise in answers)
    kind = options.kind(min(options.jobs, len(answers))) if building else nowhere(_NONE)
    items = [item for one in submissions for item in _items(one, known, kind, options)]
    try:
        again = _grade_items(items, kind, options)
    finally:
        options.watcher.end()
    notes = [*kind.notes]
    if again:
        notes.append(f"graded before, so not again: {again} of {len(items)} (--regrade does)")
    if ignored:
        notes.append(f"no submissions, so not looked at: {', '.join(sorted(ignored))}")
    scores = [
        SubmissionScore(
            one.name,
            tuple(item.score for item in items if item.submission is one and item.score),
            one.when,
            _late(one, options.due),
        )
        for one in submissions
    ]
    return Gradebook(tuple(scores), tuple(notes))


@dataclass
class _Item:
    """One answer of one submission, on its way to a score."""

    submission: Submission
    id: str
    exercise: Exercise | None
    files: dict[str, bytes]
    hashes: Hashes
    late: int | None
    score: ExerciseScore | None = None


def _chosen(known: dict[str, Exercise], only: tuple[str, ...]) -> dict[str, Exercise]:
    unknown = [name for name in only if name not in known]
    if unknown:
        raise UsageError(
            f"there is no exercise {unknown[0]}", f"there are {', '.join(sorted(known))}"
        )
    return {name: known[name] for name in only} if only else known


def _items(
    one: Submission, known: dict[str, Exercise], kind: Kind, options: Options
) -> Iterator[_Item]:
    """The answers of a submission; what cannot be graded has its score already."""
    late = _late(one, options.due)
    if one.problem and not options.only:
        yield _unreadable(one, "–", None, one.problem, late)
    for name in [*known] if options.only else [*one.answers]:
        exercise = known.get(name)
        handed = one.answers.get(name)
        if exercise is None:
            shown = printable(name)
            why = Refused(f"no exercise is called {shown}; there are {', '.join(sorted(known))}")
            yield _unreadable(one, shown, None, why, late)
        elif handed is None:
            why = one.problem or Refused(f"nothing was handed in for {name}")
            yield _unreadable(one, name, exercise, why, late)
        else:
            try:
                files = handed.files(exercise)
            except Refused as error:
                yield _unreadable(one, name, exercise, error, late)
            else:
                checks = fingerprints.of_exercise(exercise)
                place = kind.name if "engine" in exercise.needs else ""
                hashes = fingerprints.hashes(checks, files, place)
                yield _Item(one, name, exercise, files, hashes, late)


def _unreadable(
    one: Submission, name: str, exercise: Exercise | None, why: Refused, late: int | None
) -> _Item:
    score = refused(exercise, why) if exercise else ExerciseScore(name, (), printable(why.what))
    checks = fingerprints.of_exercise(exercise) if exercise else ""
    hashes = fingerprints.hashes(checks, {}, "", why=why.what)
    return _Item(one, name, exercise, {}, hashes, late, score)


def _late(one: Submission, due: datetime | None) -> int | None:
    """Seconds after the due date; None if in time, or if nobody knows."""
    if due is None or one.when is None:
        return None
    seconds = int((one.when - due.astimezone(UTC)).total_seconds())
    return seconds if seconds > 0 else None


def _grade_items(items: list[_Item], kind: Kind, options: Options) -> int:
    """Give every item its score: known ones first, then the rest, equal ones once.

    Returns:
        How many were known from an earlier run.
    """
    todo: dict[str, list[_Item]] = {}
    known: list[tuple[_Item, str, int | None]] = []
    for item in items:
        number, note = None, ""
        if item.score is None and not options.regrade and options.ledger:
            earlier = options.ledger.known(item.hashes.key)
            if earlier:
                (number, item.score), note = earlier, "graded before"
        if item.score is None and item.exercise:
            item.score = _not_attempted(item.exercise, kind)
        if item.score is None:
            todo.setdefault(item.hashes.key, []).append(item)
        else:
            known.append((item, note, number))
    groups = list(todo.values())
    options.watcher.begin([one.submission.name for group in groups for one in group], len(known))
    for item, note, number in known:
        _keep(item, options, note, number)
    jobs = [Job(one.exercise, one.files, one.submission.name) for one, *_ in groups if one.exercise]
    watcher = options.watcher
    pool = Pool(kind.make, _workers(jobs, kind, options), watcher.doing, watcher.waiting)
    for position, score in pool.run(jobs):
        first: int | None = None
        for count, item in enumerate(groups[position]):
            item.score = score
            first = _keep(item, options, "the same files" if count else "", first)
    return sum(number is not None for _, _, number in known)


def _workers(jobs: list[Job], kind: Kind, options: Options) -> int:
    """As many as asked for; but starting one costs as much as some notebooks without docker."""
    most = min(options.jobs, kind.most)
    building = any("engine" in job.exercise.needs for job in jobs)
    return most if building else min(most, 1 + len(jobs) // _FEW)


def _not_attempted(exercise: Exercise, kind: Kind) -> ExerciseScore | None:
    """The score where this machine lacks something the exercise needs; None if it does not."""
    lacks = next((kind.lacks[need] for need in exercise.needs if need in kind.lacks), "")
    if not lacks:
        return None
    verdict = Verdict("not-attempted", lacks)
    scores = (CheckScore(name, points, verdict) for name, points in exercise.points.items())
    return ExerciseScore(exercise.id, tuple(scores), lacks)


def _keep(item: _Item, options: Options, note: str, same_as: int | None = None) -> int | None:
    """Put a result into the gradebook, unless it is the newest one there anyway.

    Returns:
        The number of its attempt; None where there is no gradebook.
    """
    score, ledger, name = item.score, options.ledger, item.submission.name
    if score is None:
        return None
    if ledger is not None:
        late, when = item.late, item.submission.when
        there = ledger.newest(name, item.id, item.hashes.key, late)
        if there is None or (options.regrade and item.files and not note):
            there = ledger.add(name, score, item.hashes, handed_in=when, late=late, same_as=same_as)
        same_as = there
    options.watcher.result(name, score, note)
    return same_as
