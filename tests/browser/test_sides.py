"""Two Dockerfiles side by side, built on a real engine, stopped, edited, kept as a picture."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.engine]

ROOT = Path(__file__).parents[2]
BASE = "FROM mldocker-lab/python:3.11-slim\n"
SLOW = f"{BASE}RUN sleep 300\n"


@pytest.fixture
def folder(lab, bench):
    """The pair of lesson 03 in the workspace, and a notebook beside it."""
    del bench  # the engine, base images and wheels are there
    target = lab.root / "contexts" / "03_cache"
    shutil.copytree(ROOT / "notebooks/contexts/03_cache", target, dirs_exist_ok=True)
    cells = [nbformat.v4.new_code_cell("1")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.root / "own.ipynb")
    return target


def shown(lab, path):
    lab.command("mldocker-lab:side-by-side", path=path)
    view = lab.page.locator(".mldockerlab-sides:visible")
    view.get_by_role("button", name="Build both from cold").wait_for()
    return view


def typed(lab, path, old, new):
    """Write another line over one of a file, in JupyterLab's editor; nobody saves it."""
    lab.command("docmanager:open", path=path, factory="Editor")
    editor = lab.page.locator(".jp-FileEditor:visible .cm-content")
    editor.locator(".cm-line", has_text=old).click()
    lab.page.keyboard.press("End")
    lab.page.keyboard.press("Shift+Home")
    lab.page.keyboard.type(new)
    lab.page.keyboard.press("Escape")
    editor.get_by_text(new, exact=True).wait_for()


def chosen(view):
    """What a learner chose: the file to edit, the line to append, the figure."""
    file = view.get_by_label("Edit, in a copy,").input_value()
    line = view.get_by_label("Line to append").input_value()
    return file, line, view.locator("[aria-pressed=true]").inner_text()


def states(view, column):
    cells = view.locator(f".mldockerlab-steps tbody td:nth-child({column}) .mldockerlab-step")
    return [
        cell.get_attribute("data-state")
        for cell in cells.all()
        if cell.get_attribute("data-state") != "metadata"
    ]


@pytest.mark.timeout(300)
def test_a_pair_is_compared_built_edited_and_kept(lab, folder, axe, outside):
    lab.open("own.ipynb")
    view = shown(lab, "contexts/03_cache")
    changed = view.locator('[data-diff="changed"]', has_text="COPY . .")
    changed.get_by_text("COPY requirements-base.txt .").wait_for()
    view.get_by_role("button", name="Build both from cold").click()
    view.locator('[data-state="running"]').first.wait_for()
    view.get_by_role("link", name="Save as PNG").wait_for()
    assert states(view, 1) == ["run"] * 2
    assert states(view, 2) == ["run"] * 5
    lab.shoot("sides-cold")

    view.get_by_label("Edit, in a copy,").select_option("app.py")
    view.get_by_label("Line to append").fill("VERSION = 2")
    view.get_by_role("button", name="Build again").click()
    edit = view.get_by_role("button", name="What the edit costs")
    edit.wait_for()
    assert states(view, 1) == ["run"] * 2
    assert states(view, 2) == ["cached"] * 4 + ["run"]
    view.locator('[data-total="right"]', has_text="4 of 5 steps from the cache").wait_for()
    assert "VERSION" not in (folder / "app.py").read_text()
    lab.shoot("sides-edit")
    for theme in ("JupyterLab Light", "JupyterLab Dark High Contrast"):
        lab.theme(theme)
        view.get_by_role("link", name="Save as PNG").wait_for()
        assert axe(lab, ".mldockerlab-sides") == []
        lab.shoot(f"sides-{re.sub(r'[^a-z]+', '-', theme.lower())}")
    lab.theme("JupyterLab Light")

    with lab.page.expect_download() as saved:
        view.get_by_role("link", name="Save as PNG").click()
    assert saved.value.suggested_filename == "03_cache-edit.png"
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    view.get_by_role("button", name="Insert into the notebook").click()
    cell = lab.page.locator(".jp-NotebookPanel:visible .jp-Cell").last
    cell.get_by_text('lab.build_pair("contexts/03_cache")').wait_for()
    cell.get_by_text('pair.edit("app.py").plot_edit()').wait_for()
    lab.command("docmanager:save")
    assert lab.errors == []
    assert outside() == []
    lab.command("notebook:shutdown-kernel")


@pytest.mark.timeout(120)
def test_a_build_is_stopped_in_the_middle_of_a_step(lab, folder):
    slow = folder.parent / "slow"
    slow.mkdir(exist_ok=True)
    for name in ("bad", "good"):
        (slow / f"{name}.Dockerfile").write_text(SLOW)
    view = shown(lab, "contexts/slow")
    view.get_by_role("button", name="Build both from cold").click()
    view.locator('[data-state="running"]').nth(1).wait_for()
    lab.command("mldocker-lab:show-engine")
    engine = lab.page.get_by_role("region", name="Docker engine")
    job = engine.locator('[data-job="build"]')
    job.get_by_text("RUN sleep 300").wait_for()
    lab.page.locator(".mldockerlab-statusbutton").get_by_text("1 job").wait_for()
    lab.shoot("engine-building")
    job.get_by_role("button", name="Stop contexts/slow").click()
    view.get_by_text("stopped, as you asked").wait_for()
    job.wait_for(state="detached")
    assert lab.errors == []


@pytest.mark.timeout(180)
def test_a_page_loaded_again_shows_what_was_edited_built_and_chosen(lab, folder):
    kept = folder.parent / "kept"
    kept.mkdir(exist_ok=True)
    (kept / "bad.Dockerfile").write_text(f"{BASE}COPY . .\nRUN echo one\n")
    (kept / "good.Dockerfile").write_text(f"{BASE}RUN echo one\nCOPY app.py .\n")
    (kept / "app.py").write_text("x = 1\n")
    view = shown(lab, "contexts/kept")
    for name, line in (("bad", "RUN echo bad"), ("good", "RUN echo good")):
        typed(lab, f"contexts/kept/{name}.Dockerfile", "RUN echo one", line)
    lab.command("mldocker-lab:side-by-side", path="contexts/kept")
    view.get_by_role("button", name="Build both from cold").click()
    view.get_by_label("Edit, in a copy,").select_option("app.py")
    view.get_by_label("Line to append").fill("y = 2")
    view.get_by_role("button", name="Build again").click()
    view.get_by_role("button", name="What the edit costs").wait_for()
    view.get_by_role("button", name="Time", exact=True).click()
    view.locator("[aria-pressed=true]", has_text="Time").wait_for()
    before = [states(view, 1), states(view, 2), view.locator("tfoot").inner_text(), chosen(view)]
    assert before[:2] == [["run", "run"], ["cached", "run"]]
    assert before[3] == ("app.py", "y = 2", "Time")

    lab.load_again(keeping='"which":"timeline"')
    view = lab.page.locator(".mldockerlab-sides:visible")
    view.locator("[aria-pressed=true]").wait_for()
    after = [states(view, 1), states(view, 2), view.locator("tfoot").inner_text(), chosen(view)]
    assert after == before
    changed = view.locator('[data-diff="changed"]', has_text="RUN echo bad")
    assert view.locator("[data-diff]", has_text="RUN echo good").count() == 1
    assert changed.or_(view.locator('[data-diff="removed"]', has_text="RUN echo bad")).count() == 1
    assert view.get_by_text("Changed since it was built").count() == 0
    lab.shoot("sides-loaded-again")

    typed(lab, "contexts/kept/bad.Dockerfile", "RUN echo bad", "RUN sleep 300")
    lab.command("docmanager:save")
    lab.command("mldocker-lab:side-by-side", path="contexts/kept")
    view.get_by_text("Changed since it was built").wait_for()
    assert states(view, 1) == ["run", "waiting"]
    lab.shoot("sides-stale")
    view.get_by_role("button", name="Build again").click()
    view.locator('[data-state="running"]').wait_for()
    lab.load_again(keeping="contexts/kept")
    view = lab.page.locator(".mldockerlab-sides:visible")
    view.locator('[data-state="running"]', has_text="RUN sleep 300").wait_for()
    view.get_by_role("button", name="Stop").click()
    view.get_by_text("stopped, as you asked").wait_for()
    view.locator("[aria-pressed=true]").wait_for()
    assert states(view, 2) == before[1]
    assert lab.errors == []


@pytest.mark.timeout(180)
def test_an_exercise_is_built_beside_its_start(lab, folder):
    for part in ("exercises/03_cache", "notebooks/03_cache.ipynb"):
        source, target = ROOT / part, lab.root / part
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)  # a folder with lessons is a course
    answer = lab.root / "exercises" / "03_cache" / "answer" / "Dockerfile"
    answer.write_text((ROOT / "tests/solutions/03_cache/Dockerfile").read_text())
    lab.open("own.ipynb")
    view = shown(lab, "exercises/03_cache")
    view.get_by_role("heading", name="03_cache: start and answer").wait_for()
    view.get_by_role("button", name="Build both from cold").click()
    view.get_by_role("link", name="Save as PNG").wait_for()
    assert states(view, 1) == ["run"] * 2
    assert states(view, 2) == ["run"] * 3
    view.get_by_label("Edit, in a copy,").select_option("app.py")
    view.get_by_role("button", name="Build again").click()
    view.get_by_role("button", name="What the edit costs").wait_for()
    assert states(view, 1) == ["run"] * 2
    assert states(view, 2) == ["cached"] * 2 + ["run"]
    view.locator('[data-total="right"]', has_text="2 of 3 steps from the cache").wait_for()
    lab.shoot("sides-exercise")
    view.get_by_role("button", name="Insert into the notebook").click()
    cell = lab.page.locator(".jp-NotebookPanel:visible .jp-Cell").last
    cell.get_by_text('lab.build("exercises/03_cache/answer")').wait_for()
    assert lab.errors == []
    lab.command("docmanager:save")
    lab.command("notebook:shutdown-kernel")


def test_a_folder_without_two_dockerfiles_gets_a_sentence(lab):
    (lab.root / "empty").mkdir(exist_ok=True)
    lab.command("mldocker-lab:side-by-side", path="empty")
    view = lab.page.locator(".mldockerlab-sides:visible")
    view.get_by_text("has no two Dockerfiles to compare").wait_for()


def test_an_exercise_is_compared_from_the_file_browser(course, axe):
    launcher = course.page.locator(".jp-Launcher:visible")
    launcher.get_by_title("Compare two Dockerfiles").or_(
        launcher.locator('[title*="Compare two Dockerfiles"]')
    ).first.wait_for()
    answer = course.root / "exercises" / "90_word" / "answer"
    (answer / "Dockerfile").write_text("FROM scratch\nCOPY word.txt /\n")
    course.command("filebrowser:open-path", path="exercises")
    course.page.wait_for_function(
        "() => window.jupyterapp.commands.hasCommand('mldocker-lab:side-by-side-here')"
    )
    row = course.page.locator(".jp-DirListing-item", has_text="90_word")
    row.click(button="right")
    course.page.locator(".lm-Menu:visible").get_by_text("Compare Side by Side").click()
    view = course.page.locator(".mldockerlab-sides:visible")
    for line in ("COPPY word.txt /", "COPY word.txt /"):
        view.get_by_text(line, exact=True).first.wait_for()
    assert view.get_by_role("button", name="Build both from cold").is_disabled()
    view.get_by_role("alert").get_by_text("COPPY").wait_for()
    assert axe(course, ".mldockerlab-sides") == []
    view.get_by_role("button", name="Edit exercises/90_word/answer/Dockerfile").click()
    course.page.locator(".jp-FileEditor:visible .cm-content").wait_for()

    course.command("mldocker-lab:side-by-side", path="exercises/90_word")
    view.wait_for()
    assert course.page.locator(".mldockerlab-sides").count() == 1
    assert course.errors == []
