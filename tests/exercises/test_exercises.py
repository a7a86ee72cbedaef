"""A folder that holds an exercise is a test.

The start fails, the solution passes, every typical mistake loses exactly the points it should.
"""

from __future__ import annotations

import itertools
import re
import shutil
import tomllib
from pathlib import Path

import nbformat
import pytest

from mldocker_lab.grade import making, reference, start
from mldocker_lab.grade.exercise import NOTEBOOK, Exercise
from mldocker_lab.grade.practice import Practice
from mldocker_lab.grade.runner import grade
from mldocker_lab.supply import bases, locks, mirror
from mldocker_lab.workbench import Workbench

ROOT = Path(__file__).parents[2]
EXERCISES = {
    path.name: Exercise.load(path)
    for path in sorted((ROOT / "exercises").iterdir())
    if path.is_dir()
}
ANSWERS = ("tests/solutions", "tests/wrong", "tests/exercises/right")
PINNING = {"Dockerfile", "requirements.txt", "requirements-serve.txt", "requirements-train.txt"}
PIN = re.compile(r"\b([a-z][a-z0-9-]*)==([\w.]+)")
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


def graded(
    folder: Path, exercise: str, bench, tmp_path: Path, exercises: Path | None = None
) -> dict[str, dict]:
    """The checks of one answer, handed in as a folder called like the exercise."""
    handed_in = tmp_path / "somebody"
    shutil.copytree(folder, handed_in / exercise)
    (submission,) = grade([handed_in], bench, exercises=exercises).submissions
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
def test_the_answer_that_is_handed_out_is_the_start(exercise):
    """Whoever works in a checkout: `mldocker-lab exercise reset` brings it back."""
    assert str(start.difference(exercise)).endswith("nothing was changed since the start")


@each
def test_no_hint_holds_a_line_of_the_solution(exercise):
    rubric = (exercise.folder / "rubric.py").read_text(encoding="utf-8")
    solution = ROOT / "tests" / "solutions" / exercise.id
    own = [path for path in solution.iterdir() if path.is_file() and exercise.owns(path.name)]
    given = {
        line.strip()
        for path in exercise.start.iterdir()
        if path.is_file()
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    lines = {
        line.strip().rstrip("\\").strip()
        for path in own
        for line in path.read_text(encoding="utf-8").splitlines()
        if len(line.strip()) > 3 and not line.startswith("#")
    }
    assert [line for line in lines - given if line in rubric] == []


@each
def test_packages_have_the_versions_that_the_mirror_serves(exercise):
    known = {(wheel.name, wheel.version) for name in locks.SETS for wheel in locks.wheels(name)}
    places = [exercise.folder, *(ROOT / place / exercise.id for place in ANSWERS)]
    files = [file for place in places for file in place.rglob("*") if file.name in PINNING]
    pins = {pin for file in files for pin in PIN.findall(file.read_text(encoding="utf-8"))}
    assert pins - known == set()


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
    checks = graded(exercise.start, exercise.id, bench, tmp_path)
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
def test_a_new_exercise_works_as_it_is(bench, tmp_path):
    (tmp_path / "tests" / "solutions").mkdir(parents=True)
    made = making.new("05_signals", tmp_path / "exercises")
    (wrong,) = made.wrong.iterdir()
    expected = tomllib.loads((wrong / "expected.toml").read_text(encoding="utf-8"))

    def lost(folder: Path) -> dict[str, str]:
        place = tmp_path / folder.name
        checks = graded(folder, made.exercise, bench, place, made.folder.parent)
        return {name: c["message"] for name, c in checks.items() if c["status"] != "passed"}

    assert sorted(lost(made.folder / "start")) == ["greets", "not-root"]
    assert lost(made.solution) == {}
    said = lost(wrong)
    assert sorted(said) == expected["fails"]
    assert expected["says"]["greets"] in said["greets"]


@pytest.mark.engine
def test_practice_keeps_its_cache_from_one_try_to_the_next(bench, tmp_path, monkeypatch):
    """The second try installs nothing again, and the images of the first are gone."""
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))
    folder = shutil.copytree(EXERCISES["02_context"].folder, tmp_path / "02_context")
    solution = ROOT / "tests" / "solutions" / "02_context"
    practice = Practice(
        Exercise.load(folder), lambda: Workbench(bench.engine, mirror.find(bench.engine))
    )
    try:
        for name in ("Dockerfile", ".dockerignore"):
            shutil.copy(solution / name, folder / "answer" / name)
        assert practice.check("small-context").points == 3
        first = practice.build()
        with (folder / "answer" / ".dockerignore").open("a") as file:
            file.write("# another try\n")
        second = practice.build()
        assert second["pip install"].cached
        assert not second["COPY . ."].cached
        assert not bench.engine.has_image(first.tag)
        assert bench.engine.has_image(second.tag)
        with (folder / "answer" / ".dockerignore").open("a") as file:
            file.write("data/vocabulary.txt\n")
        assert "there is no /app/data/vocabulary.txt" in practice.check("answers").verdict.seen
        told = practice.hint("answers")
        assert (len(told.texts), told.left) == (2, 1)
    finally:
        practice.close()
    assert not bench.engine.has_image(second.tag)


@pytest.mark.engine
def test_nothing_is_left_on_the_engine(bench):
    """Runs last: every graded answer had images of its own, and all of them are gone.

    What stays is the start that others are measured against: one for each exercise, by design.
    """
    tags = [tag for image in bench.engine.images() for tag in image.get("RepoTags") or ()]
    assert [tag for tag in tags if "-answer" in tag] == []
    kept = {tag.partition(":")[0] for tag in tags if "_naive-" in tag}
    assert kept <= {f"mldocker-lab/{name}_naive-start" for name in EXERCISES}
