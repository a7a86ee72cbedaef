"""Remove what the lab made."""

from __future__ import annotations

from mldocker_lab.cleaning import Cleaning, plan
from mldocker_lab.engine import find as finding
from mldocker_lab.errors import EngineError

__all__ = ["clean", "cleaning"]


def cleaning(*, everything: bool = False) -> Cleaning:
    """What there is to clean; ``carry_out`` does it.

    Args:
        everything: base images, wheels and the lab's own engine as well.
    """
    try:
        engine = finding.find(start=False)
    except EngineError:
        engine = None
    return plan(engine, everything=everything)


def clean(*, everything: bool = False) -> Cleaning:
    """Remove what the lab made on the engine; see ``cleaning``."""
    found = cleaning(everything=everything)
    found.carry_out()
    return found
