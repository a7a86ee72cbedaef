"""The gradebook on disk: one SQLite file that keeps every attempt, and what was graded in it.

Each attempt is one transaction, synced to disk before it counts. So whatever happens in between
(a kill, a full disk, no power), the book holds whole attempts and nothing else; and since an
attempt knows the hash of everything its result depends on, a rerun finds what is done and does
the rest.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import DiskFull, LabError
from mldocker_lab.grade.score import ExerciseScore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

__all__ = ["Attempt", "Hashes", "Ledger", "LedgerError"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    submission TEXT NOT NULL,
    exercise TEXT NOT NULL,
    score INTEGER NOT NULL,
    possible INTEGER NOT NULL,
    handed_in TEXT,
    late_seconds INTEGER,
    key TEXT NOT NULL,
    answers TEXT NOT NULL,
    checks TEXT NOT NULL,
    supplies TEXT NOT NULL,
    grader TEXT NOT NULL,
    place TEXT NOT NULL,
    judged INTEGER NOT NULL,
    same_as INTEGER REFERENCES attempts(id),
    result TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_by_key ON attempts(key);
CREATE INDEX IF NOT EXISTS attempts_by_submission ON attempts(submission, exercise);
"""
_ADD = """
INSERT INTO attempts (at, submission, exercise, score, possible, handed_in, late_seconds,
    key, answers, checks, supplies, grader, place, judged, same_as, result)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_VERSION = 1
_WAIT_SECONDS = 30.0


class LedgerError(LabError):
    """The gradebook's file cannot be used."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """Everything a result depends on.

    Attributes:
        answers: of the answer files, names and contents.
        checks: of the trusted exercise: its settings, notebook, rubric and given files.
        supplies: of what the bases and wheels are made of.
        grader: version and hash of the code that grades.
        place: where it was graded ("pen", or the engine's name), and its limits.
    """

    answers: str
    checks: str
    supplies: str
    grader: str
    place: str

    @property
    def key(self) -> str:
        """All of them in one."""
        from hashlib import sha256

        parts = [self.answers, self.checks, self.supplies, self.grader, self.place]
        return sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as the book keeps it.

    Attributes:
        id: its number in the book.
        at: when it was graded.
        submission: whose.
        result: what it gave.
        handed_in: when it was handed in, as far as its files tell.
        late: seconds after the due date; None if it was in time, or nobody knows.
        hashes: of what was graded.
        same_as: the attempt whose result this is, if the same had been graded already.
    """

    id: int
    at: datetime
    submission: str
    result: ExerciseScore
    handed_in: datetime | None
    late: int | None
    hashes: Hashes
    same_as: int | None

    def to_dict(self) -> dict[str, Any]:
        """The attempt as JSON sees it."""
        from dataclasses import asdict

        return {
            **self.result.to_dict(),
            "id": self.id,
            "exercise": self.result.id,
            "at": self.at.isoformat(),
            "submission": self.submission,
            "handed_in": self.handed_in.isoformat() if self.handed_in else None,
            "late_seconds": self.late,
            "hashes": asdict(self.hashes),
            "same_as": self.same_as,
        }


class Ledger:
    """A gradebook's file; use it in a ``with`` block.

    Args:
        path: made if it is not there.

    Raises:
        LedgerError: it is no gradebook, or may not be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._book = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            with self._translated():
                self._book.execute("PRAGMA synchronous = FULL")
                self._check_version()
        except LabError:
            self._book.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._book.close()

    def known(self, key: str) -> tuple[int, ExerciseScore] | None:
        """The newest result that was really judged for a key, with its attempt's number."""
        row = self._one(
            "SELECT id, result FROM attempts WHERE key = ? AND judged ORDER BY id DESC LIMIT 1",
            key,
        )
        return (row[0], ExerciseScore.from_record(json.loads(row[1]))) if row else None

    def newest(self, submission: str, exercise: str, key: str, late: int | None) -> int | None:
        """The number of a submission's newest judged attempt if it is just this one."""
        row = self._one(
            "SELECT id, key, late_seconds FROM attempts WHERE submission = ? AND exercise = ? "
            "AND judged ORDER BY id DESC LIMIT 1",
            submission,
            exercise,
        )
        return row[0] if row and row[1:] == (key, late) else None

    def add(
        self,
        submission: str,
        result: ExerciseScore,
        hashes: Hashes,
        *,
        handed_in: datetime | None = None,
        late: int | None = None,
        same_as: int | None = None,
    ) -> int:
        """Keep an attempt; when this returns, it is on the disk. Returns its number.

        Raises:
            DiskFull: there is no room for it; the book is as it was.
        """
        row = (
            datetime.now(UTC).isoformat(timespec="seconds"),
            submission,
            result.id,
            result.score,
            result.possible,
            handed_in.isoformat(timespec="seconds") if handed_in else None,
            late,
            *(hashes.key, hashes.answers, hashes.checks),
            *(hashes.supplies, hashes.grader, hashes.place),
            int(result.judged),
            same_as,
            json.dumps(result.to_record()),
        )
        with self._translated(), self._transaction():
            made = self._book.execute(_ADD, row)
        return int(made.lastrowid or 0)

    def attempts(self) -> list[Attempt]:
        """Every attempt, the oldest first."""
        with self._translated(), closing(self._book.cursor()) as cursor:
            cursor.row_factory = sqlite3.Row
            return [_attempt(row) for row in cursor.execute("SELECT * FROM attempts ORDER BY id")]

    def marks(self) -> dict[str, dict[str, Attempt]]:
        """Submission → exercise → the attempt that counts: the newest that could be judged."""
        found: dict[str, dict[str, Attempt]] = {}
        for one in self.attempts():
            mine = found.setdefault(one.submission, {})
            before = mine.get(one.result.id)
            if before is None or one.result.judged or not before.result.judged:
                mine[one.result.id] = one
        return found

    def _check_version(self) -> None:
        (version,) = self._book.execute("PRAGMA user_version").fetchone()
        if version == 0:
            with self._transaction():
                tables = self._book.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
                if tables:
                    raise LedgerError(f"{self.path} is a database, but no gradebook")
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._book.execute(statement)
                self._book.execute(f"PRAGMA user_version = {_VERSION}")
        elif version != _VERSION:
            raise LedgerError(
                f"{self.path} was written by another version of the lab", "name another file"
            )

    def _one(self, query: str, *values: Any) -> Any:
        with self._translated():
            return self._book.execute(query, values).fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._book.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._book.execute("COMMIT")
        except BaseException:
            if self._book.in_transaction:
                self._book.execute("ROLLBACK")
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            text = str(error)
            if "disk is full" in text or "No space left" in text:
                raise DiskFull(
                    f"there is no room for the gradebook {self.path}",
                    "make room, then run the same command again: what is in the book stays",
                ) from error
            raise LedgerError(
                f"the gradebook {self.path} cannot be used: {text}", "name another file"
            ) from error


def _attempt(row: sqlite3.Row) -> Attempt:
    hashes = Hashes(row["answers"], row["checks"], row["supplies"], row["grader"], row["place"])
    return Attempt(
        row["id"],
        datetime.fromisoformat(row["at"]),
        row["submission"],
        ExerciseScore.from_record(json.loads(row["result"])),
        datetime.fromisoformat(row["handed_in"]) if row["handed_in"] else None,
        row["late_seconds"],
        hashes,
        row["same_as"],
    )
