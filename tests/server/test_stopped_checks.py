"""Checks that are stopped in the middle end at once, and leave nothing on the engine.

They stand with the server's tests, which have a process without Playwright's event loop.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import nbformat
import pytest

from mldocker_lab.engine import leftovers
from mldocker_lab.grade.exercise import Exercise
from mldocker_lab.server import work
from mldocker_lab.server.jobs import Jobs
from mldocker_lab.server.schema import JobWanted

LONG = "31313"  # seconds that a step takes, and what its process is recognised by

SETTINGS = """
id = "90_slow"
title = "Take your time"
minutes = 5
answer = ["Dockerfile"]

[points]
build = 1
call = 1
serve = 1
"""

RUBRIC = f"""
import time
from concurrent.futures import ThreadPoolExecutor

from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import passed

FOREVER = ["sleep", "{LONG}"]


@check("build", says="it is built")
def build(evidence):
    slow = evidence.text("Dockerfile") + "RUN sleep {LONG}\\n"
    evidence.build({{"Dockerfile": slow}})
    return passed()


@check("call", says="it runs to its end")
def call(evidence):
    evidence.run(evidence.first.report.image_id, FOREVER, seconds={LONG})
    return passed()


@check("serve", says="it serves")
def serve(evidence):
    image, bench = evidence.first.report.image_id, evidence.bench
    evidence.store.put("a/1", b"1")

    def wait(volume):
        with bench.run(image, FOREVER, volumes={{volume: "/v"}}) as container:
            container.until(lambda: False, "the end of days", {LONG})

    with bench.volume() as volume, ThreadPoolExecutor(2) as pool:
        list(pool.map(wait, [volume, volume]))
    return passed()
"""


@pytest.fixture(autouse=True)
def own_temporary_folder(monkeypatch):
    """Other tests come and go in the usual one; a short name, for sockets have to fit."""
    with tempfile.TemporaryDirectory(prefix="stop-") as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield


@pytest.fixture
def exercise(tmp_path):
    folder = tmp_path / "exercises" / "90_slow"
    (folder / "answer").mkdir(parents=True)
    (folder / "answer" / "Dockerfile").write_text(
        "FROM mldocker-lab/python:3.11-slim\nRUN touch /x\n"
    )
    (folder / "exercise.toml").write_text(SETTINGS)
    (folder / "rubric.py").write_text(RUBRIC)
    sources = ["import mldocker_lab as lab\n\nex = lab.exercise()", 'ex.check("build")']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "exercise.ipynb")
    return Exercise.load(folder)


def kept(engine):
    """All that there is: on the engine, as processes of the steps, in the temporary folder."""
    return {
        "containers": {one["Id"] for one in engine.containers(None)},
        "images": {one["Id"] for one in engine.images(None)},
        "names": {name for one in engine.images(None) for name in one["RepoTags"] or ()},
        "volumes": set(engine.our_volumes()),
        "processes": leftovers.processes(LONG),
        "files": {one.name for one in Path(tempfile.gettempdir()).glob("mldocker-*")},
    }


def until(holds):
    """Wait until something holds."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def stopped(exercise, kind, checks, under_way):
    """Run a job until something is under way, and stop it; the kinds of its events."""
    wanted = JobWanted(kind, exercise.id, checks)
    do = {"check": work.check, "grade": work.grade}[kind]
    job = Jobs().begin(wanted, kind, exercise.id, partial(do, exercise, wanted))
    async with asyncio.timeout(60):
        while not under_way():
            assert not job.ended, job.events
            await asyncio.sleep(0.05)
        job.stop()
        return [event.kind async for event in job.listen()]


@pytest.mark.parametrize(("check", "processes"), [("build", 1), ("call", 1), ("serve", 2)])
def test_what_a_stopped_check_made_is_gone(bench, exercise, check, processes):
    before = kept(bench.engine)
    kinds = asyncio.run(
        stopped(exercise, "check", [check], lambda: len(leftovers.processes(LONG)) >= processes)
    )
    assert kinds[-1] == "stopped"
    assert "checked" not in kinds
    assert kept(bench.engine) == before


def test_a_stopped_grading_is_gone(bench, exercise):
    before = kept(bench.engine)
    kinds = asyncio.run(stopped(exercise, "grade", [], lambda: leftovers.processes(LONG)))
    assert kinds[-1] == "stopped"
    assert kept(bench.engine) == before


@pytest.mark.parametrize(("check", "processes"), [("call", 1), ("serve", 2)])
def test_checks_of_a_server_that_is_gone_take_away_what_they_made(
    bench, exercise, tmp_path, check, processes
):
    before = kept(bench.engine)
    command = [sys.executable, "-P", "-m", "mldocker_lab.server.checks"]
    with subprocess.Popen(
        [*command, str(exercise.folder), check],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until(lambda: len(leftovers.processes(LONG)) >= processes)
        process.stdin.close()
        assert process.wait(60) != 0
    assert kept(bench.engine) == before
