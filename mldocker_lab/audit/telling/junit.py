"""Findings as JUnit XML: a suite for each Dockerfile, a case for each rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.audit.finding import Finding
    from mldocker_lab.audit.telling.scorecard import Scorecard

__all__ = ["junit"]

#: What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(cards: Sequence[Scorecard]) -> str:
    """The cards as JUnit XML; what is not judged, or accepted, is skipped and never a pass."""
    root = ET.Element("testsuites", name="mldocker-lab audit")
    for card in cards:
        failures = sum(one.open for one in card.findings)
        skipped = sum(one.status != "pass" and not one.open for one in card.findings)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_text(card.target),
            tests=str(len(card.findings)),
            failures=str(failures),
            errors="0",
            skipped=str(skipped),
        )
        for one in card.findings:
            suite.append(_case(card.target, one))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(target: str, one: Finding) -> ET.Element:
    case = ET.Element("testcase", classname=_text(target), name=one.id)
    if one.status == "pass":
        return case
    kind = "failure" if one.open else "skipped"
    said = f"accepted: {one.suppressed}" if one.suppressed else one.evidence
    told = ET.SubElement(case, kind, message=_text(said))
    told.text = _text(f"{one.file}:{one.line} {one.evidence}. {one.rule.why} {one.fix}")
    return case


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
