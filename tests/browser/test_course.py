"""The course at the learner's side: from the first run to a passed exercise."""

from __future__ import annotations

import json
import re

import pytest
import small_course

from mldocker_lab.engine import private

pytestmark = pytest.mark.browser

EXERCISE = '[data-name="exercise-90_word"]'


@pytest.fixture
def panel(course):
    course.command("mldocker-lab:show-course")
    shown = course.page.get_by_role("region", name="Docker course")
    shown.get_by_text("0 of 2 lessons done").wait_for()
    return shown


def states(panel):
    return [row.get_attribute("data-state") for row in panel.locator("li[data-name]").all()]


def unfold(panel, name="exercise-90_word"):
    row = panel.locator(f'[data-name="{name}"]')
    row.locator(".mldockerlab-fold").click()
    return row


def run_cell(course, number):
    select = "n => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = n }"
    course.page.evaluate(select, number)
    course.command("notebook:run-cell")


def test_a_lesson_is_begun_predicted_and_done(course, panel, course_outside):
    assert states(panel) == ["new", "new", "new"]
    course.shoot("course-new")
    panel.get_by_role("button", name="Begin with the first lesson").click()
    notebook = course.page.locator(".jp-NotebookPanel:visible")
    notebook.wait_for()
    course.kernel()
    panel.get_by_role("button", name="Continue: Order it").wait_for()
    course.page.wait_for_function("document.querySelector('li[data-state=begun]') !== null")
    run_cell(course, 1)
    guess = notebook.locator(".mldocker-guess")
    course.page.wait_for_function(
        "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
    )
    guess.get_by_label("your guess").fill("30")
    course.page.keyboard.press("Enter")
    guess.get_by_text("your guess: 30 MB, kept").wait_for()
    run_cell(course, 2)
    panel.get_by_text("1 of 2 lessons done").wait_for()
    lesson = unfold(panel, "lesson-03_cache")
    lesson.get_by_text("you said 30 MB, it is 40 MB").wait_for()
    assert states(panel) == ["done", "new", "new"]
    course.shoot("course-lesson")
    course.command("notebook:shutdown-kernel")
    assert course.errors == []
    assert course_outside() == []


def test_an_exercise_is_failed_hinted_fixed_and_passed(
    course, panel, another_browser, course_outside
):
    exercise = unfold(panel)
    exercise.get_by_role("button", name="Check all").click()
    panel.get_by_text("practice: 0 of 5 points").wait_for()
    word = exercise.locator('[data-check="word"][data-status="failed"]')
    word.get_by_text("which ship is it?").wait_for()
    word.get_by_role("button", name="One more hint for word").click()
    word.get_by_text("d…", exact=True).wait_for()
    course.shoot("course-failed")

    with another_browser() as other:
        other.command("mldocker-lab:show-course")
        there = unfold(other.page.get_by_role("region", name="Docker course"))
        there.locator('[data-check="word"]').get_by_text("d…", exact=True).wait_for()
        assert other.errors == []

    valid = exercise.locator('[data-check="valid"]')
    valid.get_by_role("button", name="Go to Dockerfile, line 2").click()
    editor = course.page.locator(".jp-FileEditor:visible .cm-content")
    editor.wait_for()
    course.page.get_by_text("Ln 2, Col 1").wait_for()
    course.page.wait_for_function("document.activeElement.classList.contains('cm-content')")
    course.page.keyboard.press("Shift+End")
    course.page.keyboard.type("COPY word.txt /")  # not saved: checking does
    course.page.keyboard.press("Escape")
    answer = course.root / "exercises" / "90_word" / "answer"
    (answer / "word.txt").write_text("docker\n")
    exercise.get_by_role("button", name="Check all").click()
    panel.get_by_text("practice: 5 of 5 points").wait_for()
    assert (answer / "Dockerfile").read_text() == small_course.RIGHT["Dockerfile"]
    panel.locator(f'{EXERCISE}[data-state="done"]').wait_for()
    assert panel.get_by_text("5 of 5 points in practice").is_visible()
    course.shoot("course-passed")

    exercise.get_by_role("button", name="Reset", exact=True).click()
    course.page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    exercise.get_by_text("before your last change").first.wait_for()
    course.page.locator(".jp-FileEditor:visible").get_by_text("COPPY").wait_for()
    assert course.errors == []
    assert course_outside() == []


def test_a_check_is_stopped_in_the_middle(course, panel):
    rubric = course.root / "exercises" / "90_word" / "rubric.py"
    judge = '    if "docker" in evidence.text("word.txt"):\n'
    wait = "    __import__('time').sleep(300)\n"
    rubric.write_text(rubric.read_text().replace(judge, wait + judge))
    exercise = unfold(panel)
    exercise.get_by_role("button", name="Check all").click()
    panel.get_by_text("word: running").wait_for()
    panel.get_by_role("button", name="Stop").click()
    panel.get_by_text("stopped, as you asked").wait_for()
    assert exercise.locator('[data-check="word"]').get_attribute("data-status") == "not-run"
    course.shoot("course-stopped")
    exercise.get_by_role("button", name="Check all").wait_for()
    assert course.errors == []


def test_grading_counts(course, panel):
    answer = course.root / "exercises" / "90_word" / "answer"
    for name, text in small_course.RIGHT.items():
        (answer / name).write_text(text)
    unfold(panel).get_by_role("button", name="Grade").click()
    panel.get_by_text("graded: 5 of 5 points.").wait_for()
    panel.get_by_text("Graded: 5 of 5 points", exact=True).wait_for()
    assert course.errors == []


def tab_to(course, name):
    """Press Tab until the focus is on what has this name."""
    named = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
    for _ in range(30):
        course.page.keyboard.press("Tab")
        if name in (course.page.evaluate(named) or ""):
            return
    pytest.fail(f"the keyboard does not reach {name}")


def test_the_keyboard_is_enough(course, panel):
    course.page.locator(".jp-Launcher:visible").wait_for()  # it takes the focus when it comes
    panel.get_by_role("button", name="Begin with the first lesson").focus()
    tab_to(course, "Say the word")
    course.page.keyboard.press("Enter")
    panel.locator(EXERCISE).get_by_text("You edit:").wait_for()
    tab_to(course, "Check valid")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert course.page.evaluate(outline) == "solid"
    course.page.keyboard.press("Enter")
    panel.get_by_text("practice: 0 of 2 points").wait_for()


def test_everybody_can_read_it(course, panel, axe):
    unfold(panel).get_by_role("button", name="Check all").click()
    panel.get_by_text("practice: 0 of 5 points").wait_for()
    unfold(panel, "lesson-03_cache")
    engine = course.page.get_by_role("region", name="Docker engine")
    for theme in ("JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"):
        course.theme(theme)
        name = re.sub(r"\W+", "-", theme.lower())
        course.command("mldocker-lab:show-course")
        course.shoot(f"course-{name}")
        assert axe(course, "#mldocker-lab-course") == []
        course.command("mldocker-lab:show-engine")
        stopped = engine.get_by_text("the lab’s engine is stopped")
        stopped.or_(engine.get_by_text("no engine")).first.wait_for()
        course.shoot(f"engine-{name}")
        assert axe(course, "#mldocker-lab-engine") == []
        assert axe(course, ".mldockerlab-status") == []
    course.theme("JupyterLab Light")
    assert course.errors == []


@pytest.mark.timeout(180)
def test_the_engine_is_started_and_stopped(course, course_server, monkeypatch, course_outside):
    monkeypatch.setenv("MLDOCKER_HOME", str(course_server.lab_home))
    if private.obstacle():
        pytest.skip(private.obstacle())
    course.command("mldocker-lab:show-engine")
    engine = course.page.get_by_role("region", name="Docker engine")
    try:
        engine.get_by_role("button", name="Start the lab’s engine").click()
        engine.locator('[data-engine="running"]').wait_for()
        bar = course.page.locator(".mldockerlab-statusbutton")
        bar.get_by_text("is running").wait_for()
        here = engine.locator("[data-gpu]").inner_text()
        assert here in ("no GPU", "real GPU")
        bar.get_by_text(f"· {here}").wait_for()
        engine.get_by_label("on").select_option("a100-535")
        engine.get_by_text("recorded host").or_(engine.get_by_text("made-up host")).wait_for()
        course.shoot("engine-running")
        engine.get_by_role("button", name="Clean up").click()
        dialog = course.page.get_by_role("dialog")
        dialog.get_by_text("Nothing to clean").wait_for()
        dialog.get_by_role("button", name="Ok").click()
        engine.get_by_role("button", name="Count the bytes").click()
        engine.get_by_text("The lab’s folder takes").wait_for()
        engine.get_by_role("button", name="Stop the lab’s engine").click()
        engine.locator('[data-engine="stopped"]').wait_for()
        bar.get_by_text("the lab’s engine is stopped").wait_for()
    finally:
        private.stop()
    assert private.running() is None
    assert course.errors == []
    assert course_outside() == []


def test_each_part_can_be_disabled(course, course_server):
    config = course_server.home / "config" / "labconfig"
    config.mkdir(parents=True, exist_ok=True)
    parts = {"mldocker-lab:engine": True, "mldocker-lab:tour": True}
    (config / "page_config.json").write_text(json.dumps({"disabledExtensions": parts}))
    try:
        course.page.goto(re.sub(r"/lab.*", "/lab?reset", course.page.url))
        course.page.wait_for_function("window.jupyterapp !== undefined")
        course.page.evaluate("() => window.jupyterapp.restored")
        course.command("mldocker-lab:show-course")
        course.page.get_by_text("0 of 2 lessons done").wait_for()
        assert course.page.locator("#mldocker-lab-engine").count() == 0
        assert course.page.locator(".mldockerlab-status").count() == 0
        assert not course.page.evaluate(
            "() => window.jupyterapp.commands.hasCommand('mldocker-lab:clean')"
        )
    finally:
        (config / "page_config.json").unlink()
