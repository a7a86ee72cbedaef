"""What was seen of a real image or container, for one rule; and how that joins what files say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mldocker_lab.audit.finding import Finding, Status

__all__ = ["Seen", "joined"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A rule's answer by watching.

    Attributes:
        status: pass, fail, or not-judged where watching could not tell.
        evidence: what was seen, one sentence.
        fix: what to do; "" for the rule's own words.
        decides: it overrules what the files say: behaviour is what the rule is about.
    """

    status: Status
    evidence: str
    fix: str = ""
    decides: bool = False


def joined(findings: Iterable[Finding], seen: Mapping[str, Seen]) -> tuple[Finding, ...]:
    """Findings of the files together with what was seen.

    What decides replaces the files' answer. Otherwise a point passes if one of both passes and none
    fails; the evidence says both.
    """
    return tuple(_joined(one, seen[one.id]) if one.id in seen else one for one in findings)


def _joined(finding: Finding, seen: Seen) -> Finding:
    status: Status
    if seen.decides and seen.status != "not-judged":
        status = seen.status
    elif "fail" in (finding.status, seen.status):
        status = "fail"
    else:
        status = "pass" if "pass" in (finding.status, seen.status) else "not-judged"
    fix = ""
    if status == "fail":
        fix = (seen.fix if seen.status == "fail" else "") or finding.fix or finding.rule.fix
    return replace(
        finding,
        status=status,
        evidence=f"{finding.evidence}; seen: {seen.evidence}",
        fix=fix,
        suppressed=finding.suppressed if status == "fail" else "",
        origin=finding.origin if status == "fail" else "",
    )
