"""The process that runs graded notebooks, one after the other: pytest, nbval and our plugin.

Started by ``grade.pool`` as ``python -P -m mldocker_lab.grade.worker``. Jobs come in as lines of
JSON, news go out as lines of JSON. One process serves many notebooks, so that starting Python and
importing pytest is paid once; each notebook still has a pytest session and a kernel of its own.

With ``--network FILE`` it enters that network namespace first: a pen's, where services can be
asked and nothing else can be reached. When its input closes it ends, and every kernel with it.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mldocker_lab.grade import forks

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["main"]

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_READ_SECONDS = 10  # for a Dockerfile: some can be written so that reading takes for ever
_TAIL = 8
_OFF = ("cacheprovider", "doctest", "faulthandler", "junitxml", "logging", "pastebin")


def main() -> None:
    """Serve until the input closes."""
    if "--network" in sys.argv:
        _enter(sys.argv[sys.argv.index("--network") + 1])
    from mldocker_lab.grade import plugin

    nursery = forks.Nursery() if forks.possible() else None  # before there is a thread, or a file
    jobs, news, output = _channels()
    inbox = _Inbox(jobs)
    if nursery:
        plugin.fork_kernels(nursery)
    base = dict(os.environ)
    while (job := inbox.next()) is not None:
        os.environ.clear()
        os.environ.update(base | job["environment"])
        _tell(news, _done(job, news, output))
    if nursery:
        nursery.close()


class _Inbox:
    """Jobs as they come in. An input that closes in the middle of a job ends everything at once."""

    def __init__(self, jobs: TextIO) -> None:
        self._jobs = jobs
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._received = self._taken = 0
        self._idle = True
        threading.Thread(target=self._listen, name="inbox", daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """The next job; None if there will be none."""
        self._idle = True
        job = self._queue.get()
        self._idle = False
        self._taken += 1
        return job

    def _listen(self) -> None:
        for line in self._jobs:
            self._received += 1
            self._queue.put(json.loads(line))
        if self._received == self._taken and self._idle:
            self._queue.put(None)
        else:
            os._exit(1)  # whoever asked is gone; the nursery hears of it, and ends its kernels


def _done(job: dict[str, Any], news: TextIO, output: Path) -> dict[str, Any]:
    """Do a job; what became of it."""
    from mldocker_lab.grade.policy import Refused

    try:
        with _hurry():
            _check(Path(job["folder"]) / "answer", job["answers"])
    except Refused as error:
        return {"done": job["id"], "refused": [error.what, error.hint], "ended": ""}
    output.write_text("", encoding="utf-8")
    status = _run(job, news)
    ended = ""
    if status not in (0, 1):  # pytest: 0 all passed, 1 some failed, else trouble
        lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_TAIL:]
        ended = f"pytest could not run the notebook: {' | '.join(lines)}"
    return {"done": job["id"], "refused": None, "ended": ended}


def _check(folder: Path, names: list[str]) -> None:
    from mldocker_lab.grade import policy

    policy.check({name: (folder / name).read_bytes() for name in names})


def _run(job: dict[str, Any], news: TextIO) -> int:
    import pytest

    from mldocker_lab.grade.plugin import Watch

    def tell(check: str, clean: bool, over: str) -> None:  # noqa: FBT001 the plugin's words
        _tell(news, {"job": job["id"], "check": check, "clean": clean, "over": over})

    folder = Path(job["folder"])
    arguments = [
        *("-c", job["settings"], "--rootdir", str(folder), "--noconftest", "-q", "--color=no"),
        *("-p", "nbval.plugin", *(word for name in _OFF for word in ("-p", f"no:{name}"))),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", str(job["seconds"])),
        str(folder / job["notebook"]),
    ]
    os.chdir(folder)
    try:
        return int(pytest.main(arguments, plugins=[Watch(tell)]))
    finally:
        os.chdir("/" if os.name == "posix" else os.environ.get("SYSTEMDRIVE", "C:") + "\\")


# -- starting ----------------------------------------------------------------------------------


def _enter(namespace: str) -> None:
    """Move this process, while it has one thread, into a network namespace."""
    import ctypes

    number = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(number, _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    os.close(number)


def _channels() -> tuple[TextIO, TextIO, Path]:
    """Where jobs come in and news go out, out of the way of anything that prints."""
    jobs = os.fdopen(os.dup(0), "r", encoding="utf-8")
    news = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    output = Path(os.environ["MLDOCKER_GRADE_OUTPUT"])
    nowhere = os.open(os.devnull, os.O_RDONLY)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nowhere, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    return jobs, news, output


def _tell(news: TextIO, thing: dict[str, Any]) -> None:
    news.write(json.dumps(thing) + "\n")
    news.flush()


@contextmanager
def _hurry() -> Iterator[None]:
    """Give up after some seconds, where the system has an alarm clock."""
    from mldocker_lab.grade.policy import Refused

    def late(*_: object) -> None:
        raise Refused("the Dockerfile takes too long to read", "write its variables more simply")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, _READ_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    main()
