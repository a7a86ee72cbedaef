"""What a check says: a status, what was seen, why it matters, and what to try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.errors import (
    BuildFailed,
    DiskFull,
    EngineGone,
    EngineTooOld,
    LabError,
    NoEngine,
    NoPermission,
    SupplyError,
)

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Status", "Verdict", "failed", "passed", "verdict_on"]

#: "not-attempted" and "error" say something about us or the machine, never about the answer.
Status = Literal["passed", "failed", "not-attempted", "error"]

_MACHINE = (NoEngine, NoPermission, EngineTooOld)  # nothing can be judged on this machine
_ACCIDENT = (EngineGone, DiskFull, SupplyError)  # something broke while we were judging


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's answer.

    Attributes:
        status: passed, failed, not-attempted (it could not be judged here) or error.
        seen: what was observed, in one sentence; for a pass, what holds.
        why: why that costs something; may be empty.
        hint: what to try; may be empty. It never holds the solution.
        more: further hints, each saying more than the one before; shown when asked for.
    """

    status: Status
    seen: str = ""
    why: str = ""
    hint: str = ""
    more: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """All of it in one line."""
        hint = f"try: {self.hint}" if self.hint else ""
        parts = [self.seen, self.why, hint]
        return "; ".join(" ".join(part.split()) for part in parts if part)

    @property
    def hints(self) -> tuple[str, ...]:
        """All hints, the first one first."""
        return tuple(hint for hint in (self.hint, *self.more) if hint)

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON sees it."""
        said = {"status": self.status, "seen": self.seen, "why": self.why, "hint": self.hint}
        return said | {"more": list(self.more)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The verdict that ``to_dict`` wrote."""
        said = (data["status"], data["seen"], data["why"], data["hint"])
        return cls(*said, tuple(data.get("more", ())))


def passed(seen: str = "") -> Verdict:
    """A pass. Without ``seen`` it says what the check promises: the words that stay the same."""
    return Verdict("passed", seen)


def failed(seen: str, *, why: str = "", hint: str = "", more: tuple[str, ...] = ()) -> Verdict:
    """A fail: what was seen, why it matters, what to try, and what helps who is still stuck."""
    return Verdict("failed", seen, why, hint, more)


def verdict_on(error: Exception) -> Verdict:
    """What an exception means for the answer: its fault, the machine's, or ours."""
    match error:
        case BuildFailed():
            at = f" at line {error.line} ({error.instruction})" if error.instruction else ""
            log = f": {error.log[-1]}" if error.log else ""
            more = ("its last lines were: " + " / ".join(error.log),) if error.log else ()
            return failed(f"the build failed{at}: {error.what}{log}", hint=error.hint, more=more)
        case LabError() if isinstance(error, _MACHINE):
            return Verdict("not-attempted", error.what, hint=error.hint)
        case LabError() if isinstance(error, _ACCIDENT):
            return Verdict("error", error.what, hint=error.hint)
        case LabError():
            return failed(error.what, hint=error.hint)
        case _:
            return Verdict("error", f"the check itself broke: {type(error).__name__}: {error}")
