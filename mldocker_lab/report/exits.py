"""Why a container ended, in words: the exit status, and what it takes to read it.

The engine passes on the status of process 1. A status above 128 is 128 plus the number of the
signal that ended it (bash manual, "Exit Status"); 125 to 127 are those of ``docker run``
(docs.docker.com/engine/containers/run/#exit-status). 137 alone says only "SIGKILL": who sent it
takes the engine's OOMKilled, and whether somebody had asked the container to stop.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from mldocker_lab.units import size, took

__all__ = ["Ended", "explain"]

_SIGNALLED = 128
_KILLED = _SIGNALLED + 9
_STATUS = {
    125: "the engine could not run it",
    126: "the command was found, but it cannot be executed",
    127: "there is no such command in the image",
}
_SIGNALS = {
    "SIGABRT": "the program gave up by itself, a failed assertion for example",
    "SIGBUS": "memory it had mapped was not there: often /dev/shm is full",
    "SIGFPE": "an arithmetic error",
    "SIGHUP": "its terminal went away",
    "SIGILL": "an instruction that this processor does not have",
    "SIGINT": "an interrupt, as from Ctrl-C",
    "SIGSEGV": "it touched memory that is not its own",
    "SIGTERM": "asked to end, it died at once: nothing was shut down in order",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a container.

    Attributes:
        status: its exit status.
        oom: whether the kernel killed for the memory limit (the engine's OOMKilled).
        asked: what was done to end it: "stop", "kill", or None if it ended by itself.
        seconds: from that until it had ended; from its start if it ended by itself.
        reason: why, in one sentence.
    """

    status: int
    oom: bool
    asked: Literal["stop", "kill"] | None
    seconds: float
    reason: str

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it: nothing in it could be shut down."""
        return self.status == _KILLED

    @property
    def graceful(self) -> bool:
        """Whether it ended by itself with status 0: the program shut down, nobody cut it off."""
        return self.status == 0

    def __repr__(self) -> str:
        return f"exit status {self.status}: {self.reason}"


def explain(
    status: int,
    *,
    oom: bool = False,
    asked: Literal["stop", "kill"] | None = None,
    sent: str = "TERM",
    seconds: float | None = None,
    grace: float | None = None,
    memory: int | None = None,
) -> str:
    """Why a container ended with this status.

    Args:
        status: of process 1.
        oom: the engine's OOMKilled.
        asked: "stop" after ``docker stop``, "kill" after ``docker kill``, None for neither.
        sent: the signal that was sent, without SIG.
        seconds: from that until it had ended.
        grace: how long ``docker stop`` waits before SIGKILL.
        memory: the memory limit, bytes.
    """
    if oom and status != 0:
        limit = f" of {size(memory)}" if memory else ""
        return f"it used more memory than its limit{limit}, and the kernel killed it (OOMKilled)"
    if status == _KILLED:
        return _sigkill(asked, sent, seconds, grace)
    if status in _STATUS:
        return _STATUS[status]
    if status > _SIGNALLED:
        name = _name(status - _SIGNALLED)
        return f"ended by {name}: {_SIGNALS.get(name, 'a signal it does not handle')}"
    if asked:
        how = "shut down in order" if status == 0 else "ended with an error of its own"
        when = f" after {took(seconds)}" if seconds is not None else ""
        return f"it {how} on SIG{sent}{when}"
    return "it came to its end" if status == 0 else "the program ended with an error"


def _sigkill(asked: str | None, sent: str, seconds: float | None, grace: float | None) -> str:
    if asked == "kill" and sent == "KILL":
        return "SIGKILL, as you asked: no program can handle it"
    if asked == "stop" and (grace is None or seconds is None or seconds >= grace):
        waited = f" in {grace:g} s" if grace is not None else ""
        return (
            f"it did not end on SIG{sent}{waited}, so the engine sent SIGKILL; no memory was short"
        )
    return "SIGKILL from outside: not for its memory limit, and nobody asked it to stop"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
