"""The outputs stored in an exercise's notebook: what each check says when it passes.

They are the reference nbval compares with, and the goal a learner reads. Checks promise their
words beforehand, so the outputs are written without building anything::

    python -m mldocker_lab.grade.reference exercises/03_cache
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat

from mldocker_lab.errors import UsageError
from mldocker_lab.grade import rubric
from mldocker_lab.grade.exercise import NOTEBOOK, Exercise
from mldocker_lab.grade.score import CheckScore
from mldocker_lab.grade.verdict import passed

__all__ = ["refreshed", "write"]


def refreshed(exercise: Exercise) -> Any:
    """The notebook with its reference outputs, and no others.

    Raises:
        UsageError: its check cells are not the checks of exercise.toml, in their order.
    """
    notebook = nbformat.read(exercise.folder / NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    promises = rubric.of_exercise(exercise).checks
    found = []
    for number, cell in enumerate(
        (cell for cell in notebook.cells if cell.cell_type == "code"), start=1
    ):
        check = cell.metadata.get("mldocker", {}).get("check")
        cell.outputs, cell.execution_count = [], None
        if check in promises:
            found.append(check)
            score = CheckScore(check, exercise.points[check], passed(promises[check].says))
            cell.execution_count = number
            cell.outputs = [
                nbformat.v4.new_output(  # type: ignore[no-untyped-call]
                    "execute_result", {"text/plain": repr(score)}, execution_count=number
                )
            ]
    if found != list(exercise.points):
        raise UsageError(
            f"{exercise.id}: check cells are {found}, exercise.toml has {list(exercise.points)}",
            'each check has one cell, with {"mldocker": {"check": "its-id"}} in its metadata',
        )
    return notebook


def write(folder: Path) -> None:
    """Write the reference outputs into the notebook of an exercise."""
    nbformat.write(refreshed(Exercise.load(folder)), folder / NOTEBOOK)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        write(Path(argument))
