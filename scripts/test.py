"""Every test of the project, on a real engine. What ``make test`` runs.

    python scripts/test.py            everything
    python scripts/test.py --quick    only what needs no engine (seconds)
    python scripts/test.py --matrix   the tests that four engines must pass, on all of them

The engine is the one the lab would use; if none runs, the lab's own is started and stopped again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAB = [sys.executable, "-m", "mldocker_lab.cli"]
PYTEST = [sys.executable, "-m", "pytest", "--durations=15"]

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
            failed += step("tests", [*PYTEST, "tests"])
            failed += step(
                "lessons", [*PYTEST, "--nbval-lax", "-p", "no:cacheprovider", "notebooks"]
            )
    finally:
        if ours and private_engine_runs():
            step("stop the engine", [*LAB, "engine", "stop"])
    print(f"\n{'FAILED' if failed else 'all suites passed'}")
    return failed


def private_engine_runs() -> bool:
    """Whether the lab's own engine is running."""
    from mldocker_lab.engine import private

    return private.running()


def step(name: str, command: list[str]) -> int:
    """Run one suite, show how long it took; 1 if it failed."""
    print(f"\n== {name} ==", flush=True)
    began = time.monotonic()
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(
        f"== {name}: {'failed' if status else 'ok'} after {time.monotonic() - began:.0f} s ==",
        flush=True,
    )
    return int(status != 0)


if __name__ == "__main__":
    sys.exit(main())
