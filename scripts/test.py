"""Every test of the project, on a real engine. What ``make test`` runs.

    python scripts/test.py            everything
    python scripts/test.py --quick    only what needs no engine (seconds)
    python scripts/test.py --matrix   the tests that four engines must pass, on all of them

The engine is the one the lab would use; if none runs, the lab's own is started and stopped again.
On the lab's own engine the exercises are graded beside all other tests, on a second one: most of
both is waiting for builds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
LAB = [sys.executable, "-m", "mldocker_lab.cli"]
PYTEST = [sys.executable, "-m", "pytest", "--durations=15"]
EXERCISES = [*PYTEST, "-p", "no:cacheprovider", "tests/exercises"]
TESTS = [*PYTEST, "tests", "--ignore=tests/exercises", "--ignore=tests/server"]
SERVER = [*PYTEST, "-p", "no:cacheprovider", "tests/server"]  # Playwright has its loop in the other
LEFT = [*PYTEST, "-q", "tests/lessons/test_leaks.py", "-k", "left_nothing_behind"]
LESSONS = [*PYTEST, "--nbval-lax", "-p", "no:cacheprovider", "notebooks"]

#: What a test run must not depend on: a live view, a missing engine or browser that goes unnoticed.
STRICT = {"MLDOCKER_LIVE": "0", "MLDOCKER_REQUIRE_ENGINE": "1", "MLDOCKER_REQUIRE_BROWSER": "1"}

#: Every engine that the numbers must agree on; everyday runs take the first two.
ALL_ENGINES = "20.10 26.1 28.5 28.5-containerd"


def main() -> int:
    """Run the suites in turn; returns the number of those that failed."""
    if "--quick" in sys.argv:
        return bool(step("units", [*PYTEST, "tests/unit"]))
    os.environ.update(STRICT)
    if "--matrix" in sys.argv:
        os.environ["MLDOCKER_MATRIX_ENGINES"] = ALL_ENGINES
        return bool(step("matrix", [*PYTEST, "-m", "matrix", "tests/engine"]))
    ours = not private_engine_runs()
    try:
        failed = step("prepare", [*LAB, "up"])
        if not failed:
            failed = suites()
    finally:
        if ours and private_engine_runs():
            step("stop the engine", [*LAB, "engine", "stop"])
    print(f"\n{'FAILED' if failed else 'all suites passed'}")
    return failed


def suites() -> int:
    """All tests, in two lanes where there can be a second engine; returns how many failed."""
    if not private_engine_runs():
        return step("exercises", EXERCISES) + tests() + lessons()
    with Beside("exercises", EXERCISES) as beside:
        failed = tests() + lessons()
        return failed + beside.finish()


def tests() -> int:
    """All but exercises; JupyterLab's server by itself: its event loop bears no other."""
    return step("server", SERVER) + step("tests", TESTS)


def lessons() -> int:
    """Every lesson, and whether they left anything on the engine."""
    failed = step("lessons", LESSONS)
    os.environ["MLDOCKER_AFTER_LESSONS"] = "1"
    return failed + step("what lessons left", LEFT)


class Beside:
    """A suite that runs beside the others, on an engine of its own that is gone afterwards."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self._command = command
        self._home = Path(tempfile.mkdtemp(prefix="mldocker-beside-"))
        self._said = self._home / "said.txt"
        self._environment = {
            **os.environ,
            "MLDOCKER_ENGINE": "private",
            "MLDOCKER_HOME": str(self._home / "lab"),
        }

    def __enter__(self) -> Self:
        from mldocker_lab.home import home

        for supplies in ("bases", "wheels"):
            shutil.copytree(home() / supplies, self._home / "lab" / supplies)
        self._began = time.monotonic()
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        return self

    def finish(self) -> int:
        """Wait for its end and show what it said; 1 if it failed."""
        print(f"\n== {self.name}, beside the others ==", flush=True)
        status = self._process.wait()
        print(self._said.read_text(encoding="utf-8", errors="replace"))
        over(self.name, status, self._began)
        return int(status != 0)

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:  # the others were interrupted
            self._process.terminate()
            self._process.wait()
        subprocess.run(
            [*LAB, "clean", "--everything", "--yes"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        shutil.rmtree(self._home, ignore_errors=True)


def private_engine_runs() -> bool:
    """Whether the lab's own engine is running."""
    from mldocker_lab.engine import private

    return private.running()


def step(name: str, command: list[str]) -> int:
    """Run one suite, show how long it took; 1 if it failed."""
    print(f"\n== {name} ==", flush=True)
    began = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    over(name, status, began)
    return int(status != 0)


def over(name: str, status: int, began: float) -> None:
    """Say how a suite ended."""
    word = "failed" if status else "ok"
    print(f"== {name}: {word} after {time.monotonic() - began:.0f} s ==", flush=True)


if __name__ == "__main__":
    sys.exit(main())
