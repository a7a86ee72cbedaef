"""A toy exercise that needs no engine: its checks only read the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mldocker_lab.grade.exercise import Exercise

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
id = "00_toy"
title = "Say it"
minutes = 1
needs = []
answer = ["Dockerfile", "extra*.txt"]
seconds = 20

[points]
says-hello = 3
says-bye = 1
"""

RUBRIC = """
import os, time
from mldocker_lab.errors import BuildFailed
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import failed, passed

def prepare(evidence):
    evidence.put("prepared.txt", "yes")

@check("says-hello", says="hello is there")
def says_hello(evidence):
    text = evidence.text("Dockerfile")
    if "DIE" in text:
        os._exit(1)
    if "HANG" in text:
        time.sleep(600)
    if "BREAK" in text:
        raise BuildFailed("it broke", "mend it", instruction="RUN x", line=3, log=("oh", "no"))
    if "hello" in text:
        return passed()
    return failed("no hello", why="it is polite", hint="greet")

@check("says-bye", says="bye is there")
def says_bye(evidence):
    assert evidence.text("prepared.txt") == "yes"
    if "NOISE" in evidence.text("Dockerfile"):
        print("something else besides")
    return passed() if "bye" in evidence.text("Dockerfile") else failed("no bye")
"""


def notebook(*cells: tuple[str, str | None, str]) -> nbformat.NotebookNode:
    """A notebook of (source, check, stored output) cells."""
    made = new_notebook()
    for source, check, output in cells:
        cell = new_code_cell(source, execution_count=1)
        if check:
            cell.metadata["mldocker"] = {"check": check}
        if output:
            cell.outputs = [
                nbformat.v4.new_output("execute_result", {"text/plain": output}, execution_count=1)
            ]
        made.cells.append(cell)
    return made


OPEN = "from mldocker_lab.grade.practice import open_exercise\nex = open_exercise()"


@pytest.fixture
def toys(tmp_path: Path) -> Path:
    """A folder of exercises with the toy in it."""
    folder = tmp_path / "exercises" / "00_toy"
    (folder / "answer").mkdir(parents=True)
    (folder / "exercise.toml").write_text(SETTINGS)
    (folder / "rubric.py").write_text(RUBRIC)
    (folder / "answer" / "Dockerfile").write_text("FROM nothing\n")
    (folder / "answer" / "app.py").write_text("given = True\n")
    nbformat.write(
        notebook(
            (OPEN, None, ""),
            ('ex.check("says-hello")', "says-hello", "✔ says-hello (3 points): hello is there"),
            ('ex.check("says-bye")', "says-bye", "✔ says-bye (1 point): bye is there"),
        ),
        folder / "exercise.ipynb",
    )
    return folder.parent


@pytest.fixture
def toy(toys: Path) -> Exercise:
    """The toy exercise."""
    return Exercise.load(toys / "00_toy")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Practice keeps its results in the lab's folder; a test has one of its own."""
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))
