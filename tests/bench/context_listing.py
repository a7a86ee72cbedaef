"""How long it takes to list a build context of 50,000 files, next to merely walking the folder.

    .venv/bin/python tests/bench/context_listing.py

A tree like that of a real project: packages, data, and an ignore file with wildcards and an
exception. The target is 2 s for the list, on an idle machine.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.context import scan
from mldocker_lab.report.context import context_report

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 50_000
TIMES = 5
TARGET = 2.0
IGNORE = "*.pyc\n**/__pycache__\n!docs/README.md\nmodels/**\n*.log\ndata*/*.tmp\n.git\n"


def main() -> None:
    """Measure, and print one line of numbers and one of method."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _fill(folder)
        taken = {
            "walk": [_timed(lambda: _walk(folder)) for _ in range(TIMES)],
            "list": [_timed(lambda: scan(folder)) for _ in range(TIMES)],
            "report": [_timed(lambda: context_report(folder)) for _ in range(TIMES)],
        }
    middle = {what: statistics.median(t for t, _ in times) for what, times in taken.items()}
    work = statistics.median(worked for _, worked in taken["report"])
    verdict = "within" if middle["report"] <= TARGET else "ABOVE"
    print(
        f"list {middle['list']:.2f} s ({middle['list'] / middle['walk']:.1f} × a bare walk with "
        f"stat), report {middle['report']:.2f} s, {work:.2f} s of it work ({verdict} the target of "
        f"{TARGET:.1f} s)"
    )
    print(f"{FILES:,} files, median of {TIMES}, Python {sys.version.split()[0]}, warm disk cache")


def _fill(folder: Path) -> None:
    for number in range(FILES):
        path = folder / f"package{number % 50}" / f"part{number % 7}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * (number % 100))
    (folder / "Dockerfile").write_text("FROM base\nCOPY . /app\n")
    (folder / ".dockerignore").write_text(IGNORE)


def _walk(folder: Path) -> int:
    seen = 0
    for root, _, files in os.walk(folder):
        for name in files:
            seen += os.lstat(f"{root}/{name}").st_size
    return seen


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and seconds of work: they differ where others use the machine."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - worked


if __name__ == "__main__":
    main()
