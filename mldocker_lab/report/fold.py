"""Events become a report: a row for every instruction, filled in while the build goes on.

A fold, in the sense of ``functools.reduce``: it looks at one event after the other and never at an
engine, so that a live build, a replayed one and a test all take the same path.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mldocker_lab.errors import BuildFailed, EngineError
from mldocker_lab.report.build import FILESYSTEM, BuildReport, Status, Step
from mldocker_lab.report.events import Built, Event, Failed, Finished, Output, Progress, Started
from mldocker_lab.report.hints import hint
from mldocker_lab.report.twins import twins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.dockerfile.parse import Dockerfile, Instruction

__all__ = ["Folding", "Row", "fold"]

State = Literal["waiting", "running", "run", "cached", "skipped", "metadata", "failed"]

_LOG_LINES = 12
_TAIL_LINES = 200


@dataclass(frozen=True, slots=True)
class Row:
    """An instruction as it stands while the build goes on.

    Attributes:
        step: position in ``Dockerfile.instructions``.
        stage: name of its stage, or its number as text.
        instruction: its text on one line.
        line: its line in the Dockerfile, from 1.
        state: waiting, running, failed, or what will be its status in the report.
        started: seconds since the request when it began; None if it has not.
        seconds: how long it took; None if it is not done or the builder does not say.
        twin: position of the earlier step it repeats and whose state it shares; None if none.
    """

    step: int
    stage: str
    instruction: str
    line: int
    state: State
    started: float | None = None
    seconds: float | None = None
    twin: int | None = None


class Folding:
    """Collects events; ``rows`` shows the present, ``report`` the end.

    Args:
        dockerfile: what is being built.
        target: the stage asked for; None for the last.
        builder: "buildkit" or "classic". The classic builder runs every stage up to the target,
            BuildKit only those the target needs.
    """

    def __init__(
        self, dockerfile: Dockerfile, *, target: str | None = None, builder: str = "buildkit"
    ) -> None:
        self.dockerfile = dockerfile
        self.context_bytes = 0
        self._needed = dockerfile.needed(target)
        self._twins = twins(dockerfile)
        self._builder = builder
        self._started: dict[int, float] = {}
        self._finished: dict[int, Finished] = {}
        self._tails: dict[int | None, deque[str]] = {}
        self.moved: Progress | None = None
        self.end: Built | Failed | None = None

    def add(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case Started(step=step, at=at):
                self._started.setdefault(step, at)
            case Finished(step=step):
                self._finished[step] = event
            case Output(step=step, text=text):
                self._print(step, text)
            case Progress(step=None, what="context", done=done):
                self.context_bytes = done
                self.moved = event
            case Progress():
                self.moved = event
            case Built() | Failed():
                self.end = event

    def log(self, step: int | None) -> tuple[str, ...]:
        """The last lines a step has printed so far."""
        lines = "".join(self._tails.get(step, ())).removesuffix("\n").split("\n")
        tail = tuple(line.rstrip().rpartition("\r")[2] for line in lines[-_TAIL_LINES:])
        return tail if any(tail) else ()

    def rows(self) -> tuple[Row, ...]:
        """A row for every instruction, as things stand."""
        return tuple(self._row(one) for one in self.dockerfile.instructions)

    def report(
        self, *, name: str, tag: str, engine: str, context_bytes: int | None = None
    ) -> BuildReport:
        """The report of a build that has ended.

        Raises:
            BuildFailed: it ended badly, or has not ended.
            EngineError: the builder was silent about a step that others ran on top of.
        """
        if not isinstance(self.end, Built):
            raise self.failure()
        self._must_add_up()
        return BuildReport(
            name=name,
            image_id=self.end.image_id,
            tag=tag,
            builder=self._builder,
            engine=engine,
            seconds=self.end.at,
            context_bytes=self.context_bytes if context_bytes is None else context_bytes,
            steps=tuple(_step(row) for row in self.rows()),
        )

    def failure(self) -> BuildFailed:
        """The bad end as an error that says where, why, and what to try."""
        if not isinstance(self.end, Failed):
            return BuildFailed("the build did not come to an end", "build again")
        step, message = self.end.step, self.end.message
        log = self.log(step) if step is not None else ()
        one = self.dockerfile.instructions[step] if step is not None else None
        text, syntax = one.oneline if one else "", self.dockerfile.syntax
        found = hint(message, log, instruction=text, syntax=syntax)
        return BuildFailed(
            found.what,
            found.hint,
            instruction=text,
            line=one.line if one else found.line,
            log=tuple(line for line in log if line)[-_LOG_LINES:],
        )

    def _print(self, step: int | None, text: str) -> None:
        self._tails.setdefault(step, deque(maxlen=4 * _TAIL_LINES)).append(text)

    def _row(self, one: Instruction) -> Row:
        done = self._finished.get(one.index)
        return Row(
            step=one.index,
            stage="" if one.stage is None else self.dockerfile.stages[one.stage].label,
            instruction=one.oneline,
            line=one.line,
            state=self._state(one),
            started=self._started.get(one.index),
            seconds=done.seconds if done else None,
            twin=self._twins.get(one.index),
        )

    def _state(self, one: Instruction) -> State:
        if one.keyword not in FILESYSTEM:
            return "metadata"
        if isinstance(self.end, Failed) and self.end.step == one.index:
            return "failed"
        if self._unneeded(one):
            return "skipped"
        done = self._heard(one)
        if done is not None:
            return "cached" if done.cached else "run"
        if isinstance(self.end, Built):
            return "cached"  # BuildKit found the result of a later step and never looked at this
        started = any(step in self._started for step in self._same(one.index))
        return "running" if started else "waiting"

    def _heard(self, one: Instruction) -> Finished | None:
        """What the builder said of this very work; which of its stages it names is its own choice.

        The classic builder names the first that did it, BuildKit any one: the first comes first.
        """
        said = (self._finished.get(step) for step in self._same(one.index))
        return next((done for done in said if done is not None), None)

    def _same(self, step: int) -> tuple[int, ...]:
        """The positions of all steps that are the same work as this one, the first one first."""
        first = self._twins.get(step, step)
        return (first, *(twin for twin, of in self._twins.items() if of == first))

    def _must_add_up(self) -> None:
        """Silence means cached, but not below a step that ran: that looked at what it stands on."""
        silent: dict[int | None, Instruction] = {}
        for one in self.dockerfile.instructions:
            if one.keyword not in FILESYSTEM or self._unneeded(one):
                continue
            heard = self._heard(one)
            if heard is None:
                silent.setdefault(one.stage, one)
            elif not heard.cached and one.stage in silent:
                before = silent[one.stage]
                raise EngineError(
                    f"the builder did not say what became of line {before.line}: {before.oneline}",
                    "build again, or with the classic builder; and tell us your engine's version",
                )

    def _unneeded(self, one: Instruction) -> bool:
        """BuildKit leaves out stages the target does not need; the classic builder runs them."""
        if one.stage in self._needed:
            return False
        if self._builder == "classic":
            return isinstance(self.end, Built) and one.index not in self._finished
        return True


def fold(
    dockerfile: Dockerfile,
    events: Iterable[Event],
    *,
    name: str,
    tag: str = "",
    builder: str = "buildkit",
    engine: str = "",
    target: str | None = None,
    context_bytes: int | None = None,
) -> BuildReport:
    """The report of a whole build.

    Args:
        dockerfile: what was built.
        events: everything that happened, in order.
        name: what you call the build ("bad", "good").
        tag: the name its image has on the engine.
        builder: "buildkit" or "classic".
        engine: "Docker Engine 20.10.24".
        target: the stage asked for; None for the last.
        context_bytes: bytes sent; None takes them from the events.

    Raises:
        BuildFailed: the build failed, or the events end before it did.
    """
    folding = Folding(dockerfile, target=target, builder=builder)
    for event in events:
        folding.add(event)
    return folding.report(name=name, tag=tag, engine=engine, context_bytes=context_bytes)


def _step(row: Row) -> Step:
    statuses: dict[State, Status] = {
        "run": "run",
        "cached": "cached",
        "skipped": "skipped",
        "metadata": "metadata",
    }
    return Step(
        stage=row.stage,
        index=row.step,
        instruction=row.instruction,
        status=statuses[row.state],
        seconds=row.seconds,
        line=row.line,
        started=row.started,
    )
