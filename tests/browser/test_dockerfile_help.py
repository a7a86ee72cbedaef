"""A Dockerfile that tells what is wrong while it is written; in files, ignore files and cells."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

FOLDER = "exercises/90_word/answer"


def edit(course, path):
    """Open a file in an editor; returns what is to be seen of it."""
    course.command("docmanager:open", path=path, factory="Editor")
    shown = course.page.locator(".jp-FileEditor:visible")
    shown.locator(".cm-content").wait_for()
    return shown


def text(course, path):
    course.command("docmanager:save")
    return (course.root / path).read_text()


def test_a_typo_is_marked_explained_and_fixed(course, axe, course_outside):
    course.theme("JupyterLab Dark")
    editor = edit(course, f"{FOLDER}/Dockerfile")
    editor.locator(".cm-lint-marker-error").wait_for()
    wrong = editor.locator(".cm-lintRange-error").first
    assert "COPPY" in wrong.inner_text()
    wrong.hover()
    tip = course.page.locator(".cm-tooltip:has(.mldockerlab-tip)").first
    tip.get_by_text("Error: unknown instruction COPPY").wait_for()
    course.shoot("dockerfile-typo-dark")
    assert axe(course, ".mldockerlab-tip") == []
    course.theme("JupyterLab Light")
    wrong.hover()
    tip.get_by_text("Error: unknown instruction COPPY").wait_for()
    course.shoot("dockerfile-typo-light")
    assert axe(course, ".mldockerlab-tip") == []
    tip.get_by_role("button", name="Write COPY").click()
    editor.locator(".cm-lint-marker-error").wait_for(state="detached")
    assert text(course, f"{FOLDER}/Dockerfile") == "FROM scratch\nCOPY word.txt /\n"
    assert course.errors == []
    assert course_outside() == []


def test_the_audit_speaks_and_names_the_lesson(course):
    path = "web.Dockerfile"
    (course.root / path).write_text("FROM python:latest\nCOPY . /app\nRUN pip install x\nCMD x\n")
    editor = edit(course, path)
    editor.locator(".cm-lint-marker-warning").first.wait_for()
    editor.locator(".cm-content").click()
    course.page.keyboard.press("F8")  # the keyboard reaches what is underlined
    course.page.keyboard.press("Control+Shift+M")
    panel = editor.locator(".cm-panel-lint")
    panel.get_by_text("Lesson 03_cache").first.wait_for()
    course.shoot("dockerfile-audit")
    panel.get_by_role("button", name="Lesson 03_cache").first.click()
    course.page.locator(".jp-NotebookPanel:visible").wait_for()
    assert course.errors == []


def test_instructions_are_explained_and_completed(course):
    editor = edit(course, f"{FOLDER}/Dockerfile")
    editor.locator(".cm-line", has_text="FROM scratch").get_by_text("FROM").hover()
    tip = course.page.locator(".cm-tooltip-hover .mldockerlab-tip", has_text="Begins a stage")
    tip.wait_for()
    course.shoot("dockerfile-hover")
    editor.locator(".cm-content").click()
    keys = course.page.keyboard
    for begun, whole in (("WOR", "WORKDIR"), ("FROM mldocker-lab/python:3.11-s", "slim")):
        keys.press("Control+End")
        keys.type(f"{begun}")
        keys.press("Tab")
        course.page.wait_for_function(
            "word => document.querySelector('.jp-FileEditor:not(.lm-mod-hidden) .cm-content')"
            ".innerText.includes(word) || document.querySelector('.jp-Completer-item')",
            arg=whole,
        )
        if course.page.locator(".jp-Completer:visible").count():
            course.shoot(f"dockerfile-completion-{whole.lower()}")
            keys.press("Enter")
        editor.get_by_text(whole).first.wait_for()
        keys.press("Enter")
    said = text(course, f"{FOLDER}/Dockerfile").splitlines()
    assert said[2:4] == ["WORKDIR", "FROM mldocker-lab/python:3.11-slim"]
    assert course.errors == []


def test_cells_are_helped_and_other_cells_left_alone(course):
    course.command("docmanager:open", path="notebooks/03_cache.ipynb")
    notebook = course.page.locator(".jp-NotebookPanel:visible")
    notebook.locator(".cm-lint-marker-error").wait_for()
    helped = notebook.locator(".jp-CodeCell:has(.cm-gutter-lint)")
    assert helped.count() == 1
    assert "%%dockerfile" in helped.inner_text()
    assert "COPPY" in helped.locator(".cm-lintRange-error").first.inner_text()
    course.shoot("dockerfile-cell")
    assert course.errors == []


def test_ignore_files_and_what_is_sent(course):
    name = f"{FOLDER}/Dockerfile.dockerignore"
    (course.root / name).write_text("word.txt\na[\n")
    editor = edit(course, name)
    editor.locator(".cm-lintRange-error").wait_for()
    (course.root / name).write_text("word.txt\n")
    command = "p => { window.jupyterapp.commands.execute('mldocker-lab:what-is-sent', {path: p}) }"
    course.page.evaluate(command, f"{FOLDER}/Dockerfile")
    dialog = course.page.get_by_role("dialog")
    dialog.get_by_text(f"What a build of {FOLDER} sends").wait_for()
    assert "word.txt, left out" in dialog.inner_text()
    course.shoot("what-is-sent")
    dialog.get_by_role("button", name="Ok").click()
    assert course.errors == []


def test_it_can_be_turned_off(course):
    course.page.evaluate(
        """async () => {
            const { settings } = window.jupyterapp.serviceManager;
            await settings.save('mldocker-lab:dockerfile', '{"diagnostics": false}');
        }"""
    )
    try:
        course.page.reload()
        course.page.wait_for_function("window.jupyterapp !== undefined")
        course.page.evaluate("() => window.jupyterapp.restored")
        editor = edit(course, f"{FOLDER}/Dockerfile")
        editor.locator(".cm-line", has_text="FROM scratch").get_by_text("FROM").hover()
        course.page.locator(".cm-tooltip-hover", has_text="Begins a stage").wait_for()
        assert editor.locator(".cm-gutter-lint").count() == 0
    finally:
        course.page.evaluate(
            """async () => {
                const { settings } = window.jupyterapp.serviceManager;
                await settings.save('mldocker-lab:dockerfile', '{}');
            }"""
        )
