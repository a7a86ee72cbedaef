"""What grading costs apart from docker: processor time beside nbgrader's, for the same cells.

    python tests/bench/grading_cost.py

Both grade the same number of different submissions of one notebook: a cell that reads the answer,
and five cells that each check a word in it. nbgrader is installed into a throw-away environment.
Processor time is that of all processes together: what the children used is counted when they are
waited for, and both wait for theirs. Then thirty submissions of which ten are the same, in units of
one grading. It prints; it does not judge.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]
WORDS = [f"word{number}" for number in range(5)]
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory(prefix="grading-cost-") as made:
        place = Path(made)
        print("installing nbgrader into an environment of its own …", file=sys.stderr)
        theirs = install(place / "environment")
        print(f"{'submissions':>12} {'ours':>9} {'nbgrader':>9} {'ratio':>6}   CPU seconds each")
        for count in (5, 30):
            ours = cost(lambda c=count: grade(place / f"ours-{c}", c, c))
            other = autograde(theirs, place / f"theirs-{count}", count)
            each = (ours[0] / count, other[0] / count)
            print(f"{count:>12} {each[0]:>9.3f} {each[1]:>9.3f} {each[0] / each[1]:>6.2f}")
        distinct = cost(lambda: grade(place / "distinct", 30, 30, "--jobs", "1"))
        same = cost(lambda: grade(place / "same", 30, 21, "--jobs", "1"))
        for kind, number in (("CPU", 0), ("wall", 1)):
            units = same[number] / (distinct[number] / 30)
            print(f"30 submissions, 10 of them the same: {units:.1f} gradings' {kind} time")


def cost(work: object) -> tuple[float, float]:
    """Processor and wall seconds of some work in child processes."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.monotonic() - began


def answer(number: int) -> str:
    """A right answer, unlike any other."""
    return " ".join([*WORDS, f"of {number}"])


def grade(place: Path, count: int, different: int, *more: str) -> None:
    """Grade with the lab: ``count`` submissions, of which the last ones repeat each other."""
    exercise = place / "exercises" / "50_words"
    (exercise / "answer").mkdir(parents=True)
    points = "\n".join(f"{word} = 1" for word in WORDS)
    (exercise / "exercise.toml").write_text(
        'id = "50_words"\ntitle = "Words"\nminutes = 1\nneeds = []\nanswer = ["Dockerfile"]\n'
        f"[points]\n{points}\n"
    )
    checks = "".join(
        f'\n@check("{word}", says="{word} is there")\ndef {word}(evidence):\n'
        f'    return passed() if "{word}" in evidence.text("Dockerfile") else failed("no {word}")\n'
        for word in WORDS
    )
    (exercise / "rubric.py").write_text(
        "from mldocker_lab.grade.rubric import check\n"
        f"from mldocker_lab.grade.verdict import failed, passed\n{checks}"
    )
    (exercise / "answer" / "Dockerfile").write_text("")
    first = new_code_cell("import mldocker_lab as lab\nex = lab.exercise()", execution_count=1)
    cells = [first]
    for number, word in enumerate(WORDS, start=2):
        shown = new_output(
            "execute_result",
            {"text/plain": f"✔ {word} (1 point): {word} is there"},
            execution_count=number,
        )
        cell = new_code_cell(f'ex.check("{word}")', execution_count=number, outputs=[shown])
        cell.metadata["mldocker"] = {"check": word}
        cells.append(cell)
    nbformat.write(new_notebook(cells=cells, metadata=KERNEL), exercise / "exercise.ipynb")
    for number in range(count):
        folder = place / "room" / f"s{number}" / "50_words"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(answer(min(number, different - 1)))
    environment = {
        **os.environ,
        "MLDOCKER_EXERCISES": str(place / "exercises"),
        "MLDOCKER_HOME": str(place / "home"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "mldocker_lab.cli", "grade", str(place / "room")]
    done = subprocess.run(
        [*command, "--json", "--require", "100", *more],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"our grading failed: {done.stderr}{done.stdout[-2000:]}")


def install(place: Path) -> Path:
    """An environment with nbgrader; returns the folder of its commands."""
    venv.create(place, with_pip=True)
    commands = place / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [commands / "python", "-m", "pip", "install", "--quiet", "nbgrader", "ipykernel"],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return commands


def autograde(commands: Path, place: Path, count: int) -> tuple[float, float]:
    """What nbgrader costs: one call for all submissions."""
    setup = "from pathlib import Path\ntext = Path('Dockerfile').read_text()"
    cells = [new_code_cell(setup, metadata={"nbgrader": marked("setup", points=None)})]
    cells += [
        new_code_cell(
            f"assert '{word}' in text, 'no {word}'", metadata={"nbgrader": marked(word, points=1)}
        )
        for word in WORDS
    ]
    notebook = new_notebook(cells=cells, metadata=KERNEL)
    folders = [place / "source" / "ps"]
    folders += [place / "submitted" / f"s{number}" / "ps" for number in range(count)]
    for number, folder in enumerate(folders):
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "words.ipynb")
        (folder / "Dockerfile").write_text(answer(number))
    (place / "nbgrader_config.py").write_text("get_config().CourseDirectory.course_id = 'c'\n")
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    nbgrader = [commands / "python", "-m", "nbgrader"]

    def run(word: str) -> None:
        command = [*nbgrader, word, "ps"]
        subprocess.run(command, cwd=place, env=environment, capture_output=True, check=True)

    run("generate_assignment")  # not part of grading
    return cost(lambda: run("autograde"))


def marked(name: str, points: int | None) -> dict[str, object]:
    """The mark by which nbgrader knows a cell."""
    graded = points is not None
    told = {"grade": graded, "grade_id": name, "locked": True, "solution": False, "task": False}
    return {**told, "schema_version": 3, **({"points": points} if graded else {})}


if __name__ == "__main__":
    main()
