"""The result of one build: a row for every instruction, and what the image weighs."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from mldocker_lab.report.layers import ImageReport
from mldocker_lab.show.table import Column, Table
from mldocker_lab.units import size, took

__all__ = [
    "FILESYSTEM",
    "REUSED",
    "BuildReport",
    "Status",
    "Step",
    "briefly",
    "marked",
    "origin",
    "reused",
    "when",
]

_MOUNTS = re.compile(r"^RUN(\s+--(mount|network|security)=\S+)+")

#: What a table says of the steps it counts.
REUSED = "steps reused: RUN, COPY and ADD steps answered by the build cache, of those needed."
_LAYER = "layer: file bytes of the layer the instruction left in the image."

Status = Literal["run", "cached", "skipped", "metadata"]

#: The instructions whose cache hits are counted: both builders agree on these, and only on these.
FILESYSTEM = frozenset({"RUN", "COPY", "ADD"})

# A filled shape is work that was done, a hollow one work that was spared.
_MARKS: dict[Status, str] = {"run": "■", "cached": "□", "skipped": "–", "metadata": "·"}


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of the Dockerfile and what became of it.

    Attributes:
        stage: name of its stage, or its number as text.
        index: position in ``Dockerfile.instructions``, from 0.
        instruction: its text on one line.
        status: run, cached, skipped (its stage was not needed) or metadata (makes no files).
        seconds: how long it ran; None where the builder does not say.
        bytes: file bytes of the layer it left in the image; None if it left none there.
        line: its line in the Dockerfile, from 1.
        started: seconds after the request when it began; None where the builder does not say.
    """

    stage: str
    index: int
    instruction: str
    status: Status
    seconds: float | None = None
    bytes: int | None = None
    line: int = 0
    started: float | None = None

    @property
    def keyword(self) -> str:
        """RUN, COPY, … in capitals."""
        return self.instruction.split(maxsplit=1)[0].upper() if self.instruction else ""

    @property
    def cached(self) -> bool:
        """Whether its result came from the cache."""
        return self.status == "cached"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """One build, measured.

    Attributes:
        name: what you call it ("bad", "good").
        image_id: "sha256:…".
        tag: the name under which the engine keeps it.
        builder: "buildkit" or "classic".
        engine: "Docker Engine 20.10.24" or the like.
        seconds: wall time from the request to the image.
        context_bytes: bytes of the tar that was sent.
        steps: a row for every instruction, in the order of the Dockerfile.
        image: its layers, once measured.
        recorded: when and where, if this is a replay; "" if it was built just now.
    """

    name: str
    image_id: str
    tag: str
    builder: str
    engine: str
    seconds: float
    context_bytes: int
    steps: tuple[Step, ...]
    image: ImageReport | None = None
    recorded: str = ""

    @property
    def bytes(self) -> int | None:
        """File bytes of the image; None if not measured."""
        return self.image.bytes if self.image else None

    @property
    def pull_bytes(self) -> int | None:
        """Gzip bytes a node without any of its layers pulls; None if not measured."""
        return self.image.pull_bytes if self.image else None

    @property
    def cache_steps(self) -> int:
        """Number of RUN, COPY and ADD steps that were needed."""
        return sum(self._counts(step) for step in self.steps)

    @property
    def cache_hits(self) -> int:
        """How many of them came from the cache."""
        return sum(self._counts(step) and step.cached for step in self.steps)

    @staticmethod
    def _counts(step: Step) -> bool:
        return step.keyword in FILESYSTEM and step.status != "skipped"

    def __getitem__(self, part: str) -> Step:
        """The step whose instruction contains ``part``; the first, if there are several.

        Raises:
            KeyError: no instruction contains it.
        """
        for step in self.steps:
            if part in step.instruction:
                return step
        raise KeyError(f"no instruction contains {part!r}")

    def renamed(self, name: str) -> BuildReport:
        """The same report under another name."""
        return replace(self, name=name)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON sees it (the keys other tools rely on)."""
        return {
            "image_id": self.image_id,
            "seconds": self.seconds,
            "bytes": self.bytes,
            "pull_bytes": self.pull_bytes,
            "context_bytes": self.context_bytes,
            "cache_hits": self.cache_hits,
            "cache_steps": self.cache_steps,
            "steps": [asdict(step) for step in self.steps],
            "name": self.name,
            "tag": self.tag,
            "builder": self.builder,
            "engine": self.engine,
            "image": self.image.to_dict() if self.image else None,
            "recorded": self.recorded,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> BuildReport:
        """The report that ``to_dict`` wrote."""
        image = data.get("image")
        return cls(
            name=data["name"],
            image_id=data["image_id"],
            tag=data["tag"],
            builder=data["builder"],
            engine=data["engine"],
            seconds=data["seconds"],
            context_bytes=data["context_bytes"],
            steps=tuple(Step(**step) for step in data["steps"]),
            image=ImageReport.from_dict(image) if image else None,
            recorded=data.get("recorded", ""),
        )

    def table(self) -> Table:
        """Every instruction, what became of it, how long it took, what it left behind."""
        staged = len({step.stage for step in self.steps}) > 1
        columns = (
            Column("instruction", "code"),
            *((Column("stage"),) if staged else ()),
            Column("status"),
            Column("time", "number"),
            Column("layer", "number"),
        )
        rows = tuple(_row(step, staged=staged) for step in self.steps)
        title = [f"{self.name}: {took(self.seconds)}", f"{reused(self)} steps reused"]
        if self.image:
            title.append(f"{size(self.bytes)} of files, {size(self.pull_bytes)} to pull")
        return Table(", ".join(title), columns, rows, (REUSED, _LAYER, origin(self, self.recorded)))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.table()._repr_mimebundle_(include, exclude)


def briefly(instruction: str) -> str:
    """An instruction without the mounts of a RUN: they are long, and rarely tell steps apart."""
    return _MOUNTS.sub("RUN", instruction)


def marked(status: Status) -> str:
    """The status as a shape and a word: ``"□ cached"``."""
    return f"{_MARKS[status]} {status}"


def reused(build: BuildReport | None) -> str:
    """``"3 of 4"``: steps that came from the cache, of those that count."""
    return f"{build.cache_hits} of {build.cache_steps}" if build else size(None)


def when(recorded: str) -> str:
    """When and where, without the word: a recording says "recorded 2026-11-22 on …" of itself."""
    return recorded.removeprefix("recorded ")


def origin(build: BuildReport, recorded: str) -> str:
    """What built it; or, of a recording, when and where that was: a sentence."""
    if recorded:
        return f"Recorded {when(recorded)}; replayed, not built just now."
    return f"Built by {build.engine} with the {build.builder} builder."


def _row(step: Step, *, staged: bool) -> tuple[str, ...]:
    ran = step.status == "run" and step.seconds is not None
    seconds = took(step.seconds) if ran else ""
    layer = size(step.bytes) if step.bytes is not None else ""
    stage = (step.stage,) if staged else ()
    return (step.instruction, *stage, marked(step.status), seconds, layer)
