"""What stays in a notebook, a table and its pictures, in both themes; from recorded builds."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.browser

TAPE = Path(__file__).parents[1] / "unit" / "tapes" / "26.1.jsonl"
FIRST = f"""
from pathlib import Path
from mldocker_lab.build.tape import Tape
from mldocker_lab.report.compare import Comparison

built = Tape.load(Path({str(TAPE)!r})).reports
names = "classic-cold", "buildkit-cold", "classic-edit", "buildkit-edit"
bad, good, bad_again, good_again = (built[name] for name in names)
pair = Comparison(bad.renamed("bad"), good.renamed("good"), bad_again, good_again, "app.py")
pair
"""
CELLS = [FIRST, "pair.good", "pair.plot()", "pair.plot_timeline()", "pair.plot_edit()"]


@pytest.fixture
def notebook(lab):
    """Runs the notebook, and returns its panel when the last picture is there."""
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    written = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(written, lab.root / "report.ipynb")
    panel = lab.open("report.ipynb")
    lab.command("notebook:hide-all-cell-code")
    lab.command("notebook:run-all-cells")
    yield panel
    lab.command("notebook:shutdown-kernel")


def colours(cell):
    """The colour of the letters in a cell, and of what is behind them."""
    return cell.evaluate(
        """cell => {
            let back = cell, seen = "rgba(0, 0, 0, 0)";
            for (; back && seen === "rgba(0, 0, 0, 0)"; back = back.parentElement) {
                seen = getComputedStyle(back).backgroundColor;
            }
            return [getComputedStyle(cell).color, seen].map(
                colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number));
        }"""
    )


def test_tables_and_pictures_are_shown_in_both_themes(lab, notebook, outside):
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        lab.theme(theme)
        name = theme[-5:].strip().lower()
        table = notebook.get_by_role(
            "table", name="bad and good, side by side, and after an edit of app.py"
        )
        table.wait_for()
        assert table.get_by_role("rowheader", name="bytes to pull again").is_visible()
        assert table.get_by_role("columnheader", name="bad ÷ good").is_visible()
        ink, paper = map(sum, colours(table.locator("td").first))
        assert abs(ink - paper) > 300
        table.scroll_into_view_if_needed()
        lab.shoot(f"table-{name}")

        for number, drawn in enumerate(("layers", "timeline", "edit"), start=2):
            picture = notebook.locator(".jp-Cell").nth(number).locator("img")
            picture.scroll_into_view_if_needed()
            picture.wait_for()
            assert picture.bounding_box()["width"] == 900
            lab.shoot(f"{drawn}-{name}")
    assert lab.errors == []
    assert outside() == []
