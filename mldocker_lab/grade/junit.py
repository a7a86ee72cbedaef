"""Results as JUnit XML, which CI systems read: a suite for each answer, a case for each check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from mldocker_lab.grade.score import CheckScore, ExerciseScore, Gradebook

__all__ = ["junit"]

#: What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KINDS = {"failed": "failure", "error": "error", "not-attempted": "skipped"}


def junit(book: Gradebook) -> str:
    """The book as JUnit XML; what could not be judged is an error or skipped, never a pass."""
    root = ET.Element("testsuites", name="mldocker-lab grade")
    for submission in book.submissions:
        for exercise in submission.exercises:
            root.append(_suite(f"{submission.name}.{exercise.id}", exercise))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(name: str, exercise: ExerciseScore) -> ET.Element:
    statuses = [check.verdict.status for check in exercise.checks]
    nothing = not exercise.checks
    suite = ET.Element(
        "testsuite",
        name=_text(name),
        tests=str(len(statuses) or 1),
        failures=str(statuses.count("failed") + nothing),
        errors=str(statuses.count("error")),
        skipped=str(statuses.count("not-attempted")),
    )
    for check in exercise.checks:
        suite.append(_case(name, check))
    if nothing:
        case = ET.SubElement(suite, "testcase", classname=_text(name), name="handed in")
        ET.SubElement(case, "failure", message=_text(exercise.note))
    return suite


def _case(suite: str, check: CheckScore) -> ET.Element:
    case = ET.Element("testcase", classname=_text(suite), name=_text(check.id))
    verdict = check.verdict
    if verdict.status in _KINDS:
        told = ET.SubElement(case, _KINDS[verdict.status], message=_text(verdict.seen))
        told.text = _text(f"{check.points} of {check.possible} points. {verdict.message}")
    return case


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
