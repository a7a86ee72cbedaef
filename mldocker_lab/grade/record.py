"""Verdicts on their way from the notebook's kernel to the grader: lines of JSON in a file.

The file lies outside the notebook's folder, and each line carries a word that only this run knows.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.grade.verdict import Verdict

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Record"]

_FILE, _TOKEN, _RUN = "MLDOCKER_GRADE_FILE", "MLDOCKER_GRADE_TOKEN", "MLDOCKER_GRADE_RUN"


@dataclass(frozen=True, slots=True)
class Record:
    """Where a graded run writes its verdicts.

    Attributes:
        file: the file.
        token: the word every line carries.
        run_id: names the run on the engine, so that the grader can clean up after it.
    """

    file: Path
    token: str
    run_id: str

    @classmethod
    def of_this_run(cls) -> Self | None:
        """The record to write to; None in practice, where nothing is kept."""
        names = [os.environ.get(name) for name in (_FILE, _TOKEN, _RUN)]
        file, token, run_id = names
        return cls(Path(file), token, run_id) if file and token and run_id else None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that tell a kernel about it."""
        return {_FILE: str(self.file), _TOKEN: self.token, _RUN: self.run_id}

    def write(self, check: str, verdict: Verdict) -> None:
        """Add a verdict."""
        line = {"token": self.token, "check": check, "verdict": verdict.to_dict()}
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def read(self) -> dict[str, Verdict]:
        """The verdicts by check id; lines without the token are not ours and do not count."""
        found: dict[str, Verdict] = {}
        text = self.file.read_text(encoding="utf-8") if self.file.is_file() else ""
        for line in text.splitlines():
            try:
                told = json.loads(line)
                if told["token"] == self.token:
                    found[told["check"]] = Verdict.from_dict(told["verdict"])
            except (ValueError, KeyError, TypeError):
                continue  # a line cut short by a kill
        return found
