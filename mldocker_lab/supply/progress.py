"""How far a preparation is: the one thing every generator in this package yields."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Progress"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a preparation.

    Command line, notebook and tests loop over the same generators and show these as they like.

    Attributes:
        what: what is being done, in words ("wheels", "base image …: installing packages").
        done: how much is done, in the unit of ``total``.
        total: how much there is to do; None if nobody knows.
        unit: "bytes" or "steps".
    """

    what: str
    done: int
    total: int | None = None
    unit: str = "steps"
