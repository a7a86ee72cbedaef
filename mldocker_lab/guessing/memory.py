"""Guesses that were given: a small file for each lesson, so that a restart loses none.

``guesses/<lesson>.json`` in the lab's folder (``MLDOCKER_HOME``)::

    {
     "version": 1,
     "lesson": "05",
     "guesses": {
      "05/tag": {
       "question": {"id": "05/tag", "text": "…", "kind": "choice", "unit": "",
                    "choices": ["3.11", "another one"], "steps": []},
       "guess": "3.11",                          null: none was given
       "at": "2026-11-25T00:11:02+00:00",        when it was given; "" if it was not
       "measured": "another one",                null: not measured yet
       "measured_at": "2026-11-25T00:12:40+00:00"
      }
     }
    }

A number is a number, a choice a text, steps are their numbers, from 1. Once there is a measured
value, the guess stays as it is.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError
from mldocker_lab.guessing.question import Question
from mldocker_lab.home import home

if TYPE_CHECKING:
    from pathlib import Path

    from mldocker_lab.guessing.question import Answer

__all__ = ["Kept", "forget", "keep", "lessons", "load", "now"]

_VERSION = 1
_FOLDER = "guesses"
_LESSON = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Kept:
    """One guess as it is kept; attributes as in the file."""

    question: Question
    guess: Answer | None = None
    at: str = ""
    measured: Answer | None = None
    measured_at: str = ""

    @property
    def locked(self) -> bool:
        """Whether the guess stays as it is."""
        return self.measured is not None

    def to_dict(self) -> dict[str, Any]:
        """As in the file."""
        return {
            "question": self.question.to_dict(),
            "guess": self.guess,
            "at": self.at,
            "measured": self.measured,
            "measured_at": self.measured_at,
        }


def now() -> str:
    """This second, as it is written."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def load(lesson: str) -> dict[str, Kept]:
    """The guesses of a lesson by their id, in the order they were asked; without the unreadable."""
    try:
        told = json.loads(_file(lesson).read_text(encoding="utf-8"))
        entries = told["guesses"].items() if told["version"] == _VERSION else ()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    found = {}
    for name, entry in entries:
        with suppress(ValueError, KeyError, TypeError, AttributeError, UsageError, IndexError):
            found[name] = _sound(
                Kept(**{**entry, "question": Question.from_dict(entry["question"])})
            )
    return found


def keep(kept: Kept) -> None:
    """Write a guess, all or nothing; a full disk must not take the lesson away, so it is silent."""
    lesson = kept.question.lesson
    _write(lesson, load(lesson) | {kept.question.id: kept})


def forget(lesson: str, word: str | None = None) -> list[str]:
    """Forget the guesses of a lesson, or the one with the id ``word``; returns their ids."""
    known = load(lesson)
    gone = [name for name in known if word in (None, name)]
    if word is None:
        _file(lesson).unlink(missing_ok=True)
    elif gone:
        _write(lesson, {name: kept for name, kept in known.items() if name != word})
    return gone


def lessons() -> list[str]:
    """The lessons that have guesses, in order."""
    return sorted(path.stem for path in home(_FOLDER).glob("*.json"))


def _file(lesson: str) -> Path:
    if not _LESSON.fullmatch(lesson):
        raise UsageError(f"{lesson!r} is no lesson", "a lesson is its number, for example 03")
    return home(_FOLDER) / f"{lesson}.json"


def _sound(kept: Kept) -> Kept:
    """The same, once it has been read as its question would: a file may have been edited."""
    for answer in (kept.guess, kept.measured):
        if answer is not None:
            kept.question.seen(answer)
    return kept


def _write(lesson: str, guesses: dict[str, Kept]) -> None:
    told = {
        "version": _VERSION,
        "lesson": lesson,
        "guesses": {name: kept.to_dict() for name, kept in guesses.items()},
    }
    with suppress(OSError):
        path = _file(lesson)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
        draft.replace(path)
