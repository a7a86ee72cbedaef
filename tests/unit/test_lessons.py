"""The shelf of lessons, the way back, and the way on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from IPython.core.interactiveshell import InteractiveShell

import mldocker_lab as lab
from mldocker_lab import jumping, lessons
from mldocker_lab.cli import main
from mldocker_lab.errors import LabError, NoEngine, UsageError
from mldocker_lab.guessing import memory
from mldocker_lab.guessing.memory import Kept
from mldocker_lab.guessing.question import ask


def cell(kind, name, source):
    return {
        "cell_type": kind,
        "id": name,
        "metadata": {},
        "source": source.splitlines(keepends=True),
    }


CELLS = [
    cell("markdown", "header", "# 03 · Order it\n\n- **Takes** 25 minutes; and so on"),
    cell("code", "run-build", "import os\npair = [1]\nprint('seen')\npair"),
    cell("code", "predict-add", "import mldocker_lab as lab\nguess = lab.predict('03/x', '?')"),
    cell("code", "measured-add", "guess.measured(3)"),
    cell("markdown", "add-predict", "## Add a package\n\nIt joins."),
    cell("code", "run-add", "pair.append(2)"),
    cell("markdown", "fail", "## Fail on purpose"),
    cell("code", "run-fail", "1 / 0"),
    cell("markdown", "end", "## Come to an end"),
]


def git(folder, *words):
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder of two lessons, with a home of its own and no engine."""
    folder = tmp_path / "course" / "notebooks"
    for name in ("03_cache", "04_next"):
        context = folder / "contexts" / name
        context.mkdir(parents=True)
        (context / "app.py").write_text("as shipped\n")
        (context / "bad.Dockerfile").write_text("FROM x\n")
        (folder / f"{name}.ipynb").write_text(json.dumps({"cells": CELLS, "metadata": {}}))
    (folder / "contexts" / "03_mount").mkdir()
    (folder / "contexts" / "03_mount" / "app.py").write_text("as shipped\n")
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(lessons.finding, "find", no_engine)
    monkeypatch.chdir(folder)
    return folder


def no_engine(*, start=True):
    raise NoEngine("none answers")


@pytest.fixture
def clone(course):
    git(course.parent, "init", "-q")
    git(course.parent, "add", ".")
    git(course.parent, "commit", "-qm", "shipped")
    return course


def status(folder):
    done = subprocess.run(
        ["git", "-C", str(folder), "status", "--porcelain"], check=True, capture_output=True
    )
    return done.stdout.decode()


def test_the_shelf(course):
    memory.keep(Kept(ask("03/x", "?"), 3))
    found = lessons.shelf(course)
    assert [one.name for one in found.lessons] == ["03_cache", "04_next"]
    assert "Order it" in str(found)
    assert repr(found.lessons[0]) == "03_cache: Order it, 25 minutes"
    assert found.to_dict()["lessons"][0] == {
        "name": "03_cache",
        "title": "Order it",
        "minutes": 25,
        "guesses": 1,
    }


@pytest.mark.parametrize("name", ["03", "03_cache", "03_cache.ipynb", "notebooks/03_cache.ipynb"])
def test_a_lesson_has_a_number_and_a_name(course, name):
    assert lessons.lesson(name, course).name == "03_cache"


def test_a_lesson_that_is_not_there(course):
    with pytest.raises(UsageError, match="no lesson '99'"):
        lessons.lesson("99", course)


def test_a_reset_puts_back_what_is_the_lesson_s_and_keeps_yours(clone, tmp_path):
    (clone / "03_cache.ipynb").write_text("{}")
    context = clone / "contexts" / "03_cache"
    (context / "app.py").write_text("mine\n")
    (context / "bad.Dockerfile").unlink()
    (context / "notes ä.txt").write_text("mine\n")
    git(clone, "add", "contexts/03_cache/notes ä.txt")
    (clone / "contexts" / "03_mount" / "new.py").write_text("mine\n")
    (clone / "contexts" / "04_next" / "app.py").write_text("of another lesson\n")
    memory.keep(Kept(ask("03/x", "?"), 3))
    done = lessons.lesson("03", clone).reset()
    assert status(clone) == " M notebooks/contexts/04_next/app.py\n"
    assert done.files == (
        "03_cache.ipynb",
        "contexts/03_cache/app.py",
        "contexts/03_cache/bad.Dockerfile",
        "contexts/03_cache/notes ä.txt",
        "contexts/03_mount/new.py",
    )
    assert done.kept.is_relative_to(tmp_path / "home")
    kept = sorted(p.relative_to(done.kept).as_posix() for p in done.kept.rglob("*") if p.is_file())
    assert kept == [name for name in done.files if "bad.Dockerfile" not in name]
    assert (done.kept / "contexts" / "03_cache" / "app.py").read_text() == "mine\n"
    assert done.guesses == ("03/x",)
    assert done.images is None
    assert memory.load("03") == {}
    assert "Reload Notebook from Disk" in str(done)


def test_a_reset_of_what_is_as_shipped_keeps_nothing(clone, tmp_path):
    done = lessons.lesson("03", clone).reset()
    assert (done.files, done.kept) == ((), None)
    assert "no file had changed" in str(done)
    assert not (tmp_path / "home" / "kept").exists()


def test_without_a_clone_nothing_is_touched(course):
    (course / "contexts" / "03_cache" / "app.py").write_text("mine\n")
    memory.keep(Kept(ask("03/x", "?"), 3))
    with pytest.raises(UsageError, match="is no clone"):
        lessons.lesson("03", course).reset()
    assert (course / "contexts" / "03_cache" / "app.py").read_text() == "mine\n"
    assert memory.load("03")


def test_if_yours_cannot_be_kept_nothing_is_reset(clone, tmp_path):
    (clone / "contexts" / "03_cache" / "app.py").write_text("mine\n")
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "kept").mkdir()
    (tmp_path / "home" / "kept" / "03_cache-2026-11-25-000000").write_text("in the way")
    with pytest.raises(LabError) as error:
        lessons.lesson("03", clone).reset(now=datetime(2026, 11, 25, tzinfo=UTC))
    assert error.value.hint.startswith("nothing was reset")
    assert (clone / "contexts" / "03_cache" / "app.py").read_text() == "mine\n"


def test_on_the_command_line(clone, monkeypatch):
    monkeypatch.setattr(
        "mldocker_lab.cli.lessons.lessons.lesson",
        lambda _: lessons.Lesson(clone / "03_cache.ipynb"),
    )
    (clone / "contexts" / "03_cache" / "app.py").write_text("mine\n")
    told = json.loads(CliRunner().invoke(main, ["lesson", "reset", "03", "--json"]).output)
    assert told["files"] == ["contexts/03_cache/app.py"]


@pytest.fixture
def shell():
    made = InteractiveShell.instance()
    yield made
    made.reset()
    InteractiveShell.clear_instance()


@pytest.fixture
def jump(course, monkeypatch):
    monkeypatch.setattr(jumping, "find", lambda name: lessons.lesson(name, course))
    return jumping.jump


@pytest.mark.parametrize("to", ["add-predict", "add", "Add a", "add a package"])
def test_a_jump_runs_what_is_above_and_shows_nothing(jump, shell, capsys, to):
    jump("03", to, shell=shell)
    assert shell.user_ns["pair"] == [1]
    assert capsys.readouterr().out == ""
    assert memory.load("03") == {}  # nothing was measured, so nothing is locked
    jump("03", "run-add", shell=shell)
    assert shell.user_ns["pair"] == [1]
    jump("03", "Fail", shell=shell)
    assert shell.user_ns["pair"] == [1, 2]


def test_a_jump_without_a_person_does_not_end_one(jump, shell, monkeypatch):
    monkeypatch.delenv("MLDOCKER_LIVE", raising=False)
    jump("03", "add", shell=shell)
    assert "MLDOCKER_LIVE" not in os.environ


def test_a_cell_that_fails_stops_the_jump(jump, shell, capsys):
    with pytest.raises(LabError, match="'run-fail' failed: ZeroDivisionError"):
        jump("03", "Come", shell=shell)
    assert capsys.readouterr().out == ""


def test_a_place_that_is_not_there(jump, shell):
    with pytest.raises(UsageError) as error:
        jump("03", "nowhere", shell=shell)
    assert error.value.hint == "one of: Add a package; Fail on purpose; Come to an end"


def test_a_jump_from_elsewhere(jump, shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="contexts is not here"):
        jump("03", "add", shell=shell)


def test_an_edited_notebook_does_not_lead_astray(clone, jump, shell):
    (clone / "03_cache.ipynb").write_text(json.dumps({"cells": CELLS[4:], "metadata": {}}))
    jump("03", "add", shell=shell)
    assert shell.user_ns["pair"] == [1]


def test_the_course_s_own_lessons_can_be_jumped_into():
    for one in lessons.shelf().lessons:
        code, place = jumping.above(one, "one line")
        assert (len(code) > 3, place) == (True, "One line to keep")
        assert one.minutes


def test_the_verbs_are_there():
    assert lab.jump is jumping.jump
    assert lab.lesson is lessons.lesson
    program = "import sys, mldocker_lab; assert 'docker' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
