"""The gradebook's file keeps whole attempts, finds what is known, and says when it cannot."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from mldocker_lab.errors import DiskFull
from mldocker_lab.grade.ledger import Hashes, Ledger, LedgerError
from mldocker_lab.grade.score import CheckScore, ExerciseScore
from mldocker_lab.grade.verdict import Verdict, failed, passed


def result(*verdicts: Verdict, name: str = "00_toy") -> ExerciseScore:
    scores = tuple(CheckScore(f"check-{n}", 2, verdict) for n, verdict in enumerate(verdicts))
    return ExerciseScore(name, scores)


def of(answers: str) -> Hashes:
    return Hashes(answers, "checks", "supplies", "grader", "place")


GOOD = result(passed("fine"), failed("seen", why="why", hint="try"))
BROKEN = result(Verdict("error", "the engine is gone"))


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "new" / "book.sqlite") as made:
        yield made


def test_an_attempt_comes_back_as_it_was(ledger):
    when = datetime(2026, 11, 1, 12, tzinfo=UTC)
    number = ledger.add("alice", GOOD, of("a"), handed_in=when, late=60)
    (one,) = ledger.attempts()
    assert (one.id, one.submission, one.result, one.hashes) == (number, "alice", GOOD, of("a"))
    assert (one.handed_in, one.late, one.same_as) == (when, 60, None)
    assert one.to_dict()["hashes"]["answers"] == "a"


def test_what_was_judged_is_known_by_its_key_and_what_broke_is_not(ledger):
    ledger.add("alice", BROKEN, of("a"))
    assert ledger.known(of("a").key) is None
    number = ledger.add("alice", GOOD, of("a"))
    assert ledger.known(of("a").key) == (number, GOOD)
    for changed in (of("b"), Hashes("a", "x", "supplies", "grader", "place")):
        assert ledger.known(changed.key) is None


def test_every_part_of_what_was_graded_is_in_the_key():
    parts = ["answers", "checks", "supplies", "grader", "place"]
    keys = {Hashes(*parts).key}
    for number in range(len(parts)):
        other = [*parts]
        other[number] = "other"
        keys.add(Hashes(*other).key)
    assert len(keys) == 6


def test_the_newest_attempt_is_recognised(ledger):
    first = ledger.add("alice", GOOD, of("a"))
    assert ledger.newest("alice", "00_toy", of("a").key, None) == first
    assert ledger.newest("alice", "00_toy", of("a").key, 5) is None
    assert ledger.newest("bob", "00_toy", of("a").key, None) is None
    ledger.add("alice", GOOD, of("b"))
    assert ledger.newest("alice", "00_toy", of("a").key, None) is None


def test_what_counts_is_the_newest_attempt_that_could_be_judged(ledger):
    ledger.add("alice", BROKEN, of("a"))
    assert ledger.marks()["alice"]["00_toy"].result == BROKEN
    ledger.add("alice", GOOD, of("a"))
    ledger.add("alice", BROKEN, of("b"))
    ledger.add("alice", result(passed(), name="01_other"), of("c"))
    marks = ledger.marks()["alice"]
    assert marks["00_toy"].result == GOOD
    assert marks["01_other"].result.score == 2


def test_a_file_that_is_no_gradebook_is_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be read as one" * 20)
    with pytest.raises(LedgerError, match="cannot be used"):
        Ledger(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as book:
        book.execute("CREATE TABLE mine (x)")
    book.close()
    with pytest.raises(LedgerError, match="no gradebook"):
        Ledger(other)
    newer = tmp_path / "newer.sqlite"
    with sqlite3.connect(newer) as book:
        book.execute("PRAGMA user_version = 99")
    book.close()
    with pytest.raises(LedgerError, match="another version"):
        Ledger(newer)
    assert "not a database" in text.read_text()
    with pytest.raises(LedgerError, match="cannot be used"):
        Ledger(tmp_path)


def test_a_full_disk_loses_nothing_that_is_in_the_book(ledger):
    ledger.add("alice", GOOD, of("a"))
    (pages,) = ledger._book.execute("PRAGMA page_count").fetchone()
    ledger._book.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for number in range(100):
            ledger.add("bob", GOOD, of(f"b{number}"))

    with pytest.raises(DiskFull, match="no room for the gradebook"):
        fill()
    kept = len(ledger.attempts())
    ledger._book.execute("PRAGMA max_page_count = 1000000")
    ledger.add("carol", GOOD, of("c"))
    assert [one.submission for one in ledger.attempts()][kept:] == ["carol"]
    assert ledger._book.execute("PRAGMA integrity_check").fetchone() == ("ok",)


KILLED = """
import os, sys
from mldocker_lab.grade.ledger import Hashes, Ledger
from mldocker_lab.grade.score import CheckScore, ExerciseScore
from mldocker_lab.grade.verdict import passed
score = ExerciseScore("00_toy", (CheckScore("a", 1, passed("x" * 5000)),))
ledger = Ledger(__import__("pathlib").Path(sys.argv[1]))
for number in range(3):
    ledger.add(f"s{number}", score, Hashes(str(number), "", "", "", ""))
ledger._book.execute("BEGIN IMMEDIATE")
ledger._book.execute("UPDATE attempts SET submission = 'nobody'")
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
def test_a_kill_in_the_middle_of_a_transaction_leaves_the_book_as_it_was(tmp_path):
    path = tmp_path / "book.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -9
    with Ledger(path) as ledger:
        assert [one.submission for one in ledger.attempts()] == ["s0", "s1", "s2"]
        assert ledger._book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
