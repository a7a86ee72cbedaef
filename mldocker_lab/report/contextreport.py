"""What a build sends of a folder, what is large in it, and what need not be sent.

Two numbers are called "the build context", and this report says which is which:

*all that is not ignored*  what a tar to the engine's API holds (this lab, most libraries, the
classic builder), and what ``COPY . .`` takes;
*what COPY names*  what ``docker build`` with BuildKit sends: only what COPY, ADD and bind mounts of
the stages it needs ask for.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mldocker_lab.dockerfile.suggest import as_text
from mldocker_lab.errors import UsageError
from mldocker_lab.show.table import Column, Table, bundle
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.suggest import Suggestion
    from mldocker_lab.show.figure import Picture

__all__ = ["Amount", "ContextReport", "Lookalike", "Part"]

_ROWS = 8  # of the largest files and folders; --json has more
_ALWAYS = 3  # of them, however small; others must be a hundredth of all
_LINES = 16  # of suggestions

_ALL = "all that is not ignored: what COPY . . takes, and what a tar to the engine's API holds."
_NAMED = (
    "named by COPY: what COPY, ADD and bind mounts of the needed stages take; docker build with "
    "BuildKit sends no more than this."
)
_BYTES = "bytes: the sizes of the files; no contents were read. A tar adds about 512 B for each."


@dataclass(frozen=True, slots=True)
class Amount:
    """Some files: how many, and the sum of their sizes in bytes."""

    files: int = 0
    bytes: int = 0


class Part(NamedTuple):
    """A file or folder of the context: its path, how many files, and the sum of their sizes."""

    path: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A file that looks like a secret, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class ContextReport:
    """What a build sends of a folder.

    Attributes:
        folder: the folder, as it was named.
        dockerfile: name of the Dockerfile.
        ignore_file: name of the ignore file; None if there is none.
        files: names of all files, symlinks and pipes that are not ignored, sorted: what
            ``COPY . .`` takes, and what a tar to the engine's API holds.
        bytes: the sum of their sizes.
        ignored: files that the ignore file keeps out.
        ignored_all: False if there are so many ignored files that not all were counted.
        also_sent: ignored files that are sent all the same, since builders read them.
        copied: what COPY, ADD and bind mounts take; None if that cannot be told.
        copied_why: why it cannot be told; "" if it can.
        largest_files, largest_folders: the largest first; a folder counts all that is below it.
        suggestions: lines for the ignore file.
        lookalikes: files that look like secrets and are sent.
        skipped: sockets and devices, which no tar can hold.
        unreadable: what you may not read; a build stops there.
        left_by_classic: files that only BuildKit takes back from ignored folders.
        parts, copied_parts: what ``files`` and ``copied`` are made of: the names at the top of the
            folder, the largest first.
    """

    folder: str
    dockerfile: str
    ignore_file: str | None
    files: tuple[str, ...] = field(repr=False)
    bytes: int
    ignored: Amount
    ignored_all: bool
    also_sent: tuple[str, ...]
    copied: Amount | None
    copied_why: str
    largest_files: tuple[Part, ...] = field(repr=False)
    largest_folders: tuple[Part, ...] = field(repr=False)
    suggestions: tuple[Suggestion, ...]
    lookalikes: tuple[Lookalike, ...]
    skipped: tuple[str, ...]
    unreadable: tuple[str, ...]
    left_by_classic: tuple[str, ...]
    parts: tuple[Part, ...] = field(repr=False)
    copied_parts: tuple[Part, ...] = field(repr=False)

    @property
    def saves(self) -> Amount:
        """What the suggested lines keep out, those to look at first not counted."""
        sure = [one for one in self.suggestions if not one.look_first]
        return Amount(sum(one.files for one in sure), sum(one.bytes for one in sure))

    @property
    def suggested(self) -> str:
        """The lines to append to the ignore file, as text; "" if there is nothing to suggest."""
        return as_text(self.suggestions)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON sees it."""
        return {
            "folder": self.folder,
            "dockerfile": self.dockerfile,
            "ignore_file": self.ignore_file,
            "files": list(self.files),
            "bytes": self.bytes,
            "ignored": self.ignored.files,
            "ignored_bytes": self.ignored.bytes,
            "ignored_complete": self.ignored_all,
            "also_sent": list(self.also_sent),
            "copied": asdict(self.copied) if self.copied else None,
            "largest_files": [part._asdict() for part in self.largest_files],
            "largest_folders": [part._asdict() for part in self.largest_folders],
            "suggested": {
                **asdict(self.saves),
                "lines": [asdict(one) for one in self.suggestions],
                "text": self.suggested,
            },
            "lookalikes": [asdict(one) for one in self.lookalikes],
            "skipped": list(self.skipped),
            "unreadable": list(self.unreadable),
            "left_by_classic": list(self.left_by_classic),
        }

    def plot(self) -> Picture:
        """What is sent of the folder, by its parts: all that is not ignored, and what COPY names.

        Raises:
            UsageError: what COPY names cannot be told.
        """
        from mldocker_lab.report import figures

        if self.copied is None:
            raise UsageError(f"what COPY names cannot be told: {self.copied_why}")
        counted = (
            ("all that is not ignored", "classic builder, engine's API", self.parts),
            ("what COPY names", "docker build with BuildKit", self.copied_parts),
        )
        rows = [
            (what, who, [(_printable(path), files, total) for path, files, total in parts])
            for what, who, parts in counted
        ]
        return figures.context(self.dockerfile, _printable(self.folder), rows)

    def tables(self) -> tuple[Table, ...]:
        """All of it as tables; those that would be empty are left out."""
        tables = (_sent(self), _largest(self), _suggested(self), _secrets(self))
        return tuple(table for table in tables if table.rows)

    def __str__(self) -> str:
        return str(self._repr_mimebundle_()["text/plain"])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle(self.tables(), include, exclude)


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
    title = f"The build context of {_printable(report.folder)}"
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
            _printable(part.path) + ("/" if part.path in folders else ""),
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
    rows = tuple((_printable(one.path), one.why) for one in report.lookalikes[:_ROWS])
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
    shown = ", ".join(map(_printable, names[:3]))
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown  # noqa: PLR2004


def _printable(name: str) -> str:
    """A name that can be shown: a byte that is not UTF-8 as its number."""
    return name.encode(errors="backslashreplace").decode()
