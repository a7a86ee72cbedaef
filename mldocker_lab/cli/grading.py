"""Grading: ``grade``, ``gradebook``."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import JSON, say
from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from mldocker_lab.grade.ledger import Attempt
    from mldocker_lab.grade.score import Gradebook

__all__ = ["grade", "gradebook"]

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False)
_BOOK = click.option(
    "--gradebook",
    "book",
    type=_FILE,
    metavar="FILE",
    help="The SQLite file that keeps every attempt; in the lab's folder if not given.",
)


class _Moment(click.ParamType):  # type: ignore[type-arg]  # generic in its newest versions only
    """A date, a date and time, or one with a time zone; ours if none is given."""

    name = "date"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is no date; write it like 2026-12-01 or 2026-12-01T18:00", param, ctx
            )
        if len(value) <= len("2026-12-01"):
            moment = moment.replace(hour=23, minute=59, second=59)  # all of that day
        return moment.astimezone()


@click.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH)
@click.option(
    "--exercise",
    "exercises",
    multiple=True,
    metavar="ID",
    help="Hold every submission to this exercise, and to no other; may be repeated.",
)
@click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="Grade N answers at a time.")
@click.option("--require", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit 1 below.")
@click.option("--due", type=_Moment(), metavar="DATE", help="Mark what was handed in later.")
@click.option("--regrade", is_flag=True, help="Grade anew what the gradebook knows already.")
@_BOOK
@click.option("--csv", "csv_file", type=_FILE, metavar="FILE", help="A row for every check.")
@click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="JUnit XML.")
@click.option(
    "--html",
    "html_file",
    type=_PATH,
    metavar="FILE",
    help="A page to read or print; into a folder, a page for each submission.",
)
@click.option(
    "--engine",
    metavar="WHICH",
    help="Build on this engine ('found' or an address) instead of one of the grader's own: for "
    "people who know what they grade.",
)
@JSON
def grade(
    *,
    paths: tuple[Path, ...],
    exercises: tuple[str, ...],
    jobs: int | None,
    require: float | None,
    due: datetime | None,
    regrade: bool,
    book: Path | None,
    csv_file: Path | None,
    junit_file: Path | None,
    html_file: Path | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """Grade exercises: points for each check, by building and running the answers.

    PATHS are exercises, submissions (a folder, a git checkout, a zip file, a notebook), or folders
    of submissions. Of a submission only its declared answer files are read. They are built and run
    on an engine of the grader's own, without a network and within limits.

    A run that was interrupted goes on where it was: repeat the command.

    \b
    Examples:
      mldocker-lab grade exercises/ --require 80
      mldocker-lab grade submissions/ --exercise 03_cache --due 2026-12-01 --html results.html
    """  # noqa: D301
    result = lab.grade(
        paths,
        gradebook=book,
        exercises=exercises,
        engine=engine,
        jobs=jobs,
        regrade=regrade,
        due=due,
        quiet=as_json,
    )
    if csv_file:
        from mldocker_lab.grade import sheets

        _write(csv_file, sheets.checks(result))
    if junit_file:
        from mldocker_lab.grade.junit import junit

        _write(junit_file, junit(result))
    if html_file:
        _write_pages(html_file, result)
    say(result.to_dict() if as_json else result)
    sys.exit(1 if require is not None and result.percent < require else 0)


@click.group()
def gradebook() -> None:
    """Look into the gradebook, and take its marks elsewhere."""


@gradebook.command()
@_BOOK
@click.option("--all", "everything", is_flag=True, help="Every attempt, not only what counts.")
@JSON
def show(*, book: Path | None, everything: bool, as_json: bool) -> None:
    """Show what counts: the newest attempt of every submission.

    \b
    Example:
      mldocker-lab gradebook show --all
    """  # noqa: D301
    from mldocker_lab.grade.ledger import Ledger
    from mldocker_lab.grade.tables import attempts

    with Ledger(_there(book)) as ledger:
        marks = [one for mine in ledger.marks().values() for one in mine.values()]
        found = ledger.attempts() if everything else marks
    if as_json:
        say({"attempts": [one.to_dict() for one in found]})
    else:
        say(attempts(found))


@gradebook.command()
@_BOOK
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "moodle", "canvas"]),
    default="csv",
    show_default=True,
    help="moodle: an assignment's grading worksheet; canvas: its gradebook.",
)
@click.option("--exercise", metavar="ID", help="For moodle: which exercise the assignment is.")
@click.option(
    "--roster",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The CSV file as your LMS gave it out; it is filled in.",
)
@click.option("--output", "-o", type=_FILE, metavar="FILE", help="Where to write; else printed.")
def export(
    *, book: Path | None, form: str, exercise: str | None, roster: Path | None, output: Path | None
) -> None:
    """Write what counts in the columns that Moodle or Canvas imports.

    \b
    Examples:
      mldocker-lab gradebook export --format canvas --roster export.csv -o import.csv
      mldocker-lab gradebook export --format moodle --exercise 03_cache --roster worksheet.csv
    """  # noqa: D301
    from mldocker_lab.grade import sheets
    from mldocker_lab.grade.ledger import Ledger

    with Ledger(_there(book)) as ledger:
        marks = ledger.marks()
    rows = sheets.read_roster(roster.read_text(encoding="utf-8")) if roster else []
    if form == "moodle":
        text = sheets.moodle(marks, exercise or _only_exercise(marks), rows)
    else:
        text = sheets.canvas(marks, rows) if form == "canvas" else sheets.marks(marks)
    if output:
        _write(output, text)
    else:
        click.echo(text, nl=False)


def _there(book: Path | None) -> Path:
    path = book or lab.gradebook_file()
    if not path.is_file():
        raise UsageError(f"there is no gradebook {path}", "`mldocker-lab grade` begins one")
    return path


def _only_exercise(marks: dict[str, dict[str, Attempt]]) -> str:
    found = sorted({exercise for mine in marks.values() for exercise in mine})
    if len(found) != 1:
        raise UsageError(
            f"the gradebook has {len(found)} exercises, a Moodle assignment is one",
            f"name it: --exercise {' or '.join(found) or 'ID'}",
        )
    return found[0]


def _write_pages(path: Path, book: Gradebook) -> None:
    """One page, or a folder of them: then nobody reads anybody else's."""
    from dataclasses import replace

    from mldocker_lab.grade.page import page
    from mldocker_lab.grade.submissions import known_exercises

    known, now = known_exercises(), datetime.now(UTC).astimezone()
    if not path.is_dir():
        _write(path, page(book, known, now))
        return
    taken: set[str] = set()
    for one in book.submissions:
        name = re.sub(r"[^\w.-]+", "_", one.name).strip("._") or "submission"
        while name in taken:
            name += "_"
        taken.add(name)
        _write(path / f"{name}.html", page(replace(book, submissions=(one,), notes=()), known, now))


def _write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
