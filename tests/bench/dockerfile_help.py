"""How long the server looks at a Dockerfile of 200 lines between two keys; the target is 50 ms.

Time of the thread, so that other programs do not count. The worst case: every line has something
wrong.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from mldocker_lab.server.dockerfiles import diagnose
from mldocker_lab.server.schema import Diagnose
from mldocker_lab.server.workspace import Workspace

TIMES = 15
GOOD = "COPY --chown=10001 a{n}.txt /app/\nENV A{n}=1\n"
BAD = "RUN echo {n} && \\\n  pip install x{n}\n"


def main():
    """Measure a usual one and a bad one."""
    here = Workspace(Path.cwd())
    for name, pair in (("usual", GOOD), ("all wrong", BAD)):
        text = "FROM a:1@sha256:" + "0" * 64 + "\n" + "".join(pair.format(n=n) for n in range(100))
        asked, took = Diagnose(text, "Dockerfile"), []
        for _ in range(TIMES):
            began = time.thread_time()
            found = diagnose(here, asked).diagnoses
            took.append(time.thread_time() - began)
        told = f"{1000 * median(took):.0f} ms, {len(found)} findings"
        print(f"{name}, {text.count(chr(10))} lines: {told}")


if __name__ == "__main__":
    main()
