"""An image taken apart: what it weighs, what it wastes, where its bytes are."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mldocker_lab.report import inspectiontables as tables
from mldocker_lab.report.survey import Survey
from mldocker_lab.report.waste import Waste, walk
from mldocker_lab.show.table import bundle

if TYPE_CHECKING:
    from mldocker_lab.report.layerindex import LayerIndex
    from mldocker_lab.report.layers import ImageReport, Layer
    from mldocker_lab.report.survey import Folder, Large, Package, Unwanted
    from mldocker_lab.show.table import Table

__all__ = ["Inspection", "inspected"]


@dataclass(frozen=True, slots=True, repr=False)
class Inspection:
    """What is in an image. What its numbers count is said in the tables' notes.

    Attributes:
        report: the image and its layers, weighed.
        indexes: what each layer of the report holds, file by file.
        wasted: every wasted file, the largest first.
        largest: the largest files that the image shows.
        folders: where its bytes are.
        packages: the installed Python distributions, the largest first.
        unwanted: what rarely belongs into an image.
        top: how many rows of each list the tables show.
    """

    report: ImageReport
    indexes: tuple[LayerIndex, ...]
    wasted: Waste
    largest: tuple[Large, ...]
    folders: tuple[Folder, ...]
    packages: tuple[Package, ...]
    unwanted: tuple[Unwanted, ...]
    top: int = field(default=10, kw_only=True)

    @property
    def image(self) -> str:
        """The name or id it was asked for by."""
        return self.report.image

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers, lowest first."""
        return self.report.layers

    @property
    def bytes(self) -> int:
        """File bytes."""
        return self.report.bytes

    @property
    def pull_bytes(self) -> int:
        """What a node that has none of its layers downloads."""
        return self.report.pull_bytes

    @property
    def wasted_bytes(self) -> int:
        """File bytes that it does not show."""
        return self.wasted.bytes

    def show(self, top: int) -> Inspection:
        """The same with ``top`` rows of each list in its tables."""
        return replace(self, top=top)

    def to_dict(self) -> dict[str, Any]:
        """The image as JSON sees it (the keys other tools rely on).

        ``layer`` and ``hidden_by`` are positions in ``layers``, from 0. All that is wasted is
        listed, whatever ``top`` is.
        """
        wasted = self.wasted.by_layer()
        return {
            "image": self.image,
            "bytes": self.bytes,
            "pull_bytes": self.pull_bytes,
            "wasted_bytes": self.wasted_bytes,
            "layers": [
                asdict(layer) | {"wasted_bytes": wasted.get(number, 0)}
                for number, layer in enumerate(self.layers)
            ],
            "wasted": [one._asdict() for one in self.wasted],
            "largest": {
                "files": [one._asdict() for one in self.largest[: self.top]],
                "folders": [one._asdict() for one in self.folders[: self.top]],
            },
            "packages": [asdict(one) for one in self.packages],
            "unwanted": [asdict(one) for one in self.unwanted],
        }

    def tables(self) -> list[Table]:
        """All of it as tables: the layers always, the rest if there is any."""
        found = [tables.layers(self.report, self.wasted)]
        if self.wasted:
            found.append(tables.waste(self.wasted, self.layers, self.top))
        if self.unwanted:
            found.append(tables.unwanted(self.unwanted, self.bytes, self.top))
        if self.folders:
            found.append(tables.folders(self.folders, self.bytes - self.wasted_bytes, self.top))
            found.append(tables.largest(self.largest, self.layers, self.top))
        if self.packages:
            found.append(tables.packages(self.packages, self.top))
        return found

    def __repr__(self) -> str:
        """The tables as text: what ``print`` and a plain shell show."""
        return "\n\n".join(table.to_text() for table in self.tables())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle(self.tables(), include, exclude)


def inspected(report: ImageReport, indexes: tuple[LayerIndex, ...]) -> Inspection:
    """Take an image apart.

    Args:
        report: the image and its layers, weighed.
        indexes: what each of them holds; of a layer that is listed twice, the same object twice.
    """
    waste, survey = Waste(indexes), Survey(indexes)
    for seen in walk(indexes):
        waste.add(seen)
        survey.add(seen)
    return Inspection(
        report,
        indexes,
        waste,
        survey.largest(),
        survey.folders(),
        survey.packages(),
        survey.unwanted(),
    )
