"""The grid of hosts and images as HTML: a word in each cell, its reasons one click away.

Plain ``<details>``: it opens without a script, in JupyterLab, in a static copy, by keyboard.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mldocker_lab.gpu.verdict import REFUSED, RUNS

if TYPE_CHECKING:
    from mldocker_lab.gpu.check import Check, Matrix

__all__ = ["matrix_html"]

_SIGN = {"runs": "✓", "refused": "✗", "cannot-tell": "?"}
_EDGE = {"runs": "#009e73", "refused": "#d55e00", "cannot-tell": "#888888"}


def matrix_html(matrix: Matrix) -> str:
    """The grid: each cell opens to what the three gates say."""
    from mldocker_lab.gpu.check import short_name

    head = "".join(
        f'<th scope="col">{escape(short_name(image.name))}</th>' for image in matrix.images
    )
    body = "\n".join(_row(row) for row in matrix.cells)
    return (
        '<table>\n<caption style="text-align:left;font-weight:bold">Which image runs on which host '
        f'(click a cell for its reasons)</caption>\n<thead><tr><th scope="col">host</th>{head}</tr>'
        f"</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
    )


def _row(row: tuple[Check, ...]) -> str:
    name = f"{escape(row[0].host.name)}<br><small>{row[0].badge.chip()}</small>"
    return f'<tr><th scope="row" style="text-align:left">{name}</th>{"".join(map(_cell, row))}</tr>'


def _cell(one: Check) -> str:
    reasons = "".join(
        f"<li>{_SIGN[gate.verdict]} <b>{name}</b>: {escape(gate.reason)}</li>"
        for name, gate in one.gates.items()
    )
    style = f"text-align:left;vertical-align:top;border-left:4px solid {_EDGE[one.verdict]}"
    weight = (
        "" if one.verdict == RUNS else ' style="font-weight:bold"' if one.verdict == REFUSED else ""
    )
    return (
        f'<td style="{style}"><details><summary{weight}>{escape(_summary(one))}'
        f'</summary><ul style="margin:0;padding-left:1em">{reasons}</ul></details></td>'
    )


def _summary(one: Check) -> str:
    """A sign and the verdict in short; "? C" begins with its sign already."""
    from mldocker_lab.gpu.check import word

    said = word(one)
    return said if said.startswith("?") else f"{_SIGN[one.verdict]} {said}"
