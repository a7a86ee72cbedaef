"""A live view in a real kernel: what is left in the notebook reads everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[3]
CODE = """
from types import SimpleNamespace as Row
from mldocker_lab.report.events import *
from mldocker_lab.show.table import Column, Table
from mldocker_lab.widgets.choose import view

live = view()
print(type(live).__name__)
live.begin({"bad": [Row(instruction="RUN pip install")]})
live.event("bad", Started(0, 0.1))
live.event("bad", Built(1.0, "sha256:x"))
live.end(Table("the report", (Column("a"),), (("b",),)) if FINISHED else None)
"""


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """Runs the cell in a kernel of its own, and returns what is saved."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))

    def run(code):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        NotebookClient(notebook, kernel_name="python3", store_widget_state=False).execute()
        assert "widgets" not in notebook.metadata
        return notebook.cells[0].outputs

    return run


@pytest.mark.parametrize(
    ("finished", "words"), [(True, "the report"), (False, "bad built in 1.0 s")]
)
def test_one_static_output_is_saved(outputs, monkeypatch, finished, words):
    monkeypatch.delenv("MLDOCKER_LIVE", raising=False)
    said, shown = outputs(CODE.replace("FINISHED", str(finished)))
    assert said.text == "Notebook\n"
    assert shown.data.keys() - {"text/html"} == {"text/plain"}
    assert words in shown.data["text/plain"]


def test_live_off_saves_nothing_of_the_view(outputs, monkeypatch):
    monkeypatch.setenv("MLDOCKER_LIVE", "0")
    (said,) = outputs(CODE.replace("FINISHED", "True"))
    assert said.text == "Silent\n"
