"""The notebook's toolbar, commands, menu, and the tour; and what the page weighs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "mldocker_lab" / "labextension"
SOURCE = ROOT / "mldocker_lab" / "frontend"


def test_the_toolbar_of_an_exercise_and_of_other_notebooks(course, course_outside):
    course.command("docmanager:open", path="exercises/90_word/exercise.ipynb")
    bar = course.page.locator(".jp-NotebookPanel-toolbar:visible")
    check = bar.get_by_role("button", name="Check", exact=True)
    check.wait_for()
    course.shoot("toolbar")
    check.click()
    panel = course.page.get_by_role("region", name="Docker course")
    panel.get_by_text("practice: 0 of 5 points").wait_for()
    bar.get_by_role("button", name="Hint", exact=True).click()
    panel.locator('[data-name="exercise-90_word"] .mldockerlab-fold').click()
    panel.get_by_text("it copies").wait_for()
    bar.get_by_role("button", name="Reset", exact=True).click()
    dialog = course.page.get_by_role("dialog")
    dialog.get_by_text("Back to the start: Say the word").wait_for()
    dialog.get_by_role("button", name="Cancel").click()

    course.command("docmanager:open", path="notebooks/04_next.ipynb")
    bar.get_by_role("button", name="Reset", exact=True).wait_for()
    check.wait_for(state="hidden")
    shutil.copy(course.root / "notebooks/04_next.ipynb", course.root / "mine.ipynb")
    course.command("docmanager:open", path="mine.ipynb")
    bar.get_by_role("button", name="Reset", exact=True).wait_for(state="hidden")
    assert course.errors == []
    assert course_outside() == []


def test_the_tour_is_offered_once_and_ends_where_it_began(course, course_server, axe):
    offered = course_server.home / "settings" / "mldocker-lab" / "tour.jupyterlab-settings"
    course.page.wait_for_function(
        "() => window.jupyterapp.commands.hasCommand('mldocker-lab:tour')"
    )
    course.begin("mldocker-lab:tour")
    tour = course.page.get_by_role("dialog", name="Tour")
    for stop in ("The course (1 of 4)", "The engine (2 of 4)", "Your Dockerfile (3 of 4)"):
        tour.get_by_text(stop).wait_for()
        assert course.page.locator(".mldockerlab-pointed").count() == 1
        course.shoot(f"tour-{stop.split()[1].lower()}")
        assert axe(course, ".mldockerlab-tour") == []
        tour.get_by_role("button", name="Next").click()
    tour.get_by_text("All of it (4 of 4)").wait_for()
    course.page.evaluate("() => document.activeElement.blur()")  # a panel may have taken the focus
    course.page.keyboard.press("Escape")
    tour.wait_for(state="detached")
    assert course.page.locator(".mldockerlab-pointed").count() == 0
    assert re.search(r'"offer": false', offered.read_text())
    assert course.errors == []


def test_every_command_has_a_name_and_says_what_it_takes(course):
    told = course.page.evaluate(
        """async () => {
            const { commands } = window.jupyterapp;
            const names = commands.listCommands().filter(name => name.startsWith("mldocker-lab:"));
            return Promise.all(names.map(async name =>
                [name, commands.label(name), (await commands.describedBy(name)).args?.type]));
        }"""
    )
    assert len(told) >= 13
    assert [one for one in told if not one[1] or one[2] != "object"] == []
    course.page.get_by_role("menuitem", name="Docker Course").click()
    menu = course.page.locator(".lm-Menu:visible")
    menu.get_by_text("Check the Exercise").wait_for()
    course.shoot("menu")


def test_the_page_is_light():
    sizes = {path.name: path.stat().st_size for path in (BUILT / "static").glob("*.js")}
    assert 20_000 < sum(sizes.values()) < 200_000, sizes


def test_the_committed_page_is_what_the_source_gives(tmp_path):
    """In a copy: the checkout keeps no packages, and its page stays whatever happens."""
    jlpm = Path(sys.executable).with_name("jlpm")
    if not shutil.which("node"):
        pytest.skip("no Node here: the committed page is compared where there is one")
    copy = tmp_path / "mldocker_lab" / SOURCE.name
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("node_modules"))
    tools = {**os.environ, "PATH": f"{jlpm.parent}{os.pathsep}{os.environ['PATH']}"}
    how = {"cwd": copy, "env": tools, "capture_output": True, "text": True}
    got = subprocess.run([jlpm, "install", "--immutable"], check=False, **how)
    assert "YN0028" not in got.stdout, f"yarn.lock does not fit package.json: {got.stdout}"
    if got.returncode:
        pytest.skip(f"the packages cannot be fetched here: {got.stdout[-300:]}")
    done = subprocess.run([jlpm, "build:prod"], check=False, **how)
    assert done.returncode == 0, done.stdout + done.stderr
    made, committed = contents(copy.with_name(BUILT.name)), contents(BUILT)
    assert sorted(made) == sorted(committed)
    assert [name for name in made if made[name] != committed[name]] == []


def contents(folder):
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
