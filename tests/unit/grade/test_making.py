"""A new exercise: complete and in its places, or not there at all.

Whether it works, an engine tells: ``tests/exercises``.
"""

from __future__ import annotations

import json
import shutil

import nbformat
import pytest
from click.testing import CliRunner

from mldocker_lab.cli import main
from mldocker_lab.errors import LabError, UsageError
from mldocker_lab.grade import making, reference, rubric, start
from mldocker_lab.grade.exercise import Exercise


@pytest.fixture
def root(tmp_path):
    """A folder of exercises in a checkout."""
    (tmp_path / "tests" / "solutions").mkdir(parents=True)
    return tmp_path / "exercises"


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_it_has_all_that_an_exercise_has(root):
    made = making.new("05_signals", root, title="Stop when asked to")
    exercise = Exercise.load(made.folder)
    assert (exercise.id, exercise.title) == ("05_signals", "Stop when asked to")
    assert rubric.of_exercise(exercise).checks.keys() == exercise.points.keys()
    assert start.difference(exercise).changes == ()
    assert made.solution == root.parent / "tests" / "solutions" / "05_signals"
    assert names(made.solution) == names(exercise.answer)
    (wrong,) = made.wrong.iterdir()
    assert names(wrong) == ["Dockerfile", "expected.toml"]
    assert sorted(p.name for p in root.iterdir()) == ["05_signals"]


def test_its_notebook_is_ready_for_nbval(root):
    made = making.new("05_signals", root, title="Stop when asked to")
    notebook = nbformat.read(made.folder / "exercise.ipynb", as_version=4)
    assert notebook == reference.refreshed(Exercise.load(made.folder))
    assert notebook.cells[0].source.startswith("# Stop when asked to\n")
    assert "exercises/05_signals" in notebook.cells[-1].source
    assert "NN_name" not in nbformat.writes(notebook)


def test_outside_of_a_checkout_there_are_no_tests(tmp_path):
    made = making.new("05_signals", tmp_path / "mine")
    assert made.solution is made.wrong is None
    assert sorted(p.name for p in made.folder.iterdir()) == [
        "answer", "exercise.ipynb", "exercise.toml", "rubric.py", "start"
    ]  # fmt: skip
    assert [p.name for p in tmp_path.iterdir() if p.name == "tests"] == []


@pytest.mark.parametrize("name", ["signals", "5_signals", "05-signals", "../05_x", "05_", "05_Sig"])
def test_other_names_are_refused(root, name):
    with pytest.raises(UsageError, match="no name for an exercise"):
        making.new(name, root)


@pytest.mark.parametrize("taken", ["exercises", "tests/solutions", "tests/wrong"])
def test_nothing_is_written_over(root, taken):
    (root.parent / taken / "05_signals").mkdir(parents=True)
    with pytest.raises(UsageError, match="is there already"):
        making.new("05_signals", root)
    assert names(root.parent) == []


def test_what_fails_half_way_leaves_nothing(root, monkeypatch):
    move = shutil.move

    def full(source, target):
        if "tests" not in str(target):
            raise OSError(28, "No space left on device", str(target))
        return move(source, target)

    monkeypatch.setattr(making.shutil, "move", full)
    with pytest.raises(LabError, match="No space left"):
        making.new("05_signals", root)
    assert names(root.parent) == []


def test_the_command_makes_one_beside_the_others(root):
    done = CliRunner().invoke(
        main, ["exercise", "new", "05_signals", "--into", str(root), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["folder"] == str(root / "05_signals")
