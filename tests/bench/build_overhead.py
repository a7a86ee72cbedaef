"""What a build through the package costs, next to the same build through the docker CLI.

    .venv/bin/python tests/bench/build_overhead.py [ENGINE_URL]

Both send the same folder to the same engine and build it with BuildKit, alternating, each time from
a base of its own that no cache has seen. Sizes are not measured, since the CLI does not either. The
target is a ratio of 1.10 at most.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.build.cold import cold_bases, remove_run, run_repository
from mldocker_lab.build.measured import build
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.build.run import read
from mldocker_lab.engine.client import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 5
TARGET = 1.10
BASE = "mldocker-lab/python:3.11-slim"
DOCKERFILE = """\
FROM {base} AS builder
WORKDIR /app
COPY requirements.txt .
RUN head -c 30000000 /dev/urandom > /app/model && sleep 1
FROM {base}
WORKDIR /app
COPY --from=builder /app/model .
COPY . .
RUN python3 -m compileall -q /usr/lib/python3.11/json
CMD ["python3", "app.py"]
"""


def main() -> None:
    """Measure, and print one line of numbers and one of method."""
    engine = Engine(sys.argv[1]) if len(sys.argv) > 1 else _found()
    by = {"package": _package, "cli": partial(_cli, _program())}
    seconds: dict[str, list[float]] = {how: [] for how in by}
    for _ in range(TIMES):
        for how, build_it in by.items():
            seconds[how].append(_once(engine, build_it))
    medians = {how: statistics.median(taken) for how, taken in seconds.items()}
    ratio = medians["package"] / medians["cli"]
    verdict = "within" if ratio <= TARGET else "ABOVE"
    print(
        f"package {medians['package']:.2f} s, CLI {medians['cli']:.2f} s: "
        f"ratio {ratio:.2f} ({verdict} the target of {TARGET:.2f})"
    )
    print(
        f"measured on {engine.name}: median of {TIMES}, alternating, BuildKit, a cold base each "
        "time, context of 4 MB, no sizes; all seconds: "
        + "; ".join(f"{how} {' '.join(f'{s:.2f}' for s in t)}" for how, t in seconds.items())
    )
    engine.close()


def _found() -> Engine:
    from mldocker_lab.engine.find import find

    return find()


def _program() -> str:
    """A docker CLI that can build with BuildKit: since version 23 that takes the buildx plugin."""
    for found in filter(None, (shutil.which("docker"), shutil.which("docker", path="/usr/bin"))):
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
        plugin = subprocess.run([found, "buildx", "version"], capture_output=True, check=False)
        if plugin.returncode == 0 or int(version.stdout.split()[2].split(".")[0]) < 23:
            return found
    sys.exit("there is no docker CLI that builds with BuildKit: install docker and docker-buildx")


def _once(engine: Engine, build_it: Callable[[Engine, Path, str], None]) -> float:
    run = uuid.uuid4().hex[:8]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Dockerfile").write_text(f"FROM {BASE}\n")
        made = cold_bases(engine, read(BuildRequest(folder=folder)), run)[BASE]
        (folder / "Dockerfile").write_text(DOCKERFILE.format(base=made))
        (folder / "requirements.txt").write_text("fastapi\n")
        (folder / "app.py").write_text("print('ready')\n")
        for number in range(40):
            (folder / f"data{number}.bin").write_bytes(bytes([number]) * 100_000)
        try:
            began = time.monotonic()
            build_it(engine, folder, f"{run_repository(run)}/bench:1")
            return time.monotonic() - began
        finally:
            remove_run(engine, run)


def _package(engine: Engine, folder: Path, tag: str) -> None:
    build(engine, BuildRequest(folder=folder, tag=tag), sizes=False)


def _cli(program: str, engine: Engine, folder: Path, tag: str) -> None:
    command = [program, "-H", engine.url, "build", "-q", "-t", tag, str(folder)]
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"docker build failed: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    main()
