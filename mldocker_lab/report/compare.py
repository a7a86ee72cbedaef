"""The bad image beside the good one: what each costs, and how many times the one the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError
from mldocker_lab.report.build import REUSED, BuildReport, origin, reused
from mldocker_lab.show.table import Column, Table
from mldocker_lab.units import divided, size, times, took

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mldocker_lab.show.figure import Picture

__all__ = ["Comparison", "Side", "pulled_again"]

_FILE_BYTES = "file bytes: the sizes of the files in all layers, each layer counted once."
_PULL_BYTES = (
    "pull bytes: the same layers compressed with gzip; what a node that has none of them downloads."
)
_CONTEXT = "context sent: bytes of the tar that went to the engine before the first instruction."
_AGAIN = "bytes to pull again: pull bytes of the layers that were not in the image before the edit."

_Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two images: its first build, and the one after the edit if there was one."""

    build: BuildReport
    rebuild: BuildReport | None = None

    @property
    def rebuild_seconds(self) -> float | None:
        """Wall time of the build after the edit; None without one."""
        return self.rebuild.seconds if self.rebuild else None

    @property
    def pull_again(self) -> int | None:
        """Gzip bytes a node that runs the first image pulls for the second; None if unknown."""
        return pulled_again(self.build, self.rebuild) if self.rebuild else None

    def to_dict(self) -> dict[str, Any]:
        """The build as JSON sees it, with its "rebuild" inside."""
        rebuild = {"rebuild": self.rebuild.to_dict()} if self.rebuild else {}
        return {**self.build.to_dict(), **rebuild}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two builds of one service, before and (if there was one) after the same edit.

    Attributes:
        bad: the image as people write it first.
        good: the image as it should be.
        bad_rebuild: the bad one built again after the edit.
        good_rebuild: the good one built again after the edit.
        edit: what was edited ("app.py"); "" without an edit.
        engine: facts of the engine that built them, for programs.
    """

    bad: BuildReport
    good: BuildReport
    bad_rebuild: BuildReport | None = None
    good_rebuild: BuildReport | None = None
    edit: str = ""
    engine: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def sides(self) -> tuple[Side, Side]:
        """Bad and good, each with its rebuild."""
        return Side(self.bad, self.bad_rebuild), Side(self.good, self.good_rebuild)

    @property
    def ratio(self) -> dict[str, float | None]:
        """Bad divided by good: 5.9 says the bad one is 5.9 times the good; None if not measured."""
        return {
            "bytes": divided(self.bad.bytes, self.good.bytes),
            "pull_bytes": divided(self.bad.pull_bytes, self.good.pull_bytes),
        }

    @property
    def recorded(self) -> str:
        """When and where it was recorded, if any part of it is a replay; else ""."""
        builds = (self.bad, self.good, self.bad_rebuild, self.good_rebuild)
        return next((build.recorded for build in builds if build and build.recorded), "")

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON sees it (the keys other tools rely on)."""
        bad, good = self.sides
        engine = {"name": self.bad.engine, "builder": self.bad.builder, **self.engine}
        return {
            "engine": engine,
            "bad": bad.to_dict(),
            "good": good.to_dict(),
            "ratio": self.ratio,
            "edit": self.edit,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Comparison:
        """The comparison that ``to_dict`` wrote."""
        rebuilds = (data[side].get("rebuild") for side in ("bad", "good"))
        bad_again, good_again = (again and BuildReport.from_dict(again) for again in rebuilds)
        return cls(
            BuildReport.from_dict(data["bad"]),
            BuildReport.from_dict(data["good"]),
            bad_again,
            good_again,
            edit=data.get("edit", ""),
            engine=data.get("engine", {}),
        )

    def plot(self) -> Picture:
        """The layers of both images, stacked to scale."""
        from mldocker_lab.report.figures import layers

        return layers(self.bad, self.good)

    def plot_timeline(self) -> Picture:
        """What each build spent its time on, both on one time axis."""
        from mldocker_lab.report.figures import timeline

        return timeline(self.bad, self.good)

    def plot_edit(self) -> Picture:
        """Which steps the edit made each image run again, and what that cost.

        Raises:
            UsageError: the comparison was made without an edit.
        """
        from mldocker_lab.report.figures import edit

        rebuilds = [
            (side.build.name, side.rebuild, side.pull_again) for side in self.sides if side.rebuild
        ]
        if len(rebuilds) < len(self.sides):
            raise UsageError(
                "this comparison was made without an edit", "name one: lab.build_pair(…, edit=…)"
            )
        return edit(self.edit, rebuilds, self.bad.recorded)

    def table(self) -> Table:
        """Bad beside good: bytes, time and reuse, and how many times the one is the other."""
        rows = [
            self._measure("file bytes", lambda side: side.build.bytes, size),
            self._measure("pull bytes", lambda side: side.build.pull_bytes, size),
            self._measure("context sent", lambda side: side.build.context_bytes, size),
            self._measure("build time (cold)", lambda side: side.build.seconds, took),
            self._steps("steps reused", lambda side: side.build),
        ]
        notes = [_FILE_BYTES, _PULL_BYTES, _CONTEXT, REUSED]
        if self.bad_rebuild or self.good_rebuild:
            rows += [
                self._measure("rebuild time", lambda side: side.rebuild_seconds, took),
                self._steps("steps reused after the edit", lambda side: side.rebuild),
                self._measure("bytes to pull again", lambda side: side.pull_again, size),
            ]
            notes.append(_AGAIN)
        bad, good = self.bad.name, self.good.name
        columns = (
            Column(""),
            Column(bad, "number"),
            Column(good, "number"),
            Column(f"{bad} ÷ {good}", "number"),
        )
        edit = f", and after an edit of {self.edit}" if self.edit else ""
        title = f"{bad} and {good}, side by side{edit}"
        return Table(title, columns, tuple(rows), (*notes, origin(self.bad, self.recorded)))

    def _measure(
        self,
        name: str,
        measure: Callable[[Side], float | None],
        unit: Callable[[float | None], str],
    ) -> _Row:
        bad, good = map(measure, self.sides)
        return name, unit(bad), unit(good), times(divided(bad, good))

    def _steps(self, name: str, build: Callable[[Side], BuildReport | None]) -> _Row:
        bad, good = (reused(build(side)) for side in self.sides)
        return name, bad, good, ""

    def __repr__(self) -> str:
        """The table as text: what ``print`` and a plain shell show."""
        return self.table().to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.table()._repr_mimebundle_(include, exclude)


def pulled_again(first: BuildReport, second: BuildReport) -> int | None:
    """What a node pulls for ``second`` that already runs ``first``; None if not measured."""
    if first.image is None or second.image is None:
        return None
    return second.image.pulled_with(first.image)
