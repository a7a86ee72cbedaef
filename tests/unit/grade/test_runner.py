"""Grading a toy exercise for real: pytest, nbval and a kernel, but no engine."""

from __future__ import annotations

import json

import nbformat
import pytest

from mldocker_lab.grade.practice import open_exercise
from mldocker_lab.grade.runner import grade

from .conftest import OPEN, notebook


@pytest.fixture
def hand_in(toys, tmp_path):
    """Grade a submission with this Dockerfile and these further files."""

    def run(dockerfile: str, **files: str) -> dict:
        folder = tmp_path / "alice" / "00_toy"
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(dockerfile)
        for name, text in files.items():
            (folder / name).write_text(text)
        return grade([tmp_path / "alice"], None, exercises=toys).to_dict()

    return run


def checks(result: dict) -> dict[str, dict]:
    return {c["id"]: c for c in result["submissions"][0]["exercises"][0]["checks"]}


def statuses(result: dict) -> list[str]:
    return [check["status"] for check in checks(result).values()]


def test_a_right_answer_gets_all_points(hand_in):
    result = hand_in("hello bye")
    said = {"status": "passed", "message": "hello is there", "points": 3, "possible": 3}
    also = {"status": "passed", "message": "bye is there", "points": 1, "possible": 1}
    scored = {"score": 4, "possible": 4}
    exercise = {
        "id": "00_toy",
        "checks": [{"id": "says-hello", **said}, {"id": "says-bye", **also}],
    }
    submission = {"name": "alice", **scored, "exercises": [exercise | scored]}
    assert result == {"submissions": [submission]}
    assert json.loads(json.dumps(result)) == result


def test_half_an_answer_gets_its_points_and_a_hint(hand_in, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    result = hand_in("bye", **{"conftest.py": "raise SystemExit", "pytest.ini": "[pytest]\nx"})
    assert statuses(result) == ["failed", "passed"]
    assert checks(result)["says-hello"]["message"] == "no hello; it is polite; try: greet"
    assert result["submissions"][0]["score"] == 1


def test_a_dead_kernel_is_noticed_at_once_and_nothing_after_counts(hand_in):
    result = hand_in("hello bye DIE")
    assert statuses(result) == ["error", "error"]
    assert "kernel died" in checks(result)["says-hello"]["message"]
    assert result["submissions"][0]["score"] == 0


def test_nothing_after_a_timeout_counts(toys, hand_in):
    settings = toys / "00_toy" / "exercise.toml"
    settings.write_text(settings.read_text().replace("seconds = 20", "seconds = 8"))
    result = hand_in("hello bye HANG")
    assert statuses(result) == ["error", "error"]
    assert "too long" in checks(result)["says-bye"]["message"]
    assert result["submissions"][0]["score"] == 0


def test_a_pass_with_other_output_beside_it_does_not_count(hand_in):
    result = hand_in("hello bye NOISE")
    assert statuses(result) == ["passed", "error"]
    assert "something else besides" in checks(result)["says-bye"]["message"]


def test_a_failed_build_is_told_with_its_line(hand_in):
    message = checks(hand_in("BREAK bye"))["says-hello"]["message"]
    assert message == "the build failed at line 3 (RUN x): it broke: no; try: mend it"


def test_a_shown_pass_without_a_verdict_does_not_count(toys, hand_in):
    """Two witnesses: a cell that prints the right line by itself earns nothing."""
    line = "✔ says-hello (3 points): hello is there"
    forged = f"class Forged:\n    def __repr__(self): return {line!r}\nForged()"
    forged = notebook((OPEN, None, ""), (forged, "says-hello", line))
    nbformat.write(forged, toys / "00_toy" / "exercise.ipynb")
    result = hand_in("nothing")
    assert statuses(result) == ["error", "error"]
    assert result["submissions"][0]["score"] == 0


def test_refused_and_unknown_submissions_score_nothing_and_say_why(toys, tmp_path):
    (tmp_path / "eve" / "00_toy").mkdir(parents=True)
    (tmp_path / "eve" / "99_other").mkdir()
    (tmp_path / "eve" / "99_other" / "exercise.toml").write_text("id = 1")
    book = grade([tmp_path / "eve"], None, exercises=toys)
    refused, unknown = book.to_dict()["submissions"][0]["exercises"]
    assert refused["score"] == 0
    assert "no answer file" in refused["message"]
    assert unknown["message"].startswith("no exercise is called 99_other")
    assert "no answer file" in str(book)


def test_practice_judges_the_files_as_they_are_now(toys, monkeypatch):
    folder = toys / "00_toy"
    monkeypatch.chdir(folder / "answer")
    ex = open_exercise()
    assert repr(ex.check("says-bye")) == "✘ says-bye (0 of 1 point)\n  seen: no bye\n  (practice)"
    (folder / "answer" / "Dockerfile").write_text("bye")
    assert repr(ex.check("says-bye")) == "✔ says-bye (1 point): bye is there"
    assert not (folder / "answer" / "prepared.txt").exists()
    ex.close()


def test_a_final_semicolon_hides_output_as_it_does_in_jupyter(toys, hand_in):
    cells = (
        (OPEN, None, ""),
        ('ex.check("says-hello");', "says-hello", ""),
        ('ex.check("says-bye")', "says-bye", "✔ says-bye (1 point): bye is there"),
    )
    nbformat.write(notebook(*cells), toys / "00_toy" / "exercise.ipynb")
    assert statuses(hand_in("hello bye")) == ["passed", "passed"]
