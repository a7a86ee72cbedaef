"""What a gate says: runs, refused, or cannot tell; always with the reason in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CANNOT_TELL", "REFUSED", "RUNS", "Gate", "Verdict", "cannot_tell", "overall"]

#: A fact that is missing makes it "cannot-tell", never "runs".
Verdict = Literal["runs", "refused", "cannot-tell"]

RUNS: Verdict = "runs"
REFUSED: Verdict = "refused"
CANNOT_TELL: Verdict = "cannot-tell"


class Gate(NamedTuple):
    """The answer of one gate.

    Attributes:
        verdict: "runs", "refused" or "cannot-tell".
        reason: why, in words.
    """

    verdict: Verdict
    reason: str

    def to_dict(self) -> dict[str, str]:
        """The answer as JSON sees it."""
        return self._asdict()


def cannot_tell(reason: str) -> Gate:
    """The answer to a question that lacks a fact."""
    return Gate(CANNOT_TELL, reason)


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """All gates have to open: one refusal refuses, one unknown leaves the whole unknown.

    Nothing asked is nothing known.
    """
    seen = set(verdicts)
    if REFUSED in seen:
        return REFUSED
    return CANNOT_TELL if CANNOT_TELL in seen or not seen else RUNS
