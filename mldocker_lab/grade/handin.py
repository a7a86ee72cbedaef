"""One answer as it was handed in, and nothing but its declared files.

Whatever else lies beside them (checks, ``conftest.py``, modules, other notebooks) is never opened.
An answer may also be a notebook whose cells are tagged ``{"mldocker": {"answer": "Dockerfile"}}``:
then those cells' text is the files, and their outputs and all other cells are never looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.grade.policy import Refused

if TYPE_CHECKING:
    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.grade.trees import Tree

__all__ = ["MOST_BYTES", "MOST_FILES", "Handed", "is_plain"]

MOST_BYTES = 256_000  # an answer is a Dockerfile and its like; of one file
MOST_FILES = 20
_MOST_TOGETHER = 1_000_000
_MOST_NOTEBOOK = 10_000_000
NOTEBOOKS = ".ipynb"


@dataclass(frozen=True, slots=True)
class Handed:
    """An answer inside a submission.

    Attributes:
        tree: the submission.
        place: the folder in it, or the notebook; "" for all of it.
    """

    tree: Tree
    place: str = ""

    def files(self, exercise: Exercise) -> dict[str, bytes]:
        """The answer files by name.

        Raises:
            Refused: none is there, or one is a link, no plain file, too big, or not UTF-8 text.
        """
        found = self._found(exercise)
        if len(found) > MOST_FILES:
            raise Refused(
                f"{len(found)} answer files are too many", f"at most {MOST_FILES} are read"
            )
        if sum(map(len, found.values())) > _MOST_TOGETHER:
            raise Refused(f"the answer files have more than {_MOST_TOGETHER} bytes together")
        for name, data in found.items():
            if b"\0" in data or not _is_text(data):
                raise Refused(f"{name} is not UTF-8 text", "save it as UTF-8")
        return found

    def _found(self, exercise: Exercise) -> dict[str, bytes]:
        if self.place.endswith(NOTEBOOKS):
            return self._cells(self.place, exercise)
        beside = self.tree.names(self.place)
        names = [name for name in beside if exercise.owns(name) and is_plain(name)]
        if len(names) > MOST_FILES:
            return dict.fromkeys(names, b"")
        if names:
            return {name: self.tree.read(self._path(name), MOST_BYTES) for name in names}
        notebooks = [name for name, folder in beside.items() if _is_notebook(name) and not folder]
        if not notebooks:
            raise Refused(
                f"there is no answer file in {self.place or 'it'}: "
                f"none of {', '.join(exercise.answer_files)}",
                "hand in the files of the exercise's answer/ folder",
            )
        if len(notebooks) > 1:
            raise Refused(
                f"there is no answer file, but {len(notebooks)} notebooks", "hand in one of them"
            )
        return self._cells(self._path(notebooks[0]), exercise)

    def _cells(self, path: str, exercise: Exercise) -> dict[str, bytes]:
        """The answer files in the tagged cells of a notebook."""
        short = path.rpartition("/")[2]
        found: dict[str, bytes] = {}
        for cell in _cells(short, self.tree.read(path, _MOST_NOTEBOOK)):
            name = _answer(cell)
            if name is None:
                continue
            if not is_plain(name) or not exercise.owns(name):
                raise Refused(
                    f"a cell of {short} is tagged as {_shown(name)}, which is no answer file",
                    f"answer files are {', '.join(exercise.answer_files)}",
                )
            if name in found:
                raise Refused(f"two cells of {short} are tagged as {name}", "keep one of them")
            found[name] = _content(short, cell)
        if not found:
            raise Refused(
                f"no cell of {short} is tagged as an answer",
                f"hand in {exercise.answer_files[0]} itself, or the notebook with its tagged cells",
            )
        return found

    def _path(self, name: str) -> str:
        return f"{self.place}/{name}" if self.place else name


def is_plain(name: str) -> bool:
    """Whether a name names a file right there, on every system."""
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0") and name.isprintable()


def _is_notebook(name: str) -> bool:
    return name.endswith(NOTEBOOKS) and not name.startswith(".")


def _cells(name: str, data: bytes) -> list[dict[str, Any]]:
    try:
        told = json.loads(data.decode("utf-8"))
        cells = told["cells"]
        if isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells):
            return cells
    except UnicodeDecodeError as error:
        raise Refused(f"{name} is not UTF-8 text", "save it as UTF-8") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Refused(f"{name} is not a notebook", "save it once more in JupyterLab") from error
    raise Refused(f"{name} is not a notebook", "save it once more in JupyterLab")


def _answer(cell: dict[str, Any]) -> str | None:
    """The answer file a cell is tagged as."""
    metadata = cell.get("metadata")
    tag = metadata.get("mldocker") if isinstance(metadata, dict) else None
    name = tag.get("answer") if isinstance(tag, dict) else None
    return name if isinstance(name, str) else None


def _content(notebook: str, cell: dict[str, Any]) -> bytes:
    """A cell's text; a first line like ``%%writefile answer/Dockerfile`` is not part of it."""
    source = cell.get("source")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise Refused(f"a cell of {notebook} holds no text", "save it once more in JupyterLab")
    first, _, rest = source.partition("\n")
    text = rest if first.startswith("%%") else source
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MOST_BYTES:
        raise Refused(f"a cell of {notebook} has {len(data)} bytes", f"at most {MOST_BYTES}")
    return data


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _shown(name: str) -> str:
    return ascii(name[:60])
