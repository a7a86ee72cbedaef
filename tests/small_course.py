"""A course of two lessons and an exercise that needs no engine, in a git clone of its own."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

SETTINGS = """
id = "90_word"
title = "Say the word"
minutes = 5
answer = ["Dockerfile", "word.txt"]
needs = []

[points]
valid = 2
word = 3
"""

RUBRIC = """
from mldocker_lab.dockerfile.parse import load
from mldocker_lab.errors import LabError
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import failed, passed


@check("valid", says="BuildKit can read the Dockerfile")
def valid(evidence):
    try:
        load(evidence.folder / "Dockerfile")
    except LabError as error:
        return failed(error.what, why="nothing is built", hint=error.hint, more=("it copies",))
    return passed()


@check("word", says="the file says the word")
def word(evidence):
    if "docker" in evidence.text("word.txt"):
        return passed()
    return failed("word.txt does not say it", hint="which ship is it?", more=("d…", "do…", "doc…"))
"""

START = {"Dockerfile": "FROM scratch\nCOPPY word.txt /\n", "word.txt": "boat\n"}
RIGHT = {"Dockerfile": "FROM scratch\nCOPY word.txt /\n", "word.txt": "docker\n"}


def make(root: Path) -> None:
    """Write it into an empty folder."""
    for name, title in (("03_cache", "Order it"), ("04_next", "Go on")):
        _lesson(root / "notebooks" / f"{name}.ipynb", name[:2], title)
        context = root / "notebooks" / "contexts" / name
        context.mkdir(parents=True)
        (context / "bad.Dockerfile").write_text("FROM x\n")
    folder = root / "exercises" / "90_word"
    for part in ("answer", "start"):
        (folder / part).mkdir(parents=True)
        for name, text in START.items():
            (folder / part / name).write_text(text)
    (folder / "exercise.toml").write_text(SETTINGS)
    (folder / "rubric.py").write_text(RUBRIC)
    _write(folder / "exercise.ipynb", [*_exercise()])
    (root / ".gitignore").write_text(".ipynb_checkpoints/\n")
    _git(root, "init", "-q")
    _git(root, "add", ".")
    _git(root, "commit", "-qm", "shipped")


def _lesson(path: Path, number: str, title: str) -> None:
    header = f"# {number} · {title}\n\n- **Takes** 25 minutes; and so on"
    predict = (
        f"import mldocker_lab as lab\nguess = lab.predict('{number}/size', 'how big?', unit='MB')"
    )
    docker = "%%dockerfile\nFROM scratch\nCOPPY a b\n"
    cells = [
        new_markdown_cell(header),
        new_code_cell(predict),
        new_code_cell("guess.measured(40)"),
        new_code_cell(docker),
    ]
    _write(path, cells)


def _exercise() -> Iterator[nbformat.NotebookNode]:
    """Each check in a cell, with what it shows when it passes."""
    yield new_markdown_cell("# Say the word")
    yield new_code_cell("import mldocker_lab as lab\n\nex = lab.exercise()")
    for name, points, says in (
        ("valid", 2, "BuildKit can read the Dockerfile"),
        ("word", 3, "the file says the word"),
    ):
        shown = {"text/plain": f"✔ {name} ({points} points): {says}"}
        output = new_output("execute_result", shown, execution_count=1)
        meta = {"mldocker": {"check": name}}
        source = f'ex.check("{name}")'
        yield new_code_cell(source, outputs=[output], execution_count=1, metadata=meta)


def _write(path: Path, cells: list[nbformat.NotebookNode]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": KERNEL}), path)


def _git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)
