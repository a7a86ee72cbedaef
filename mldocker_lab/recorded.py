"""Where no engine can run, a lesson shows what it showed when it was recorded.

A lesson's recording is the outputs that it is stored with. In a kernel without an engine a
cell of a lesson, as it was shipped, is not run: its stored outputs are shown instead, each under a
line that says when and on what engine they came to be. A check is never shown as passed here. Cells
that you changed or wrote yourself run as ever, and so do those that need no engine.

Outputs are kept aside when they are first needed, since the page overwrites them in the notebook.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError
from mldocker_lab.guessing.ask import measured_then
from mldocker_lab.guessing.shown import MIME
from mldocker_lab.home import home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["METADATA_KEY", "Lesson", "Recordings", "install", "show"]

#: Where a notebook's metadata says when and on what engine its outputs came to be.
METADATA_KEY = "mldocker_lab"
_LESSONS = Path(__file__).resolve().parent.parent / "notebooks"
#: Calls that need no engine: a cell with one of them runs.
_NEED_NONE = ("lab.predict(", "lab.guesses(", "lab.doctor(")
_CHECKED = "nbval-check-output"
_MORE = "To build it yourself you need a Docker engine: {} tells how to get one."
#: The cell that was shown last in this kernel; none so far.
_shown: list[str] = []


@dataclass(frozen=True)
class Lesson:
    """A lesson as it was shipped.

    Attributes:
        name: the notebook's name without its ending.
        recorded: day of the recording; "" if the notebook does not say.
        engine: kind and version of the engine.
        cells: by ``key`` of their source, the cells that run code.
    """

    name: str
    recorded: str
    engine: str
    cells: dict[str, dict[str, Any]] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Lesson:
        """A notebook from disk.

        Raises:
            OSError, ValueError: it cannot be read, or is no notebook.
        """
        notebook = json.loads(path.read_text(encoding="utf-8"))
        try:
            told = notebook["metadata"].get(METADATA_KEY, {})
            cells = {
                key(_text(cell["source"])): cell
                for cell in notebook["cells"]
                if cell["cell_type"] == "code"
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is no notebook") from error
        return cls(path.stem, told.get("recorded", ""), told.get("engine", ""), cells)

    @property
    def complete(self) -> bool:
        """Whether it says when it was recorded and has outputs at all."""
        return bool(self.recorded) and any(cell["outputs"] for cell in self.cells.values())

    @property
    def fingerprint(self) -> str:
        """Changes with what the cells say, not with what they put out."""
        return hashlib.sha256("".join(self.cells).encode()).hexdigest()[:12]


class Recordings:
    """The lessons of a folder.

    Args:
        folder: holds their notebooks.
        opened: name of the notebook that the kernel belongs to; "" if nobody knows.
    """

    def __init__(self, folder: Path = _LESSONS, opened: str = "") -> None:
        self._folder = folder
        self._last = opened

    def find(self, source: str) -> tuple[Lesson, dict[str, Any]] | None:
        """The shipped cell with that source, and its lesson; None if there is none.

        The same words may stand in several lessons: the one that was open last is meant.
        """
        wanted = key(source)
        having = [lesson for lesson in self._lessons if wanted in lesson.cells]
        if not having:
            return None
        lesson = next((one for one in having if one.name == self._last), having[0])
        self._last = lesson.name
        return lesson, lesson.cells[wanted]

    @cached_property
    def _lessons(self) -> list[Lesson]:
        return [
            lesson
            for path in sorted(self._folder.glob("*.ipynb"))
            if (lesson := _kept(path)) is not None
        ]


def key(source: str) -> str:
    """What a cell is known by: its source but for white space around it."""
    return hashlib.sha256(source.strip().encode()).hexdigest()


def needs_engine(source: str) -> bool:
    """Whether a cell of a lesson cannot do its work without an engine, as far as one can tell."""
    if any(call in source for call in _NEED_NONE):
        return False
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return True
    return not all(isinstance(statement, ast.Import | ast.ImportFrom) for statement in body)


def install(shell: InteractiveShell) -> None:
    """From now on, a lesson's cells show their recordings if no engine can be had."""
    transforms: list[Callable[[list[str]], list[str]]] = shell.input_transformers_cleanup
    if not any(isinstance(one, _Instead) for one in transforms):
        transforms.append(_Instead())


class _Instead:
    """Turns the lines of a cell into those that show its recording."""

    def __init__(self) -> None:
        opened = Path(os.environ.get("JPY_SESSION_NAME", "")).stem
        self.recordings = Recordings(opened=opened)

    def __call__(self, lines: list[str]) -> list[str]:
        source = "".join(lines)
        found = self.recordings.find(source) if source.strip() else None
        if found is None or not needs_engine(source) or not self._no_engine:
            return lines
        lesson, _ = found
        return [f"__import__({__name__!r}, fromlist=['show']).show({lesson.name!r}, {source!r})\n"]

    @cached_property
    def _no_engine(self) -> bool:
        return _no_engine()


def show(name: str, source: str) -> None:
    """Show what the lesson's cell put out when it was recorded."""
    found = Recordings(opened=name).find(source)
    if found is None:
        return
    from IPython.display import display

    lesson, cell = found
    if not cell["outputs"]:
        return
    checked = _CHECKED in cell["metadata"].get("tags", ())
    first, _shown[:] = not _shown, [source]  # what to do is said once
    banner = _banner(lesson, checked=checked, first=first)
    display(banner, raw=True)  # type: ignore[no-untyped-call]
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            print(_text(output["text"]), end="")  # noqa: T201 that is what the cell did
        elif "data" in output:
            data = {kind: _joined(kind, value) for kind, value in output["data"].items()}
            metadata = output.get("metadata", {})
            display(_beside_the_guess(data), metadata=metadata, raw=True)  # type: ignore[no-untyped-call]


def _banner(lesson: Lesson, *, checked: bool, first: bool) -> dict[str, str]:
    words = f"Recorded on {lesson.recorded} with {lesson.engine}; nothing ran here."
    if checked:
        words += " Check: not attempted."
    html = f"{escape(words)}"
    if first:
        words += f"\n{_MORE.format('`mldocker-lab doctor`')}"
        html += f"<br><small>{_MORE.format('<code>mldocker-lab doctor</code>')}</small>"
    frame = "border-left: 3px solid currentColor; padding: 2px 8px; opacity: .8"
    return {"text/plain": words, "text/html": f'<div style="{frame}">{html}</div>'}


def _no_engine() -> bool:
    """Whether none can be had, be it found, started or installed."""
    from mldocker_lab.engine import find, install
    from mldocker_lab.errors import EngineTooOld, NoEngine, NoPermission

    try:
        find.find().close()
    except (NoPermission, EngineTooOld):
        return True
    except NoEngine:
        return not install.possible()
    return False


def _kept(path: Path) -> Lesson | None:
    """A lesson with the outputs it was shipped with, as far as we have ever seen them."""
    try:
        lesson = Lesson.read(path)
    except (OSError, ValueError):
        return None
    kept = home("recorded") / f"{lesson.name}-{lesson.fingerprint}.ipynb"
    try:
        if kept.is_file():
            earlier = Lesson.read(kept)
            return Lesson(lesson.name, earlier.recorded, earlier.engine, earlier.cells)
        if lesson.complete:
            kept.write_bytes(path.read_bytes())
    except (OSError, ValueError):
        pass  # what stands in the notebook will do
    return lesson if lesson.complete else None


def _text(lines: str | Iterable[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


def _joined(kind: str, value: Any) -> Any:
    """Notebooks keep texts as lists of lines; what is JSON stays as it is."""
    return value if kind.endswith("json") else _text(value)


def _beside_the_guess(data: dict[str, Any]) -> dict[str, Any]:
    """What was measured then, with the learner's guess of today beside it."""
    told = data.get(MIME)
    try:
        found = measured_then(told["predict"], told["measured"]) if told else None
    except (UsageError, KeyError, TypeError):
        return data
    return found._repr_mimebundle_() if found is not None else data
