"""An image to look through: alive in a notebook, tables everywhere else.

What is displayed, and saved, are the tables. In a live notebook a page's half of an ``Explorer``
finds them by a name in their HTML, asks the kernel whether it is there, and only then takes their
place. So a saved notebook never holds a widget, which would show an error to its next reader; when
the kernel goes, the tables come back; and a page that is loaded again finds its explorer again.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mldocker_lab.report.filetables import tables
from mldocker_lab.report.inspection import Inspection
from mldocker_lab.show.table import bundle
from mldocker_lab.widgets.choose import has_page

if TYPE_CHECKING:
    from mldocker_lab.show.table import Table

__all__ = ["Explorable", "Exploration", "explorable"]


class Explorable(Inspection):
    """An inspection whose layers and files can be looked through."""

    __slots__ = ()

    def explore(self) -> Exploration:
        """Its layers and their files, to click through in a notebook, with the tables below."""
        return Exploration(self)


def explorable(found: Inspection) -> Explorable:
    """The same inspection, to look through."""
    return Explorable(**{field.name: getattr(found, field.name) for field in fields(found)})


class Exploration:
    """What ``explore`` returns; it shows itself as the place allows.

    Args:
        inspection: the image, taken apart.
    """

    def __init__(self, inspection: Inspection) -> None:
        self._inspection = inspection

    def tables(self) -> list[Table]:
        """The layers, and the largest files in them."""
        return tables(self._inspection)

    def __repr__(self) -> str:
        return "\n\n".join(table.to_text() for table in self.tables())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        shown = bundle(self.tables(), include, exclude)
        if "text/html" in shown and has_page():
            from mldocker_lab.widgets.explorer import opened

            place = opened(self._inspection).place
            shown["text/html"] = f'<div class="{place}">\n{shown["text/html"]}</div>\n'
        return shown
