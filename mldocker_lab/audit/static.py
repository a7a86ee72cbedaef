"""The static audit: a target in, findings out; and the same for a text that someone is typing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.audit.finding import Edit, Finding, Fix, Judged, unjudged
from mldocker_lab.audit.reading.model import Target
from mldocker_lab.audit.reading.project import Project
from mldocker_lab.audit.reading.spot import Spot
from mldocker_lab.audit.reading.suppress import suppressions
from mldocker_lab.audit.rules import all_rules
from mldocker_lab.dockerfile.lenient import parse_leniently

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mldocker_lab.audit.finding import Rule

__all__ = ["Diagnostic", "diagnose", "judge"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something to underline in a Dockerfile.

    Attributes:
        rule: the rule's id; "syntax" for what BuildKit refuses.
        severity: "error" for syntax, "warning" for the ten points, "information" for smells.
        line, column, end_line, end_column: from 1; the end is behind the last character.
        message: what is wrong.
        why: why it matters.
        hint: what to do.
        lesson: the lesson that teaches it; "" for syntax.
        fixes: changes that an editor can make; their edits count characters of the text, from 0.
    """

    rule: str
    severity: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str
    why: str
    hint: str
    lesson: str
    fixes: tuple[Fix, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The diagnostic as JSON sees it."""
        fixes = [
            {
                "title": f.title,
                "edits": [
                    {"file": e.file, "start": e.start, "end": e.end, "text": e.text}
                    for e in f.edits
                ],
            }
            for f in self.fixes
        ]
        return {
            "rule": self.rule, "severity": self.severity, "line": self.line, "column": self.column,
            "end_line": self.end_line, "end_column": self.end_column, "message": self.message,
            "why": self.why, "hint": self.hint, "lesson": self.lesson, "fixes": fixes,
        }  # fmt: skip


def judge(target: Target, rules: Iterable[Rule] | None = None) -> tuple[Finding, ...]:
    """What every rule says about a target."""
    kept = suppressions(target.dockerfile.text)
    return tuple(_finding(rule, rule.judge(target), target, kept) for rule in rules or all_rules())


def _finding(rule: Rule, said: Judged, target: Target, kept: Mapping[str, str]) -> Finding:
    first = said.spots[0] if said.spots else Spot(target.file, 0)
    reason = kept.get(rule.id, "") if said.status == "fail" else ""
    return Finding(
        rule=rule,
        status=said.status,
        evidence=said.evidence,
        file=first.file,
        line=first.line,
        fix=(said.fix or rule.fix) if said.status == "fail" else "",
        spots=said.spots,
        fixes=said.fixes,
        suppressed=reason,
        origin="comment" if reason else "",
    )


def diagnose(
    text: str, *, file: str = "Dockerfile", project: Project | None = None
) -> list[Diagnostic]:
    """What to underline in a Dockerfile, finished or not; it never raises.

    Only failures are listed; what the text alone cannot tell is left out.

    Args:
        text: the Dockerfile as it stands in the editor.
        file: its name, for the edits of fixes.
        project: the files around it, if they are known.
    """
    text = text.encode("utf-8", "replace").decode("utf-8")
    parsed, problems = parse_leniently(text)
    found = [_syntax(text, problem.line or 1, problem.what, problem.hint) for problem in problems]
    if not parsed.stages:
        return found
    target = Target(project or Project(whole=False), file, parsed, parsed.final())
    kept = suppressions(text)
    for rule in all_rules():
        said = _safely(rule, target)
        if said.status == "fail" and rule.id not in kept:
            found += _diagnostics(rule, said, target)
    return sorted(found, key=lambda one: (one.line, one.column, one.rule))


def _safely(rule: Rule, target: Target) -> Judged:
    """A rule that breaks on something half-written has nothing to say about it."""
    try:
        return rule.judge(target)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return unjudged("the rule could not read this")


def _diagnostics(rule: Rule, said: Judged, target: Target) -> list[Diagnostic]:
    spots = [spot for spot in said.spots if spot.file == target.file] or [Spot(target.file, 1)]
    begins: dict[int, list[int]] = {}  # line → positions of the fixes that begin in it
    for position, fix in enumerate(said.fixes):
        begins.setdefault(_line(fix.edits[0], target), []).append(position)
    made = []
    seen: set[tuple[int, int]] = set()
    for spot in spots:
        if (spot.line, spot.column) in seen:
            continue
        seen.add((spot.line, spot.column))
        end_line, end_column = (
            (spot.end_line, spot.end_column) if spot.end_line else (spot.line, spot.column)
        )
        made.append(
            Diagnostic(
                rule=rule.id,
                severity="warning" if rule.number else "information",
                line=spot.line,
                column=spot.column,
                end_line=end_line,
                end_column=end_column,
                message=spot.message or said.evidence,
                why=rule.why,
                hint=said.fix or rule.fix,
                lesson=rule.lesson,
                fixes=said.fixes
                if len(spots) == 1
                else tuple(
                    said.fixes[position]
                    for line in (0, *range(max(spot.line, 1), end_line + 1))  # 0: in another file
                    for position in begins.get(line, ())
                ),
            )
        )
    return made


def _line(edit: Edit, target: Target) -> int:
    """The line that an edit of the Dockerfile begins in; 0 in another file."""
    return target.position(edit.start)[0] if edit.file == target.file else 0


def _syntax(text: str, line: int, what: str, hint: str) -> Diagnostic:
    lines = text.split("\n")
    line = min(max(line, 1), len(lines))
    message = re.sub(r"^line \d+: ", "", what)
    return Diagnostic(
        "syntax",
        "error",
        line,
        1,
        line,
        len(lines[line - 1]) + 1,
        message,
        "The build stops here.",
        hint,
        "",
    )
