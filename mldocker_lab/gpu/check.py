"""Will this image run on this host? The three gates together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.gpu.badge import badge
from mldocker_lab.gpu.gate_cuda import cuda_gate
from mldocker_lab.gpu.gate_image import image_gate
from mldocker_lab.gpu.gate_kernels import kernels_gate
from mldocker_lab.gpu.verdict import REFUSED, RUNS, Gate, Verdict, overall
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from mldocker_lab.gpu.badge import Badge
    from mldocker_lab.gpu.gate_image import Way
    from mldocker_lab.gpu.host import Host
    from mldocker_lab.gpu.image import Image
    from mldocker_lab.gpu.tables import Tables

__all__ = ["GATES", "Check", "check", "short_name", "word"]

#: The gates in the order in which a container meets them, and when each is asked.
GATES = {
    "image": "before it starts",
    "cuda": "when CUDA starts",
    "kernels": "at the first kernel",
}


_WHO = (
    "Gate image is asked by NVIDIA's hook. Engines from 29.2 on try CDI first for --gpus, and then "
    "nobody asks it."
)


@dataclass(frozen=True, repr=False)
class Check:
    """The answer for one image on one host.

    Attributes:
        image: the image.
        host: the host.
        gates: gate → what it says, with the reason in words.
        notice: what to know about the tables' age; "" while they are young.
    """

    image: Image
    host: Host
    gates: dict[str, Gate]
    notice: str = ""

    @property
    def verdict(self) -> Verdict:
        """All gates together: "runs", "refused" or "cannot-tell"."""
        return overall(gate.verdict for gate in self.gates.values())

    @property
    def reason(self) -> str:
        """The reason of the gate that decides."""
        decisive = next((g for g in self.gates.values() if g.verdict == self.verdict), None)
        return "all gates are open" if self.verdict == RUNS or not decisive else decisive.reason

    @property
    def badge(self) -> Badge:
        """What the answer rests on."""
        return badge(self.host)

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON sees it (the keys other tools rely on)."""
        return {
            "verdict": self.verdict,
            "gates": {name: gate.to_dict() for name, gate in self.gates.items()},
            "image": self.image.to_dict(),
            "host": self.host.to_dict(),
            "notice": self.notice,
        }

    def table(self) -> Table:
        """The gates as a table."""
        rows = [(name, GATES[name], g.verdict, g.reason) for name, g in self.gates.items()]
        return Table(
            f"{self.verdict}: {self.image.name} on {self.host.name}",
            (Column("gate"), Column("asked"), Column("answer"), Column("why")),
            tuple(rows),
            tuple(
                filter(None, (f"Host: {self.host.origin}. {self.host.source}", _WHO, self.notice))
            ),
        )

    def __repr__(self) -> str:
        return f"{self.table().to_text()}\n\n{self.badge!r}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.badge.over(self.table(), include, exclude)


def check(image: Image, host: Host, tables: Tables, way: Way = "gpus") -> Check:
    """Ask the three gates.

    Args:
        image: what is known about the image.
        host: what is known about the host.
        tables: which driver runs which CUDA, and which cards have kernels.
        way: how the GPU is asked for.
    """
    gates = {
        "image": image_gate(image, host, way),
        "cuda": cuda_gate(image, host, tables),
        "kernels": kernels_gate(image, host, tables),
    }
    return Check(image, host, gates, tables.notice())


def word(one: Check) -> str:
    """The verdict in short, and the letters of the gates that make it: "no A B"."""
    letters = dict(zip(GATES, "ABC", strict=True))
    if one.verdict == RUNS:
        return "runs"
    deciding = [letters[name] for name, gate in one.gates.items() if gate.verdict == one.verdict]
    return " ".join(["no" if one.verdict == REFUSED else "?", *deciding])


def short_name(name: str) -> str:
    """An image's name for the head of a column: its tag, or what is special about it."""
    tail = name.rpartition("+")[2] if "torch" in name else name.rpartition("/")[2]
    return tail.removeprefix("cuda:").partition("-")[0][:14]
