"""Nothing of a lesson stays: not of one killed in the middle either, once ``clean`` has run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from mldocker_lab.cleaning import plan
from mldocker_lab.engine.client import LABEL
from mldocker_lab.supply.bases import SLIM

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("base", "mirror")

#: A lesson's cells in a plain Python; it says when a container of the lab runs, and waits there.
RUN = """
import sys, threading, time
import nbformat
from IPython.core.interactiveshell import InteractiveShell
from mldocker_lab.lab import find_engine

def watch():
    engine = find_engine()
    while not any(one["Labels"].get("mldocker_lab") == "container" and one["State"] == "running"
                  for one in engine.containers()):
        time.sleep(0.05)
    print("a container runs", flush=True)

threading.Thread(target=watch, daemon=True).start()
shell = InteractiveShell.instance()
for cell in nbformat.read(sys.argv[1], as_version=4).cells:
    if cell.cell_type == "code":
        shell.run_cell(cell.source)
"""


def ours(engine) -> dict[str, list[str]]:
    """What carries the lab's label and was not prepared for all lessons."""
    containers = [one["Id"] for one in engine.containers() if one["Labels"].get(LABEL) not in KEPT]
    return {
        "containers": containers,
        "volumes": engine.our_volumes(),
        "networks": engine.our_networks(),
    }


@pytest.fixture
def stranger(engine):
    """A container and a volume that nobody of the lab made."""
    engine.api.create_volume("a-stranger")
    made = engine.api.create_container(
        SLIM, ["sleep", "600"], name="a-stranger", labels={LABEL + ".not": "1"}
    )
    engine.api.start(made["Id"])
    yield made["Id"]
    engine.api.remove_container(made["Id"], force=True)
    engine.api.remove_volume("a-stranger")


@pytest.mark.engine
@pytest.mark.parametrize("lesson", ["08_health", "10_runtime"])
def test_a_lesson_killed_half_way_leaves_nothing_that_clean_does_not_find(
    bench, stranger, lesson, tmp_path
):
    engine = bench.engine
    path = ROOT / "notebooks" / f"{lesson}.ipynb"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUN), str(path)],
        cwd=path.parent,
        env={**os.environ, "MLDOCKER_LIVE": "0", "IPYTHONDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        for line in process.stdout:
            if "a container runs" in line:
                break
        else:
            pytest.fail("the lesson ended without a container")
        os.killpg(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert ours(engine)["containers"], "it was killed too late"
    plan(engine).carry_out()
    assert ours(engine) == {"containers": [], "volumes": [], "networks": []}
    assert engine.inspect(stranger)["State"]["Running"]
    assert engine.api.inspect_volume("a-stranger")["Name"] == "a-stranger"
    assert children_of(process.pid) == []


def children_of(session: int) -> list[int]:
    """Processes of a session that go on; a moment's grace for those that are ending."""
    for _ in range(50):
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[3] == str(session) and fields[0] != "Z":
                found.append(int(stat.parent.name))
        if not found:
            return []
        time.sleep(0.1)
    return found


@pytest.mark.engine
@pytest.mark.skipif("MLDOCKER_AFTER_LESSONS" not in os.environ, reason="no lessons have just run")
def test_lessons_that_ran_to_their_end_left_nothing_behind(engine):
    """What ``make test`` asks after its last lesson, before anybody has cleaned."""
    assert ours(engine) == {"containers": [], "volumes": [], "networks": []}
