"""An engine that is dead or hangs, Dockerfiles that are wrong or huge, paths that lead out."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mldocker_lab.server import doors, enginepanel
from mldocker_lab.server.dockerfiles import diagnose
from mldocker_lab.server.routes import ROUTES
from mldocker_lab.server.schema import Diagnose
from mldocker_lab.server.vocabulary import vocabulary
from mldocker_lab.server.workspace import Workspace


def units(text, start, end):
    """A part of a text as a page counts: in UTF-16."""
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def fixed(text, fix):
    data = text.encode("utf-16-le")
    for edit in sorted(fix["edits"], key=lambda one: -one["start"]):
        new = edit["text"].encode("utf-16-le")
        data = data[: 2 * edit["start"]] + new + data[2 * edit["end"] :]
    return data.decode("utf-16-le")


async def test_a_dead_engine_is_told(ask):
    code, told = await ask("GET", "engine")
    assert code == 200
    assert told["state"] == "none"
    assert "nobody.sock" in told["why"]
    assert (told["can_start"], told["can_stop"]) == (False, False)
    assert told["disk"]["free"] > 0
    code, told = await ask("GET", "clean")
    assert (code, told["code"]) == (503, "no-engine")


async def test_an_engine_that_hangs_stops_nobody(course, ask, tmp_path, monkeypatch):
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(f"{tmp_path}/s")
    silent.listen()
    monkeypatch.setenv("MLDOCKER_ENGINE", f"unix://{tmp_path}/s")
    monkeypatch.setattr(
        doors, "_patience", lambda route: 0.3 if route.pool == "engine" else route.seconds
    )
    for _ in range(3):
        code, told = await ask("GET", "engine")
        assert (code, told["code"]) == (503, "engine-gone")
    began = time.monotonic()
    code, _ = await ask("GET", "course")
    assert code == 200
    assert time.monotonic() - began < 5
    silent.close()


async def test_the_lab_folder_is_counted(ask, tmp_path):
    before = (await ask("GET", "used"))[1]["bytes"]
    (tmp_path / "lab" / "big").write_bytes(b"x" * 1_000_000)
    (tmp_path / "lab" / "same").hardlink_to(tmp_path / "lab" / "big")
    after = (await ask("GET", "used"))[1]["bytes"]
    assert 1_000_000 <= after - before < 1_100_000


@pytest.mark.parametrize(("free", "state"), [(20e9, "ok"), (5e9, "warn"), (1e9, "bad")])
def test_little_room_is_a_warning_before_it_hurts(monkeypatch, tmp_path, free, state):
    from types import SimpleNamespace

    monkeypatch.setattr(enginepanel.shutil, "disk_usage", lambda _: SimpleNamespace(free=int(free)))
    disk = enginepanel._disk(tmp_path)
    assert disk.state == state
    assert ("Clean up" in disk.says) is (state != "ok")


async def test_a_typo_is_marked_and_can_be_fixed(ask):
    text = "# 🐳 ä\nFROM scratch\n  COPPY a b\n"
    _, told = await ask("POST", "diagnose", {"text": text, "name": "Dockerfile"})
    one = next(one for one in told["diagnoses"] if one["severity"] == "error")
    assert "COPPY" in one["message"]
    assert units(text, one["start"], one["end"]) == "  COPPY a b"
    assert fixed(text, one["fixes"][0]) == "# 🐳 ä\nFROM scratch\n  COPY a b\n"


async def test_a_wrong_flag_can_be_fixed(ask):
    text = "FROM a AS b\nFROM scratch\nCOPY --form=b /x /y\n"
    _, told = await ask("POST", "diagnose", {"text": text, "name": "web.Dockerfile"})
    one = next(one for one in told["diagnoses"] if one["severity"] == "error")
    assert fixed(text, one["fixes"][0]).splitlines()[2] == "COPY --from=b /x /y"


async def test_what_the_audit_says_is_underlined_and_its_lesson_named(ask):
    text = "FROM mldocker-lab/python:latest\nCOPY . /app\nRUN pip install x\nCMD x\n"
    _, told = await ask("POST", "diagnose", {"text": text, "name": "Dockerfile"})
    found = {one["id"]: one for one in told["diagnoses"]}
    assert len(found) >= 3
    for one in found.values():
        assert 0 <= one["start"] < one["end"] <= len(text)
        assert one["severity"] in ("warning", "info")
        assert one["message"]
        assert one["why"]
        assert one["lesson"]
    assert "notebooks/03_cache.ipynb" in {one["path"] for one in found.values()}


@pytest.mark.parametrize("size", [600_000, 3_000_000, 10_000_000])
async def test_a_huge_dockerfile_gets_a_sentence(ask, size):
    began = time.monotonic()
    code, told = await ask("POST", "diagnose", {"text": "RUN x\n" * (size // 6), "name": "D"})
    assert code in (400, 413)
    assert "MB" in told["what"]
    assert time.monotonic() - began < 5


def test_looking_at_twice_the_lines_takes_about_twice_the_work(tmp_path):
    def work(lines):
        text = "\n".join(
            ["FROM a", *(f"RUN echo {n} && \\\n  pip install x" for n in range(lines))]
        )
        here, asked, took = Workspace(tmp_path), Diagnose(text, "Dockerfile"), []
        for _ in range(7):
            began = time.thread_time()
            assert len(diagnose(here, asked).diagnoses) > lines
            took.append(time.thread_time() - began)
        return min(took)

    work(10)
    assert work(200) < 4 * work(100)


async def test_ignore_files_are_looked_at(ask):
    body = {"text": "*.log\na[\n", "name": "x/.dockerignore"}
    _, told = await ask("POST", "diagnose", body)
    assert [(one["start"], one["end"]) for one in told["diagnoses"]] == [(6, 8)]


async def test_what_is_sent(ask, course):
    folder = course / "exercises" / "90_word" / "answer"
    (folder / ".dockerignore").write_text("word.txt\n")
    for path in ("exercises/90_word/answer/Dockerfile", "exercises/90_word/answer"):
        code, told = await ask("POST", "sent", {"path": path})
        assert code == 200, told
        assert told["folder"] == "exercises/90_word/answer"
        assert {one["name"] for one in told["files"] if not one["sent"]} == {"word.txt"}


@pytest.mark.parametrize(
    "path", ["..", "../..", "/etc", "/etc/passwd", "out", "out/passwd", "loop", "a\0b", "x" * 9999]
)
async def test_no_path_leads_out(ask, course, path):
    (course / "out").symlink_to("/etc")
    (course / "loop").symlink_to("loop")
    code, told = await ask("POST", "sent", {"path": path})
    assert (code, told["code"]) == (400, "usage-error"), told
    assert "root:" not in json.dumps(told)


def test_every_instruction_is_explained():
    from mldocker_lab.dockerfile.checks import _FLAGS, KEYWORDS

    told = {one.keyword: one for one in vocabulary().instructions}
    assert set(told) == set(KEYWORDS)
    for keyword, one in told.items():
        flags = {flag.word.removeprefix("--").partition("=")[0] for flag in one.flags}
        assert flags <= _FLAGS.get(keyword, set())


def test_routes_that_wait_for_an_engine_have_their_own_threads():
    waiting = {route.name for route in ROUTES if route.pool == "engine"}
    assert waiting == {"gpu", "engine", "engine_start", "engine_stop", "clean_preview", "clean"}
    assert replace(ROUTES[0], name="x").pattern == "course"


async def test_a_lesson_is_looked_for_once_however_much_is_wrong(ask, monkeypatch):
    asked = []
    real = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda path: asked.append(path.name) or real(path))
    text = "FROM python:3.11\n" + "RUN pip install numpy\n" * 50
    _, told = await ask("POST", "diagnose", {"text": text, "name": "Dockerfile"})
    lessons = [one["lesson"] for one in told["diagnoses"]]
    assert lessons.count("05_reproducible") >= 50
    assert asked.count("05_reproducible.ipynb") == 1
