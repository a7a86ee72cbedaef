"""Where one grading worker builds and runs: in a pen, on an engine that was found, or nowhere.

A station serves one submission at a time. Between two of them it is tidied: what the last one left
is gone before the next one begins; and what cannot be tidied is thrown away and made anew.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mldocker_lab.engine.limits import Limits
from mldocker_lab.engine.pen import ASKED, Pen
from mldocker_lab.errors import EngineError, LabError, NoEngine
from mldocker_lab.grade.graded import BOUNDS
from mldocker_lab.run.bounds import Bounds
from mldocker_lab.supply import bases, mirror
from mldocker_lab.workbench import Workbench, abandon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mldocker_lab.grade.exercise import Exercise

    Say = Callable[[str], None]

__all__ = ["Kind", "Station", "found", "nowhere", "pens"]

_NO_GPU = "this exercise needs a GPU, and the engine it is graded on has none"
_MANY = 64
_SMALL = 100_000  # bytes of a file that may name a base image
_KEPT_ROOM = 0.9  # of a submission's share of the disk: with less, the disk is made anew
_SERIAL = threading.Lock()  # supplies are fetched and made once, not by all stations at a time


class Station(Protocol):
    """Where a worker builds and runs."""

    def open(self, exercise: Exercise, files: Mapping[str, bytes]) -> None:
        """Have everything ready for an answer.

        Raises:
            LabError: it cannot be had.
        """

    def environment(self, exercise: Exercise) -> dict[str, str]:
        """What the notebook's kernel must know."""

    @property
    def network(self) -> str | None:
        """The network namespace from which services are asked; None for our own."""

    def tidy(self, run_id: str) -> None:
        """Remove what a run left."""

    def mend(self) -> None:
        """Put it in order after something broke."""

    def close(self) -> None:
        """Give everything back."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The stations of one grading.

    Attributes:
        name: for hashes: results of one kind do not stand for another's.
        make: makes one.
        most: how many there may be at a time.
        notes: what whoever grades should know about them.
        lacks: what they lack of what exercises need ("engine", "gpu", "network"), and the words
            for it.
    """

    name: str
    make: Callable[[], Station]
    most: int
    notes: tuple[str, ...] = ()
    lacks: Mapping[str, str] = field(default_factory=dict)


class NoStation:
    """No engine: only exercises that need none can be graded."""

    network = None

    def open(self, exercise: Exercise, files: Mapping[str, bytes]) -> None:
        del exercise, files
        raise NoEngine("there is no engine to grade on")

    def environment(self, exercise: Exercise) -> dict[str, str]:
        del exercise
        return {}

    def tidy(self, run_id: str) -> None:
        del run_id

    def mend(self) -> None:
        pass

    def close(self) -> None:
        pass


class FoundStation:
    """An engine that others use as well: what a run made goes by its label, nothing else."""

    network = None

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def open(self, exercise: Exercise, files: Mapping[str, bytes]) -> None:
        del exercise, files  # supplies came with the workbench

    def environment(self, exercise: Exercise) -> dict[str, str]:
        limits = Limits.share(1)
        bounds = Bounds(_seconds(exercise), limits.memory, limits.processes, limits.cpus)
        return {"MLDOCKER_ENGINE": self._bench.engine.url, BOUNDS: bounds.to_json()}

    def tidy(self, run_id: str) -> None:
        with suppress(LabError):  # an engine that is gone has been reported by the checks
            abandon(self._bench.engine, run_id)

    def mend(self) -> None:
        pass

    def close(self) -> None:
        pass


class PenStation:
    """An engine of the station's own, which nobody else can see and which can be thrown away."""

    def __init__(self, limits: Limits, say: Say) -> None:
        self._limits = limits
        self._say = say
        self._pen: Pen | None = None
        self._mirror = ""

    def open(self, exercise: Exercise, files: Mapping[str, bytes]) -> None:
        if self._pen is None:
            pen = Pen(self._limits)
            try:
                pen.start()
            except BaseException:
                pen.close()
                raise
            self._pen = pen
            self._sweep(pen)
        named = any(bases.DEVEL.encode() in data for data in (*files.values(), *_texts(exercise)))
        self._supply(self._pen, (bases.SLIM, bases.DEVEL) if named else (bases.SLIM,))

    def environment(self, exercise: Exercise) -> dict[str, str]:
        pen, limits = self._opened, self._limits
        bounds = Bounds(
            _seconds(exercise),
            limits.memory,
            limits.processes,
            limits.cpus,
            network=ASKED,
            disk_folder="" if pen.own_disk else pen.data,
            disk=limits.disk,
        )
        return {"MLDOCKER_ENGINE": pen.engine.url, BOUNDS: bounds.to_json()}

    @property
    def network(self) -> str | None:
        return self._pen.network if self._pen else None

    def tidy(self, run_id: str) -> None:
        del run_id  # everything goes that is not ours
        pen = self._pen
        if pen is None:
            return
        try:
            self._sweep(pen)
            room = shutil.disk_usage(pen.data).free
        except (EngineError, OSError):
            self.mend()
            return
        if pen.own_disk and room < _KEPT_ROOM * self._limits.disk:
            self._anew(pen)

    def mend(self) -> None:
        """Start the engine again, on its disk if that serves, else on a new one."""
        pen = self._pen
        if pen is None:
            return
        try:
            pen.stop()
            pen.start()
            self._sweep(pen)
        except EngineError:
            self._anew(pen)

    def close(self) -> None:
        if self._pen is not None:
            self._pen.close()
            self._pen = None

    @property
    def _opened(self) -> Pen:
        if self._pen is None:
            raise NoEngine("the grading engine was not opened")
        return self._pen

    def _anew(self, pen: Pen) -> None:
        pen.stop()
        pen.forget_disk()
        pen.start()

    def _supply(self, pen: Pen, names: tuple[str, ...]) -> None:
        """Base images and mirror.

        The mirror is reached by its address on the bridge of builds: a published port would be
        open to services as well.
        """
        with _SERIAL:
            for step in bases.ensure(pen.engine, names):
                self._say(step.what)
            for step in mirror.ensure(pen.engine, ways=("address",), cgroup=pen.trusted_group):
                self._say(step.what)
        self._mirror = mirror.find(pen.engine).container

    def _sweep(self, pen: Pen) -> None:
        """Remove every container and image that is not ours, and the whole build cache.

        By name and id, not by label: labels are the learner's to forge.
        """
        engine = pen.engine
        for container in engine.containers(None):
            if not any(name.startswith("/mldocker-lab-wheels-") for name in container["Names"]):
                engine.remove(container["Id"])
        kept = (bases.SLIM, bases.DEVEL)
        left = [one for one in engine.images(None) if not set(kept) & set(one["RepoTags"] or ())]
        while left:
            still = []
            for one in left:
                try:
                    engine.remove_image(one["Id"], force=True)
                except EngineError:
                    still.append(one)  # it has children; they go first
            if len(still) == len(left):
                break
            left = still
        engine.empty_build_cache()


def pens(limits: Limits, most: int, say: Say) -> Kind:
    """Pens, each with these limits.

    Raises:
        NoEngine: this machine does not let us make one.
        EngineError: it was made, and did not start.
    """
    with Pen(limits) as pen:
        missing = pen.missing
    return Kind(
        "pen",
        lambda: PenStation(limits, say),
        most,
        missing,
        {"gpu": _NO_GPU, "network": "graded answers get no network, and this exercise needs one"},
    )


def found(bench: Workbench, notes: tuple[str, ...] = ()) -> Kind:
    """An engine that was found. One answer at a time: its mirror counts for all of them."""
    gpu = "nvidia" in (bench.engine.info().get("Runtimes") or {})
    name = f"engine {bench.engine.name}"
    lacks = {} if gpu else {"gpu": _NO_GPU}
    return Kind(name, lambda: FoundStation(bench), 1, notes, lacks)


def nowhere(why: str, notes: tuple[str, ...] = ()) -> Kind:
    """No engine at all."""
    lacks = dict.fromkeys(("engine", "gpu", "network"), why)
    return Kind("no engine", NoStation, _MANY, notes, lacks)


def _texts(exercise: Exercise) -> Iterator[bytes]:
    """The small files of an exercise: its checks may build some of them to compare with."""
    for path in exercise.folder.rglob("*"):
        if path.is_file() and path.stat().st_size < _SMALL:
            yield path.read_bytes()


def _seconds(exercise: Exercise) -> float:
    """How long one build may take: half of what a cell may, so that the check can still say so."""
    return exercise.seconds / 2
