"""A container while it runs: its figure, drawn anew now and then; gone when the run is over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mldocker_lab.widgets.choose import in_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.report.running import RunReport

__all__ = ["live_run"]

_AFTER_SECONDS = 2.0


def live_run() -> Callable[[RunReport | None], None] | None:
    """What hears of a run while it goes on; None where nothing moves (CI, a terminal, a log).

    A run that is over within two seconds shows nothing: its report does.
    """
    if os.environ.get("MLDOCKER_LIVE") == "0" or not in_notebook():
        return None
    return _Figure()


class _Figure:
    """The display in the cell that began the run. Made in the cell's own thread."""

    def __init__(self) -> None:
        from IPython.display import display

        self._display: Any = display({}, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def __call__(self, run: RunReport | None) -> None:
        if run is None:
            self._display.update({"text/plain": ""}, raw=True)
        elif run.seconds >= _AFTER_SECONDS:
            self._display.update(run.plot())
