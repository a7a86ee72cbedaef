"""Reading an exercise from its folder."""

from __future__ import annotations

import nbformat
import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.grade import reference, rubric
from mldocker_lab.grade.exercise import Exercise


def test_settings_are_read(toy):
    assert (toy.id, toy.title, toy.possible, toy.needs) == ("00_toy", "Say it", 4, ())
    assert toy.points == {"says-hello": 3, "says-bye": 1}


def test_practice_is_cold_unless_the_exercise_says_otherwise(toy):
    assert not toy.warm
    path = toy.folder / "exercise.toml"
    path.write_text(f"warm = true\n{path.read_text()}")
    assert Exercise.load(toy.folder).warm


@pytest.mark.parametrize(
    ("name", "owned"),
    [("Dockerfile", True), ("extra-1.txt", True), ("app.py", False), ("x/Dockerfile", False)],
)
def test_answer_files_are_patterns_of_names(toy, name, owned):
    assert toy.owns(name) is owned


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "Say it"', "", "lacks title"),
        ('"Dockerfile", "extra*.txt"', '"../rubric.py"', "plain names"),
        ('id = "00_toy"', 'id = "../toy"', "no plain name"),
        ("minutes = 1", "minutes = ", "not valid TOML"),
    ],
)
def test_wrong_settings_are_named(toy, old, new, says):
    path = toy.folder / "exercise.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(UsageError, match=says):
        Exercise.load(toy.folder)


def test_a_folder_without_settings_is_no_exercise(tmp_path):
    with pytest.raises(UsageError, match="is no exercise"):
        Exercise.load(tmp_path)


def test_points_and_checks_must_be_the_same(toy):
    path = toy.folder / "exercise.toml"
    path.write_text(path.read_text().replace("says-bye = 1", "says-more = 1"))
    with pytest.raises(UsageError, match="says-bye, says-more"):
        rubric.of_exercise(Exercise.load(toy.folder))


def test_two_checks_of_one_name_are_refused(toy):
    path = toy.folder / "rubric.py"
    path.write_text(path.read_text().replace('"says-bye"', '"says-hello"'))
    with pytest.raises(UsageError, match="two checks are called says-hello"):
        rubric.load(path)


def test_reference_outputs_are_what_the_checks_promise(toy):
    written = nbformat.read(toy.folder / "exercise.ipynb", as_version=4)
    shown = [cell.outputs for cell in reference.refreshed(toy).cells]
    assert [o[0]["data"] for o in shown if o] == [c.outputs[0]["data"] for c in written.cells[1:]]


def test_a_missing_check_cell_is_noticed(toy):
    path = toy.folder / "exercise.ipynb"
    written = nbformat.read(path, as_version=4)
    del written.cells[1]
    nbformat.write(written, path)
    with pytest.raises(UsageError, match="check cells are"):
        reference.refreshed(toy)
