"""The grid of hosts and images as HTML: a word in each cell, its reasons one click away.

Plain ``<details>``: it opens without a script, in JupyterLab, in a static copy, by keyboard.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mldocker_lab.gpu.check import short_name, word
from mldocker_lab.gpu.verdict import REFUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.gpu.check import Check
    from mldocker_lab.gpu.image import Image

__all__ = ["grid"]

_SIGN = {"runs": "✓", "refused": "✗", "cannot-tell": "?"}
_EDGE = {"runs": "#009e73", "refused": "#d55e00", "cannot-tell": "#888888"}
_LEFT = "text-align:left;vertical-align:top"
_PLAIN, _BOLD = (f' style="white-space:nowrap;font-weight:{one}"' for one in ("normal", "bold"))
_LEGEND = (
    "✓ runs; ✗ refused; ? cannot tell. A: the image's demand, asked before it starts. B: the "
    "driver, asked when CUDA starts. C: the kernels, asked when the first one starts."
)


def grid(images: Sequence[Image], cells: Sequence[Sequence[Check]]) -> str:
    """The grid: each cell opens to what the three gates say.

    Args:
        images: the columns.
        cells: the answers, a row for each host; at least one in a row.
    """
    heads = "".join(
        f'<th scope="col" style="{_LEFT}" title="{escape(image.name)}">'
        f"{escape(short_name(image.name))}</th>"
        for image in images
    )
    caption = "Which image runs on which host (open a cell for its reasons)"
    body = "\n".join(_row(row) for row in cells)
    return (
        f'<table>\n<caption style="text-align:left;font-weight:bold">{caption}</caption>\n'
        f'<thead><tr><th scope="col" style="{_LEFT}">host</th>{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>\n<p><small>{_LEGEND}</small></p>\n"
    )


def _row(row: Sequence[Check]) -> str:
    name = f"{escape(row[0].host.name)}<br><small>{row[0].badge.chip()}</small>"
    style = f"{_LEFT};font-weight:normal;min-width:9em"
    return f'<tr><th scope="row" style="{style}">{name}</th>{"".join(map(_cell, row))}</tr>'


def _cell(one: Check) -> str:
    reasons = "".join(
        f"<li>{_SIGN[gate.verdict]} <b>{name}</b>: {escape(gate.reason)}</li>"
        for name, gate in one.gates.items()
    )
    style = f"{_LEFT};border-left:4px solid {_EDGE[one.verdict]}"
    said = f"{_SIGN[one.verdict]} {word(one).removeprefix('no ').removeprefix('? ')}"
    return (
        f'<td style="{style}"><details><summary{_BOLD if one.verdict == REFUSED else _PLAIN}>'
        f'{escape(said)}</summary><ul style="margin:0;padding:0;list-style:none;width:16em;'
        f'white-space:normal">{reasons}</ul></details></td>'
    )
