"""How long the static audit takes: a long Dockerfile in an editor, and a big repository."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from mldocker_lab.audit.static import diagnose
from mldocker_lab.lab import audit

LINES = """\
RUN apt-get update && apt-get install -y git curl libgl1 && rm -rf /var/lib/apt/lists/*
ENV A{i}=x B{i}=${{A{i}}}/y
COPY --chown=1000:1000 src{i}/ /app/src{i}/
RUN pip install --no-cache-dir "numpy==1.26.{i}" torch>=2 && python -c "import torch"
"""


def best(work, rounds: int = 7) -> float:
    """The least processor time of some rounds, in milliseconds."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found) * 1000


def main() -> None:
    text = "FROM python:3.11-slim\n" + "".join(LINES.format(i=i) for i in range(24)) + "CMD x\n" * 3
    print(f"diagnose, {text.count(chr(10))} lines: {best(lambda: diagnose(text)):.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        for i in range(100):
            below = Path(folder) / f"d{i}"
            below.mkdir()
            for j in range(100):
                (below / f"f{j}.py").touch()
        (Path(folder) / "Dockerfile").write_text(text)
        print(f"audit, 10 000 files: {best(lambda: audit(folder), 3):.0f} ms")


if __name__ == "__main__":
    main()
