"""Many images on many hosts: a grid of the answers, as a table and as one that opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.gpu.check import check, short_name, word
from mldocker_lab.gpu.shown import grid
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mldocker_lab.gpu.check import Check
    from mldocker_lab.gpu.gate_image import Way
    from mldocker_lab.gpu.host import Host
    from mldocker_lab.gpu.image import Image
    from mldocker_lab.gpu.tables import Tables
    from mldocker_lab.gpu.verdict import Verdict

__all__ = ["Matrix", "matrix"]


@dataclass(frozen=True, repr=False)
class Matrix:
    """Hosts and images, and the answer for each pair.

    Attributes:
        cells: the answers, row by row.
        hosts: the rows.
        images: the columns.
    """

    cells: tuple[tuple[Check, ...], ...]
    hosts: tuple[Host, ...]
    images: tuple[Image, ...]

    def __iter__(self) -> Iterator[Check]:
        return iter([one for row in self.cells for one in row])

    def count(self, verdict: Verdict) -> int:
        """How many pairs have this verdict."""
        return sum(one.verdict == verdict for row in self.cells for one in row)

    def of(self, host: str, image: str) -> Check:
        """The answer for a pair, each told by its name or a part of it.

        Raises:
            KeyError: there is no such pair.
        """
        for row in self.cells:
            for one in row:
                if host in one.host.name and image in one.image.name:
                    return one
        raise KeyError((host, image))

    def to_dict(self) -> dict[str, Any]:
        """The grid as JSON sees it."""
        return {
            "cells": [
                {"host": one.host.name, "image": one.image.name, "verdict": one.verdict,
                 "gates": {name: gate.to_dict() for name, gate in one.gates.items()}}
                for row in self.cells for one in row
            ]
        }  # fmt: skip

    def table(self) -> Table:
        """The verdicts as a table."""
        columns = (Column("host"), *(Column(short_name(image.name)) for image in self.images))
        rows = [(_titled(row[0].host), *(word(one) for one in row)) for row in self.cells]
        notes = (
            "A, B, C: the gate that refuses, or that cannot tell (image, cuda, kernels).",
            "* made-up: put together from public tables, no such machine was looked at.",
        )
        return Table("Which image runs on which host", columns, tuple(rows), notes)

    def __repr__(self) -> str:
        return self.table().to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        forms = {"text/plain": repr(self), "text/html": grid(self.images, self.cells)}
        wanted = set(include or forms) - set(exclude or ())
        return {kind: form for kind, form in forms.items() if kind in wanted}


def matrix(
    hosts: Sequence[Host], images: Sequence[Image], tables: Tables, way: Way = "gpus"
) -> Matrix:
    """Every image on every host."""
    cells = tuple(tuple(check(image, host, tables, way) for image in images) for host in hosts)
    return Matrix(cells, tuple(hosts), tuple(images))


def _titled(host: Host) -> str:
    return f"{host.name} *" if host.origin == "made-up" else host.name
