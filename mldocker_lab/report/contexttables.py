"""A build context as tables: which number is which, what is large, and what need not be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.show.table import Column, Table
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.report.context import Amount, ContextReport, Part

__all__ = ["context_tables", "printable"]

_ROWS = 8  # of the largest files and folders; --json has more
_ALWAYS = 3  # of them, however small; others must be a hundredth of all
_LINES = 16  # of suggestions

_ALL = "all that is not ignored: what COPY . . takes, and what a tar to the engine's API holds."
_NAMED = (
    "named by COPY: what COPY, ADD and bind mounts of the needed stages take; docker build with "
    "BuildKit sends no more than this."
)
_BYTES = "bytes: the sizes of the files; no contents were read. A tar adds about 512 B for each."


def context_tables(report: ContextReport) -> tuple[Table, ...]:
    """The tables of a report; those that would be empty are left out."""
    tables = (_sent(report), _largest(report), _suggested(report), _secrets(report))
    return tuple(table for table in tables if table.rows)


def _sent(report: ContextReport) -> Table:
    sent = (len(report.files), report.bytes)
    rows = [
        ("all that is not ignored", *_cells(*sent), "the engine's API, this lab; COPY . ."),
        ("named by COPY", *_amount(report.copied), "docker build with BuildKit"),
    ]
    if report.ignore_file:
        row = _amount(report.ignored, "" if report.ignored_all else "over ")
        rows.append((f"kept out by {report.ignore_file}", *row, "nobody"))
    if report.saves.files:
        left = (sent[0] - report.saves.files, sent[1] - report.saves.bytes)
        rows.append(("with the suggestions below", *_cells(*left), "instead of all"))
    columns = (Column(""), Column("files", "number"), Column("bytes", "number"), Column("sent by"))
    title = f"The build context of {printable(report.folder)}"
    return Table(title, columns, tuple(rows), tuple(_notes(report)))


def _notes(report: ContextReport) -> list[str]:
    notes = [_ALL, _NAMED, _BYTES]
    if report.copied_why:
        notes.append(f"named by COPY cannot be told: {report.copied_why}.")
    if not report.ignore_file:
        notes.append("There is no .dockerignore.")
    if report.also_sent:
        notes.append(f"Ignored and sent all the same, to the builder: {_some(report.also_sent)}.")
    if report.unreadable:
        notes.append(f"You may not read these, so a build stops there: {_some(report.unreadable)}.")
    if report.skipped:
        notes.append(f"Sockets and devices are not sent: {_some(report.skipped)}.")
    if report.left_by_classic:
        count = len(report.left_by_classic)
        notes.append(
            f"A ! pattern with a wildcard takes {count} of these files back from ignored folders; "
            "DOCKER_BUILDKIT=0 and Docker 20.10 do not look there and leave them out."
        )
    return notes


def _largest(report: ContextReport) -> Table:
    folders = {part.path: part for part in report.largest_folders if part.files > 1}
    parts = sorted([*report.largest_files, *folders.values()], key=lambda p: (-p.bytes, p.path))
    rows = tuple(
        (
            printable(part.path) + ("/" if part.path in folders else ""),
            f"{part.files:,}".replace(",", " "),
            size(part.bytes),
            _share(part, report.bytes),
        )
        for i, part in enumerate(parts[:_ROWS])
        if i < _ALWAYS or part.bytes >= report.bytes / 100
    )
    columns = (
        Column("path", "code"),
        Column("files", "number"),
        Column("bytes", "number"),
        Column("of all", "number"),
    )
    return Table("The largest files and folders", columns, rows)


def _suggested(report: ContextReport) -> Table:
    rows = [
        (
            one.pattern,
            *_cells(one.files, one.bytes),
            f"look first: {one.why}" if one.look_first else one.why,
        )
        for one in report.suggestions[:_LINES]
    ]
    columns = (
        Column("line"),
        Column("files", "number"),
        Column("saves", "number"),
        Column("why"),
    )
    notes = ["Nothing that a COPY or ADD names is suggested."]
    if any(one.look_first for one in report.suggestions):
        notes.append("look first: an image may need it at run time, so it is not counted as saved.")
    if len(report.suggestions) > _LINES:
        notes.append(f"And {len(report.suggestions) - _LINES} more; --json and --suggest have all.")
    title = f"Worth adding to {report.ignore_file or '.dockerignore'}"
    return Table(title, columns, tuple(rows), tuple(notes))


def _secrets(report: ContextReport) -> Table:
    rows = tuple((printable(one.path), one.why) for one in report.lookalikes[:_ROWS])
    note = "Told by their names alone. A secret that a build needs belongs in --mount=type=secret."
    more = len(report.lookalikes) - _ROWS
    notes = (note, *((f"And {more} more.",) if more > 0 else ()))
    return Table(
        "These look like secrets, and are sent",
        (Column("path", "code"), Column("why")),
        rows,
        notes,
    )


def _amount(amount: Amount | None, word: str = "") -> tuple[str, str]:
    return _cells(amount.files, amount.bytes, word) if amount else ("–", "–")


def _cells(files: int, total: int, word: str = "") -> tuple[str, str]:
    return word + f"{files:,}".replace(",", " "), word + size(total)


def _share(part: Part, total: int) -> str:
    return f"{100 * part.bytes / total:.0f} %" if total else "–"


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(map(printable, names[:3]))
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown  # noqa: PLR2004


def printable(name: str) -> str:
    """A name that can be shown: a byte that is not UTF-8 as its number."""
    return name.encode(errors="backslashreplace").decode()
