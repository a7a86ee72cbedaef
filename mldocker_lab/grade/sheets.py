"""Results as rows: one for each check, one for each submission, and in the columns of two LMSs.

Every text that a learner may have written is harmless in a spreadsheet: what begins like a formula
gets an apostrophe in front of it.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.grade.score import lateness

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mldocker_lab.grade.ledger import Attempt
    from mldocker_lab.grade.score import Gradebook

__all__ = ["canvas", "checks", "marks", "moodle", "read_roster"]

_CHECKS = ("submission", "exercise", "check", "status", "points", "possible", "late", "message")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PLAIN = re.compile(r"-|[+-]?\d+([.,]\d+)?")
_MOODLE = ("Identifier", "Full name", "Grade", "Maximum Grade", "Last modified (grade)")
_FEEDBACK = "Feedback comments"
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS_POSSIBLE = "    Points Possible"  # Canvas writes it with these blanks
_WHO = ("identifier", "id", "id number", "sis user id", "sis login id", "username", "email address")


def checks(book: Gradebook) -> str:
    """A row for every check, as CSV."""
    rows: list[Sequence[object]] = [_CHECKS]
    for submission in book.submissions:
        late = lateness(submission.late) if submission.late else ""
        for exercise in submission.exercises:
            if not exercise.checks:
                told = (exercise.id, "", "failed", 0, 0, late, exercise.note)
                rows.append((submission.name, *told))
            for one in exercise.checks:
                verdict = one.verdict
                points = (one.points, one.possible)
                words = (submission.name, exercise.id, one.id, verdict.status)
                rows.append((*words, *points, late, verdict.message))
    return _csv(rows)


def marks(found: Mapping[str, Mapping[str, Attempt]]) -> str:
    """A row for every submission and exercise of a gradebook, as CSV."""
    head = ("submission", "exercise", "score", "possible", "late", "handed in", "graded", "note")
    rows: list[Sequence[object]] = [head]
    for name, mine in sorted(found.items()):
        for exercise, one in sorted(mine.items()):
            late = lateness(one.late) if one.late else ""
            handed = one.handed_in.isoformat() if one.handed_in else ""
            score = (one.result.score, one.result.possible)
            rows.append((name, exercise, *score, late, handed, one.at.isoformat(), one.result.note))
    return _csv(rows)


def moodle(
    found: Mapping[str, Mapping[str, Attempt]],
    exercise: str,
    roster: Sequence[Mapping[str, str]] = (),
) -> str:
    """The grading worksheet of one Moodle assignment.

    Args:
        found: what counts.
        exercise: which exercise the assignment is.
        roster: the worksheet as Moodle gave it out; its rows are filled in and all its columns
            kept. Without, rows are made from submissions named as Moodle names them when it
            packs them for download ("Ada Lovelace_1234_assignsubmission_file_").
    """
    rows = [dict(row) for row in roster]
    if not rows:
        for name in sorted(found):
            person, _, rest = name.partition("_")
            number = rest.partition("_")[0]
            known = number.isdecimal()
            who = f"Participant {number}" if known else name
            rows.append({**dict.fromkeys(_MOODLE, ""), "Identifier": who, "Full name": person})
            _fill_moodle(rows[-1], found[name].get(exercise))
    else:
        for name, mine in found.items():
            row = _row_of(name, rows)
            if row is not None:
                _fill_moodle(row, mine.get(exercise))
    columns = [*rows[0]] if rows else [*_MOODLE]
    columns += [] if _FEEDBACK in columns else [_FEEDBACK]
    return _csv([columns, *([row.get(column, "") for column in columns] for row in rows)])


def canvas(
    found: Mapping[str, Mapping[str, Attempt]], roster: Sequence[Mapping[str, str]] = ()
) -> str:
    """A gradebook for Canvas to import: a column for each exercise.

    Args:
        found: what counts.
        roster: the gradebook as Canvas exported it: students are found in it by name, id or
            login, and a column whose title begins like an exercise's id is that exercise.
            Without, a submission's name is the student's login.
    """
    marked = [one.result for mine in found.values() for one in mine.values()]
    exercises = sorted({result.id for result in marked if result.possible})
    head = roster[0] if roster else {}
    students = [row for row in roster if "points possible" not in row.get("Student", "").lower()]
    titles = {one: next((t for t in head if _titled(t, one)), one) for one in exercises}
    possible = {
        one: max(result.possible for result in marked if result.id == one) for one in exercises
    }
    rows: list[Sequence[object]] = [
        (*_CANVAS, *titles.values()),
        (_POINTS_POSSIBLE, *[""] * (len(_CANVAS) - 1), *possible.values()),
    ]
    for name, mine in sorted(found.items()):
        row = _row_of(name, students) if roster else {"Student": name, "SIS Login ID": name}
        if row is None:
            continue
        scores = [mine[one].result.score if one in mine else "" for one in exercises]
        rows.append((*(row.get(column, "") for column in _CANVAS), *scores))
    return _csv(rows)


def read_roster(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file with a head, as an LMS gives it out.

    Raises:
        UsageError: it has no rows.
    """
    rows = [dict(row) for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))]
    if not rows:
        raise UsageError("the roster has no rows", "export it from your LMS as CSV")
    return [{str(k): v or "" for k, v in row.items() if k} for row in rows]


def _fill_moodle(row: dict[str, str], one: Attempt | None) -> None:
    if one is None:
        return
    row["Grade"] = str(one.result.score)
    row["Maximum Grade"] = row.get("Maximum Grade") or str(one.result.possible)
    row[_FEEDBACK] = _feedback(one)


def _feedback(one: Attempt) -> str:
    """What a learner reads in the LMS: each check in a line."""
    late = [f"handed in {lateness(one.late)} late"] if one.late else []
    told = [f"{c.id}: {c.points} of {c.possible}. {c.verdict.message}" for c in one.result.checks]
    return "\n".join([*late, *(told or [one.result.note])])


def _row_of(name: str, rows: Iterable[dict[str, str] | Mapping[str, str]]) -> dict[str, str] | None:
    """The row of a roster that a submission belongs to; None if none, or more than one, does.

    A submission's own name, or a part of it between underscores, must equal an id, a login, an
    address or a name.
    """
    parts = {name.casefold(), *name.casefold().split("_")} - {""}
    found = []
    for row in rows:
        cells = {
            cell.casefold().removeprefix("participant ")
            for column, cell in row.items()
            if column.lower() in _WHO or column.lower() in ("full name", "student")
        }
        if cells & parts:
            found.append(row)
    return found[0] if len(found) == 1 else None  # type: ignore[return-value]  # rows are dicts


def _titled(title: str, exercise: str) -> bool:
    return title == exercise or title.startswith((f"{exercise} ", f"{exercise}:", f"{exercise}("))


def _csv(rows: Iterable[Iterable[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_cell(one) for one in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula; a dash or a number is none."""
    formula = isinstance(value, str) and value.startswith(_FORMULA) and not _PLAIN.fullmatch(value)
    return f"'{value}" if formula else value
