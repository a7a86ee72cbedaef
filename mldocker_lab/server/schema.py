"""What goes over the wire: one description for both sides.

``typescript.py`` writes the same types for the page; a test holds the two together. Every field is
JSON: text, numbers, true and false, None, lists, and classes of this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Bytes",
    "Check",
    "Clean",
    "Completion",
    "Course",
    "Diagnose",
    "Diagnosis",
    "Disk",
    "Done",
    "Edit",
    "EngineState",
    "Event",
    "ExerciseState",
    "Fix",
    "Folder",
    "Grade",
    "Help",
    "HintAsked",
    "HintTold",
    "Instruction",
    "Job",
    "JobWanted",
    "Jobs",
    "Latest",
    "LessonState",
    "Mark",
    "Nothing",
    "Prediction",
    "Problem",
    "Sent",
    "SentFile",
    "Told",
    "Words",
]


@dataclass(frozen=True, slots=True)
class Nothing:
    """A request that says nothing more than its address."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, and what to try; ``code`` is a stable word for programs."""

    code: str
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class Told:
    """What was done, in words for people."""

    text: str


# -- the course ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prediction:
    """A prediction of a lesson; what is not known yet is empty."""

    id: str
    text: str
    guess: str
    measured: str


@dataclass(frozen=True, slots=True)
class LessonState:
    """A lesson. ``path`` is how JupyterLab names its notebook; None if it cannot show it."""

    name: str
    number: str
    title: str
    minutes: int | None
    path: str | None
    state: Literal["new", "begun", "done"]
    marked: bool
    asked: int
    predictions: list[Prediction]


@dataclass(frozen=True, slots=True)
class Check:
    """A check of an exercise, and what practice saw last.

    ``stale`` means that the answer has changed since. ``file`` and ``line`` say where to look;
    None if the evidence does not tell.
    """

    id: str
    says: str
    possible: int
    points: int
    status: Literal["passed", "failed", "not-attempted", "error", "not-run"]
    seen: str
    why: str
    hints: list[str]
    left: int
    stale: bool
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Grade:
    """What the grader said last; ``stale`` if the answer has changed since."""

    score: int
    possible: int
    at: str
    stale: bool


@dataclass(frozen=True, slots=True)
class ExerciseState:
    """An exercise. Paths are as JupyterLab names them; None if it cannot show them."""

    id: str
    title: str
    minutes: int
    possible: int
    score: int
    state: Literal["new", "begun", "done"]
    path: str | None
    files: list[str]
    needs: list[str]
    checks: list[Check]
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class Latest:
    """What was opened last."""

    kind: Literal["lesson", "exercise"]
    name: str
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Course:
    """All lessons and exercises; ``note`` says what keeps them from being opened, if anything."""

    lessons: list[LessonState]
    exercises: list[ExerciseState]
    latest: Latest | None
    note: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether a lesson is done, says who learns."""

    done: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words, and the course as it is now."""

    text: str
    course: Course


@dataclass(frozen=True, slots=True)
class HintAsked:
    """One more hint about a check; "" for the first that failed."""

    check: str


@dataclass(frozen=True, slots=True)
class HintTold:
    """The hints of a check so far."""

    check: str
    seen: str
    hints: list[str]
    left: int
    stale: bool


# -- work that takes a while -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JobWanted:
    """Check or grade an exercise; no checks named means all of them."""

    kind: Literal["check", "grade"]
    exercise: str
    checks: list[str]


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs, or ran."""

    id: str
    kind: Literal["check", "grade"]
    exercise: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Jobs:
    """What runs or ran since the server was started, the newest last."""

    jobs: list[Job]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a job; the last one is "ended", "stopped" or "failed"."""

    kind: Literal["says", "checking", "checked", "ended", "stopped", "failed"]
    text: str
    check: str
    status: str
    points: int
    possible: int


# -- the engine ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disk:
    """Room on the disk where the engine, or else the lab, keeps its data; bytes."""

    free: int | None
    state: Literal["ok", "warn", "bad", "unknown"]
    says: str


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine as it is now. ``gpu`` is "unknown" until the lab can tell."""

    state: Literal["running", "stopped", "none"]
    name: str
    version: str
    builders: list[str]
    private: bool
    why: str
    hint: str
    can_start: bool
    can_stop: bool
    images: int | None
    containers: int | None
    disk: Disk
    gpu: Literal["unknown"]


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes on disk of the lab's folder, private engine included, as the file system counts."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Clean:
    """What would be removed, or was."""

    containers: list[str]
    images: list[str]
    done: bool
    left: list[str]


# -- Dockerfiles -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Diagnose:
    """A text to look at; ``name`` tells a Dockerfile from an ignore file."""

    text: str
    name: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what is between two places of the text, counted from 0 as the page counts."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Changes that belong together, and what they do."""

    title: str
    edits: list[Edit]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Something to underline, from ``start`` to ``end`` as the page counts (UTF-16, from 0).

    ``lesson`` is the name of the lesson that teaches it; ``path`` how JupyterLab names that.
    """

    id: str
    severity: Literal["error", "warning", "info"]
    message: str
    why: str
    hint: str
    lesson: str
    path: str | None
    start: int
    end: int
    fixes: list[Fix]


@dataclass(frozen=True, slots=True)
class Words:
    """All that is to be said about a text."""

    diagnoses: list[Diagnosis]


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction: what it does, its flags, an example."""

    keyword: str
    says: str
    example: str
    flags: list[Completion]


@dataclass(frozen=True, slots=True)
class Completion:
    """A word that fits, and what it means."""

    word: str
    says: str


@dataclass(frozen=True, slots=True)
class Help:
    """What the editor knows by heart: instructions and the lab's base images."""

    instructions: list[Instruction]
    bases: list[Completion]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder or file of the workspace, as JupyterLab names it."""

    path: str


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a build context, its size in bytes, and whether a build sends it."""

    name: str
    bytes: int
    sent: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """What a build of a folder sends: the biggest files, and all in numbers."""

    folder: str
    ignore_file: str
    files: list[SentFile]
    count: int
    bytes: int
    left_out: int
