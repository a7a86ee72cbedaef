"""A service watched: who it runs as, what it says of its health, what it prints, how it ends.

Four short lives of the image, within limits. The first is asked, loaded and stopped; the second has
a user nobody made and a root that cannot be written; the third is killed in the middle; the fourth
finds rubbish where its model should be. The HEALTHCHECK is the image's own, asked every second.
"""

from __future__ import annotations

import random
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from mldocker_lab.audit.watching.seen import Seen
from mldocker_lab.errors import EngineError
from mldocker_lab.run.container import Container, NotInTime, NotReady
from mldocker_lab.run.options import Health, Options
from mldocker_lab.units import size, took

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mldocker_lab.audit.watching.adapter import Adapter
    from mldocker_lab.report.exits import Ended
    from mldocker_lab.run.volume import Volume
    from mldocker_lab.workbench import Workbench

__all__ = ["Start", "mounted", "watched"]

_LOAD = 40  # requests
_GRACE = 10
_LATE_SECONDS = 5.0  # after it is ready: a line, or a changed health, must be there by then
_BROKEN_SECONDS, _TIMES = 5.0, 3  # at least, and how often the time it took to be ready
_NS = 1e9
_RUBBISH = b"this is no model\n" * 64


@dataclass
class _Life:
    """What the first life showed."""

    lines: int = 0
    root: bool | None = None
    user: str = ""
    health: str | None = None
    has_check: bool = False
    answered: int = 0
    peak: int | None = None
    ended: Ended | None = None
    trouble: str = ""
    never: str = ""
    ready_at: float = 0


def watched(
    bench: Workbench,
    image: str,
    adapter: Adapter,
    weights: bytes | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Seen]:
    """What a service does, by rule; rules that it shows nothing of are missing.

    Args:
        bench: where it runs.
        image: its id.
        adapter: how to ask it.
        weights: what is mounted where it looks for its model; None to leave that to the image.
        tell: hears what is being tried.
    """
    with mounted(bench, image, adapter, weights) as start:
        return _lives(start, tell)


@contextmanager
def mounted(
    bench: Workbench, image: str, adapter: Adapter, weights: bytes | None
) -> Iterator[Start]:
    """How the service starts, with its weights mounted if it gets them from outside."""
    if weights is None or not adapter.model:
        yield Start(bench, image, adapter, None)
        return
    with bench.volume() as volume:
        _fill(bench, image, volume, adapter.model, weights)
        yield Start(bench, image, adapter, volume)


def _fill(bench: Workbench, image: str, volume: Volume, model: str, data: bytes) -> None:
    """Put a file into a volume, by a container that never starts."""
    folder, _, name = model.rpartition("/")
    host = Options(volumes={volume: folder}).host(bench.bounds)
    container = bench.engine.create(image, ["none"], host=host)
    try:
        bench.engine.put_files(container, folder, {name: data})
    finally:
        bench.engine.remove(container)


def _lives(start: Start, tell: Callable[[str], None]) -> dict[str, Seen]:
    adapter = start.adapter
    tell("starting it, asking it, stopping it …")
    first = _first(start)
    if first.never:
        return dict.fromkeys(
            ("healthcheck", "logs-stdout", "limits"), Seen("not-judged", first.never)
        )
    tell("starting it as a user nobody made, with a root that cannot be written …")
    alone = _as_nobody(start)
    tell("killing it …")
    kept = _killed(start)
    tell("breaking its model …")
    broken = _broken(start, first.ready_at) if adapter.model and adapter.ready else None
    return {
        "non-root": _user(first, alone),
        "healthcheck": _health(first, broken),
        "logs-stdout": _logs(first, kept),
        "limits": _limits(first, adapter),
        "exec-form": _stop(first),
    }


@dataclass(frozen=True)
class Start:
    """How each life begins; ``models`` is the volume that has the weights, if any is mounted."""

    bench: Workbench
    image: str
    adapter: Adapter
    models: Volume | None

    def container(self, *, ready: str | None = None, **options: Any) -> Container:
        """A container of the image, within its limits; options as for ``Options``."""
        adapter = self.adapter
        if self.models is not None:
            options["volumes"] = {self.models: f"{adapter.model.rpartition('/')[0]}:ro"}
        return self.bench.run(
            self.image,
            port=adapter.port,
            ready=ready,
            seconds=adapter.seconds,
            environment=adapter.environment,
            memory=adapter.memory,
            cpus=adapter.cpus,
            pids=256,
            health=self.check(),
            **options,
        )

    def check(self) -> Health | None:
        """The image's own check, asked every second; None if it has none."""
        told = self.bench.engine.image(self.image).config.get("Healthcheck") or {}
        test = told.get("Test") or []
        if not test or test[0] == "NONE":
            return None
        return Health(
            " ".join(test[1:]) if test[0] == "CMD-SHELL" else test[1:],
            interval=1,
            timeout=max(told.get("Timeout", 0) / _NS, 1) if told.get("Timeout") else 30,
            retries=told.get("Retries") or 3,
            start_period=told.get("StartPeriod", 0) / _NS,
        )


def _first(start: Start) -> _Life:
    life = _Life(has_check=start.check() is not None)
    adapter = start.adapter
    try:
        with start.container(ready=adapter.ready or None) as c:
            life.ready_at = c.now
            before = len(c.lines()) if adapter.predict else 0
            _begun(c, life, adapter)
            life.ended = c.ended or c.stop(_GRACE)
            life.lines = len(c.lines()) - before
        life.peak = c.report.peak_memory
    except NotReady as error:
        life.never = f"it was never ready: {error.what.splitlines()[0]}"
    except EngineError as error:
        life.never = f"it could not be started: {error.what.splitlines()[0]}"
    return life


def _begun(c: Container, life: _Life, adapter: Adapter) -> None:
    """Ask and load it, and see who it runs as and how well it says it is."""
    for process in c.engine.processes(c.container)[:1]:
        life.user = process.get("UID", process.get("USER", ""))
        life.root = life.user in ("0", "root")
    if adapter.predict:
        for _ in range(_LOAD):
            try:
                life.answered += c.post(adapter.predict, adapter.sample).ok
            except requests.RequestException as error:
                life.trouble = str(error)[:100]
                break
    if life.has_check:
        with suppress(NotInTime):  # still "starting": said below
            c.until(
                lambda: c.state.health in ("healthy", "unhealthy"), "its health", adapter.seconds
            )
        life.health = c.state.health
    if life.trouble:  # did it die of the load? that shows a moment later
        with suppress(NotInTime):
            c.until(lambda: not c.state.running, "its end", _LATE_SECONDS)
    if not c.state.running:
        life.ended = c.finished(_LATE_SECONDS)


def _as_nobody(start: Start) -> str:
    """What went wrong with few rights; nothing if it got ready."""
    if not start.adapter.ready:
        return ""
    uid = random.randint(20_000, 60_000)  # noqa: S311 any number that no image knows
    try:
        with start.container(
            ready=start.adapter.ready,
            user=f"{uid}:{uid}",
            read_only=True,
            tmpfs=["/tmp"],  # noqa: S108 the container's own
            drop=["ALL"],
            no_new_privileges=True,
        ):
            return ""
    except (NotReady, EngineError) as error:
        lines = [line for line in error.what.splitlines() if line.strip()]
        return lines[-1].strip(" |")[:120]


def _killed(start: Start) -> int:
    """Lines that are there after SIGKILL: of a request, or of its start if nobody can ask."""
    adapter = start.adapter
    try:
        with start.container(ready=adapter.ready or None) as c:
            before = len(c.lines()) if adapter.predict else 0
            with suppress(requests.RequestException):
                if adapter.predict:
                    c.post(adapter.predict, adapter.sample)
            with suppress(NotInTime):
                c.until(
                    lambda: len(c.lines()) > before or not c.state.running, "a line", _LATE_SECONDS
                )
            if c.state.running:
                c.kill("KILL")
                c.finished(_GRACE)
            return len(c.lines()) - before
    except (NotReady, EngineError):
        return 0


def _broken(start: Start, ready_at: float) -> Seen:
    """Rubbish where the model should be: it must not say that it is ready, however long one waits.

    Args:
        start: how it begins.
        ready_at: seconds it took with its model.
    """
    adapter = start.adapter
    files = {adapter.model: _RUBBISH}
    if start.models is not None:
        _fill(start.bench, start.image, start.models, adapter.model, _RUBBISH)
        files = {}
    with start.container(files=files) as c:
        said: list[int] = []

        def ready() -> bool:
            if not c.state.running:
                return True
            said.append(c.get(adapter.ready, seconds=2).status_code)
            return 200 <= said[-1] < 300 or c.state.health == "healthy"  # noqa: PLR2004 2xx

        try:
            c.until(ready, "its answer", max(_BROKEN_SECONDS, _TIMES * ready_at))
        except NotInTime:
            code = said[-1] if said else None
            told = f"{adapter.ready} answers {code}" if code else "it answers nothing"
            return Seen("pass", f"with a broken model {told}")
        if not c.state.running:
            return Seen("pass", f"with a broken model it ends with status {c.state.exit_code}")
    return Seen(
        "fail",
        f"with a broken model {adapter.ready} answers {said[-1] if said else 'nothing'}, as if it "
        "could predict",
        fix="let the endpoint that the check asks run a real inference, and answer 503 with the "
        "reason when that fails",
    )


def _user(life: _Life, alone: str) -> Seen:
    if life.root is None:
        return Seen("not-judged", "nobody saw its process")
    if life.root:
        return Seen("fail", "its process runs as root", decides=True)
    also = f"; as a user nobody made, with a read-only root: {alone}" if alone else (
        "; it runs as a user nobody made, with a read-only root, too"
    )  # fmt: skip
    return Seen("pass", f"its process runs as {life.user}{also}", decides=True)


def _health(life: _Life, broken: Seen | None) -> Seen:
    if not life.has_check:
        return Seen("not-judged", "the image has no HEALTHCHECK to watch")
    if life.health != "healthy":
        return Seen("fail", f"it answers, and its HEALTHCHECK says {life.health or 'nothing'}")
    if broken is None:
        return Seen("pass", "it became healthy; a broken model was not tried")
    return Seen(broken.status, f"it became healthy; {broken.evidence}", broken.fix)


def _logs(life: _Life, kept: int) -> Seen:
    if life.lines and kept:
        return Seen("pass", f"{life.lines} lines arrived, {kept} there after SIGKILL")
    if life.lines:
        return Seen(
            "fail", f"{life.lines} lines arrived once it had ended, none was there after SIGKILL"
        )
    asked = f"{_LOAD} requests left no line" if life.answered else "it printed nothing"
    return Seen("fail", f"{asked} that anybody can collect", decides=True)


def _limits(life: _Life, adapter: Adapter) -> Seen:
    within = f"{adapter.memory} of memory and {adapter.cpus:g} processors"
    if life.ended is not None and life.ended.oom:
        return Seen("fail", f"within {within} the kernel killed it")
    if not adapter.predict:
        return Seen("not-judged", f"it ran within {within}; mldocker.yaml names no path to load")
    if life.answered < _LOAD:
        why = f": {life.trouble}" if life.trouble else ""
        return Seen("fail", f"within {within} it answered {life.answered} of {_LOAD}{why}")
    peak = f", at most {size(life.peak)} seen" if life.peak else ""
    return Seen("not-judged", f"it answered {_LOAD} of {_LOAD} within {within}{peak}")


def _stop(life: _Life) -> Seen:
    if life.ended is None:
        return Seen("not-judged", "nobody stopped it")
    if life.ended.asked is None:
        return Seen("not-judged", f"it ended by itself with status {life.ended.status}")
    after = f"after {took(life.ended.seconds)}, exit status {life.ended.status}"
    if life.ended.killed:
        return Seen("fail", f"it had to be killed {after}", decides=True)
    return Seen("pass", f"it ended on its stop signal {after}", decides=True)
