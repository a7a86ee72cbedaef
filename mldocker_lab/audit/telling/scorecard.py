"""The ten points of one image at a glance, and two of them side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.show.table import Column, Table, bundle

if TYPE_CHECKING:
    from mldocker_lab.audit.finding import Finding

__all__ = ["Comparison", "Scorecard"]

_MARKS = {"pass": "✓ pass", "fail": "✗ fail", "not-judged": "– not judged"}


@dataclass(frozen=True, repr=False)
class Scorecard:
    """What the audit says about one Dockerfile.

    Attributes:
        target: the Dockerfile's path.
        stage: the stage that was judged.
        findings: one for each rule, the ten points first.
        others: further Dockerfiles of the project, which were not judged.
        problems: what BuildKit would refuse in the Dockerfile.
    """

    target: str
    stage: str
    findings: tuple[Finding, ...]
    others: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def points(self) -> tuple[Finding, ...]:
        """The ten points, by number."""
        return tuple(one for one in self.findings if one.rule.number)

    @property
    def smells(self) -> tuple[Finding, ...]:
        """The smells beside them."""
        return tuple(one for one in self.findings if not one.rule.number)

    @property
    def score(self) -> int:
        """How many of the ten points pass; not judged is no pass."""
        return sum(one.status == "pass" for one in self.points)

    def __getitem__(self, name: str) -> Finding:
        """The finding of the rule of that id."""
        return next(one for one in self.findings if one.id == name)

    def compare(self, after: Scorecard) -> Comparison:
        """This card beside that of a later state."""
        return Comparison(self, after)

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON sees it."""
        return {
            "target": self.target,
            "stage": self.stage,
            "score": self.score,
            "points": [one.to_dict() for one in self.points],
            "smells": [one.to_dict() for one in self.smells],
            "others": list(self.others),
            "problems": list(self.problems),
        }

    def tables(self) -> list[Table]:
        """The points, the smells that failed, and what to do."""
        clean = [one.rule.title for one in self.smells if one.status == "pass"]
        made = [self._table(f"{self.target}: {self.summary}", self.points, self._notes())]
        bad = tuple(one for one in self.smells if one.status != "pass")
        if bad:
            note = (f"{len(clean)} of {len(self.smells)} others are clean.",)
            made.append(self._table("Smells", bad, note))
        to_do = [one for one in self.findings if one.open]
        if to_do:
            made.append(
                Table(
                    "What to do",
                    (Column("point"), Column("fix"), Column("lesson")),
                    tuple((one.id, one.fix, one.rule.lesson) for one in to_do),
                )
            )
        return made

    @property
    def summary(self) -> str:
        """The score in words."""
        failed = sum(one.status == "fail" for one in self.points)
        open_ones = sum(one.status == "not-judged" for one in self.points)
        return (
            f"{self.score} of {len(self.points)} points pass, {failed} fail, {open_ones} not judged"
        )

    def _table(self, title: str, rows: tuple[Finding, ...], notes: tuple[str, ...]) -> Table:
        columns = (Column("point"), Column("result"), Column("what was seen"), Column("where"))
        cells = tuple((_name(one), _result(one), one.evidence, _where(one)) for one in rows)
        return Table(title, columns, cells, notes)

    def _notes(self) -> tuple[str, ...]:
        notes = [*self.problems]
        accepted = [one for one in self.findings if one.suppressed]
        notes += [f"{one.id} is accepted: {one.suppressed}" for one in accepted]
        if self.others:
            notes.append("Not judged here: " + ", ".join(self.others))
        return tuple(notes)

    def __str__(self) -> str:
        return "\n\n".join(table.to_text() for table in self.tables())

    def __repr__(self) -> str:
        return f"{self.target}: {self.summary}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle(self.tables(), include, exclude)


def _name(one: Finding) -> str:
    return f"{one.rule.number} {one.id}" if one.rule.number else one.id


def _result(one: Finding) -> str:
    return "✓ accepted" if one.suppressed else _MARKS[one.status]


def _where(one: Finding) -> str:
    return f"{one.file}:{one.line}" if one.line else ""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Two scorecards, before and after."""

    before: Scorecard
    after: Scorecard

    @property
    def gained(self) -> tuple[str, ...]:
        """Rules that pass now and did not before."""
        return tuple(
            one.id
            for one in self.after.findings
            if one.status == "pass" and self.before[one.id].status != "pass"
        )

    @property
    def lost(self) -> tuple[str, ...]:
        """Rules that passed before and do not any more."""
        return tuple(
            one.id
            for one in self.after.findings
            if one.status != "pass" and self.before[one.id].status == "pass"
        )

    def tables(self) -> list[Table]:
        """Points and smells with both results."""
        before, after = self.before, self.after
        rows = tuple(
            (_name(one), _result(before[one.id]), _result(one), one.evidence)
            for one in after.findings
            if one.rule.number or before[one.id].status != one.status
        )
        title = (
            f"{after.target}: from {before.score} to {after.score} of {len(after.points)} points"
        )
        columns = (Column("point"), Column("before"), Column("after"), Column("what is seen now"))
        return [Table(title, columns, rows)]

    def to_dict(self) -> dict[str, Any]:
        """Both cards as JSON sees them."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "gained": list(self.gained),
            "lost": list(self.lost),
        }

    def __str__(self) -> str:
        return self.tables()[0].to_text()

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle(self.tables(), include, exclude)
