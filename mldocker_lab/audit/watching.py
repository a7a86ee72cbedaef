"""Build a project's image and watch its container: limited, offline where the engine is local."""

from __future__ import annotations

import contextlib
import posixpath
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import requests

from mldocker_lab.audit.watched import Watched
from mldocker_lab.audit.weights import is_aside, is_weights
from mldocker_lab.errors import LabError
from mldocker_lab.report.layerindex import Kind
from mldocker_lab.run.bounds import Bounds
from mldocker_lab.run.container import Container, NotInTime, NotReady
from mldocker_lab.run.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mldocker_lab.audit.service import Service
    from mldocker_lab.report.layerindex import LayerIndex
    from mldocker_lab.workbench import Workbench

__all__ = ["Watching", "in_layers", "observe"]

_CPUS = 1.0
_PIDS = 256
_MEGABYTES = {"m": 1 << 20, "g": 1 << 30, "k": 1 << 10, "b": 1}
_BIG = 1 << 20  # bytes; smaller files are no burden for a release
_HUGE = 50_000_000  # bytes; outside of packages and libraries, whatever its name
_PROGRAMS = re.compile(
    r"(site|dist)-packages/|^/(usr|lib|lib64|bin|sbin|opt/conda|opt/nvidia|var/lib)/|\.(so|a|jar|whl)(\.|$)"
)
_SOMEBODY = 54321
_SETTLE_SECONDS = 3.0
_WORKSHOP = {
    "programs": ("gcc", "cc", "g++", "nvcc", "make", "jupyter"),
    "packages": (
        "jupyterlab", "notebook", "ipykernel", "wandb", "mlflow", "tensorboard", "lightning",
        "pytorch_lightning", "skl2onnx", "datasets", "accelerate", "pytest",
    ),
}  # fmt: skip
_LOOK = """
import importlib.util as u, shutil
print(*[p for p in {programs!r} if shutil.which(p)], *[p for p in {packages!r} if u.find_spec(p)])
"""


def in_layers(indexes: Iterable[LayerIndex]) -> tuple[tuple[str, int], ...]:
    """Files with weights in the layers given, and their bytes."""
    return tuple(
        (item.path, item.bytes)
        for index in indexes
        for item in index
        if item.kind is Kind.FILE and item.bytes >= _BIG and _weighs(item.path, item.bytes)
    )


def _weighs(path: str, count: int) -> bool:
    """It is named like weights, or so large that it is nothing else."""
    if is_aside(path) or _PROGRAMS.search(path):
        return False
    return is_weights(path) or count >= _HUGE


def observe(bench: Workbench, image: str, service: Service) -> Watched:
    """Run an image and see what it does.

    Args:
        bench: where.
        image: its id.
        service: how it is asked.
    """
    with _network(bench) as network:
        return Watching(bench, image, service, network).all()


@contextlib.contextmanager
def _network(bench: Workbench) -> Iterator[str | None]:
    """A network that leads nowhere; None where containers on it could not be asked from here."""
    if not bench.engine.url.startswith(("unix:", "http+unix:")) or bench.mirror.network == "host":
        yield None
        return
    name = f"mldocker-lab-audit-{secrets.token_hex(4)}"
    bench.engine.make_network(name)
    try:
        yield name
    finally:
        bench.engine.remove_network(name)


class Watching:
    """One service, run several times; what was seen is in ``seen``.

    Args:
        bench: where.
        image: its id.
        service: how it is asked.
        network: a network that leads nowhere; None for the engine's own.
    """

    def __init__(self, bench: Workbench, image: str, service: Service, network: str | None) -> None:
        self.bench, self.image, self.service = bench, image, service
        number, unit = service.memory[:-1], service.memory[-1:].lower()
        memory = int(float(number or 0) * _MEGABYTES.get(unit, 1 << 20))
        self.bounds = Bounds(service.seconds, memory, _PIDS, _CPUS, network)
        self.seen = Watched(memory=service.memory)

    def run(self, *, ready: bool = True, every: float = 0, **options: Any) -> Container:
        """A container of the image, in bounds."""
        environment = dict(self.service.environment or {})
        return Container(
            self.bench.engine,
            self.image,
            options=Options(environment=environment, **options),
            port=self.service.port,
            ready=self.service.ready or None if ready else None,
            seconds=self.service.seconds,
            network=self.bench.mirror.network,
            bounds=self.bounds,
            every=every,
        )

    def all(self) -> Watched:
        """Everything, one after the other; a service that never gets ready is not asked more."""
        self.look()
        self.first()
        if self.seen.ready is not False:
            self.killed()
            self.strictly()
            self.broken()
        return self.seen

    def _note(self, **facts: Any) -> None:
        self.seen = replace(self.seen, **facts)

    def look(self) -> None:
        """What the image can use, asked by its own Python without starting the service."""
        with contextlib.suppress(LabError):
            status, said = self.bench.call(
                self.image,
                ["-c", _LOOK.format(**_WORKSHOP)],
                entrypoint=["python3"],
                network="none",
            )
            if status == 0:
                self._note(workshop=tuple(said.split()))

    def first(self) -> None:
        """Ready, a prediction, its user, its health, and the end when it is asked to stop."""
        try:
            with self.run() as container:
                if self.service.ready:
                    self._note(ready=True)
                self._note(predicted=self._predict(container), uid=self._uid(container))
                self._healthy(container)
                ended = container.stop(self.service.grace)
                self._note(ended=ended, oom=ended.oom, lines_stopped=len(container.lines()))
        except NotReady as error:
            self._note(ready=False, trouble=error.what.partition("\n")[0])
        except LabError as error:
            self._note(trouble=error.what.partition("\n")[0])

    def _predict(self, container: Container) -> int | None:
        if not self.service.predict:
            return None
        try:
            return int(container.post(self.service.predict, self.service.sample).status_code)
        except requests.RequestException:
            return 599

    def _uid(self, container: Container) -> int | None:
        """The user of process 1: a shell in the container may run as another one."""
        look = "import os; print(os.stat('/proc/1').st_uid)"
        for command in (["python3", "-c", look], ["stat", "-c", "%u", "/proc/1"], ["id", "-u"]):
            with contextlib.suppress(LabError):
                status, said = container.call(command)
                if status == 0 and said.strip().isdecimal():
                    return int(said)
        return None

    def _healthy(self, container: Container) -> None:
        if container.state.health is None:
            return
        try:
            after = container.until(
                lambda: container.state.health in ("healthy", "unhealthy"), "tells its health"
            )
            self._note(health=str(container.state.health), healthy_after=after)
        except NotInTime:
            self._note(health="starting")

    def killed(self) -> None:
        """The same questions, then SIGKILL: which lines had arrived?"""
        with contextlib.suppress(LabError), self.run() as container:
            self._predict(container)
            with contextlib.suppress(NotInTime):
                container.until(lambda: bool(container.lines()), "a line", _SETTLE_SECONDS)
            container.kill("KILL")
            container.wait("exited")
            self._note(lines_alive=len(container.lines()))

    def strictly(self) -> None:
        """As somebody else, with a root that nobody can write to."""
        if not self.service.ready:
            return
        user, drop = f"{_SOMEBODY}:{_SOMEBODY}", ["ALL"]
        try:
            with self.run(user=user, read_only=True, tmpfs=["/tmp"], drop=drop):  # noqa: S108
                self._note(strict=True)
        except LabError:
            self._note(strict=False)

    def broken(self) -> None:
        """With other bytes in the place of the model: it must not say that it is ready."""
        if not (self.service.ready and self.service.model):
            return
        path = posixpath.normpath(self.service.model)
        with contextlib.suppress(LabError), self.run(ready=False, files={path: b"no model"}) as one:
            self._note(broken=self._answer(one))

    def _answer(self, container: Container) -> int:
        """The last answer of the ready path: the first 2xx, or what it says to the end; 0: none."""
        last = 0

        def said() -> bool:
            nonlocal last
            if not container.state.running:
                last = 0
                return True
            last = int(container.get(self.service.ready, seconds=2).status_code)
            return last in range(200, 300)

        with contextlib.suppress(NotInTime):
            container.until(said, "answers", _SETTLE_SECONDS)
        return last
