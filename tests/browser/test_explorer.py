"""The explorer of an image as a learner sees it: by keyboard, in both themes; tables elsewhere."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from saved_images import file, folder, gone, link, save

pytestmark = pytest.mark.browser

MANY = 450
LAYERS = [
    (
        "ADD rootfs.tar / # buildkit",
        [
            *(folder(name) for name in ("etc", "usr", "usr/bin", "usr/lib")),
            file("etc/passwd", 900),
            file("usr/bin/python3.11", 5_600_000),
            link("usr/bin/python3", "python3.11"),
            file("usr/lib/libc.so.6", 1_900_000),
        ],
    ),
    (
        "RUN /bin/sh -c pip install torch --index-url file:///wheels # buildkit",
        [
            file("usr/lib/python3/site-packages/torch/lib/libtorch.so", 9_000_000),
            file("root/.cache/pip/wheels/torch.whl", 4_000_000),
            *(file(f"usr/lib/python3/site-packages/torch/m{n}.py", 40) for n in range(MANY)),
        ],
    ),
    (
        "COPY . /app # buildkit",
        [folder("app"), file("app/model.bin", 3_000_000), file("app/a.py", 90)],
    ),
    ("RUN /bin/sh -c rm -rf /root/.cache # buildkit", [folder("root"), gone("root/.cache")]),
    (
        "RUN /bin/sh -c chmod 600 /app/model.bin # buildkit",
        [file("app/model.bin", 3_000_000, 0o600)],
    ),
    ("COPY a.py /app # buildkit", [file("app/a.py", 120)]),
]
CELL = """
import os
os.environ["MLDOCKER_HOME"] = os.path.abspath("home")  # nothing is remembered elsewhere
import mldocker_lab as lab

lab.inspect("shop.tar").explore()
"""
NAME = "layers and files of shop.tar"


@pytest.fixture
def notebook(lab):
    """Opens a notebook that explores an image, with what is said before; runs it if asked to."""

    def start(before="", *, run=True):
        save(lab.root / "shop.tar", LAYERS)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [nbformat.v4.new_code_cell(before + CELL)]
        written = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(written, lab.root / "explorer.ipynb")
        panel = lab.open("explorer.ipynb")
        lab.command("notebook:hide-all-cell-code")
        if run:
            lab.command("notebook:run-all-cells")
        return panel

    yield start
    lab.command("notebook:shutdown-kernel")


def focused(lab):
    """What a screen reader says of the focused row."""
    return lab.page.evaluate("() => document.activeElement.getAttribute('aria-label')")


def test_in_a_narrow_cell_the_files_stand_below_the_layers(lab, notebook):
    panel = notebook()
    explorer = panel.get_by_role("group", name=NAME)
    explorer.get_by_role("treeitem").first.wait_for()
    lab.page.set_viewport_size({"width": 760, "height": 1000})
    layers, tree = explorer.get_by_role("listbox"), explorer.get_by_role("tree")
    lab.page.wait_for_function(
        "([layers, tree]) => layers.getBoundingClientRect().bottom"
        " < tree.getBoundingClientRect().top",
        arg=[layers.element_handle(), tree.element_handle()],
    )
    lab.shoot("explorer-narrow")


def filled(option):
    """How much of a layer's bar is drawn."""
    return option.locator(".mldocker-bar").evaluate(
        """bar => {
            const width = node => node.getBoundingClientRect().width;
            return [...bar.children].reduce((sum, part) => sum + width(part), 0) / width(bar);
        }"""
    )


def press(lab, *keys):
    for key in keys:
        lab.page.keyboard.press(key)


def wait_for_focus(lab, words):
    lab.page.wait_for_function(
        "words => document.activeElement.getAttribute('aria-label')?.includes(words)", arg=words
    )


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_layers_and_files_by_keyboard(lab, notebook, theme):
    lab.theme(theme)
    short = theme[-5:].strip().lower()
    panel = notebook()
    explorer = panel.get_by_role("group", name=NAME)
    explorer.wait_for()
    assert panel.locator("table:visible").count() == 0
    layers = explorer.get_by_role("option")
    assert layers.count() == 7
    assert "layer 2: RUN pip install torch" in layers.nth(2).get_attribute("aria-label")
    assert "4 MB wasted" in layers.nth(2).inner_text()
    assert filled(layers.nth(2)) == pytest.approx(1, abs=0.01)
    assert filled(layers.nth(1)) == pytest.approx(7.5 / 13, abs=0.01)

    explorer.get_by_role("treeitem").first.wait_for()
    lab.shoot(f"explorer-{short}")

    layers.first.click()
    press(lab, "ArrowDown", "ArrowDown")
    wait_for_focus(lab, "layer 2")
    assert layers.nth(2).get_attribute("aria-selected") == "true"
    explorer.get_by_role("treeitem", name="root, folder, 4 MB").wait_for()
    press(lab, "ArrowRight")
    wait_for_focus(lab, "usr, folder, 9.02 MB")
    press(lab, "ArrowRight")  # opens what has nothing beside it, down to where there is a choice
    torch = explorer.get_by_role("treeitem", name="torch, folder")
    torch.wait_for()
    assert torch.get_attribute("aria-level") == "5"
    lab.shoot(f"explorer-layer-{short}")
    lib = explorer.get_by_role("treeitem", name="lib, folder, 9 MB")
    lib.wait_for()
    press(lab, *["ArrowDown"] * 5)
    wait_for_focus(lab, "lib, folder, 9 MB")
    press(lab, "Enter")
    explorer.get_by_role("treeitem", name="libtorch.so, file, 9 MB").wait_for()
    press(lab, "ArrowDown")
    wait_for_focus(lab, "libtorch.so")
    press(lab, "ArrowLeft", "ArrowLeft")
    assert lib.get_attribute("aria-expanded") == "false"
    assert explorer.get_by_role("treeitem", name="libtorch.so").count() == 0
    press(lab, "Home")
    wait_for_focus(lab, "usr")
    assert lab.errors == []


def test_a_large_folder_comes_in_pages(lab, notebook, outside):
    panel = notebook()
    explorer = panel.get_by_role("group", name=NAME)
    explorer.get_by_role("option").nth(2).click()
    explorer.get_by_role("treeitem", name="usr, folder, 9.02 MB").click()
    more = explorer.get_by_role("treeitem", name=re.compile("^show … 251 more"))
    more.wait_for()
    more.focus()
    press(lab, "Enter")
    explorer.get_by_role("treeitem", name=re.compile("^show … 51 more")).wait_for()
    press(lab, "End", "ArrowUp", "Enter")
    explorer.get_by_role("treeitem", name=re.compile(r"^m\d+\.py")).nth(MANY - 1).wait_for()
    assert explorer.get_by_role("treeitem", name=re.compile("more")).count() == 0
    lab.shoot("explorer-folder")
    assert panel.locator(".jp-mod-editMode").count() == 0  # no key went to the notebook
    assert lab.errors == []
    assert outside() == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_what_is_wasted_is_told_by_word_and_shape(lab, notebook, theme):
    lab.theme(theme)
    panel = notebook()
    explorer = panel.get_by_role("group", name=NAME)
    explorer.get_by_role("treeitem").first.wait_for()
    explorer.get_by_label("wasted only").check()
    explorer.get_by_role("treeitem", name="usr").wait_for(state="detached")
    root = explorer.get_by_role("treeitem", name="root, folder, 4 MB")
    root.click()
    whl = explorer.get_by_role("treeitem", name="torch.whl")
    whl.wait_for()
    assert "✗ deleted by 4" in whl.inner_text()
    assert whl.locator(".mldocker-waste").bounding_box()["width"] > 10
    explorer.get_by_role("treeitem", name="app, folder").click()
    model = explorer.get_by_role("treeitem", name="model.bin")
    assert "≈ metadata by 5" in model.inner_text()
    assert "↻ overwritten by 6" in explorer.get_by_role("treeitem", name="a.py").inner_text()
    model.click()
    detail = explorer.locator(".mldocker-detail")
    assert "mode 0644, owner 0:0" in detail.inner_text()
    assert "≈ metadata by layer 5: RUN chmod 600 /app/model.bin" in detail.inner_text()
    lab.shoot(f"explorer-wasted-{theme[-5:].strip().lower()}")

    layers = explorer.get_by_role("option")
    layers.nth(4).click()
    explorer.get_by_role("status").get_by_text("nothing here is wasted").wait_for()
    assert explorer.get_by_role("treeitem").count() == 0
    explorer.get_by_label("wasted only").uncheck()
    explorer.get_by_role("treeitem", name="root, folder").click()
    explorer.get_by_role("treeitem", name="removes .cache").wait_for()
    assert lab.errors == []


def test_search_is_answered_by_the_kernel(lab, notebook):
    panel = notebook()
    explorer = panel.get_by_role("group", name=NAME)
    explorer.get_by_role("treeitem").first.click()
    press(lab, "/")
    wait_for_focus(lab, "search paths")
    lab.page.keyboard.type("Torch")
    status = explorer.get_by_role("status")
    status.get_by_text("the largest 200 of 452 matches").wait_for()
    assert explorer.get_by_role("treeitem").count() == 200
    lab.page.keyboard.type("/lib/")
    status.get_by_text(re.compile("^1 match$")).wait_for()
    lab.shoot("explorer-search")
    press(lab, "Enter")
    wait_for_focus(lab, "/usr/lib/python3/site-packages/torch/lib/libtorch.so, file, 9 MB")
    press(lab, "/")
    lab.page.keyboard.type("nowhere")
    status.get_by_text("no match").wait_for()
    press(lab, "Escape")
    wait_for_focus(lab, "usr, folder")
    assert lab.errors == []


def test_a_saved_notebook_shows_the_tables_and_wakes_up_with_its_kernel(lab, notebook, outside):
    panel = notebook()
    explorer = panel.get_by_role("group", name=NAME)
    explorer.get_by_role("treeitem").first.wait_for()
    lab.command("docmanager:save")
    saved = json.loads((lab.root / "explorer.ipynb").read_text())
    (output,) = saved["cells"][0]["outputs"]
    assert output["data"].keys() == {"text/plain", "text/html"}
    assert "✗ deleted" in "".join(output["data"]["text/plain"])
    assert "widgets" not in saved["metadata"]

    lab.load_anew()  # the kernel has gone on
    lab.open("explorer.ipynb")
    explorer = lab.page.locator(".jp-NotebookPanel:visible").get_by_role("group", name=NAME)
    explorer.get_by_role("treeitem").first.wait_for()

    lab.begin("notebook:restart-kernel")
    lab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    tables = lab.page.locator(".jp-NotebookPanel:visible").get_by_role("table")
    tables.first.wait_for()
    assert explorer.count() == 0
    lab.command("notebook:run-all-cells")
    explorer.get_by_role("treeitem").first.wait_for()
    lab.command("notebook:shutdown-kernel")
    explorer.get_by_role("treeitem", name="usr, folder").click()
    tables.first.wait_for()
    assert explorer.count() == 0
    for trusted in (True, False):
        if not trusted:
            untrust(lab)
        lab.load_anew()
        lab.page.evaluate(
            "path => window.jupyterapp.commands.execute('docmanager:open',"
            " {path, kernelPreference: {shouldStart: false, canStart: false}})",
            "explorer.ipynb",
        )
        panel = lab.page.locator(".jp-NotebookPanel:visible")
        panel.get_by_role("rowheader", name="/root/.cache/pip/wheels/torch.whl").wait_for()
        assert panel.get_by_text("Error displaying widget").count() == 0
        assert panel.get_by_text("Loading widget").count() == 0
        assert panel.locator(".mldocker-explorer").count() == 0
        lab.shoot(f"explorer-saved-{'trusted' if trusted else 'untrusted'}")
    assert outside() == []


def untrust(lab):
    """Change the notebook behind JupyterLab's back, as if it came from somebody else."""
    written = nbformat.read(lab.root / "explorer.ipynb", as_version=4)
    written.cells[0].source += "\n# from elsewhere"
    nbformat.write(written, lab.root / "explorer.ipynb")


def test_without_live_views_there_are_tables_only(lab, notebook):
    panel = notebook('import os; os.environ["MLDOCKER_LIVE"] = "0"\n')
    panel.get_by_role("table").first.wait_for()
    panel.get_by_role("rowheader", name="/root/.cache/pip/wheels/torch.whl").wait_for()
    lab.command("docmanager:save")  # the cell has ended: nothing else can come
    saved = json.loads((lab.root / "explorer.ipynb").read_text())
    assert [sorted(one["data"]) for one in saved["cells"][0]["outputs"]] == [
        ["text/html", "text/plain"]
    ]
    assert panel.locator(".mldocker-explorer").count() == 0
    lab.shoot("explorer-static")
    assert lab.errors == []


def test_each_cell_that_shows_an_image_has_its_explorer(lab, notebook):
    panel = notebook(run=False)
    lab.command("notebook:insert-cell-below")
    lab.page.evaluate(
        """() => {
            const [first, second] = window.jupyterapp.shell.currentWidget.content.widgets;
            second.model.sharedModel.setSource(first.model.sharedModel.getSource());
        }"""
    )
    explorers = panel.get_by_role("group", name=NAME)
    for _ in range(2):  # the second time in place of the first
        lab.command("notebook:run-all-cells")
        explorers.nth(1).get_by_role("treeitem").first.wait_for()
        assert explorers.count() == 2
    assert lab.errors == []
