"""An engine that is dead or hangs, Dockerfiles that are wrong or huge, paths that lead out."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace

import pytest

from mldocker_lab.server import doors, enginepanel
from mldocker_lab.server.dockerfiles import diagnose
from mldocker_lab.server.routes import ROUTES
from mldocker_lab.server.schema import Diagnose
from mldocker_lab.server.vocabulary import vocabulary


async def test_a_dead_engine_is_told(ask):
    code, told = await ask("GET", "engine")
    assert code == 200
    assert told["state"] == "none"
    assert "nobody.sock" in told["why"]
    assert (told["can_start"], told["can_stop"], told["gpu"]) == (False, False, "unknown")
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
    text = "FROM scratch\n  COPPY a b\n"
    _, told = await ask("POST", "diagnose", {"text": text, "name": "Dockerfile"})
    (one,) = told["diagnoses"]
    assert (one["severity"], one["line"]) == ("error", 2)
    assert "COPPY" in one["message"]
    (fix,) = one["fixes"]
    assert (fix["line"], fix["end_line"], fix["text"]) == (2, 2, "  COPY a b")


async def test_a_wrong_flag_can_be_fixed(ask):
    text = "FROM a AS b\nFROM scratch\nCOPY --form=b /x /y\n"
    _, told = await ask("POST", "diagnose", {"text": text, "name": "web.Dockerfile"})
    assert told["diagnoses"][0]["fixes"][0]["text"] == "COPY --from=b /x /y"


@pytest.mark.parametrize("size", [600_000, 3_000_000, 10_000_000])
async def test_a_huge_dockerfile_gets_a_sentence(ask, size):
    began = time.monotonic()
    code, told = await ask("POST", "diagnose", {"text": "RUN x\n" * (size // 6), "name": "D"})
    assert code in (400, 413)
    assert "MB" in told["what"]
    assert time.monotonic() - began < 5


def test_a_file_of_200_lines_is_looked_at_between_two_keys():
    lines = ["FROM a", *(f"RUN echo {n} && \\\n  pip install x{n}" for n in range(100))]
    asked = Diagnose("\n".join(lines) + "\n", "Dockerfile")
    diagnose(asked)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        diagnose(asked)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.05


async def test_ignore_files_are_looked_at(ask):
    body = {"text": "*.log\na[\n", "name": "x/.dockerignore"}
    _, told = await ask("POST", "diagnose", body)
    assert [one["line"] for one in told["diagnoses"]] == [2]


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
    assert waiting == {"engine", "engine_start", "engine_stop", "clean_preview", "clean"}
    assert replace(ROUTES[0], name="x").pattern == "course"
