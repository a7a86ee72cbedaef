"""Findings as SARIF 2.1.0, which pages that host code show beside the lines."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mldocker_lab import __version__
from mldocker_lab.audit.rules import all_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.audit.finding import Finding, Rule
    from mldocker_lab.audit.reading.spot import Spot
    from mldocker_lab.audit.telling.scorecard import Scorecard

__all__ = ["sarif"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_HOME = "https://github.com/mldocker-lab/mldocker_lab"


def sarif(cards: Sequence[Scorecard], prefix: str = "") -> dict[str, Any]:
    """A log with one run: what failed, and what was accepted and why.

    Args:
        cards: the scorecards.
        prefix: the folder of the audited project in the repository, "" if it is the same.
    """
    rules = all_rules()
    order = {rule.id: i for i, rule in enumerate(rules)}
    results = [
        _result(one, order[one.id], prefix)
        for card in cards
        for one in card.findings
        if one.status == "fail"
    ]
    driver = {
        "name": "mldocker-lab audit",
        "version": __version__,
        "informationUri": _HOME,
        "rules": [_rule(rule) for rule in rules],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
        ],
    }


def _level(rule: Rule) -> str:
    return "warning" if rule.number else "note"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix} Lesson: {rule.lesson}"},
        "defaultConfiguration": {"level": _level(rule)},
    }


def _result(one: Finding, index: int, prefix: str) -> dict[str, Any]:
    spots = one.spots or ()
    found: dict[str, Any] = {
        "ruleId": one.id,
        "ruleIndex": index,
        "kind": "fail",
        "level": _level(one.rule),
        "message": {"text": f"{one.evidence}. {one.fix}"},
        "locations": [_location(one.file, spots[0] if spots else None, prefix)],
        "partialFingerprints": {"ruleAndFile/v1": _fingerprint(one)},
    }
    if spots[1:]:
        found["relatedLocations"] = [
            {"id": i, **_location(spot.file, spot, prefix)} for i, spot in enumerate(spots[1:], 1)
        ]
    if one.suppressed:
        kind = "inSource" if one.origin == "comment" else "external"
        found["suppressions"] = [{"kind": kind, "justification": one.suppressed}]
    return found


def _location(file: str, spot: Spot | None, prefix: str) -> dict[str, Any]:
    path = f"{prefix}/{file}" if prefix else file
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(path)}}
    if spot and spot.line:
        region = {"startLine": spot.line, "startColumn": spot.column}
        if spot.end_line:
            region |= {"endLine": spot.end_line, "endColumn": max(spot.end_column, 1)}
        physical["region"] = region
    return {"physicalLocation": physical}


def _fingerprint(one: Finding) -> str:
    return hashlib.sha256(f"{one.id}\0{one.file}\0{one.evidence}".encode()).hexdigest()
