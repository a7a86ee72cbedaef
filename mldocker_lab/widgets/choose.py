"""Which live view fits the place we are in."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mldocker_lab.widgets.view import Silent

if TYPE_CHECKING:
    from mldocker_lab.widgets.view import View

__all__ = ["has_page", "in_notebook", "view"]


def view() -> View:
    """The view for a notebook, a terminal, a log, or (``MLDOCKER_LIVE=0``) none at all."""
    if os.environ.get("MLDOCKER_LIVE") == "0":
        return Silent()
    if in_notebook():
        from mldocker_lab.widgets.notebook import Notebook

        return Notebook()
    if sys.stderr.isatty():
        from mldocker_lab.widgets.terminal import Terminal

        return Terminal()
    from mldocker_lab.widgets.terminal import Lines

    return Lines()


def has_page() -> bool:
    """Whether what is displayed may come alive: in a notebook, unless ``MLDOCKER_LIVE=0``."""
    return os.environ.get("MLDOCKER_LIVE") != "0" and in_notebook()


def in_notebook() -> bool:
    """Whether a kernel runs us; asks IPython only if somebody has loaded it already."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None
