"""``mldocker-lab grade`` and ``gradebook`` as they are typed."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from mldocker_lab.cli import main
from mldocker_lab.engine import pen


@pytest.fixture
def room(toys, tmp_path, monkeypatch):
    """Three submissions: right, half right, and a zip file that is none."""
    monkeypatch.setenv("MLDOCKER_EXERCISES", str(toys))
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))
    folder = tmp_path / "room"
    for name, text in (("alice", "hello bye"), ("bob", "bye")):
        (folder / name / "00_toy").mkdir(parents=True)
        path = folder / name / "00_toy" / "Dockerfile"
        path.write_text(text)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (folder / "carol.zip").write_text("no zip")
    return folder


def lab(*words, status: int = 0):
    """Type a command; its output."""
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done


def test_every_form_of_the_results(room, tmp_path):
    files = {kind: tmp_path / f"results.{kind}" for kind in ("csv", "xml", "html")}
    out = ("--csv", files["csv"], "--junit", files["xml"], "--html", files["html"])
    done = lab("grade", room, *out, "--due", "2023-11-14T20:13:20+00:00")
    assert "alice: 4 of 4 points" in done.stdout
    assert "handed in 2 hours late" in done.stdout
    assert "carol.zip is not a zip file" in done.stdout
    assert "[3/3]" in done.stderr
    with files["csv"].open() as file:
        assert [row["points"] for row in csv.DictReader(file)] == ["3", "1", "0", "1", "0"]
    assert len(ET.parse(files["xml"]).findall("testsuite")) == 3
    assert "Say it" in files["html"].read_text()
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_json_is_quiet_and_a_second_time_is_known(room):
    done = lab("grade", room, "--json")
    assert done.stderr == ""
    first = json.loads(done.stdout)
    assert [one["score"] for one in first["submissions"]] == [4, 1, 0]
    again = json.loads(lab("grade", room, "--json").stdout)
    assert again.pop("notes") == ["graded before, so not again: 2 of 3 (--regrade does)"]
    assert again == first
    assert len(json.loads(lab("gradebook", "show", "--all", "--json").stdout)["attempts"]) == 3
    assert "notes" not in json.loads(lab("grade", room, "--json", "--regrade").stdout)
    assert len(json.loads(lab("gradebook", "show", "--all", "--json").stdout)["attempts"]) == 5


def test_an_improved_answer_is_a_new_attempt(room):
    lab("grade", room)
    (room / "bob" / "00_toy" / "Dockerfile").write_text("hello bye")
    told = json.loads(lab("grade", room, "--json").stdout)
    assert [one["score"] for one in told["submissions"]] == [4, 4, 0]
    attempts = json.loads(lab("gradebook", "show", "--all", "--json").stdout)["attempts"]
    number = {one["submission"]: one["id"] for one in attempts[:3]}
    assert sorted(number) == ["alice", "bob", "carol"]
    (new,) = attempts[3:]
    assert (new["submission"], new["score"], new["same_as"]) == ("bob", 4, number["alice"])
    marks = json.loads(lab("gradebook", "show", "--json").stdout)["attempts"]
    assert {one["submission"]: one["score"] for one in marks} == {"alice": 4, "bob": 4, "carol": 0}
    assert "bob" in lab("gradebook", "show").stdout


def test_a_changed_check_is_graded_anew(room, toys):
    lab("grade", room)
    rubric = toys / "00_toy" / "rubric.py"
    rubric.write_text(rubric.read_text().replace('"hello" in text', '"bye" in text'))
    told = json.loads(lab("grade", room, "--json").stdout)
    assert [one["score"] for one in told["submissions"]] == [4, 4, 0]


def test_require_sets_the_exit_status(room):
    lab("grade", room / "alice", "--require", 100)
    lab("grade", room / "bob", "--require", 25)
    lab("grade", room / "bob", "--require", 26, status=1)


def test_an_exercise_asked_for_is_everybodys(room):
    (room / "dave").mkdir()
    (room / "dave" / "Dockerfile").write_text("hello bye")
    (room / "erin").mkdir()
    told = json.loads(lab("grade", room, "--exercise", "00_toy", "--json").stdout)
    scores = {one["name"]: (one["score"], one["possible"]) for one in told["submissions"]}
    assert scores == {
        "alice": (4, 4),
        "bob": (1, 4),
        "carol": (0, 4),
        "dave": (4, 4),
        "erin": (0, 4),
    }
    lab("grade", room, "--exercise", "99_other", status=2)


def test_equal_answers_are_graded_once(room, toys):
    log = room.parent / "log"
    rubric = toys / "00_toy" / "rubric.py"
    note = f"open({str(log)!r}, 'a').write('x')\n    text = "
    rubric.write_text(rubric.read_text().replace("text = ", note, 1))
    for number in range(5):
        with zipfile.ZipFile(room / f"copy{number}.zip", "w") as archive:
            archive.writestr("00_toy/Dockerfile", "hello bye")
    told = json.loads(lab("grade", room, "--json").stdout)
    assert [one["score"] for one in told["submissions"]] == [4, 1, 0, 4, 4, 4, 4, 4]
    assert log.read_text() == "xx"


def test_pages_in_a_folder_are_one_for_each(room, tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    lab("grade", room, "--html", pages)
    assert sorted(path.name for path in pages.iterdir()) == ["alice.html", "bob.html", "carol.html"]
    assert "bob" not in (pages / "alice.html").read_text()


def test_export(room, tmp_path):
    book = tmp_path / "mine.sqlite"
    lab("grade", room, "--gradebook", book)
    assert "alice,00_toy,4,4" in lab("gradebook", "export", "--gradebook", book).stdout
    out = tmp_path / "import.csv"
    lab("gradebook", "export", "--gradebook", book, "--format", "canvas", "-o", out)
    assert "alice,,,alice,,4\n" in out.read_text()
    done = lab("gradebook", "export", "--gradebook", book, "--format", "moodle", status=2)
    assert "--exercise" in done.stderr
    ok = lab(
        *("gradebook", "export", "--gradebook", book, "--format", "moodle"),
        *("--exercise", "00_toy"),
    )
    assert ok.stdout.startswith("Identifier,Full name,Grade")


def test_wrong_words_get_one_line_and_a_way_out(room, tmp_path):
    assert "there is no gradebook" in lab("gradebook", "show", status=2).stderr
    assert "is no date" in lab("grade", room, "--due", "tomorrow", status=2).stderr
    missing = tmp_path / "nowhere" / "results.csv"
    assert "cannot be written" in lab("grade", room, "--csv", missing, status=2).stderr
    (tmp_path / "text").write_text("no database, " * 100)
    done = lab("grade", room, "--gradebook", tmp_path / "text", status=1)
    assert "cannot be used" in done.stderr


def test_without_an_engine_it_says_so_and_attempts_nothing(room, toys, monkeypatch):
    settings = toys / "00_toy" / "exercise.toml"
    settings.write_text(settings.read_text().replace("needs = []", 'needs = ["engine"]'))
    monkeypatch.setattr(pen, "obstacle", lambda: "starting one needs root")
    monkeypatch.setenv("MLDOCKER_ENGINE", "unix:///nowhere/docker.sock")
    told = json.loads(lab("grade", room / "alice", "--json").stdout)
    (exercise,) = told["submissions"][0]["exercises"]
    assert [check["status"] for check in exercise["checks"]] == ["not-attempted"] * 2
    assert "no engine answers" in exercise["message"]
    assert told["notes"]
    assert json.loads(lab("gradebook", "show", "--json").stdout)["attempts"][0]["score"] == 0


def test_cleaning_everything_keeps_the_gradebook(room, monkeypatch):
    lab("grade", room)
    book = room.parent / "home" / "gradebook.sqlite"
    (room.parent / "home" / "layers.sqlite").write_text("")
    monkeypatch.setenv("MLDOCKER_ENGINE", "unix:///nowhere/docker.sock")
    lab("clean", "--everything", "--yes")
    assert book.is_file()
    assert {path.name for path in book.parent.iterdir()} <= {"gradebook.sqlite", "engine.lock"}
