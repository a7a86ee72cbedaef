"""What was seen of a running container: samples on one clock, and its end.

All times are seconds since the container's first start, on the engine's clock where the engine
told them (health results, log lines), on ours where we asked (samples, marks).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mldocker_lab.report.exits import Ended
    from mldocker_lab.show.figure import Picture

__all__ = ["HealthResult", "Line", "Mark", "RunReport", "Sample", "State", "Usage"]


@dataclass(frozen=True, slots=True)
class State:
    """A container's state at one moment.

    Attributes:
        status: "created", "running", "restarting", "exited", …
        health: "starting", "healthy", "unhealthy"; None without a health check.
        exit_code: of the last end; 0 while it runs.
        oom: the engine's OOMKilled.
        restarts: how often the engine has restarted it.
        pid: of process 1 as the engine's host sees it; 0 if it does not run.
        started: the engine's time of the last start, seconds since 1970.
        finished: of the last end; 0 if there was none.
    """

    status: str
    health: str | None = None
    exit_code: int = 0
    oom: bool = False
    restarts: int = 0
    pid: int = 0
    started: float = 0
    finished: float = 0

    @property
    def running(self) -> bool:
        """Whether its process 1 runs."""
        return self.status == "running"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a container.

    Attributes:
        at: seconds since the start.
        status: as in ``State``.
        health: as in ``State``; None while it does not run.
        answers: path → HTTP status; None where nothing answered in time.
    """

    at: float
    status: str
    health: str | None = None
    answers: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """What it used; the engine reads that once a second.

    Attributes:
        at: seconds since the start.
        memory: bytes in use without the page cache, as ``docker stats`` shows.
        cpu: seconds of processor time so far.
        processes: processes and threads.
        periods: quota periods so far in which it wanted to run, and
        throttled: in how many of these the quota stopped it (the kernel's nr_throttled).
    """

    at: float
    memory: int
    cpu: float
    processes: int = 0
    periods: int = 0
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class HealthResult:
    """One run of the HEALTHCHECK.

    Attributes:
        at: seconds since the start when it began.
        seconds: how long it took.
        exit: 0 healthy, 1 unhealthy, -1 if it was stopped at its timeout.
        output: what it printed.
    """

    at: float
    seconds: float
    exit: int
    output: str

    @property
    def ok(self) -> bool:
        """Whether the check passed."""
        return self.exit == 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was done to the container, or noticed: "ready", "SIGTERM", …."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line it printed.

    Attributes:
        at: seconds since the start when the engine received it.
        stream: "stdout" or "stderr".
        text: without its line end.
    """

    at: float
    stream: str
    text: str


@dataclass(frozen=True)
class RunReport:
    """A container's life as far as it was watched.

    Attributes:
        name: what to call it.
        seconds: how long it was watched.
        samples: by time.
        usage: by time.
        health: results of its HEALTHCHECK, by time.
        marks: by time.
        ended: its end; None if it was still running.
        memory_limit: bytes; None without a limit.
        cpus: its quota in processors; None without one.
        engine: which engine it ran on.
    """

    name: str
    seconds: float
    samples: tuple[Sample, ...] = field(default=(), repr=False)
    usage: tuple[Usage, ...] = field(default=(), repr=False)
    health: tuple[HealthResult, ...] = field(default=(), repr=False)
    marks: tuple[Mark, ...] = field(default=(), repr=False)
    ended: Ended | None = None
    memory_limit: int | None = None
    cpus: float | None = None
    engine: str = ""

    @property
    def states(self) -> tuple[str, ...]:
        """The states it went through, in order: its health where it has a check, else its status.

        A state that came and went between two samples is missing; its marks and health results
        tell more.
        """
        seen: list[str] = []
        for sample in self.samples:
            word = sample.health if sample.status == "running" and sample.health else sample.status
            if not seen or seen[-1] != word:
                seen.append(word)
        return tuple(seen)

    def codes(self, path: str) -> tuple[int | None, ...]:
        """The answers of a probed path in order, each run of equal ones once."""
        seen: list[int | None] = []
        for sample in self.samples:
            if path in sample.answers and (not seen or seen[-1] != sample.answers[path]):
                seen.append(sample.answers[path])
        return tuple(seen)

    @property
    def peak_memory(self) -> int | None:
        """The most memory that was seen, bytes; between two looks it may have been more."""
        return max((used.memory for used in self.usage), default=None)

    @property
    def throttled(self) -> int:
        """Quota periods in which it was stopped."""
        return max((used.throttled for used in self.usage), default=0)

    def plot(self, *others: RunReport) -> Picture:
        """States, probes and memory on an axis of seconds; other runs below, on the same axis."""
        from mldocker_lab.report.runfigures import lives

        return lives(self, *others)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON sees it."""
        from dataclasses import asdict

        return asdict(self)

    def __repr__(self) -> str:
        words = [f"{self.name}: {' → '.join(self.states) or 'never seen'}"]
        if self.ended:
            words.append(repr(self.ended))
        return "; ".join(words)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        data, metadata = self.plot()._repr_mimebundle_(include, exclude)
        return ({**data, "text/plain": repr(self)} if "text/plain" in data else data), metadata
