"""Results as one HTML page that a learner can read, on screen and on paper.

Self-contained: no scripts, no fonts, no pictures, nothing is loaded. Everything that is shown is
escaped. Marks are shapes and words, so it reads without colour.
"""

from __future__ import annotations

from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from mldocker_lab.grade.score import MARKS, lateness

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.grade.score import CheckScore, ExerciseScore, Gradebook, SubmissionScore

__all__ = ["page"]

_WORDS = {
    "passed": "passed",
    "failed": "not yet",
    "not-attempted": "not attempted here",
    "error": "could not be judged",
}
_STYLE = "page.css"


def page(book: Gradebook, exercises: Mapping[str, Exercise], graded: datetime) -> str:
    """The page of a whole book; of one submission if it holds one.

    Args:
        book: the results.
        exercises: the exercises by id, for their titles.
        graded: when.
    """
    one = len(book.submissions) == 1
    title = f"{book.submissions[0].name}: results" if one else "Results"
    when = f"{graded:%Y-%m-%d %H:%M}"
    parts = [f"<header><h1>{escape(title)}</h1><p>Graded {when}</p></header>"]
    if not one:
        parts.append(_overview(book))
    parts += [
        _submission(each, exercises, anchor="" if one else f"s{number}")
        for number, each in enumerate(book.submissions)
    ]
    if book.notes:
        notes = "".join(f"<li>{escape(note)}</li>" for note in book.notes)
        parts.append(f"<footer><h2>For whoever grades</h2><ul>{notes}</ul></footer>")
    style = (resources.files(__package__) / _STYLE).read_text(encoding="utf-8")
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )


def _overview(book: Gradebook) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="#s{number}">{escape(one.name)}</a></th>'
        f'<td class="number">{one.score}</td><td class="number">{one.possible}</td>'
        f"<td>{_bar(one.score, one.possible)}</td><td>{_late(one)}</td></tr>\n"
        for number, one in enumerate(book.submissions)
    )
    return (
        '<table class="overview"><thead><tr><th scope="col">submission</th>'
        '<th scope="col" class="number">points</th><th scope="col" class="number">of</th>'
        '<th scope="col"><span class="hidden">share</span></th><th scope="col"></th></tr></thead>'
        f"<tbody>\n{rows}</tbody></table>"
    )


def _submission(one: SubmissionScore, exercises: Mapping[str, Exercise], *, anchor: str) -> str:
    head = f"<h2>{escape(one.name)}</h2>" if anchor else ""
    late = f'<p class="late">Handed in {_late(one)}.</p>' if one.late else ""
    inner = "\n".join(_exercise(each, exercises.get(each.id)) for each in one.exercises)
    return f'<section class="submission" id="{anchor or "all"}">{head}{late}\n{inner}\n</section>'


def _exercise(score: ExerciseScore, exercise: Exercise | None) -> str:
    title = f"{score.id}: {exercise.title}" if exercise else score.id
    note = f'<p class="note">{escape(score.note)}</p>' if score.note else ""
    checks = "" if score.note else "\n".join(map(_check, score.checks))  # one sentence for all
    return (
        f'<article><h3>{escape(title)}</h3><p class="points">'
        f"{score.score} of {score.possible} points {_bar(score.score, score.possible)}</p>"
        f"{note}\n{checks}</article>"
    )


def _check(check: CheckScore) -> str:
    verdict = check.verdict
    rest = [("seen", verdict.seen), ("why it matters", verdict.why), ("try", verdict.hint)]
    if verdict.status == "passed":
        told = f"<p>{escape(verdict.seen)}</p>"
    else:
        rows = "".join(f"<dt>{word}</dt><dd>{escape(text)}</dd>" for word, text in rest if text)
        told = f"<dl>{rows}</dl>"
    return (
        f'<div class="check {verdict.status}"><h4><span class="mark">{MARKS[verdict.status]}</span>'
        f' {escape(check.id)} <span class="word">{_WORDS[verdict.status]}</span>'
        f'<span class="worth">{check.points} of {check.possible}</span></h4>{told}</div>'
    )


def _bar(points: int, possible: int) -> str:
    share = round(100 * points / possible) if possible else 0
    return f'<span class="bar" title="{share} %"><span style="width:{share}%"></span></span>'


def _late(one: SubmissionScore) -> str:
    return f"{lateness(one.late)} late" if one.late else ""
