"""A table shown twice from one description: as text in a terminal, as HTML in a notebook.

The text holds no colour codes and is always ``WIDTH`` wide at most; the HTML holds no ids, no
scripts and no colours of its own, so it reads on a light page, on a dark one, and on GitHub. The
same table therefore always renders to the same characters.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.show.words import middle, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["WIDTH", "Column", "Table", "bundle"]

#: Characters in a line of the text form.
WIDTH = 100
_GAP = 2  # blanks behind a column
_RULE = 1  # and the place of a rule between two
_NARROWEST = 12  # no squeezed column gets less than this


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and how its cells are set.

    Attributes:
        title: the heading.
        kind: "text" stands left, "number" right, "code" left and in typewriter; a code cell is
            shortened in the middle where the line would get too long.
    """

    title: str
    kind: Literal["text", "number", "code"] = "text"

    @property
    def align(self) -> Literal["left", "right"]:
        """The side its cells stand on."""
        return "right" if self.kind == "number" else "left"


@dataclass(frozen=True, slots=True)
class Table:
    """What a table says; the first cell of a row names the row.

    Attributes:
        title: its caption.
        columns: the columns, from left to right.
        rows: the cells, as many in each row as there are columns.
        notes: sentences below it that define what is counted.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{len(row)} cells for {len(self.columns)} columns: {row!r}")

    def to_text(self, width: int = WIDTH) -> str:
        """The table as plain text, no line longer than ``width`` characters."""
        from rich.console import Console

        out = io.StringIO()
        console = Console(
            file=out, width=width, color_system=None, force_terminal=False, force_jupyter=False
        )
        console.print(self)
        return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")

    def to_html(self) -> str:
        """The table as semantic HTML: caption, heads with a scope, everything escaped."""
        head = "".join(_th(column, "col", escape(column.title)) for column in self.columns)
        body = "".join(f"<tr>{self._cells(row)}</tr>\n" for row in self.rows)
        notes = "<br>\n".join(escape(note) for note in self.notes)
        caption = f"<caption{_style('left', 'font-weight:bold')}>{escape(self.title)}</caption>"
        return (
            f"<table>\n{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"
            + (f"<p><small>{notes}</small></p>\n" if notes else "")
        )

    def _cells(self, row: tuple[str, ...]) -> str:
        first, *rest = zip(self.columns, row, strict=True)
        return _th(first[0], "row", _html(*first)) + "".join(
            f"<td{_style(column.align, *_unbroken(column))}>{_html(column, cell)}</td>"
            for column, cell in rest
        )

    def __str__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle([self], include, exclude)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table for any rich console, as wide as that console allows."""
        from rich import box
        from rich.table import Table as Grid
        from rich.text import Text

        grid = Grid(box=box.SIMPLE_HEAD, padding=(0, _GAP, 0, 0), show_edge=False, pad_edge=False)
        for column in self.columns:
            grid.add_column(Text(column.title), justify=column.align, overflow="fold")
        for row in self._fitted(options.max_width):
            grid.add_row(*map(Text, row))
        yield Text(self.title, style="bold")
        yield Text()
        yield grid
        if self.notes:
            yield Text()
        for note in self.notes:
            yield Text(note, style="dim")

    def _fitted(self, width: int) -> list[tuple[str, ...]]:
        """The rows, code cells shortened so that the table is ``width`` wide at most."""
        rows = [tuple(one_line(cell) for cell in row) for row in self.rows]
        widest = [
            max([len(column.title), *(len(row[i]) for row in rows)])
            for i, column in enumerate(self.columns)
        ]
        squeezed = [i for i, column in enumerate(self.columns) if column.kind == "code"]
        between = _GAP * len(widest) + _RULE * (len(widest) - 1)
        fixed = sum(widest) - sum(widest[i] for i in squeezed) + between
        room = (width - fixed) // max(len(squeezed), 1)
        return [
            tuple(
                middle(cell, max(room, _NARROWEST)) if i in squeezed else cell
                for i, cell in enumerate(row)
            )
            for row in rows
        ]


def bundle(
    tables: Sequence[Table],
    include: Iterable[str] | None = None,
    exclude: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Tables, one under the other, as a MIME bundle of text and HTML."""
    forms = {
        "text/plain": "\n\n".join(table.to_text() for table in tables),
        "text/html": "".join(table.to_html() for table in tables),
    }
    wanted = set(include or forms) - set(exclude or ())
    return {kind: form for kind, form in forms.items() if kind in wanted}


def _html(column: Column, cell: str) -> str:
    text = escape(one_line(cell))
    return f"<code>{text}</code>" if column.kind == "code" and text else text


def _th(column: Column, scope: str, inner: str) -> str:
    weight = "font-weight:normal" if scope == "row" else "font-weight:bold"
    return f'<th scope="{scope}"{_style(column.align, weight)}>{inner}</th>'


def _unbroken(column: Column) -> tuple[str, ...]:
    """A number and its unit stay together on a narrow page."""
    return ("white-space:nowrap",) if column.kind == "number" else ()


def _style(align: str, *more: str) -> str:
    return f' align="{align}" style="{";".join([f"text-align:{align}", *more])}"'
