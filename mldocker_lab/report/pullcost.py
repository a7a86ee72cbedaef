"""What a node pulls for a new image when it has an old one; for one node, or a fleet of them.

*pulled again*  the pull bytes of the layers that the old image has not. A registry and a node know
                a layer by its digest, and fetch only those the node has not got.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError
from mldocker_lab.show.table import Column, Table, bundle
from mldocker_lab.units import divided, size, times

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.report.compare import Comparison
    from mldocker_lab.report.layers import ImageReport, Layer

__all__ = ["Pull", "PullCost", "after_an_edit"]

_FIRST = "first pull: pull bytes of all layers of the image that is there first."
_AGAIN = "each release: pull bytes of those layers of the new image that the node has not."
_FLEET = "all together: what the registry sends; nobody passes layers on to a neighbour."
_NEW = "pull bytes: the layer compressed with gzip, as a registry keeps it."


@dataclass(frozen=True, slots=True)
class Pull:
    """What one node pulls for one image.

    Attributes:
        name: what to call it ("bad", "good", the image).
        new: the image that it pulls.
        having: the image that it has; None for an empty node.
    """

    name: str
    new: ImageReport
    having: ImageReport | None = None

    @property
    def first_bytes(self) -> int:
        """What an empty node pulls for the image that is there first."""
        return (self.having or self.new).pull_bytes

    @property
    def bytes(self) -> int:
        """What the node pulls for the new image."""
        return self.new.pulled_with(self.having)

    def pulls(self, layer: Layer) -> bool:
        """Whether it pulls that layer."""
        return self.having is None or layer.diff_id not in self.having.diff_ids

    def to_dict(self) -> dict[str, Any]:
        """The pull as JSON sees it."""
        return {
            "new": self.new.image,
            "having": self.having.image if self.having else None,
            "pull_bytes": self.bytes,
            "full_pull_bytes": self.new.pull_bytes,
            "layers": [
                {
                    "diff_id": layer.diff_id,
                    "created_by": layer.created_by,
                    "pull_bytes": layer.pull_bytes,
                    "pulled": self.pulls(layer),
                }
                for layer in self.new.layers
            ],
        }


@dataclass(frozen=True, slots=True, repr=False)
class PullCost:
    """What an image costs to roll out, or two of them side by side.

    Attributes:
        pulls: one image, or the bad and the good one.
        nodes: how many nodes pull.
        releases: how many such releases there are.
    """

    pulls: tuple[Pull, ...]
    nodes: int = 1
    releases: int = 1

    @property
    def bytes(self) -> int:
        """What one node pulls for one release of the first image."""
        return self.pulls[0].bytes

    def over(self, nodes: int, releases: int) -> PullCost:
        """The same for a fleet.

        Raises:
            UsageError: less than one node or release.
        """
        if nodes < 1 or releases < 1:
            raise UsageError("a fleet has one node at least, and pulls one release at least")
        return replace(self, nodes=nodes, releases=releases)

    def total(self, pull: Pull) -> int:
        """What all nodes pull for all releases."""
        return pull.bytes * self.nodes * self.releases

    def to_dict(self) -> dict[str, Any]:
        """The cost as JSON sees it: one image's, or a key for each of several."""
        told = {
            pull.name: pull.to_dict()
            | {"nodes": self.nodes, "releases": self.releases, "total_bytes": self.total(pull)}
            for pull in self.pulls
        }
        return told if len(told) > 1 else next(iter(told.values()))

    def tables(self) -> list[Table]:
        """The costs, and for a single image which of its layers are pulled."""
        fleet = self._fleet()
        return [fleet] if self._beside else [_layers(self.pulls[0]), fleet]

    def __repr__(self) -> str:
        """The tables as text: what ``print`` and a plain shell show."""
        return "\n\n".join(table.to_text() for table in self.tables())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle(self.tables(), include, exclude)

    def _fleet(self) -> Table:
        nodes, releases = _count(self.nodes, "node"), _count(self.releases, "release")
        rows = [
            self._row("first pull, one node", lambda pull: pull.first_bytes),
            self._row("each release, one node", lambda pull: pull.bytes),
        ]
        if self.nodes * self.releases > 1:
            rows.append(self._row(f"all together: {nodes}, {releases}", self.total))
        names = [pull.name for pull in self.pulls] if self._beside else ["pull bytes"]
        columns = [Column(""), *(Column(name, "number") for name in names)]
        if self._beside:
            columns.append(Column(" ÷ ".join(names), "number"))
        notes = (_FIRST, _AGAIN, *((_FLEET,) if self.nodes > 1 else ()))
        return Table("what nodes pull", tuple(columns), tuple(rows), notes)

    @property
    def _beside(self) -> bool:
        return len(self.pulls) > 1

    def _row(self, name: str, measure: Callable[[Pull], int]) -> tuple[str, ...]:
        values = [measure(pull) for pull in self.pulls]
        ratio = (times(divided(*values)),) if self._beside else ()
        return name, *map(size, values), *ratio


def after_an_edit(pair: Comparison) -> PullCost:
    """What a node pulls that runs the first image of each side, after the edit.

    Raises:
        UsageError: there was no edit, or the images were not measured.
    """
    pulls = []
    for side in pair.sides:
        if side.build.image is None or side.rebuild is None or side.rebuild.image is None:
            raise UsageError(
                "these images were not built again after an edit",
                'ask for what an edit costs: lab.pull_cost(pair.edit("app.py"))',
            )
        pulls.append(Pull(side.build.name, side.rebuild.image, side.build.image))
    return PullCost(tuple(pulls))


def _layers(pull: Pull) -> Table:
    rows = tuple(
        (
            layer.instruction,
            size(layer.pull_bytes),
            "■ pulled" if pull.pulls(layer) else "□ there already",
        )
        for layer in pull.new.layers
    )
    columns = Column("layer made by", "code"), Column("pull bytes", "number"), Column("")
    there = f"a node that has {pull.having.image}" if pull.having else "an empty node"
    title = f"{pull.new.image}: {there} pulls {size(pull.bytes)}"
    return Table(title, columns, rows, (_NEW,))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
