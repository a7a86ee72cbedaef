"""The live view as a learner sees it: alive, in both themes, and static afterwards."""

from __future__ import annotations

import json

import nbformat
import pytest

pytestmark = pytest.mark.browser

#: Feeds the first half of two builds, waits for the test's sign, and then comes to the end.
CELL = """
import time
from pathlib import Path
from types import SimpleNamespace as Row
from mldocker_lab.report.events import *
from mldocker_lab.show.table import Column, Table
from mldocker_lab.widgets.choose import view

MB = 1_000_000
PIP = "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt"
BAD = ["FROM mldocker/python:3.11-devel", "WORKDIR /app", "COPY . .", PIP, "CMD uvicorn app:app"]
SLIM = "FROM mldocker/python:3.11-slim"
GOOD = [SLIM, "COPY requirements.txt .", PIP, "COPY app.py .", "CMD x"]

live = view()
sides = {"bad": BAD, "good": GOOD}
live.begin({side: [Row(instruction=i) for i in sides[side]] for side in sides}, "after the edit")
for done in range(0, 41):
    live.event("bad", Progress(None, done / 40, "context", done * MB, 40 * MB))
    time.sleep(0.02)
live.event("good", Progress(None, 0.1, "context", 2 * MB, 2 * MB))
live.event("good", Started(1, 0.2))
live.event("good", Finished(1, 0.3, cached=True))
live.event("good", Finished(2, 0.3, cached=True))
live.event("good", Started(3, 0.4))
live.event("bad", Started(2, 1.1))
live.event("bad", Finished(2, 1.6, cached=False))
live.event("bad", Started(3, 1.7))
for i in range(300):
    live.event("bad", Output(3, 1.7, f"Collecting package-{i} <b>(from requirements.txt)</b>\\n"))
while not Path("go").exists():
    time.sleep(0.05)
if FAILS:
    live.event("bad", Failed(3, 9.0, "pip did not find package-299"))
else:
    live.event("bad", Finished(3, 9.0, cached=False))
    live.event("bad", Built(9.5, "sha256:x"))
live.event("good", Finished(3, 0.5, cached=False))
live.event("good", Built(0.6, "sha256:y"))
time.sleep(0.5)
while not Path("end").exists():
    time.sleep(0.05)
report = Table("the report", (Column(""), Column("bad")), (("time", "9.5 s"),))
live.end(None if FAILS else report)
"""


@pytest.fixture
def notebook(lab):
    """Writes the notebook and starts its cell; returns the panel while the builds run."""

    def start(*, fails=False):
        for sign in ("go", "end"):
            (lab.root / sign).unlink(missing_ok=True)
        cell = nbformat.v4.new_code_cell(CELL.replace("FAILS", str(fails)))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        written = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
        nbformat.write(written, lab.root / "live.ipynb")
        panel = lab.open("live.ipynb")
        lab.command("notebook:hide-all-cell-code")
        lab.begin("notebook:run-all-cells")
        return panel

    yield start
    lab.command("notebook:shutdown-kernel")


def states(panel, name):
    steps = panel.get_by_role("region", name=f"build {name}").locator("li")
    return [step.get_attribute("data-state") for step in steps.all()]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_lives_and_then_leaves_the_report(lab, notebook, outside, theme):
    lab.theme(theme)
    panel = notebook()
    bad, good = (panel.get_by_role("region", name=f"build {name}") for name in ("bad", "good"))
    bad.get_by_text("package-299").wait_for(timeout=60_000)
    lab.shoot(f"live-{theme[-5:].strip().lower()}")

    assert states(panel, "bad") == ["metadata", "metadata", "done", "running", "metadata"]
    assert states(panel, "good") == ["metadata", "cached", "cached", "running", "metadata"]
    assert "1 of 2 steps" in bad.inner_text()
    assert "2 of 3 steps" in good.inner_text()
    assert "cached" in good.locator("li").nth(1).inner_text()
    assert bad.locator(".mldocker-log").inner_text().count("Collecting") == 6
    assert bad.locator(".mldocker-log b").count() == 0
    panel.get_by_role("status").get_by_text("running RUN --mount").wait_for(state="attached")
    assert panel.get_by_text("interrupt the kernel").is_visible()
    assert panel.get_by_text("after the edit").is_visible()
    fill, other = (side.locator(".mldocker-fill").first.bounding_box() for side in (bad, good))
    assert fill["width"] > 10 * other["width"] > 0

    clock = bad.locator("header .mldocker-clock")
    before = clock.inner_text()
    lab.page.wait_for_function(
        "([node, text]) => node.innerText !== text", arg=[clock.element_handle(), before]
    )

    (lab.root / "go").touch()
    panel.locator('[data-outcome="built"]').nth(1).wait_for()
    assert states(panel, "bad") == ["metadata", "metadata", "done", "done", "metadata"]
    assert not panel.get_by_text("interrupt the kernel").is_visible()
    lab.shoot(f"built-{theme[-5:].strip().lower()}")

    (lab.root / "end").touch()
    panel.get_by_role("table").get_by_text("9.5 s").wait_for()
    assert panel.locator(".mldocker-pair").count() == 0
    lab.shoot(f"after-{theme[-5:].strip().lower()}")
    assert lab.errors == []
    assert outside() == []

    lab.command("docmanager:save")
    saved = json.loads((lab.root / "live.ipynb").read_text())
    (output,) = saved["cells"][0]["outputs"]
    assert output["data"].keys() == {"text/plain", "text/html"}


def test_a_failure_is_told_by_word_and_shape(lab, notebook):
    panel = notebook(fails=True)
    bad = panel.get_by_role("region", name="build bad")
    bad.get_by_text("package-299").wait_for(timeout=60_000)
    (lab.root / "go").touch()
    panel.locator('[data-outcome="failed"]').wait_for()
    lab.shoot("failed")
    assert "✗" in bad.locator("li").nth(3).inner_text()
    assert "failed" in bad.locator("li").nth(3).inner_text()
    assert "pip did not find package-299" in bad.inner_text()
    (lab.root / "end").touch()
    panel.get_by_role("table").first.wait_for()
    lab.shoot("failed-after")
    assert "bad: failed after 9.0 s" in panel.inner_text()
    assert lab.errors == []


def test_reduced_motion_stops_the_spinner(lab, notebook):
    lab.page.emulate_media(reduced_motion="reduce")
    panel = notebook()
    running = panel.locator('[data-state="running"] .mldocker-mark').first
    running.wait_for(timeout=60_000)
    name = "node => getComputedStyle(node).animationName"
    assert running.evaluate(name) == "none"
    assert running.inner_text() == "▶"
    lab.page.emulate_media(reduced_motion="no-preference")
    assert running.evaluate(name) == "mldocker-turn"
    for sign in ("go", "end"):
        (lab.root / sign).touch()
    panel.get_by_role("table").wait_for()
