"""Looks at a container again and again from threads of its own; keeps what it saw and was told.

One thread asks for state, health and answers, as often as wanted. Another follows the engine's
statistics: engines read these once a second, and let whoever asks wait for it.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from mldocker_lab.errors import LabError
from mldocker_lab.report.running import HealthResult, Mark, RunReport, Sample, Usage
from mldocker_lab.run.ask import ask
from mldocker_lab.run.reading import health_of, state_of, usage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.report.exits import Ended

__all__ = ["Watch"]

_ANSWER_SECONDS = 1.0
_TELL_SECONDS = 0.5


@dataclass
class Watch:
    """The watcher of one container, over all its starts.

    Attributes:
        engine: where it runs; the threads ask through connections of their own.
        name: what reports call it.
        probe: paths asked at every sample.
        every: seconds between samples; 0 for none.
        watcher: hears the report so far, now and then, from another thread; None at the end.
        container: its id; "" before its first start.
        url: where its port answers; "" if it has none.
        engine_began: the engine's time of its first start, seconds since 1970; 0 before.
        ended: its last end; None while it runs.
        memory_limit: bytes; None without one, or as long as nobody looked.
    """

    engine: Engine
    name: str
    probe: tuple[str, ...]
    every: float
    watcher: Callable[[RunReport | None], None] | None = None
    container: str = ""
    url: str = ""
    engine_began: float = 0.0
    ended: Ended | None = None
    memory_limit: int | None = None
    cpus: float | None = None
    _began: float = 0.0
    _marks: list[Mark] = field(default_factory=list)
    _samples: list[Sample] = field(default_factory=list)
    _usage: list[Usage] = field(default_factory=list)
    _health: dict[float, HealthResult] = field(default_factory=dict)
    _threads: tuple[threading.Thread, ...] = ()
    _over: threading.Event = field(default_factory=threading.Event)
    _look: threading.Lock = field(default_factory=threading.Lock)
    _connection: Engine | None = None
    _told: float = 0.0

    @property
    def now(self) -> float:
        """Seconds since its first start."""
        return time.monotonic() - self._began

    def begin(self, container: str, began: float, engine_began: float) -> None:
        """Know of the first start: the container's id, and when it was on our clock and its."""
        self.container, self._began, self.engine_began = container, began, engine_began

    def mark(self, what: str) -> None:
        """Keep that something was done to it, or noticed, just now."""
        self._marks.append(Mark(max(self.now, 0.0), what))

    def start(self, url: str) -> None:
        """Watch; goes on if it is watching already.

        Args:
            url: where its port answers now; each start may move it.
        """
        self.url = url
        if self.every <= 0 or self._threads:
            return
        self._connection = self.engine.again()
        self._threads = tuple(
            threading.Thread(target=work, name=f"watch {what}", daemon=True)
            for what, work in (("state", self._follow_state), ("usage", self._follow_usage))
        )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Look a last time and end."""
        if not self._threads:
            return
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._threads = ()
        self.look()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self.watcher:
            self.watcher(None)

    def look(self) -> None:
        """Take a sample now."""
        if self._connection is not None:
            with self._look, suppress(LabError):  # it may be gone; what was seen stays
                self._sample(self._connection)

    @property
    def report(self) -> RunReport:
        """What was seen so far."""
        samples, marks = tuple(self._samples), tuple(self._marks)
        seconds = max((*(s.at for s in samples[-1:]), *(m.at for m in marks[-1:])), default=0.0)
        return RunReport(
            name=self.name,
            seconds=seconds,
            samples=samples,
            usage=tuple(self._usage),
            health=tuple(self._health[at] for at in sorted(self._health)),
            marks=marks,
            ended=self.ended,
            memory_limit=self.memory_limit,
            cpus=self.cpus,
        )

    def _follow_state(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            self.look()
            self._tell()
            self._over.wait(max(self.every - (time.monotonic() - began), 0.01))

    def _follow_usage(self) -> None:
        engine = self.engine.again()
        try:
            while not self._over.is_set():
                with suppress(LabError):  # it has ended, or has not begun
                    used = usage_of(self.now, engine.stats(self.container))
                    if used is not None:
                        self._usage.append(used)
                self._over.wait(self.every)
        finally:
            engine.close()

    def _tell(self) -> None:
        if self.watcher and time.monotonic() - self._told >= _TELL_SECONDS:
            self._told = time.monotonic()
            self.watcher(self.report)

    def _sample(self, engine: Engine) -> None:
        answers = self._answers()
        at = self.now
        told = engine.inspect(self.container)
        state = state_of(told)
        self._note_limits(told)
        for result in health_of(told, self.engine_began):
            self._health.setdefault(round(result.at, 3), result)
        health = state.health if state.running else None
        self._samples.append(Sample(at, state.status, health, answers))

    def _note_limits(self, told: dict[str, Any]) -> None:
        host = told["HostConfig"]
        self.memory_limit = int(host.get("Memory") or 0) or None
        self.cpus = (host.get("NanoCpus") or 0) / 1e9 or None

    def _answers(self) -> dict[str, int | None]:
        if not self.probe or not self.url:
            return {}
        if len(self.probe) == 1:
            return {self.probe[0]: self._answer(self.probe[0])}
        with ThreadPoolExecutor(len(self.probe)) as pool:
            return dict(zip(self.probe, pool.map(self._answer, self.probe), strict=True))

    def _answer(self, path: str) -> int | None:
        try:
            return ask("GET", self.url + path, seconds=_ANSWER_SECONDS).status_code
        except requests.RequestException:
            return None
