"""Builds in a notebook: alive while they run, one static report afterwards.

A widget that stays in a saved notebook shows an error to the next reader, so the display is
updated with the report and the widget closed, whatever happened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from mldocker_lab.show.table import Column, Table, bundle
from mldocker_lab.units import took
from mldocker_lab.widgets.live import Live
from mldocker_lab.widgets.state import LIVE_MARKS, LiveSide

__all__ = ["Notebook", "Pair"]

_STATIC = Path(__file__).parent / "static"


class Pair(anywidget.AnyWidget):
    """The page's half of the view: what Python says here, ``static/pair.js`` draws."""

    _esm = _STATIC / "pair.js"
    _css = _STATIC / "pair.css"
    sides = traitlets.List(traitlets.Dict()).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)

    def __repr__(self) -> str:
        """The same every time: it may end up in a saved notebook."""
        return "Live view of builds"


class Notebook(Live):
    """The live view in a cell's output."""

    def __init__(self) -> None:
        super().__init__()
        self.widget = Pair()
        self._handle: Any = None

    def open(self) -> None:
        """Display the widget, with everything still waiting."""
        self.draw()
        self._handle = display(self.widget, display_id=True)  # type: ignore[no-untyped-call]

    def draw(self) -> None:
        """Send the state; unchanged traits send nothing."""
        with self.widget.hold_sync():
            self.widget.note = self.note
            self.widget.sides = [side.to_dict() for side in self.sides.values()]

    def close(self, result: object | None) -> None:
        """Put the report (or, without one, what became of each build) in the widget's place."""
        try:
            if self._handle is not None:
                self._handle.update(_HowFar(self.sides) if result is None else result)
        finally:
            self.widget.close()


class _HowFar:
    """What became of builds whose result is shown elsewhere: a line; step by step if one failed."""

    def __init__(self, sides: dict[str, LiveSide]) -> None:
        self._sides = list(sides.values())

    def __repr__(self) -> str:
        return ", ".join(f"{side.name} {side.outcome} in {took(side.at)}" for side in self._sides)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        if all(side.outcome == "built" for side in self._sides):
            return {"text/plain": repr(self)}
        return bundle([_how_far(side) for side in self._sides], include, exclude)


def _how_far(side: LiveSide) -> Table:
    columns = (Column("instruction", "code"), Column("status"), Column("time", "number"))
    rows = tuple(
        (
            step.instruction,
            f"{LIVE_MARKS[step.state]} {step.state}",
            took(step.seconds) if step.seconds is not None else "",
        )
        for step in side.steps
    )
    outcome = side.outcome or ("stopped" if side.at is not None else "not begun")
    after = f" after {took(side.at)}" if side.at is not None else ""
    return Table(f"{side.name}: {outcome}{after}", columns, rows)
