"""Attempts of a gradebook as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.grade.score import lateness
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.grade.ledger import Attempt

__all__ = ["attempts"]


def attempts(found: Sequence[Attempt]) -> Table:
    """A row for every attempt."""
    columns = (
        Column("submission"),
        Column("exercise"),
        Column("points", "number"),
        Column("of", "number"),
        Column("graded"),
        Column("late"),
        Column("attempt", "number"),
        Column("same as", "number"),
    )
    rows = [
        (
            one.submission,
            one.result.id,
            str(one.result.score),
            str(one.result.possible),
            f"{one.at.astimezone():%Y-%m-%d %H:%M}",
            lateness(one.late) if one.late else "",
            str(one.id),
            str(one.same_as or ""),
        )
        for one in found
    ]
    return Table(f"{len(found)} attempts", columns, tuple(rows))
