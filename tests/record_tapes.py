"""Record the tapes that the unit tests replay: small real builds, through the lab's own recorder.

    .venv/bin/python tests/record_tapes.py unix:///var/run/docker.sock tests/unit/tapes/20.10

needs the base image mldocker-lab/python:3.11-slim on that engine; leaves nothing else behind. One
tape holds the sides below; the tests know what must come out of them.
"""

from __future__ import annotations

import sys
import tempfile
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mldocker_lab.build.cold import cold_bases, remove_run
from mldocker_lab.build.measured import build
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.build.run import read
from mldocker_lab.build.tape import Recorder, record
from mldocker_lab.engine.client import Engine
from mldocker_lab.errors import BuildFailed

BASE = "mldocker-lab/python:3.11-slim"

MULTISTAGE = f"""\
ARG BASE={BASE}
FROM $BASE AS builder
WORKDIR /app
COPY requirements.txt .
RUN echo installing && dd if=/dev/zero of=/app/model bs=1000 count=300 && echo installed

FROM {BASE} AS notebooks
RUN echo never needed

FROM {BASE}
ENV MODE=serve
WORKDIR /app
COPY requirements.txt .
WORKDIR /
COPY --from=builder /app/model /app/model
COPY app.py /app/
CMD ["python3", "/app/app.py"]
"""

FAILING = f"""\
FROM {BASE}
RUN echo fine
# the next one has a mistake
RUN echo about to fail && \\
    no-such-program --version
COPY app.py /
"""


def main(url: str, path: Path) -> None:
    """Record one tape: cold, again and edit on both builders, and a failing build."""
    engine = Engine(url)
    run = uuid.uuid4().hex[:8]
    with tempfile.TemporaryDirectory() as name, record(path, engine) as tape:
        folder = Path(name)
        (folder / "Dockerfile").write_text(MULTISTAGE)
        (folder / "failing.Dockerfile").write_text(FAILING)
        (folder / "requirements.txt").write_text("fastapi\n")
        (folder / "app.py").write_text("print('ready')\n")
        for builder in ("buildkit", "classic"):
            request = BuildRequest(folder=folder, builder=builder)
            try:
                _record(engine, request, tape, f"{run}-{builder}")
            finally:
                remove_run(engine, f"{run}-{builder}")
    engine.close()


def _record(engine: Engine, request: BuildRequest, tape: Recorder, run: str) -> None:
    builder = request.builder
    tag = f"mldocker-lab/run-{run}/tape:1"
    request = replace(request, tag=tag, bases=cold_bases(engine, read(request), run))
    edit = replace(request, overlay={"app.py": b"print('edited')\n"})
    build(engine, request, name=f"{builder}-cold", tape=tape)
    build(engine, request, name=f"{builder}-again", tape=tape, sizes=False)
    build(engine, edit, name=f"{builder}-edit", tape=tape)
    failing = replace(request, dockerfile="failing.Dockerfile", tag="")
    with suppress(BuildFailed):
        build(engine, failing, name=f"{builder}-failing", tape=tape)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
