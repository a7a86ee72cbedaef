"""What a live view of builds is: three calls, so that the builders' loop can feed any of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mldocker_lab.report.events import Event

__all__ = ["RowLike", "Silent", "View", "showing"]


class RowLike(Protocol):
    """What a view needs of an instruction; ``Step`` and ``Instruction`` can both be one."""

    @property
    def instruction(self) -> str:
        """Its text on one line."""


class View(Protocol):
    """Something that shows builds while they run.

    ``begin`` may come again in the middle, for the builds after an edit: it starts a new page in
    the same place. ``event`` may come from several threads. ``end`` comes once, after an error too.
    """

    def begin(self, sides: Mapping[str, Sequence[RowLike]], note: str = "") -> None:
        """Show the builds that are about to start: for each its instructions, in order.

        Args:
            sides: the name of each build ("bad", "good") and its instructions; an event's ``step``
                is a position in them.
            note: a line about all of them ("after the edit of app.py", "recorded 2026-11-22").
        """

    def event(self, side: str, event: Event) -> None:
        """Something happened in the build called ``side``."""

    def end(self, result: object | None = None) -> None:
        """Stop, and leave ``result`` in place of the live view; None if there is none."""


@contextmanager
def showing(view: View, sides: Mapping[str, Sequence[RowLike]], note: str = "") -> Iterator[View]:
    """Have a view open while builds run; it is closed whatever happens to them."""
    view.begin(sides, note)
    try:
        yield view
    finally:
        view.end()


class Silent:
    """A view that shows nothing: the result speaks for itself."""

    def begin(self, sides: Mapping[str, Sequence[RowLike]], note: str = "") -> None:
        """Nothing."""

    def event(self, side: str, event: Event) -> None:
        """Nothing."""

    def end(self, result: object | None = None) -> None:
        """Nothing."""
