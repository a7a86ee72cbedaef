"""A real lesson in JupyterLab, on a real engine: live while it builds, a report afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.engine]

ROOT = Path(__file__).parents[2]
LESSON = "03_cache"
EDIT = "after the edit of app.py"


@pytest.fixture
def lesson(lab, bench):
    """The lesson, opened: its cells up to the first edit, without what they said before."""
    del bench  # the engine, base images and wheels are there
    notebook = nbformat.read(ROOT / "notebooks" / f"{LESSON}.ipynb", as_version=4)
    last = next(n for n, cell in enumerate(notebook.cells) if 'edit("app.py")' in cell.source)
    notebook.cells = notebook.cells[: last + 1]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, lab.root / f"{LESSON}.ipynb")
    context = f"contexts/{LESSON}"
    shutil.copytree(ROOT / "notebooks" / context, lab.root / context, dirs_exist_ok=True)
    yield lab.open(f"{LESSON}.ipynb")
    lab.command("notebook:shutdown-kernel")


@pytest.mark.timeout(300)
def test_an_edit_runs_pip_again_on_one_side_only(lab, lesson, outside):
    lab.begin("notebook:run-all-cells")
    lesson.get_by_text(EDIT).wait_for()
    bad, good = (lesson.get_by_role("region", name=f"build {name}") for name in ("bad", "good"))
    bad.locator('li[data-state="running"]', has_text="pip install").wait_for()
    lesson.locator('[aria-label="build good"][data-outcome="built"]').wait_for()
    pips = good.locator("li", has_text="pip install")
    assert [step.get_attribute("data-state") for step in pips.all()] == ["cached", "cached"]
    bad.locator(".mldocker-log", has_text="Installing").wait_for()
    lesson.get_by_role("heading", name="Edit the code").evaluate("node => node.scrollIntoView()")
    lab.shoot("lesson-live")

    picture = lesson.locator(".jp-Cell").last.locator("img")
    picture.scroll_into_view_if_needed()
    assert picture.bounding_box()["width"] == 900
    assert lesson.locator(".mldocker-pair").count() == 0
    assert lesson.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    lab.shoot("lesson-after")
    assert lab.errors == []
    assert outside() == []
