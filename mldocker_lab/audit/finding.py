"""What a rule says: pass, fail or not judged, where, why it matters, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.spot import Spot

__all__ = [
    "Edit",
    "Example",
    "Finding",
    "Fix",
    "Judged",
    "Rule",
    "failed",
    "passed",
    "unjudged",
]

Status = Literal["pass", "fail", "not-judged"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters from ``start`` to ``end`` of a file by ``text``.

    A file that does not exist yet is made by an edit from 0 to 0.
    """

    file: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that is safe to make: it alters what is stored or recorded, not what runs."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the function of a rule returns; the first spot is where the finding is shown."""

    status: Status
    evidence: str
    spots: tuple[Spot, ...] = ()
    fixes: tuple[Fix, ...] = ()
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """Files of a small project, the Dockerfile first; a rule's test and its documentation."""

    files: Mapping[str, str]
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a function, its words, and a bad and a good example.

    Attributes:
        id: its stable name.
        number: its place among the ten points; 0 for a smell.
        title: what holds if it passes, in a few words.
        why: why it matters, one sentence.
        fix: how to mend it, one or two sentences.
        lesson: the lesson that teaches it.
        judge: the function.
        bad, good: what fails and what passes.
    """

    id: str
    number: int
    title: str
    why: str
    fix: str
    lesson: str
    judge: Callable[[Target], Judged] = field(repr=False)
    bad: Example = field(repr=False)
    good: Example = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer about one target.

    Attributes:
        rule: the rule.
        status: pass, fail or not-judged.
        evidence: what was seen, one sentence.
        file, line: where; line 0 where no line can be named.
        fix: what to do; "" unless it failed.
        spots: every place, the first one is ``file`` and ``line``.
        fixes: changes that can be made by a program.
        suppressed: the reason why it is accepted; "" if it is not.
        origin: where that was said: "comment" or "baseline".
    """

    rule: Rule
    status: Status
    evidence: str
    file: str
    line: int
    fix: str = ""
    spots: tuple[Spot, ...] = ()
    fixes: tuple[Fix, ...] = ()
    suppressed: str = ""
    origin: str = ""

    @property
    def id(self) -> str:
        """The rule's name."""
        return self.rule.id

    @property
    def open(self) -> bool:
        """Whether it failed and nobody accepted that."""
        return self.status == "fail" and not self.suppressed

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON sees it."""
        said: dict[str, Any] = {
            "number": self.rule.number,
            "id": self.id,
            "title": self.rule.title,
            "status": self.status,
            "evidence": self.evidence,
            "file": self.file,
            "line": self.line or None,
            "why": self.rule.why,
            "fix": self.fix,
            "lesson": self.rule.lesson,
        }
        if self.suppressed:
            said |= {"suppressed": self.suppressed, "suppressed_in": self.origin}
        return said


def passed(evidence: str, *spots: Spot) -> Judged:
    """It holds."""
    return Judged("pass", evidence, spots)


def failed(evidence: str, *spots: Spot, fixes: tuple[Fix, ...] = (), fix: str = "") -> Judged:
    """It does not hold; ``fix`` replaces the rule's own words where more is known."""
    return Judged("fail", evidence, spots, fixes, fix)


def unjudged(evidence: str, *spots: Spot) -> Judged:
    """The files cannot tell."""
    return Judged("not-judged", evidence, spots)
