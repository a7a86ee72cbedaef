"""Practising: results that are kept, hints that deepen, ways back to the start. No engine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

import mldocker_lab
from mldocker_lab.cli import main
from mldocker_lab.errors import EngineGone, LabError, UsageError
from mldocker_lab.grade import progress, start
from mldocker_lab.grade.hinting import hints
from mldocker_lab.grade.practice import open_exercise
from mldocker_lab.grade.rubric import Check
from mldocker_lab.grade.shelf import find, shelf
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.home import home

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def folder(toys):
    """The toy with a start, and a check that has three hints."""
    path = toys / "00_toy"
    rubric = path / "rubric.py"
    text = rubric.read_text().replace('hint="greet")', 'hint="greet", more=("wave", "bow"))')
    rubric.write_text(text)
    (path / "start").mkdir()
    for file in (path / "answer").iterdir():
        (path / "start" / file.name).write_bytes(file.read_bytes())
    return path


@pytest.fixture
def ex(folder):
    opened = open_exercise(folder)
    yield opened
    opened.close()


@pytest.fixture
def cli(toys, monkeypatch):
    """The command line with the toys as its exercises: exit status, stdout, stderr."""
    monkeypatch.setenv("MLDOCKER_EXERCISES", str(toys))

    def run(*words: str):
        done = CliRunner().invoke(main, ["exercise", *words])
        return done.exit_code, done.stdout, done.stderr

    return run


def kept() -> dict:
    return json.loads((home("practice") / "00_toy.json").read_text(encoding="utf-8"))


# -- what is kept ----------------------------------------------------------------------------


def test_a_result_is_kept_in_the_form_that_is_documented(ex):
    ex.check("says-hello")
    told = kept()
    last = told["checks"].pop("says-hello")
    assert told == {"version": 1, "exercise": "00_toy", "checks": {}}
    assert datetime.fromisoformat(last.pop("at")).tzinfo is not None
    assert last == {
        "status": "failed",
        "points": 0,
        "possible": 3,
        "answer": start.fingerprint(ex.answer),
        "tries": 1,
        "seen": "no hello",
        "why": "it is polite",
        "hints": ["greet", "wave", "bow"],
        "shown": 1,
    }


def test_tries_are_counted_and_a_pass_replaces_a_failure(ex):
    ex.check("says-hello")
    (ex.answer / "Dockerfile").write_text("hello")
    ex.check("says-hello")
    last = progress.load("00_toy")["says-hello"]
    assert (last.status, last.points, last.tries, last.hints) == ("passed", 3, 2, ())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "checks": 1}'])
def test_a_file_that_cannot_be_read_is_as_good_as_none(ex, text):
    (home("practice") / "00_toy.json").write_text(text)
    assert progress.load("00_toy") == {}
    ex.check("says-bye")
    assert list(progress.load("00_toy")) == ["says-bye"]


def test_a_folder_that_cannot_be_written_does_not_take_the_answer_away(ex, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "file"))
    assert ex.check("says-bye").verdict.status == "failed"


def test_graded_runs_keep_nothing(folder, tmp_path, monkeypatch):
    for name in ("FILE", "TOKEN", "RUN"):
        monkeypatch.setenv(f"MLDOCKER_GRADE_{name}", str(tmp_path / "verdicts"))
    graded = open_exercise(folder)
    shown = repr(graded.check("says-hello"))
    graded.close()
    assert "practice" not in shown
    assert not (home("practice") / "00_toy.json").exists()


# -- what is shown ---------------------------------------------------------------------------


def test_a_failure_says_that_it_is_practice_and_where_more_help_is(ex):
    assert repr(ex.check("says-hello")).splitlines()[-1] == (
        '  (practice; ex.hint("says-hello") helps further)'
    )
    assert repr(ex.check("says-bye")).splitlines()[-1] == "  (practice)"


def test_a_pass_is_the_line_that_nbval_compares(ex):
    (ex.answer / "Dockerfile").write_text("hello")
    assert repr(ex.check("says-hello")) == "✔ says-hello (3 points): hello is there"


def test_the_table_tells_how_far_you_are(ex):
    assert [row[-1] for row in ex.table().rows] == ["–", "–"]
    ex.check("says-hello")
    (ex.answer / "Dockerfile").write_text("bye")
    ex.check("says-bye")
    assert [row[-1] for row in ex.table().rows] == ["failed, before your last change", "passed"]
    assert "4 points, 1 of them in practice" in ex.table().title


def test_what_broke_is_tried_again(ex):
    """A failure of the machine says nothing about the answer: the next run looks again."""
    answers = iter([EngineGone("gone"), "there"])

    def judge(evidence):
        def look():
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return passed() if evidence.once("engine", look) else failed("never")

    ex._rubric.checks["says-bye"] = Check("says-bye", "bye is there", judge)
    assert ex.check("says-bye").verdict.status == "error"
    assert ex.check("says-bye").verdict.status == "passed"


def test_what_a_build_sends_is_listed(ex):
    (ex.answer / ".dockerignore").write_text("app.py\n")
    (ex.answer / "big.bin").write_bytes(bytes(5000))
    table = ex.sent()
    assert table.rows[0] == ("big.bin", "5 kB")
    assert {row[0] for row in table.rows} == {
        "big.bin", "Dockerfile", ".dockerignore", "prepared.txt"
    }  # fmt: skip
    assert table.notes == ("left out by .dockerignore: 1 files and folders",)


@pytest.fixture
def solved(folder, monkeypatch):
    """The toy with a right answer, in a notebook with everything live."""
    (folder / "answer" / "Dockerfile").write_text("hello bye")
    monkeypatch.delenv("MLDOCKER_LIVE", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(mldocker_lab.__file__).parents[1]))
    return folder


def test_in_a_notebook_every_check_is_labelled_as_practice(solved):
    notebook = nbformat.read(solved / "exercise.ipynb", as_version=4)
    place = {"metadata": {"path": str(solved)}}
    NotebookClient(notebook, kernel_name="python3", resources=place).execute()
    label, result = notebook.cells[1].outputs
    assert (
        label.data["text/plain"] == "practice; what counts is mldocker-lab grade exercises/00_toy"
    )
    assert result.data == {"text/plain": "✔ says-hello (3 points): hello is there"}


def test_nbval_on_its_own_compares_only_the_lines_of_the_checks(solved):
    """Also without our plugin and with live views on: a right answer passes."""
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "exercise.ipynb"]
    done = subprocess.run(
        [sys.executable, *command], cwd=solved, capture_output=True, text=True, check=False
    )
    assert "3 passed" in done.stdout, done.stdout


# -- hints -----------------------------------------------------------------------------------


def test_hints_deepen_with_each_request_and_end(ex):
    ex.check("says-hello")
    assert [ex.hint("says-hello").texts for _ in range(3)] == [
        ("greet", "wave"),
        ("greet", "wave", "bow"),
        ("greet", "wave", "bow"),
    ]
    assert repr(ex.hint()).splitlines() == [
        "says-hello failed in practice: no hello",
        "  hint 1 of 3: greet",
        "  hint 2 of 3: wave",
        "  hint 3 of 3: bow",
        "  these are all",
    ]


def test_the_same_failure_again_keeps_the_hints_that_were_asked_for(ex):
    ex.check("says-hello")
    ex.hint()
    (ex.answer / "Dockerfile").write_text("FROM elsewhere")
    stale = ex.hint()
    assert stale.stale
    assert "your files have changed" in repr(stale)
    ex.check("says-hello")
    assert progress.load("00_toy")["says-hello"].shown == 3


def test_another_failure_begins_with_its_first_hint(ex):
    ex.check("says-hello")
    ex.hint()
    (ex.answer / "Dockerfile").write_text("BREAK")
    ex.check("says-hello")
    told = ex.hint()
    assert told.texts == ("mend it", "its last lines were: oh / no")
    assert not told.stale


def test_hints_need_something_that_was_seen(ex):
    with pytest.raises(UsageError, match="not run on your files as they are: says-hello, says-bye"):
        ex.hint()
    with pytest.raises(UsageError, match="says-bye has not been run yet"):
        ex.hint("says-bye")
    with pytest.raises(UsageError, match="has no check 'says-what'"):
        ex.hint("says-what")


def test_nothing_is_hinted_at_where_all_is_well(ex):
    (ex.answer / "Dockerfile").write_text("hello bye")
    for name in ex.exercise.points:
        ex.check(name)
    with pytest.raises(UsageError, match="all checks of 00_toy have passed"):
        ex.hint()
    assert repr(hints(ex.exercise, "says-bye")).startswith("says-bye passed: bye is there")


def test_all_hints_of_a_verdict_survive_json():
    verdict = failed("x", hint="a", more=("b", "c"))
    assert verdict.hints == ("a", "b", "c")
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict
    assert Verdict.from_dict({"status": "failed", "seen": "", "why": "", "hint": ""}).hints == ()


# -- start, diff, reset ----------------------------------------------------------------------


def change(answer):
    (answer / "Dockerfile").write_text("FROM mine\n")
    (answer / "app.py").unlink()
    (answer / "deep" / "er").mkdir(parents=True)
    (answer / "deep" / "er" / "mine.txt").write_text("mine\n")
    (answer / "blob").write_bytes(b"\xff\0")
    (answer / "__pycache__").mkdir()
    (answer / "__pycache__" / "app.pyc").write_bytes(b"x")


def test_the_difference_names_every_file_and_whose_it_is(ex):
    assert start.difference(ex.exercise).changes == ()
    change(ex.answer)
    found = {one.file: one for one in start.difference(ex.exercise).changes}
    assert {name: (one.kind, one.yours) for name, one in found.items()} == {
        "Dockerfile": ("changed", True),
        "app.py": ("removed", False),
        "blob": ("added", False),
        "deep/er/mine.txt": ("added", False),
    }
    assert "-FROM nothing\n+FROM mine\n" in found["Dockerfile"].diff
    assert found["blob"].diff == "blob is no text: 0 bytes before, 2 now\n"


def test_reset_goes_back_and_loses_nothing(ex):
    before = start.fingerprint(ex.answer)
    change(ex.answer)
    done = start.reset(ex.exercise, now=NOON)
    assert start.fingerprint(ex.answer) == before == start.fingerprint(ex.exercise.start)
    assert not (ex.answer / "deep").exists()
    assert (ex.answer / "__pycache__" / "app.pyc").exists()
    assert done.kept == ex.exercise.folder / "kept" / "2026-11-24-120000"
    assert sorted(path.name for path in done.kept.rglob("*") if path.is_file()) == [
        "Dockerfile", "blob", "mine.txt"
    ]  # fmt: skip
    assert (done.kept / "Dockerfile").read_text() == "FROM mine\n"


def test_two_resets_at_once_keep_two_folders(ex):
    for text in ("one", "two"):
        (ex.answer / "Dockerfile").write_text(text)
        start.reset(ex.exercise, now=NOON)
    kept = ex.exercise.folder / "kept"
    assert {p.name: (p / "Dockerfile").read_text() for p in kept.iterdir()} == {
        "2026-11-24-120000": "one",
        "2026-11-24-120000-2": "two",
    }


def test_a_reset_of_nothing_keeps_nothing(ex):
    assert "nothing to do" in str(start.reset(ex.exercise))
    assert not (ex.exercise.folder / "kept").exists()


def test_a_reset_brings_back_an_answer_that_is_gone(ex):
    for file in ex.answer.iterdir():
        file.unlink()
    ex.answer.rmdir()
    assert start.reset(ex.exercise).kept is None
    assert start.fingerprint(ex.answer) == start.fingerprint(ex.exercise.start)


def test_links_are_files_of_their_own(ex):
    (ex.answer / "link").symlink_to("Dockerfile")
    (ex.answer / "folder").symlink_to(ex.exercise.folder)
    assert [one.file for one in start.difference(ex.exercise).changes] == ["folder", "link"]
    start.reset(ex.exercise, now=NOON)
    assert start.difference(ex.exercise).changes == ()
    assert (ex.exercise.folder / "kept" / "2026-11-24-120000" / "link").is_symlink()


def test_a_reset_that_is_stopped_is_finished_by_the_next(ex, monkeypatch):
    change(ex.answer)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device", "Dockerfile")

    with monkeypatch.context() as patch:
        patch.setattr(start.shutil, "copy2", full)
        with pytest.raises(LabError, match="Dockerfile cannot be moved: No space left"):
            start.reset(ex.exercise, now=NOON)
    start.reset(ex.exercise, now=NOON)
    assert start.difference(ex.exercise).changes == ()
    kept = ex.exercise.folder / "kept" / "2026-11-24-120000" / "Dockerfile"
    assert kept.read_text() == "FROM mine\n"


def test_without_a_start_there_is_no_way_back(toy):
    with pytest.raises(UsageError, match="keeps no start"):
        start.reset(toy)


def test_a_fingerprint_knows_names_from_contents(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, names in ((one, ("ab", "c")), (two, ("a", "bc"))):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("x")
    assert start.fingerprint(one) != start.fingerprint(two)


# -- the command line ------------------------------------------------------------------------


def test_the_list_knows_how_far_you_are(ex, toys):
    def standing():
        ((_, one),) = shelf([find(str(toys / "00_toy"))]).exercises
        return one.status, one.score, one.checked

    assert standing() == ("untouched", 0, 0)
    (ex.answer / "Dockerfile").write_text("hello")
    assert standing() == ("begun", 0, 0)
    ex.check("says-hello")
    ex.check("says-bye")
    assert standing() == ("begun", 3, 2)
    (ex.answer / "Dockerfile").write_text("hello bye")
    assert standing() == ("begun", 0, 0)
    ex.check("says-hello")
    ex.check("says-bye")
    assert standing() == ("done", 4, 2)


def test_list_prints_a_table_and_json(folder, cli):
    status, shown, _ = cli("list")
    assert status == 0
    assert "00_toy" in shown
    assert "not begun" in shown
    told = json.loads(cli("list", "--json")[1])
    assert told["exercises"][0]["checks"] == {"says-hello": 3, "says-bye": 1}
    assert told["exercises"][0]["practice"]["status"] == "untouched"


def test_check_runs_all_or_some_and_its_exit_status_tells(folder, cli):
    (folder / "answer" / "Dockerfile").write_text("bye")
    status, shown, _ = cli("check", "00_toy")
    assert status == 1
    assert "✔ says-bye (1 point)" in shown
    assert "practice: 1 of 4 points" in shown
    assert cli("check", "00_toy", "says-bye")[0] == 0
    told = json.loads(cli("check", "00_toy", "--json")[1])
    assert told["practice"] is True
    assert [check["status"] for check in told["checks"]] == ["failed", "passed"]


def test_hint_diff_and_reset_speak_json(folder, cli):
    cli("check", "00_toy")
    told = json.loads(cli("hint", "00_toy", "says-hello", "--json")[1])
    assert (told["hints"], told["left"], told["stale"]) == (["greet", "wave"], 1, False)
    (folder / "answer" / "Dockerfile").write_text("FROM mine\n")
    assert json.loads(cli("diff", "00_toy", "--json")[1])["changes"][0]["file"] == "Dockerfile"
    assert "+FROM mine" in cli("diff", str(folder))[1]
    assert json.loads(cli("reset", "00_toy", "--json")[1])["files"] == ["Dockerfile"]
    assert (folder / "answer" / "Dockerfile").read_text() == "FROM nothing\n"


def test_an_exercise_is_found_by_id_and_by_folder(folder, cli, monkeypatch):
    other = shutil.copytree(folder, folder.parent / "01_other")
    settings = other / "exercise.toml"
    settings.write_text(settings.read_text().replace("00_toy", "01_other"))
    monkeypatch.setenv("MLDOCKER_EXERCISES", str(folder.parent))
    monkeypatch.chdir(folder)
    names = ("00_toy", "01_other", ".", "answer", "../01_other", "../01_other/answer")
    assert [find(name).id for name in names] == [
        "00_toy", "01_other", "00_toy", "00_toy", "01_other", "01_other"
    ]  # fmt: skip


def test_an_unknown_exercise_is_named_with_those_there_are(folder, cli):
    status, _, said = cli("reset", "99_none")
    assert status == 2
    assert "no exercise is called 99_none\n  try: there are 00_toy" in said


@pytest.mark.parametrize("command", ["list", "check", "hint", "diff", "reset", "new"])
def test_every_command_has_help_with_an_example(cli, command):
    status, shown, _ = cli(command, "--help")
    assert status == 0
    assert f"mldocker-lab exercise {command}" in shown.partition("Example:")[2]
