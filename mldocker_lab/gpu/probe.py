"""Which way does a GPU come into a container here? Asked by doing.

Each way starts one container from an image of the lab's and reads what it sees; the container is
removed, whatever happens. Only this tells: an engine that lists no runtime ``nvidia`` may have the
toolkit nevertheless, and one that lists it may not work.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import EngineError, LabError
from mldocker_lab.gpu.badge import Badge
from mldocker_lab.gpu.diagnose import Diagnosis, diagnose
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.gpu.situation import Situation

__all__ = ["WAYS", "Attempt", "Probe", "ended", "probe"]

_SECONDS = 60
_GPU = {"capabilities": [["gpu"]], "count": -1}
_ALL = {"NVIDIA_VISIBLE_DEVICES": "all"}
#: How to ask for a GPU: the flags of ``docker run``, what they are to the API, and the variables.
WAYS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "gpus": ("--gpus all", {"device_requests": [_GPU]}, {}),
    "runtime": ("--runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all", {"runtime": "nvidia"}, _ALL),
    "cdi": (
        "--device nvidia.com/gpu=all",
        {"device_requests": [{"driver": "cdi", "device_ids": ["nvidia.com/gpu=all"]}]},
        {},
    ),
    "variable": ("-e NVIDIA_VISIBLE_DEVICES=all", {}, _ALL),
}


@dataclass(frozen=True)
class Attempt:
    """One way, tried.

    Attributes:
        way: "gpus", "runtime", "cdi" or "variable".
        outcome: "a GPU", "no GPU" (it started without one), "refused" or "failed".
        said: the engine's words, or the driver's; "" if there is nothing to say.
        path: how the GPU came in, "CDI" or "NVIDIA's hook"; "" without one.
        gpus: the cards seen inside.
        same: whether card and processor computed the same; None if that was not attempted.
        diagnosis: which failure it is; None without one.
    """

    way: str
    outcome: str
    said: str = ""
    path: str = ""
    gpus: tuple[str, ...] = ()
    same: bool | None = None
    diagnosis: Diagnosis | None = None

    @property
    def flags(self) -> str:
        """What one would have typed."""
        return WAYS[self.way][0]

    def to_dict(self) -> dict[str, Any]:
        """The attempt as JSON sees it."""
        return {
            "way": self.way,
            "flags": self.flags,
            "outcome": self.outcome,
            "said": self.said,
            "path": self.path,
            "gpus": list(self.gpus),
            "computed": {None: "not attempted", True: "same", False: "different"}[self.same],
            "row": self.diagnosis.row if self.diagnosis else None,
        }


@dataclass(frozen=True, repr=False)
class Probe:
    """What came of all ways.

    Attributes:
        engine: which engine was asked.
        attempts: one for each way.
    """

    engine: str
    attempts: tuple[Attempt, ...]

    @property
    def way(self) -> str | None:
        """The first way that brings a GPU; None if none does."""
        return next((one.way for one in self.attempts if one.gpus), None)

    @property
    def badge(self) -> Badge:
        """What results of this engine rest on."""
        gpus = next((one.gpus for one in self.attempts if one.gpus), ())
        return Badge("real GPU", gpus[0]) if gpus else Badge("no GPU")

    def __getitem__(self, way: str) -> Attempt:
        return next(one for one in self.attempts if one.way == way)

    def to_dict(self) -> dict[str, Any]:
        """The probe as JSON sees it."""
        return {
            "engine": self.engine,
            "way": self.way,
            "badge": self.badge.to_dict(),
            "attempts": [one.to_dict() for one in self.attempts],
        }

    def table(self) -> Table:
        """A row for each way."""
        columns = (Column("asked with"), Column("outcome"), Column("row"), Column("said"))
        rows = tuple(
            (one.flags, one.outcome, _row(one), one.said or ", ".join(one.gpus) or "–")
            for one in self.attempts
        )
        ways = f"The first way that works: {WAYS[self.way][0]}." if self.way else "No way works."
        note = "Row: the number in the table of failures. Every container was removed."
        return Table(
            f"How a GPU comes into a container of {self.engine}", columns, rows, (ways, note)
        )

    def __repr__(self) -> str:
        return f"{self.table().to_text()}\n\n{self.badge!r}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.badge.over(self.table(), include, exclude)


def probe(
    engine: Engine, image: str, where: Situation, ways: tuple[str, ...] = tuple(WAYS)
) -> Probe:
    """Try the ways, one container each.

    Args:
        engine: where.
        image: an image with Python, on the engine.
        where: the host, for what to do about failures.
        ways: which to try.
    """
    return Probe(engine.name, tuple(_attempt(engine, image, way, where) for way in ways))


def _attempt(engine: Engine, image: str, way: str, where: Situation) -> Attempt:
    try:
        status, said = _run(engine, image, way)
    except EngineError as error:
        told = error.what.removeprefix("the engine refused: ")
        return Attempt(way, "refused", told, diagnosis=diagnose(told, where))
    try:
        seen = json.loads(said.strip().splitlines()[-1])
        gpus, same, error_said = tuple(seen["gpus"]), seen["same"], str(seen["error"])
    except (ValueError, IndexError, KeyError, TypeError):
        told = f"the container ended with {status}: {said.strip()[-300:]}"
        return Attempt(way, "failed", told, diagnosis=diagnose(told, where))
    if gpus:
        path = "CDI" if seen.get("visible") == "void" else "NVIDIA's hook"
        return Attempt(way, "a GPU", error_said, path, gpus, same)
    command = f"docker run {WAYS[way][0]} IMAGE\n{error_said}"
    return Attempt(way, "no GPU", error_said, diagnosis=diagnose(command, where))


def _run(engine: Engine, image: str, way: str) -> tuple[int, str]:
    _, host, variables = WAYS[way]
    program = (files("mldocker_lab.gpu") / "inside.py").read_text(encoding="utf-8")
    return ended(engine, image, ["python3", "-c", program], host, variables)


def ended(
    engine: Engine, image: str, command: list[str], host: Mapping[str, Any], env: Mapping[str, str]
) -> tuple[int, str]:
    """Run a container without a network to its end; its exit status and what it printed.

    It is removed however it ends, also where the engine creates it and then refuses to start it.

    Args:
        engine: where.
        image: what.
        command: instead of the image's own.
        host: arguments of the SDK's ``create_host_config``: device requests, devices, binds.
        env: variables.
    """
    told = {**host, "network_mode": "none"}
    container = engine.create(image, command, host=told, environment=dict(env))
    try:
        engine.start(container)
        return engine.wait(container, _SECONDS), engine.logs(container)
    finally:
        _removed(engine, container)


def _removed(engine: Engine, container: str) -> None:
    try:
        engine.remove(container)
    except LabError:  # an engine that is gone keeps it; `mldocker-lab clean` finds it by its label
        return


def _row(one: Attempt) -> str:
    return str(one.diagnosis.row) if one.diagnosis and one.diagnosis.row else "–"
