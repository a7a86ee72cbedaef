"""Lessons and exercises over the wire: state, checks, hints, jobs, and what survives."""

from __future__ import annotations

import errno
import json

import pytest
import small_course

from mldocker_lab.grade.rubric import of_exercise
from mldocker_lab.grade.submissions import known_exercises
from mldocker_lab.guessing import memory as guesses
from mldocker_lab.guessing.memory import Kept
from mldocker_lab.guessing.question import Question
from mldocker_lab.home import home
from mldocker_lab.server import memory
from mldocker_lab.server.course import _says


def question(number):
    told = {"id": f"{number}/size", "text": "how big?", "kind": "number", "unit": "MB"}
    return Question.from_dict({**told, "choices": [], "steps": []})


async def events(jp_fetch, job):
    reply = await jp_fetch("mldocker-lab", "jobs", job, "events")
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    parts = reply.body.decode().strip().split("\n\n")
    return [json.loads(part.removeprefix("data: ")) for part in parts if part.startswith("data")]


async def ran(ask, jp_fetch, kind, *checks):
    body = {"kind": kind, "exercise": "90_word", "checks": list(checks)}
    code, job = await ask("POST", "jobs", body)
    assert code == 200, job
    return await events(jp_fetch, job["id"])


def answer(course, files):
    for name, text in files.items():
        (course / "exercises" / "90_word" / "answer" / name).write_text(text)


async def test_a_new_course(ask):
    code, told = await ask("GET", "course")
    assert code == 200
    assert [one["name"] for one in told["lessons"]] == ["03_cache", "04_next"]
    first = told["lessons"][0]
    assert (first["title"], first["minutes"], first["state"]) == ("Order it", 25, "new")
    assert first["path"] == "notebooks/03_cache.ipynb"
    assert first["asked"] == 1
    (exercise,) = told["exercises"]
    assert exercise["path"] == "exercises/90_word/exercise.ipynb"
    assert exercise["files"] == [
        f"exercises/90_word/answer/{n}" for n in ("Dockerfile", "word.txt")
    ]
    assert [check["status"] for check in exercise["checks"]] == ["not-run", "not-run"]
    assert told["latest"] is None
    assert told["note"] == ""


async def test_opening_and_predicting_move_a_lesson_on(ask):
    _, told = await ask("POST", "lessons/04_next/opened")
    assert [one["state"] for one in told["lessons"]] == ["new", "begun"]
    assert told["latest"]["path"] == "notebooks/04_next.ipynb"
    guesses.keep(Kept(question("03"), 20.0, guesses.now()))
    _, told = await ask("GET", "course")
    assert told["lessons"][0]["state"] == "begun"
    assert told["lessons"][0]["predictions"][0]["guess"] == "20 MB"
    guesses.keep(Kept(question("03"), 20.0, guesses.now(), 40.0, guesses.now()))
    _, told = await ask("GET", "course")
    assert told["lessons"][0]["state"] == "done"
    assert told["lessons"][0]["predictions"][0]["measured"] == "40 MB"
    _, told = await ask("POST", "lessons/04_next/mark", {"done": True})
    assert told["lessons"][1]["state"] == "done"


async def test_a_lesson_goes_back_and_your_version_is_kept(ask, course):
    await ask("POST", "lessons/03_cache/mark", {"done": True})
    notebook = course / "notebooks" / "03_cache.ipynb"
    shipped = notebook.read_text()
    notebook.write_text(shipped.replace("how big?", "how small?"))
    code, told = await ask("POST", "lessons/03_cache/reset")
    assert code == 200, told
    assert notebook.read_text() == shipped
    assert told["course"]["lessons"][0]["state"] == "new"
    (kept,) = home("kept").iterdir()
    assert "how small?" in (kept / "03_cache.ipynb").read_text()


async def test_an_exercise_failed_hinted_fixed_passed_and_reset(ask, jp_fetch, course):
    told = await ran(ask, jp_fetch, "check")
    assert [(one["kind"], one["check"]) for one in told] == [
        ("checking", "valid"),
        ("checked", "valid"),
        ("checking", "word"),
        ("checked", "word"),
        ("ended", ""),
    ]
    assert told[-1]["text"] == "practice: 0 of 5 points"
    _, now = await ask("GET", "course")
    valid, word = now["exercises"][0]["checks"]
    assert "COPPY" in valid["seen"]
    assert (valid["file"], valid["line"]) == ("exercises/90_word/answer/Dockerfile", 2)
    assert (word["file"], word["line"]) == ("exercises/90_word/answer/word.txt", 1)
    assert (word["hints"], word["left"]) == (["which ship is it?"], 3)

    _, hint = await ask("POST", "exercises/90_word/hint", {"check": "word"})
    assert hint["hints"] == ["which ship is it?", "d…"]
    _, hint = await ask("POST", "exercises/90_word/hint", {"check": ""})
    assert hint["check"] == "valid"

    answer(course, small_course.RIGHT)
    _, now = await ask("GET", "course")
    assert all(check["stale"] for check in now["exercises"][0]["checks"])
    told = await ran(ask, jp_fetch, "check")
    assert told[-1]["text"] == "practice: 5 of 5 points"
    _, now = await ask("GET", "course")
    assert (now["exercises"][0]["state"], now["exercises"][0]["score"]) == ("done", 5)
    code, refused = await ask("POST", "exercises/90_word/hint", {"check": ""})
    assert (code, "passed" in refused["what"]) == (400, True)

    _, done = await ask("POST", "exercises/90_word/reset")
    assert done["course"]["exercises"][0]["checks"][0]["stale"]
    assert (course / "exercises/90_word/answer/Dockerfile").read_text().count("COPPY") == 1


async def test_a_late_listener_hears_everything(ask, jp_fetch):
    body = {"kind": "check", "exercise": "90_word", "checks": ["word"]}
    _, job = await ask("POST", "jobs", body)
    first = await events(jp_fetch, job["id"])
    assert await events(jp_fetch, job["id"]) == first
    _, listed = await ask("GET", "jobs")
    assert [(one["id"], one["ended"]) for one in listed["jobs"]] == [(job["id"], True)]


async def test_the_same_asked_twice_is_one_job_and_can_be_stopped(ask, jp_fetch, course):
    rubric = course / "exercises" / "90_word" / "rubric.py"
    wait = f"    open({str(course / 'begun')!r}, 'w')\n    __import__('time').sleep(300)\n"
    before = "    try:\n        load("
    rubric.write_text(rubric.read_text().replace(before, wait + before))
    body = {"kind": "check", "exercise": "90_word", "checks": []}
    _, job = await ask("POST", "jobs", body)
    _, again = await ask("POST", "jobs", body)
    assert again["id"] == job["id"]
    while not (course / "begun").exists():
        await ask("GET", "jobs")
    await ask("DELETE", f"jobs/{job['id']}")
    told = await events(jp_fetch, job["id"])
    assert [one["kind"] for one in told] == ["checking", "stopped"]
    (course / "begun").unlink()
    rubric.write_text(rubric.read_text().replace(wait, ""))
    assert (await ran(ask, jp_fetch, "check"))[-1]["kind"] == "ended"


async def test_looking_at_the_course_runs_no_program_of_it(ask, course):
    rubric = course / "exercises" / "90_word" / "rubric.py"
    rubric.write_text(f"open({str(course / 'ran')!r}, 'w')\n{rubric.read_text()}")
    _, told = await ask("GET", "course")
    says = [check["says"] for check in told["exercises"][0]["checks"]]
    assert says == ["BuildKit can read the Dockerfile", "the file says the word"]
    assert not (course / "ran").exists()


async def test_what_checks_promise_is_read_as_it_is_run():
    for one in known_exercises().values():
        checks = of_exercise(one).checks
        assert _says(one) == {name: check.says for name, check in checks.items()}


async def test_a_rubric_that_breaks_is_told(ask, jp_fetch, course):
    (course / "exercises" / "90_word" / "rubric.py").write_text("1 / 0\n")
    code, told = await ask("GET", "course")
    assert code == 200, told
    assert told["exercises"][0]["checks"][0]["says"] == ""
    (last,) = await ran(ask, jp_fetch, "check")
    assert last["kind"] == "failed"
    assert "ZeroDivisionError" in last["text"]


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 9}', '{"version": 1, "lessons": 3}'])
async def test_a_broken_memory_is_begun_anew(ask, text):
    home().joinpath("course.json").write_text(text)
    code, told = await ask("POST", "lessons/03_cache/opened")
    assert (code, told["lessons"][0]["state"]) == (200, "begun")


async def test_a_broken_notebook_is_listed(ask, course):
    (course / "notebooks" / "03_cache.ipynb").write_text("{")
    code, told = await ask("GET", "course")
    assert (code, told["lessons"][0]["title"]) == (200, "03_cache")


async def test_a_full_disk_is_told(ask, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    class Full(type(memory._file())):
        write_text = full

    monkeypatch.setattr(memory, "_file", lambda: Full(home() / "course.json"))
    code, told = await ask("POST", "lessons/03_cache/opened")
    assert (code, told["code"], told["hint"]) == (507, "disk-full", "mldocker-lab clean")
