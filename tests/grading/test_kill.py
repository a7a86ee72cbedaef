"""Killed, out of disk, out of engine: the book is whole, and a rerun does the rest."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from mldocker_lab.engine import leftovers
from mldocker_lab.grade.ledger import Ledger
from mldocker_lab.grade.runner import Options, Watcher, grade_all
from mldocker_lab.grade.station import pens as in_pens

from .attacks import answer
from .conftest import GOOD, SETTINGS, fill, write_exercise

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")

ROOT = Path(__file__).parents[2]
COUNT = 8

#: Needs no engine; notes every judgement in a file, and takes its time.
RUBRIC = """
import os, time
from pathlib import Path
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import failed, passed

LOG = Path({log!r})

def judged(name):
    def judge(evidence):
        time.sleep({pause})
        with LOG.open("a") as log:
            log.write(f"{{evidence.text('Dockerfile').strip()}} {{name}}\\n")
        return passed()
    return judge

builds = check("builds", says="it builds")(judged("builds"))
word = check("word", says="the service says the word of this run")(judged("word"))
reused = check("reused", says="the slow step is reused after an edit of the app")(judged("reused"))
witness = check("witness", says="never")(judged("witness"))
"""


@pytest.fixture
def room(tmp_path):
    """Submissions that all differ, and a log of what was judged."""
    settings = SETTINGS.replace('needs = ["engine"]', "needs = []")
    rubric = RUBRIC.format(log=str(tmp_path / "log"), pause=0.05)
    write_exercise(tmp_path / "exercises", settings, rubric)
    for number in range(COUNT):
        fill(tmp_path / "room" / f"s{number}", answer(f"FROM scratch\n# {number}\n"))
    return tmp_path


def grader(place: Path, *more: str, home: Path | None = None) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "MLDOCKER_EXERCISES": str(place / "exercises"),
        "MLDOCKER_HOME": str(home or place / "home"),
        "TMPDIR": str(place / "tmp"),
    }
    (place / "tmp").mkdir(exist_ok=True)
    command = ["grade", str(place / "room"), "--json", "--jobs", "2", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "mldocker_lab.cli", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def judged(place: Path) -> Counter[str]:
    """How often each answer's last check was judged."""
    log = place / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(found[1] for line in lines if (found := re.search(r"(\d+) witness", line)))


def whole(book: Path) -> int:
    """How many attempts the book holds; it must be whole."""
    if not book.exists():
        return 0
    with closing(sqlite3.connect(book)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'attempts'").fetchone():
            return 0
        for (result,) in file.execute("SELECT result FROM attempts"):
            assert len(json.loads(result)["checks"]) == 4
        return file.execute("SELECT count(*) FROM attempts").fetchone()[0]


def remains(place: Path) -> list[int]:
    """Processes of a grader: they all know its folder for temporary files."""
    found = []
    for pid in leftovers._all():
        try:
            known = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if f"TMPDIR={place}/tmp".encode() in known and leftovers.alive(pid):
            found.append(pid)
    return found


def until(done, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_killed_grader_leaves_a_whole_book_and_a_rerun_does_the_rest_once(room, after):
    book = room / "book.sqlite"
    first = grader(room, "--gradebook", str(book))
    until(lambda: (room / "log").exists() and len(judged(room)) >= after)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    kept = whole(book)
    assert kept < COUNT
    until(lambda: remains(room) == [])  # its workers and kernels end by themselves

    before = judged(room)
    second = grader(room, "--gradebook", str(book))
    told, said = second.communicate(timeout=120)
    assert second.returncode == 0, said
    scores = [one["score"] for one in json.loads(told)["submissions"]]
    assert scores == [6] * COUNT
    assert whole(book) == COUNT
    again = judged(room) - before
    assert sum(again.values()) == COUNT - kept  # what was in the book was not graded again
    assert max(again.values()) == 1

    third = grader(room, "--gradebook", str(book))
    told, said = third.communicate(timeout=120)
    assert json.loads(told)["notes"] == [
        f"graded before, so not again: {COUNT} of {COUNT} (--regrade does)"
    ]
    assert whole(book) == COUNT
    assert judged(room) - before == again
    assert list((room / "tmp").glob("mldocker-*")) == []


def test_ctrl_c_ends_soon_and_keeps_what_is_done(room):
    book = room / "book.sqlite"
    process = grader(room, "--gradebook", str(book))
    until(lambda: whole(book) >= 1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert 1 <= whole(book) < COUNT
    assert remains(room) == []
    assert list((room / "tmp").glob("mldocker-*")) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs a small disk")
def test_a_full_disk_stops_with_a_word_and_a_rerun_does_the_rest(room):
    disk = room / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        book = disk / "book.sqlite"
        with Ledger(book):
            pass
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            file.write(bytes(free - 20_480))  # room for a result or two, with its journal
        process = grader(room, "--gradebook", str(book))
        told, said = process.communicate(timeout=120)
        assert process.returncode == 1
        assert json.loads(told)["error"]["code"] == "disk-full"
        assert "no room for the gradebook" in said
        kept = whole(book)
        assert kept < COUNT
        ballast.unlink()
        before = judged(room)
        told, said = grader(room, "--gradebook", str(book)).communicate(timeout=120)
        assert [one["score"] for one in json.loads(told)["submissions"]] == [6] * COUNT
        assert sum((judged(room) - before).values()) == COUNT - kept
        assert whole(book) == COUNT
    finally:
        subprocess.run(["umount", str(disk)], check=True)


class Killer(Watcher):
    """Kills the grading engine as soon as a worker is at an answer."""

    def __init__(self, home: Path) -> None:
        self.home, self.killed = home, 0

    def doing(self, _: int, what: str) -> None:
        """Once only."""
        if what.startswith("b-") and not self.killed:
            self.killed = 1
            threading.Timer(1.5, self._kill).start()

    def _kill(self) -> None:
        mark = f"--config-file={self.home}/grading/pen-0/daemon.json"
        for pid in leftovers.processes(mark):
            os.kill(pid, signal.SIGKILL)
            self.killed += 1


def test_an_engine_that_dies_costs_nobody_anything(pens, pens_home, exercises, tmp_path):
    for name in ("a", "b", "c"):
        slow = GOOD.replace("echo slow", f"echo slow {name}; sleep 3")
        fill(tmp_path / "room" / f"{name}-{name}", answer(slow))
    killer = Killer(pens_home)
    with Ledger(tmp_path / "book.sqlite") as ledger:
        options = Options(
            exercises=exercises,
            kind=lambda _: in_pens(pens, 1, print),
            ledger=ledger,
            watcher=killer,
        )
        book = grade_all([tmp_path / "room"], options)
        assert killer.killed == 2
        assert [one.score for one in book.submissions] == [6, 6, 6]
        assert len(ledger.attempts()) == 3


def in_pen(home: Path) -> list[int]:
    """Processes of pens: their command lines name their folders."""
    words = str(home / "grading")
    return [p for p in leftovers._all() if any(words in w for w in leftovers._arguments(p))]


def test_with_the_grader_its_engine_dies_and_everything_in_it(pens, pens_home, exercises, tmp_path):
    fill(tmp_path / "room" / "alice", answer(GOOD.replace("echo slow", "echo slow; sleep 600")))
    (tmp_path / "exercises").symlink_to(exercises)
    process = grader(tmp_path, home=pens_home)
    sleeping = lambda: [p for p in leftovers._all() if leftovers._arguments(p)[-1:] == ["600"]]  # noqa: E731
    until(sleeping)
    assert in_pen(pens_home)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    until(lambda: not in_pen(pens_home) and not sleeping() and not remains(tmp_path), 20)
    assert leftovers.mounts_below(pens_home) == []
    fill(tmp_path / "room" / "alice", answer(GOOD))
    told, said = grader(tmp_path, home=pens_home).communicate(timeout=120)
    assert json.loads(told)["submissions"][0]["score"] == 6, said
    assert in_pen(pens_home) == []
    assert list((tmp_path / "tmp").iterdir()) == []
