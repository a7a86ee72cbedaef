"""One line that says what is going on, and in the end something else, or nothing.

In a notebook it is a display that begins empty and is updated: nbval, which compares what cells
display and knows no updates, sees nothing of it.
"""

from __future__ import annotations

import os
import sys
from html import escape
from typing import Any, Protocol

from mldocker_lab.show.words import middle
from mldocker_lab.widgets.choose import in_notebook

__all__ = ["Line", "Silent", "line"]

_WIDTH = 79  # one less than the narrowest terminal: a full line would break


class Line(Protocol):
    """Something that shows one line at a time."""

    def say(self, text: str) -> None:
        """Show this now."""

    def end(self, text: str = "") -> None:
        """Show this for good; in a terminal the line just goes."""


def line() -> Line:
    """The line for a notebook, a terminal, or (in a log, or ``MLDOCKER_LIVE=0``) none at all."""
    if os.environ.get("MLDOCKER_LIVE") == "0":
        return Silent()
    if in_notebook():
        return _Notebook()
    return _Terminal() if sys.stderr.isatty() else Silent()


class Silent:
    """No line."""

    def say(self, text: str) -> None:
        """Nothing."""

    def end(self, text: str = "") -> None:
        """Nothing."""


class _Notebook:
    """The line above a cell's result."""

    def __init__(self) -> None:
        self._display: Any = None

    def say(self, text: str) -> None:
        if self._display is None:
            from IPython.display import display

            self._display = display({}, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        shown = f"<small>{escape(text)}</small>" if text else ""
        self._display.update({"text/plain": text, "text/html": shown}, raw=True)

    def end(self, text: str = "") -> None:
        self.say(text)


class _Terminal:
    """The line the cursor is in."""

    def say(self, text: str) -> None:
        self._write(middle(text, _WIDTH))

    def end(self, text: str = "") -> None:
        del text  # what stays in a terminal is what is printed next
        self._write("")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(f"\r\x1b[2K{text}")
        sys.stderr.flush()
