"""Checks and gradings: one at a time, in a thread, told event by event to whoever listens.

A listener that comes late hears everything from the beginning, so a second browser, or a page that
was loaded again, sees the same.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.errors import LabError, UsageError
from mldocker_lab.server.schema import Event
from mldocker_lab.server.schema import Job as Described

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from mldocker_lab.server.schema import BuildWanted, JobWanted

    Wanted = JobWanted | BuildWanted

__all__ = ["Job", "Jobs", "Stopped"]

_KEPT = 50  # jobs that are remembered
_MOST_SAID = 2_000  # events of one job
_BEAT_SECONDS = 15.0


class Stopped(Exception):
    """Somebody asked the job to stop."""


class Job:
    """Something that runs in a thread and says how it goes.

    Attributes:
        id: its name, which nobody can guess.
        wanted: what was asked for.
        about: the exercise or folder it is about.
        events: what happened so far.
    """

    def __init__(
        self,
        wanted: Wanted,
        kind: Literal["check", "grade", "build"],
        about: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.wanted = wanted
        self.about = about
        self._kind = kind
        self._doing = ""
        self.events: list[Event] = []
        self.ended = False
        self._loop = loop
        self._bell = asyncio.Event()
        self._stop = threading.Event()
        self._at_stop: Callable[[], None] | None = None

    def describe(self) -> Described:
        """The job in a few words."""
        return Described(self.id, self._kind, self.about, self._doing, self.ended)

    def stop(self) -> None:
        """Ask it to stop; it does at once if it said how, else when it next asks."""
        self._stop.set()
        if self._at_stop:
            self._at_stop()

    def when_stopped(self, do: Callable[[], None]) -> None:
        """How to stop it in the middle of a step; ``do`` must not wait."""
        self._at_stop = do
        if self._stop.is_set():
            do()

    def go_on(self) -> None:
        """What a job calls between its steps, and now and then while it waits.

        Raises:
            Stopped: it shall not go on.
        """
        if self._stop.is_set():
            raise Stopped

    def tell(
        self,
        kind: Literal["says", "checking", "checked", "step", "ended", "stopped", "failed"],
        text: str = "",
        **facts: Any,
    ) -> None:
        """Say something, from any thread."""
        known = {"check": "", "status": "", "points": 0, "possible": 0, "moment": None}
        event = Event(kind, text, **{**known, **facts})
        self._loop.call_soon_threadsafe(self._heard, event)

    async def listen(self) -> AsyncIterator[Event | None]:
        """All events from the first to the last; None now and then while nothing happens."""
        at = 0
        while True:
            while at < len(self.events):
                yield self.events[at]
                at += 1
            if self.ended:
                return
            try:
                await asyncio.wait_for(self._bell.wait(), _BEAT_SECONDS)
            except TimeoutError:
                yield None

    def _heard(self, event: Event) -> None:
        last = event.kind in ("ended", "stopped", "failed")
        if last or len(self.events) < _MOST_SAID:
            self.events.append(event)
        self._doing = event.text or event.check or self._doing
        self.ended = self.ended or last
        bell, self._bell = self._bell, asyncio.Event()
        bell.set()


class Jobs:
    """All jobs of a server."""

    def __init__(self) -> None:
        self._known: dict[str, Job] = {}
        self._threads = ThreadPoolExecutor(1, "mldocker-job")

    def begin(
        self,
        wanted: Wanted,
        kind: Literal["check", "grade", "build"],
        about: str,
        work: Callable[[Job], str],
    ) -> Job:
        """Run this when the jobs before it have ended; the same, twice at a time, is one.

        Args:
            wanted: what was asked for.
            kind: in a word.
            about: the exercise or folder it is about.
            work: does it; what it returns is the last word.
        """
        for job in self._known.values():
            if job.wanted == wanted and not job.ended:
                return job
        job = Job(wanted, kind, about, asyncio.get_running_loop())
        self._known[job.id] = job
        for old in [one.id for one in self._known.values() if one.ended][:-_KEPT]:
            del self._known[old]
        self._threads.submit(_run, job, work)
        return job

    def all(self) -> list[Described]:
        """Those that run or ran, the newest last."""
        return [job.describe() for job in self._known.values()]

    def find(self, name: str) -> Job:
        """The job of this name.

        Raises:
            UsageError: there is none.
        """
        if name not in self._known:
            raise UsageError("there is no such job", "it ended with the server that ran it")
        return self._known[name]


def _run(job: Job, work: Callable[[Job], str]) -> None:
    try:
        job.go_on()
        job.tell("ended", work(job))
    except Stopped:
        job.tell("stopped", "stopped, as you asked")
    except LabError as error:
        job.tell("failed", f"{error.what}. {error.hint}".rstrip(". ") + ".")
    except Exception as error:  # noqa: BLE001 a job that breaks must say so, or the page waits
        job.tell("failed", f"it broke: {type(error).__name__}: {error}")
