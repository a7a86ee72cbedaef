"""The workbench of a graded run, as the notebook's kernel makes it from what the grader told it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mldocker_lab.engine.find import find
from mldocker_lab.errors import NoEngine
from mldocker_lab.run.bounds import Bounds
from mldocker_lab.supply import mirror
from mldocker_lab.workbench import Workbench

if TYPE_CHECKING:
    from mldocker_lab.grade.record import Record

__all__ = ["BOUNDS", "workbench"]

#: The variable that tells the bounds of a run.
BOUNDS = "MLDOCKER_GRADE_BOUNDS"


def workbench(record: Record) -> Workbench:
    """The grader's own engine, under its run id and within its bounds; supplies are prepared.

    Raises:
        NoEngine: the grader has none for this run.
    """
    told = os.environ.get(BOUNDS)
    if not told:
        raise NoEngine("this exercise is graded without an engine")
    engine = find(start=False)
    return Workbench(engine, mirror.find(engine), record.run_id, Bounds.from_json(told))
