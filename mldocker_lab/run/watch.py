"""Looks at a container again and again from threads of its own, and keeps what it saw.

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
from mldocker_lab.report.running import HealthResult, RunReport, Sample, Usage
from mldocker_lab.run.ask import ask
from mldocker_lab.run.reading import health_of, state_of, usage_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.report.exits import Ended
    from mldocker_lab.report.running import Mark
    from mldocker_lab.run.container import Container

__all__ = ["Watch"]

_ANSWER_SECONDS = 1.0
_TELL_SECONDS = 0.5


@dataclass
class Watch:
    """The watcher of one container, over all its starts.

    Attributes:
        memory_limit: bytes; None without one, or as long as nobody looked.
    """

    of: Container
    probe: tuple[str, ...]
    every: float
    watcher: Callable[[RunReport | None], None] | None = None
    memory_limit: int | None = None
    cpus: float | None = None
    _samples: list[Sample] = field(default_factory=list)
    _usage: list[Usage] = field(default_factory=list)
    _health: dict[float, HealthResult] = field(default_factory=dict)
    _threads: tuple[threading.Thread, ...] = ()
    _over: threading.Event = field(default_factory=threading.Event)
    _look: threading.Lock = field(default_factory=threading.Lock)
    _engine: Engine | None = None
    _told: float = 0.0

    def start(self) -> None:
        """Begin; goes on if it is watching already."""
        if self.every <= 0 or self._threads:
            return
        self._engine = self.of.engine.again()
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
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self.watcher:
            self.watcher(None)

    def look(self) -> None:
        """Take a sample now."""
        if self._engine is not None:
            with self._look, suppress(LabError):  # it may be gone; what was seen stays
                self._sample(self._engine)

    def report(self, name: str, marks: tuple[Mark, ...], ended: Ended | None) -> RunReport:
        """What was seen so far."""
        samples = tuple(self._samples)
        seconds = max((*(s.at for s in samples[-1:]), *(m.at for m in marks[-1:])), default=0.0)
        return RunReport(
            name=name,
            seconds=seconds,
            samples=samples,
            usage=tuple(self._usage),
            health=tuple(self._health[at] for at in sorted(self._health)),
            marks=marks,
            ended=ended,
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
        engine = self.of.engine.again()
        try:
            while not self._over.is_set():
                with suppress(LabError):  # it has ended, or has not begun
                    used = usage_of(self.of.now, engine.stats(self.of.container))
                    if used is not None:
                        self._usage.append(used)
                self._over.wait(self.every)
        finally:
            engine.close()

    def _tell(self) -> None:
        if self.watcher and time.monotonic() - self._told >= _TELL_SECONDS:
            self._told = time.monotonic()
            self.watcher(self.of.report)

    def _sample(self, engine: Engine) -> None:
        answers = self._answers()
        at = self.of.now
        told = engine.inspect(self.of.container)
        state = state_of(told)
        self._note_limits(told)
        for result in health_of(told, self.of.engine_began):
            self._health.setdefault(round(result.at, 3), result)
        health = state.health if state.running else None
        self._samples.append(Sample(at, state.status, health, answers))

    def _note_limits(self, told: dict[str, Any]) -> None:
        host = told["HostConfig"]
        self.memory_limit = int(host.get("Memory") or 0) or None
        self.cpus = (host.get("NanoCpus") or 0) / 1e9 or None

    def _answers(self) -> dict[str, int | None]:
        if not self.probe or not self.of.url:
            return {}
        if len(self.probe) == 1:
            return {self.probe[0]: self._answer(self.probe[0])}
        with ThreadPoolExecutor(len(self.probe)) as pool:
            return dict(zip(self.probe, pool.map(self._answer, self.probe), strict=True))

    def _answer(self, path: str) -> int | None:
        try:
            return ask("GET", self.of.url + path, seconds=_ANSWER_SECONDS).status_code
        except requests.RequestException:
            return None
