"""The bad image beside the good one: what each costs, and how many times the one the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mldocker_lab.report.build import BuildReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.show.figure import Picture

__all__ = ["Comparison", "Side", "divided", "pulled_again"]


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

        return edit(self)

    def __repr__(self) -> str:
        """The table as text: what ``print`` and a plain shell show."""
        from mldocker_lab.report.tables import comparison_table

        return comparison_table(self).to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from mldocker_lab.report.tables import comparison_table

        return comparison_table(self)._repr_mimebundle_(include, exclude)


def divided(bad: float | None, good: float | None) -> float | None:
    """``bad / good``; None where either is not measured or there is nothing to divide by."""
    return bad / good if bad is not None and good else None


def pulled_again(first: BuildReport, second: BuildReport) -> int | None:
    """What a node pulls for ``second`` that already runs ``first``; None if not measured."""
    if first.image is None or second.image is None:
        return None
    return second.image.pulled_with(first.image)
