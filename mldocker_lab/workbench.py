"""One run on one engine: builds that start cold, then share a cache with nothing but themselves.

The side-by-side pair and the grader both stand on this. A *run* has an id; every image it makes is
tagged with it, so the run can be forgotten as a whole. An older run of the same folder is forgotten
when a new one begins: ten tries must not cost ten times the disk.
"""

from __future__ import annotations

import itertools
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mldocker_lab.build.cold import RUN_LABEL, cold_bases, remove_run
from mldocker_lab.build.measured import follow, weigh
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.build.run import read, start
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import BuildFailed, DiskFull, EngineError, UsageError
from mldocker_lab.report.events import Progress
from mldocker_lab.report.fold import Folding
from mldocker_lab.report.sizes import with_sizes
from mldocker_lab.run.container import Container, call
from mldocker_lab.run.guard import Guard
from mldocker_lab.run.options import Options
from mldocker_lab.run.volume import Volume
from mldocker_lab.supply.artifact_store import ArtifactStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from mldocker_lab.build.request import Builder
    from mldocker_lab.build.run import Building
    from mldocker_lab.build.secrets import Secret
    from mldocker_lab.engine.client import Engine
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.events import Event
    from mldocker_lab.report.fold import Row
    from mldocker_lab.report.running import RunReport
    from mldocker_lab.run.bounds import Bounds
    from mldocker_lab.supply.mirror import Mirror

__all__ = ["Job", "Workbench", "abandon", "forget"]

#: Label of the containers and volumes of a run: its value is the run's id.
_LABEL = f"{LABEL}.bench"

_TELL_SECONDS = 0.2
_LESS = "let the build do less"


@dataclass
class Workbench:
    """An engine with its supplies, and one run on it.

    Use it in a ``with`` block, or call ``forget`` when its images are no longer wanted.

    Attributes:
        engine: where to build.
        mirror: where ``pip install`` finds its wheels.
        run_id: names the run; made up if not given.
        bounds: what builds and containers may use, where they are a stranger's; else None.
    """

    engine: Engine
    mirror: Mirror
    run_id: str = field(default_factory=lambda: secrets.token_hex(4))
    bounds: Bounds | None = None
    _bases: dict[str, int] = field(default_factory=dict, repr=False)
    _mounts: dict[str, int] = field(default_factory=dict, repr=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    @property
    def facts(self) -> dict[str, Any]:
        """The engine, for results: name, how it was found, and the machine's size."""
        info = self.engine.info()
        return {
            "name": self.engine.name,
            "source": self.engine.source,
            "store": info.get("Driver"),
            "cpus": info.get("NCPU"),
            "memory": info.get("MemTotal"),
            "architecture": info.get("Architecture"),
        }

    def job(
        self,
        folder: Path,
        dockerfile: str = "Dockerfile",
        *,
        name: str,
        builder: Builder = "buildkit",
        overlay: Mapping[str, bytes] | None = None,
        target: str | None = None,
        secrets: Mapping[str, Secret] | None = None,
        logins: Mapping[str, tuple[str, Secret]] | None = None,
        pull: bool = False,
        no_cache: bool = False,
        epoch: int | None = None,
        sizes: bool = True,
    ) -> Job:
        """A build to be run: the first of a ``name`` is cold, later ones share its cache.

        Args:
            folder: the build context.
            dockerfile: its Dockerfile, relative to the folder.
            name: which cache it belongs to ("bad", "good", …).
            builder: "buildkit" or "classic".
            overlay: files that replace or join the folder's; the folder is not touched.
            target: build up to this stage.
            secrets: what ``RUN --mount=type=secret`` may ask for, by id.
            logins: user and password for registries, by host.
            pull: take the bases from their registries, as they are there now. The Dockerfile is
                built as it stands, so nothing but ``no_cache`` makes this cold.
            no_cache: run every step; without ``pull`` the first build of a name does so anyway.
            epoch: seconds since 1970 that stand for "now" (SOURCE_DATE_EPOCH).
            sizes: weigh the image's layers afterwards.

        Raises:
            UsageError: no such folder or Dockerfile, or a builder that has no secrets.
            DockerfileError: the Dockerfile cannot be read.
        """
        called = f"{_slug(name)}-{_slug(target)}" if target else _slug(name)
        request = BuildRequest(
            folder=folder,
            dockerfile=dockerfile,
            tag=f"mldocker-lab/{_slug(folder.name)}-{called}:run-{self.run_id}-{next(self._numbers)}",
            builder=builder,
            target=target,
            extra_hosts=self.mirror.extra_hosts,
            network=self.mirror.network,
            overlay=overlay or {},
            secrets=secrets or {},
            logins=logins or {},
            pull=pull,
            no_cache=no_cache,
            epoch=epoch,
        )
        return Job(self, request, name, sizes=sizes)

    def build(
        self,
        folder: Path,
        dockerfile: str = "Dockerfile",
        *,
        name: str,
        on_event: Callable[[Event], None] | None = None,
        **options: Any,
    ) -> BuildReport:
        """Build and wait; options as for ``job``.

        Raises:
            BuildFailed: an instruction failed.
            ImageNotFound: the engine lacks a base image.
        """
        return self.job(folder, dockerfile, name=name, **options).run(on_event)

    def new_base(self, name: str, *, mounts: bool = False) -> None:
        """Let the next build of ``name`` run every step again, as after an update of its base.

        Args:
            name: which cache.
            mounts: empty its cache mounts as well; an update of the base does not do that.
        """
        self._bases[name] = self._bases.get(name, 0) + 1
        if mounts:
            self._mounts[name] = self._mounts.get(name, 0) + 1

    def base_key(self, name: str) -> str:
        """What tells the bases of ``name`` from all others."""
        return f"{self.run_id}-{_slug(name)}-{self._bases.get(name, 0)}"

    def mounts_key(self, name: str) -> str:
        """What tells the cache mounts of ``name`` from all others."""
        return f"{self.run_id}-{_slug(name)}-{self._mounts.get(name, 0)}"

    def run(
        self,
        image: str,
        command: Sequence[str] | str | None = None,
        *,
        port: int = 8080,
        ready: str | None = None,
        seconds: float = 30,
        probe: Sequence[str] = (),
        every: float = 0.25,
        name: str = "",
        watcher: Callable[[RunReport | None], None] | None = None,
        **options: Any,
    ) -> Container:
        """A container of ``image`` for a ``with`` block; see ``Container`` and ``Options``."""
        return Container(
            self.engine,
            image,
            command,
            options=Options.asked(options),
            port=port,
            ready=ready,
            seconds=seconds,
            network=self.mirror.network,
            bounds=self.bounds,
            probe=probe,
            every=every,
            name=name,
            watcher=watcher,
            labels=self._labels,
        )

    def call(
        self, image: str, command: Sequence[str] | str | None = None, **options: Any
    ) -> tuple[int, str]:
        """Run a container to its end; its exit status and what it printed."""
        return call(self.engine, image, command, bounds=self.bounds, labels=self._labels, **options)

    def volume(self) -> Volume:
        """A volume, for a ``with`` block."""
        return Volume(self.engine, self._labels)

    def store(self) -> ArtifactStore:
        """A store for model files, on the network that this bench's containers are on."""
        network, host = (self.bounds.network, self.bounds.host) if self.bounds else (None, {})
        return ArtifactStore(self.mirror, network, host, {RUN_LABEL: self.run_id})

    def forget(self) -> None:
        """Remove what this run made."""
        _forget(self.engine, [self.run_id])

    @property
    def _labels(self) -> dict[str, str]:
        return {_LABEL: self.run_id}

    def forget_others(self, folder: Path) -> None:
        """Remove what earlier runs of ``folder`` left, unless a container uses it."""
        _forget(self.engine, _runs(self.engine, folder) - {self.run_id})


class Job:
    """One build of a workbench; ``run`` it in any thread, ``cancel`` it from any other.

    Attributes:
        rows: its instructions as they stand before the build, for a live view.
    """

    def __init__(self, bench: Workbench, request: BuildRequest, name: str, *, sizes: bool) -> None:
        self._bench = bench
        self._name = name
        self._sizes = sizes
        self._dockerfile = read(request)
        self._request = request
        self._building: Building | None = None
        self._cancelled = False
        self.rows: tuple[Row, ...] = Folding(self._dockerfile, target=request.target).rows()

    @property
    def building(self) -> Building:
        """The build, once ``run`` has started it.

        Raises:
            UsageError: it has not.
        """
        if self._building is None:
            raise UsageError("this build has not been started")
        return self._building

    def run(self, on_event: Callable[[Event], None] | None = None) -> BuildReport:
        """Build, then weigh the image.

        Raises:
            BuildFailed: an instruction failed, or the build was cancelled.
            ImageNotFound: the engine lacks a base image.
        """
        tell = on_event or _nobody
        engine = self._bench.engine.again()
        try:
            bases = {} if self._request.pull else self._cold(engine)
            mounts = self._bench.mounts_key(self._name)
            if self._cancelled:
                raise BuildFailed("the build was cancelled")
            request = replace(self._request, bases=bases, cache_prefix=mounts)
            self._building = start(engine, request)
            report = self._followed(self._building, engine.name, tell)
            return self._weighed(engine, report, tell) if self._sizes else report
        finally:
            engine.close()

    def _cold(self, engine: Engine) -> dict[str, str]:
        return cold_bases(engine, self._dockerfile, self._bench.base_key(self._name))

    def _followed(
        self, building: Building, engine: str, tell: Callable[[Event], None]
    ) -> BuildReport:
        """See it through, within its bounds; outside of them it has failed."""
        bounds = self._bench.bounds
        with Guard(bounds, building.cancel) as guard:
            try:
                return follow(building, engine=engine, name=self._name, listeners=[tell])
            except BuildFailed as error:
                if not guard.why:
                    raise
                raise BuildFailed(f"the build was stopped: {guard.why}", _LESS) from error
            except DiskFull as error:
                if bounds is None:
                    raise
                raise BuildFailed("the build filled the disk it may use", _LESS) from error

    def cancel(self) -> None:
        """Hang up; the engine stops the step it is at."""
        self._cancelled = True
        if self._building is not None:
            self._building.cancel()

    def _weighed(
        self, engine: Engine, report: BuildReport, tell: Callable[[Event], None]
    ) -> BuildReport:
        began = time.monotonic()
        told = 0.0

        def progress(done: int) -> None:
            nonlocal told
            if self._cancelled:
                raise BuildFailed("weighing the image was cancelled")
            spent = time.monotonic() - began
            if spent - told >= _TELL_SECONDS:  # the stream comes in tens of thousands of pieces
                told = spent
                at = round(report.seconds + spent, 6)
                tell(Progress(None, at, "weighing", done))

        image = weigh(engine, report.image_id, progress=progress)
        named = replace(image, image=report.tag or report.image_id)
        return with_sizes(report, self._dockerfile, named, target=self._request.target)


def forget(engine: Engine, folder: Path) -> int:
    """Remove what all runs of ``folder`` left, unless a container uses it; returns how many ran."""
    runs = _runs(engine, folder)
    _forget(engine, runs)
    return len(runs)


def abandon(engine: Engine, run_id: str) -> None:
    """Remove what a run made and what of it still runs: its program was killed.

    Raises:
        EngineError: the engine does not answer, or something could not be removed.
    """
    for container in engine.containers():
        labels = container["Labels"]
        if run_id in (labels.get(_LABEL), labels.get(RUN_LABEL, "").partition("-")[0]):
            engine.remove(container["Id"])
    for volume in engine.our_volumes(f"{_LABEL}={run_id}"):
        engine.remove_volume(volume)
    _forget(engine, [run_id])


def _runs(engine: Engine, folder: Path) -> set[str]:
    """The ids of the runs that built ``folder`` and left an image."""
    mine = f"mldocker-lab/{_slug(folder.name)}-"
    tags = (tag for image in engine.images() for tag in image.get("RepoTags") or ())
    return {tag.rpartition(":run-")[2].partition("-")[0] for tag in tags if tag.startswith(mine)}


def _forget(engine: Engine, runs: Collection[str]) -> None:
    """First the names that builds got, then the bases: a run has a label for each side."""
    images = engine.images()
    for tag in (tag for image in images for tag in image.get("RepoTags") or ()):
        if tag.rpartition(":run-")[2].partition("-")[0] in runs:
            with suppress(EngineError):  # a container uses it: its owner still wants it
                engine.remove_image(tag)
    labels = {(image.get("Labels") or {}).get(RUN_LABEL, "") for image in images}
    for label in labels:
        if label.partition("-")[0] in runs:
            remove_run(engine, label)


def _nobody(event: Event) -> None:
    """Nobody listens."""


def _slug(name: str) -> str:
    """A folder's or side's name as a repository may be called."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "project"
