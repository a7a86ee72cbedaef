"""A folder that holds an exercise is a test.

The start fails, the solution passes, every typical mistake loses exactly the points it should.
"""

from __future__ import annotations

import itertools
import shutil
import tomllib
from pathlib import Path

import nbformat
import pytest

from mldocker_lab.grade import reference
from mldocker_lab.grade.exercise import NOTEBOOK, Exercise
from mldocker_lab.grade.runner import grade
from mldocker_lab.supply import bases, mirror
from mldocker_lab.workbench import Workbench

ROOT = Path(__file__).parents[2]
EXERCISES = {
    path.name: Exercise.load(path)
    for path in sorted((ROOT / "exercises").iterdir())
    if path.is_dir()
}
each = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)


def answers(*folders: str) -> list:
    """Every ``<folder>/<exercise>/<name>`` as a test case."""
    found = [
        (path, exercise)
        for folder in folders
        for exercise in EXERCISES
        for path in sorted((ROOT / folder / exercise).glob("*/"))
    ]
    return [pytest.param(path, exercise, id=f"{exercise}-{path.name}") for path, exercise in found]


@pytest.fixture(scope="module")
def bench(engine):
    for _ in itertools.chain(bases.ensure(engine), mirror.ensure(engine)):
        pass  # prepared by the first test that needs them
    return Workbench(engine, mirror.find(engine))


def graded(folder: Path, exercise: str, bench, tmp_path: Path) -> dict[str, dict]:
    """The checks of one answer, handed in as a folder called like the exercise."""
    handed_in = tmp_path / "somebody"
    shutil.copytree(folder, handed_in / exercise)
    (submission,) = grade([handed_in], bench).submissions
    return {check["id"]: check for check in submission.to_dict()["exercises"][0]["checks"]}


def points(checks: dict[str, dict]) -> float:
    return sum(c["points"] for c in checks.values()) / sum(c["possible"] for c in checks.values())


@each
def test_its_folder_is_called_like_it(exercise):
    assert exercise.id == exercise.folder.name


@each
def test_the_notebook_shows_what_its_checks_promise(exercise):
    written = (exercise.folder / NOTEBOOK).read_text(encoding="utf-8")
    assert nbformat.reads(written, as_version=4) == reference.refreshed(exercise)


@each
def test_the_notebook_names_the_points(exercise):
    written = (exercise.folder / NOTEBOOK).read_text(encoding="utf-8")
    assert f"{exercise.possible} points" in written
    assert f"{exercise.minutes} minutes" in written


@each
def test_at_least_three_typical_mistakes_are_known(exercise):
    assert len(list((ROOT / "tests" / "wrong" / exercise.id).glob("*/expected.toml"))) >= 3


@each
def test_the_solution_has_the_same_files_as_the_answer(exercise):
    solution = ROOT / "tests" / "solutions" / exercise.id
    ours = [
        path
        for path in exercise.answer.rglob("*")
        if path.is_file() and not exercise.owns(path.name)
    ]
    for path in ours:
        assert (solution / path.relative_to(exercise.answer)).read_bytes() == path.read_bytes()


@each
@pytest.mark.engine
def test_the_start_earns_less_than_forty_percent(exercise, bench, tmp_path):
    checks = graded(exercise.answer, exercise.id, bench, tmp_path)
    assert points(checks) < 0.4
    assert {check["status"] for check in checks.values()} <= {"passed", "failed"}


@each
@pytest.mark.engine
def test_the_solution_earns_everything(exercise, bench, tmp_path):
    checks = graded(ROOT / "tests" / "solutions" / exercise.id, exercise.id, bench, tmp_path)
    assert {name: c["message"] for name, c in checks.items() if c["status"] != "passed"} == {}


@pytest.mark.engine
@pytest.mark.parametrize(("answer", "exercise"), answers("tests/exercises/right"))
def test_another_good_way_earns_everything(answer, exercise, bench, tmp_path):
    checks = graded(answer, exercise, bench, tmp_path)
    assert {name: c["message"] for name, c in checks.items() if c["status"] != "passed"} == {}


@pytest.mark.engine
@pytest.mark.parametrize(("answer", "exercise"), answers("tests/wrong"))
def test_a_mistake_loses_exactly_its_points(answer, exercise, bench, tmp_path):
    expected = tomllib.loads((answer / "expected.toml").read_text(encoding="utf-8"))
    checks = graded(answer, exercise, bench, tmp_path)
    lost = {name: check for name, check in checks.items() if check["status"] != "passed"}
    assert sorted(lost) == sorted(expected["fails"])
    assert {check["status"] for check in lost.values()} == {"failed"}
    for name, words in expected.get("says", {}).items():
        assert words in lost[name]["message"]


@pytest.mark.engine
def test_nothing_is_left_on_the_engine(bench):
    """Runs last: every graded answer had images of its own, and all of them are gone."""
    tags = [tag for image in bench.engine.images() for tag in image.get("RepoTags") or ()]
    assert [tag for tag in tags if "03_cache-answer" in tag] == []
