"""Going on in the middle of a lesson: what stands above is run, and shows nothing."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import LabError, UsageError
from mldocker_lab.lessons import lesson as find
from mldocker_lab.widgets.line import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.lessons import Lesson

__all__ = ["above", "jump"]

_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def jump(lesson: str, to: str, *, shell: Any = None) -> None:
    """Run all code cells of a lesson above a place, so that you can go on there.

    The cells are those of the lesson as it was shipped. They run in your notebook and leave their
    variables there; what they would show is not shown, and no guess is measured.

    Args:
        lesson: its number or name.
        to: the beginning of a cell's id or of a heading: "add" or "Add a package".
        shell: the IPython to run them in; None for the one you are in.

    Raises:
        UsageError: no such lesson or place, or you are not in the folder of the lessons.
        LabError: a cell failed.
    """
    found = find(lesson)
    cells, place = above(found, to)
    if not Path("contexts").is_dir():
        raise UsageError(
            "the folder contexts is not here, and the lesson's cells need it",
            f"call it in a notebook in {found.notebook.parent}",
        )
    shown = line()
    with _nobody_looks():
        for number, (name, source) in enumerate(cells, 1):
            shown.say(f"{found.name}: cell {number} of {len(cells)}, {name} …")
            _run(shell or _here(), name, source)
    count = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
    shown.end(f"{found.name}: {count} run; go on at “{place}”")


def above(lesson: Lesson, to: str) -> tuple[list[tuple[str, str]], str]:
    """Id and source of the code cells above a place, and what the place is called.

    Raises:
        UsageError: there is no such place.
    """
    code: list[tuple[str, str]] = []
    title, places = "", []
    for kind, name, source in lesson.cells(shipped=True):
        headings = _HEADING.findall(source) if kind == "markdown" else []
        title = headings[0] if headings else title
        if any(text.lower().startswith(to.lower()) for text in (name, *headings[:1])):
            return code, headings[0] if headings else name
        places += headings[:1]
        if kind == "code":
            code.append((name, source))
    raise UsageError(f"{lesson.name} has no place {to!r}", "one of: " + "; ".join(places[1:]))


def _run(shell: Any, name: str, source: str) -> None:
    from IPython.utils.capture import capture_output

    with capture_output():
        result = shell.run_cell(source, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    if error is not None:
        what = error.what if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
        raise LabError(f"the lesson's cell {name!r} failed: {what}", "run the lesson from its top")


def _here() -> Any:
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise UsageError("there is no notebook to run cells in", "call it in a notebook")
    return shell


@contextmanager
def _nobody_looks() -> Iterator[None]:
    """No live views, and no guess is stored or locked."""
    before = os.environ.get("MLDOCKER_LIVE")
    os.environ["MLDOCKER_LIVE"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["MLDOCKER_LIVE"]
        else:
            os.environ["MLDOCKER_LIVE"] = before
