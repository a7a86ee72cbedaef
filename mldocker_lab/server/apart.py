"""Checks in a process of their own: stopping them is killing it, whatever they are at.

A thread that waits for a build, a container or an answer cannot be interrupted; a process can. The
engine stops a build when nobody listens any more. What else the checks made there carries the id of
their run, and is taken away by it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine.find import find
from mldocker_lab.errors import LabError
from mldocker_lab.workbench import abandon

if TYPE_CHECKING:
    from mldocker_lab.server.jobs import Job

__all__ = ["check", "clear_up"]

_PACKAGE = Path(__file__).resolve().parents[2]
_LOOKS = (0.0, 0.5)  # seconds before each: what was asked for as we killed it may come a bit later
_LAST_WORDS = 300
_END = ("ended", "failed")


def check(exercise: Path, checks: list[str], job: Job) -> str:
    """Run checks of an exercise; all of them if none is named.

    Args:
        exercise: its folder.
        checks: their names.
        job: hears what happens, and can be stopped at any moment.

    Returns:
        The last word.

    Raises:
        LabError: they came to no end.
        Stopped: somebody stopped the job; nothing of it is left on the engine.
    """
    runs: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mldocker-check-", ignore_cleanup_errors=True) as place:
        with _start(place, [str(exercise), *checks]) as process:
            job.when_stopped(process.kill)
            try:
                last = _heard(process, job, runs)
            finally:
                process.kill()  # it has said its last word, or nobody listens
        if last is None:
            clear_up(runs)
            job.go_on()
            raise LabError("the checks ended before they were done", _last_words(place))
    if last["kind"] == "failed":
        raise LabError(last["text"])
    return str(last["text"])


def _start(place: str, arguments: list[str]) -> subprocess.Popen[str]:
    paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    with Path(place, "stderr.txt").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "mldocker_lab.server.checks", *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": place},
            stdin=subprocess.PIPE,  # when it closes, we are gone
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            start_new_session=os.name == "posix",  # Ctrl-C is for the server to hear
        )


def _heard(process: subprocess.Popen[str], job: Job, runs: list[str]) -> dict[str, Any] | None:
    """Pass on what happens; returns the last event, None if it ended without one."""
    for line in process.stdout or ():
        told = json.loads(line)
        if "run" in told:
            runs.append(told["run"])
        elif told["kind"] in _END:
            return dict(told)
        else:
            job.tell(**told)
    return None


def clear_up(runs: list[str]) -> None:
    """Take away what the checks of some runs left on the engine when they were killed."""
    if not runs:
        return
    with suppress(LabError):  # an engine that is gone keeps nothing running
        engine = find(start=False)
        try:
            for pause in _LOOKS:
                time.sleep(pause)
                for run in runs:
                    abandon(engine, run)
        finally:
            engine.close()


def _last_words(place: str) -> str:
    """The end of what its errors said."""
    said = Path(place, "stderr.txt").read_text(encoding="utf-8", errors="replace").strip()
    return said[-_LAST_WORDS:]
