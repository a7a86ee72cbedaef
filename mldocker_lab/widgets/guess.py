"""A question to be answered in the page: the kernel's half of it.

What is displayed, and saved, is the question as text. In a live notebook ``static/guess.js`` finds
it by its class and puts something to fill in below it, as the explorer of images does: so a saved
notebook never holds a widget, and a page that is loaded again finds its question again.

The page sends ``{"ask": "state"}`` and ``{"say": answer}``. What is kept, and whether it is locked,
is told by the kernel.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Box", "opened"]

_STATIC = Path(__file__).parent / "static"
_open: dict[str, Box] = {}


def opened(place: str, question: dict[str, Any]) -> Box:
    """The box of a question; however often it is asked, the kernel keeps one."""
    if place not in _open:
        _open[place] = Box(place=place)
    _open[place].question = question
    return _open[place]


class Box(anywidget.AnyWidget):
    """One question, in however many places it is shown.

    Args:
        place: the class of the elements that the page's half looks for.
    """

    _esm = _STATIC / "guess.js"
    _css = _STATIC / "guess.css"
    place = traitlets.Unicode().tag(sync=True)
    question = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, place: str) -> None:
        self.hear: Callable[[Any], None] | None = None
        self._turn = 0
        super().__init__(place=place)
        self.on_msg(self._hear)

    def __repr__(self) -> str:
        """The same every time: it may end up in a saved notebook."""
        return "A question to answer"

    def tell(self, *, given: Any, locked: bool, note: str) -> None:
        """What is kept of the answer."""
        self._tell({"given": given, "locked": locked, "note": note, "error": ""})

    def _tell(self, state: dict[str, Any]) -> None:
        """The turn makes the page draw it, even if it is as before."""
        self._turn += 1
        self.state = {**state, "turn": self._turn}

    def _hear(self, _: Any, said: Any, __: Any) -> None:
        if not isinstance(said, dict) or self.hear is None:
            return
        try:
            if "say" in said:
                self.hear(said["say"])
            else:
                self._tell(self.state)
        except UsageError as error:
            self._tell({**self.state, "error": f"{error.what}: {error.hint}"})
        except (ValueError, TypeError) as error:
            self._tell({**self.state, "error": str(error)})
