"""Run the lessons top to bottom on a real engine and keep what they say: ``make notebooks``.

A lesson's stored output is what people read on a code-hosting page, so it has to be the truth and
nothing but. Live views are off (``MLDOCKER_LIVE=0``); times of execution, which differ with each
run, are not kept; and a lesson that raised an error, wrote to stderr, warned, or shows a path of
this machine is reported and not written.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from mldocker_lab import lab
from mldocker_lab.home import home
from mldocker_lab.recorded import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LESSONS = ROOT / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main() -> int:
    """Execute the lessons named on the command line, all without a name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="all lessons if none is named")
    parser.add_argument("--timeout", type=int, default=300, help="seconds a cell may take")
    args = parser.parse_args()
    os.environ["MLDOCKER_LIVE"] = "0"
    told = {"recorded": f"{datetime.now(UTC):%Y-%m-%d}", "engine": lab.find_engine().name}
    wrong = 0
    for path in args.notebooks or sorted(LESSONS.glob("*.ipynb")):
        began = time.monotonic()
        faults = execute(path.resolve(), args.timeout, told)
        wrong += bool(faults)
        verdict = "NOT WRITTEN" if faults else "written"
        print(f"{path.name}: {verdict} after {time.monotonic() - began:.0f} s")
        for fault in faults:
            print(f"  {fault}")
    return min(wrong, 1)


def execute(path: Path, timeout: int, told: dict[str, str]) -> list[str]:
    """Run one notebook in its folder; write it if nothing is wrong with it, else say what is."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return [str(error)]
    clean(notebook)
    notebook.metadata[METADATA_KEY] = nbformat.from_dict(told)
    faults = list(faults_of(notebook))
    if not faults:
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
    return faults


def clean(notebook: NotebookNode) -> None:
    """Keep what a reader needs: no timing, no widget state, no pieces of one stream apart."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring pieces of one stream as one: how they were cut is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        same = joined and output.output_type == "stream" == joined[-1].output_type
        if same and joined[-1].name == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def faults_of(notebook: NotebookNode) -> Iterator[str]:
    """What readers should not see, cell by cell."""
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                yield f"cell {number}: {output.ename}: {output.evalue}"
            elif output.output_type == "stream" and output.name == "stderr":
                yield f"cell {number}: wrote to stderr: {output.text.strip()}"
            for text in words_of(output):
                for place in _places():
                    if place in text:
                        yield f"cell {number}: shows a path of this machine: {place}"


def words_of(output: NotebookNode) -> Iterator[str]:
    """The texts in an output."""
    if "text" in output:
        yield output.text
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/"):
            yield content


def _places() -> set[str]:
    """Folders of this machine. Not the home folder: root's is named in every image, too."""
    places = [str(ROOT.parent), sys.prefix, tempfile.gettempdir(), str(home())]
    return {f"{place}{os.sep}" for place in places}


if __name__ == "__main__":
    sys.exit(main())
