"""A lesson on a machine where no engine can run: read to its end, and nothing claimed."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from mldocker_lab.recorded import needs_engine

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHECKED = "nbval-check-output"


def words(output):
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_without_an_engine_a_lesson_shows_its_recording(path, tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_ENGINE", "tcp://127.0.0.1:9")  # nobody answers there
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path))
    shipped = nbformat.read(path, as_version=4)
    lesson = nbformat.read(path, as_version=4)
    told = shipped.metadata.mldocker_lab
    NotebookClient(
        lesson,
        timeout=60,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    shown = 0
    for before, after in zip(shipped.cells, lesson.cells, strict=True):
        if before.cell_type != "code" or not before.outputs:
            continue
        if not needs_engine(before.source):
            continue
        first = words(after.outputs[0])
        assert first.startswith(f"Recorded on {told.recorded} with {told.engine}; nothing ran here")
        assert ("Check: not attempted." in first) == (CHECKED in before.metadata.get("tags", ()))
        assert len(after.outputs) == 1 + len(before.outputs)
        shown += 1
    assert shown >= 5
