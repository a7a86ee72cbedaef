"""A prediction as a learner makes it: given, kept over a restart, locked once it is measured."""

from __future__ import annotations

import json

import nbformat
import pytest

pytestmark = pytest.mark.browser

SETUP = """
import os
os.environ["MLDOCKER_HOME"] = os.path.abspath("guess-home")
import mldocker_lab as lab
"""
CELLS = [
    SETUP,
    'size = lab.predict("05/size", "How many MB does `rm -rf` take away?", unit="MB")',
    'tag = lab.predict("05/tag", "Which Python is in it?", choices=["3.11", "another one"])',
    'code = lab.predict("05/code", "Which steps run again?", steps="guess.Dockerfile")',
]
MEASURED = ["size.measured(600)", 'tag.measured("3.11")', 'code.measured(["COPY app.py ."])']
DOCKERFILE = """\
FROM mldocker-lab/python:3.11-slim
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
"""
THEMES = ["JupyterLab Light", "JupyterLab Dark"]


@pytest.fixture
def notebook(lab):
    """Writes a notebook of these cells, opens it and runs all of them."""

    def start(cells, before=""):
        (lab.root / "guess.Dockerfile").write_text(DOCKERFILE)
        (lab.root / "guess-home" / "guesses" / "05.json").unlink(missing_ok=True)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        made = [nbformat.v4.new_code_cell(cell) for cell in (before + cells[0], *cells[1:])]
        written = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})
        nbformat.write(written, lab.root / "guess.ipynb")
        panel = lab.open("guess.ipynb")
        lab.command("notebook:run-all-cells")
        return panel

    yield start
    lab.command("notebook:shutdown-kernel")


def add(lab, *sources):
    """Put cells at the end, and run those alone."""
    for source in sources:
        lab.page.evaluate(
            """source => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.length - 1;
            }"""
        )
        lab.command("notebook:insert-cell-below")
        lab.page.evaluate(
            """source => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCell.model.sharedModel.setSource(source);
            }""",
            source,
        )
        lab.command("notebook:run-cell")


def kept(lab):
    told = json.loads((lab.root / "guess-home" / "guesses" / "05.json").read_text())
    return {name: entry["guess"] for name, entry in told["guesses"].items()}


def answer(lab, size, tag, code, short):
    """By keyboard, mostly: a number that is none first."""
    number = size.get_by_label("your guess")
    number.click()
    lab.page.keyboard.type("lots")
    lab.page.keyboard.press("Enter")
    size.get_by_text("is no number").wait_for()
    assert number.get_attribute("aria-invalid") == "true"
    lab.shoot(f"guess-error-{short}")
    number.fill("0.5 GB")
    lab.page.keyboard.press("Tab")  # leaving the field is enough
    size.get_by_text("your guess: 500 MB, kept").wait_for()
    tag.get_by_label("3.11").focus()
    lab.page.keyboard.press("ArrowDown")
    tag.get_by_text("your guess: another one, kept").wait_for()
    code.get_by_role("button", name="None of them").click()
    code.get_by_text("your guess: none of 3 steps, kept").wait_for()
    code.get_by_label("pip install").focus()
    lab.page.keyboard.press("Space")
    code.get_by_text("your guess: 1 of 3 steps, kept").wait_for()
    code.get_by_label("COPY app.py .").check()
    code.get_by_text("your guess: 2 of 3 steps, kept").wait_for()


@pytest.mark.parametrize("theme", THEMES)
def test_a_guess_survives_a_restart_and_is_locked_once_measured(lab, notebook, outside, theme):
    lab.theme(theme)
    short = theme[-5:].strip().lower()
    panel = notebook(CELLS)
    questions = panel.locator(".mldocker-guess")
    questions.nth(2).wait_for()
    size, tag, code = (questions.nth(n) for n in range(3))
    assert panel.get_by_text("______ MB").locator("visible=true").count() == 0
    size.get_by_text("no guess yet").wait_for()

    answer(lab, size, tag, code, short)
    assert kept(lab) == {"05/size": 500, "05/tag": "another one", "05/code": [2, 3]}
    lab.shoot(f"guess-kept-{short}")
    lab.command("docmanager:save")
    saved = json.loads((lab.root / "guess.ipynb").read_text())
    (output,) = saved["cells"][2]["outputs"]
    assert output["data"].keys() == {"text/plain", "text/html"}
    assert "widgets" not in saved["metadata"]

    lab.begin("notebook:restart-kernel")
    lab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    panel.get_by_text("______ MB").locator("visible=true").wait_for()  # the text is back
    lab.kernel()
    lab.command("notebook:run-all-cells")
    tag.get_by_text("your guess: another one, kept").wait_for()
    size.get_by_text("your guess: 500 MB, kept").wait_for()
    code.get_by_text("your guess: 2 of 3 steps, kept").wait_for()
    number = size.get_by_label("your guess")
    assert number.input_value() == "500"
    assert tag.get_by_label("another one").is_checked()
    assert [box.is_checked() for box in code.get_by_role("checkbox").all()] == [False, True, True]

    add(lab, *MEASURED, 'lab.guesses("05")')
    panel.get_by_text("1 of 3 right or within a quarter.").wait_for()
    size.get_by_text("locked, since it is measured: ≈ 17 % too little").wait_for()
    code.get_by_text("2 of 3 steps right").wait_for()
    assert not number.is_editable()
    assert all(box.is_disabled() for box in tag.get_by_role("radio").all())
    assert all(box.is_disabled() for box in code.get_by_role("checkbox").all())
    lab.shoot(f"guess-measured-{short}")
    size.evaluate("node => node.scrollIntoView()")
    lab.shoot(f"guess-locked-{short}")
    assert lab.errors == []
    assert outside() == []


def test_a_page_loaded_again_finds_its_guess(lab, notebook):
    notebook(CELLS[:2])
    size = lab.page.locator(".mldocker-guess")
    size.get_by_label("your guess").fill("40")
    size.get_by_role("button").click()
    size.get_by_text("your guess: 40 MB, kept").wait_for()
    lab.command("docmanager:save")
    lab.load_anew()
    lab.open("guess.ipynb")
    size.get_by_text("your guess: 40 MB, kept").wait_for()
    assert size.count() == 1
    assert lab.errors == []


def in_kernel(lab, code):
    """Let the kernel run something, and leave the page's focus where it is."""
    lab.page.evaluate(
        """async code => {
            const { session } = window.jupyterapp.shell.currentWidget.sessionContext;
            await session.kernel.requestExecute({ code }).done;
        }""",
        code,
    )


def test_what_is_being_typed_stays_when_the_kernel_tells_again(lab, notebook):
    """It tells twice when a question is shown; whoever types fast would lose the number."""
    notebook(CELLS[:2])
    size = lab.page.locator(".mldocker-guess")
    number = size.get_by_label("your guess")
    number.fill("40")
    in_kernel(lab, "size._refresh()")
    lab.page.wait_for_timeout(500)  # the message to the form comes beside the answer
    assert number.input_value() == "40"
    size.get_by_role("button").click()
    size.get_by_text("your guess: 40 MB, kept").wait_for()
    in_kernel(lab, "size.say(50)")
    size.get_by_text("your guess: 50 MB, kept").wait_for()
    assert number.input_value() == "50"


def test_without_live_views_there_is_the_text_only(lab, notebook):
    panel = notebook([*CELLS, *MEASURED], 'import os; os.environ["MLDOCKER_LIVE"] = "0"\n')
    panel.get_by_text("measured: run again: COPY app.py .").wait_for()
    panel.get_by_text("______ MB").wait_for()
    assert panel.locator(".mldocker-guess").count() == 0
    assert not (lab.root / "guess-home" / "guesses" / "05.json").exists()
    lab.shoot("guess-static")
