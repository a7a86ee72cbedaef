"""What goes over the wire: one description for both sides.

``typescript.py`` writes the same types for the page; a test holds the two together. Every field is
JSON: text, numbers, true and false, None, lists, and classes of this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BuildWanted",
    "BuiltSide",
    "BuiltStep",
    "Bytes",
    "Check",
    "Clean",
    "Completion",
    "Course",
    "Diagnose",
    "Diagnosis",
    "DiffRow",
    "Disk",
    "Done",
    "Edit",
    "EngineState",
    "Event",
    "ExerciseState",
    "Fix",
    "Folder",
    "Gpu",
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
    "Moment",
    "Nothing",
    "Outcome",
    "PairName",
    "Pairs",
    "Picture",
    "Prediction",
    "Problem",
    "Sent",
    "SentFile",
    "SideFile",
    "Sides",
    "Step",
    "StepRow",
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
    """Something that runs, or ran, about an exercise or a folder; ``doing`` is its last word."""

    id: str
    kind: Literal["check", "grade", "build"]
    about: str
    doing: str
    ended: bool


@dataclass(frozen=True, slots=True)
class Jobs:
    """What runs or ran since the server was started, the newest last."""

    jobs: list[Job]


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of a build has come so far; ``step`` counts the instructions of its Dockerfile."""

    side: Literal["left", "right"]
    step: int
    state: Literal["running", "run", "cached", "failed"]
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a job; the last one is "ended", "stopped" or "failed"."""

    kind: Literal["says", "checking", "checked", "step", "ended", "stopped", "failed"]
    text: str
    check: str
    status: str
    points: int
    possible: int
    moment: Moment | None


# -- two Dockerfiles side by side ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PairName:
    """Two Dockerfiles that can be compared: a folder of a lesson, or an exercise."""

    kind: Literal["pair", "exercise"]
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """All of them."""

    pairs: list[PairName]


@dataclass(frozen=True, slots=True)
class SideFile:
    """One of the two Dockerfiles: what its image is called, and how JupyterLab names the file."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A line of the left beside the one of the right that stands in its place; counted from 1."""

    kind: Literal["same", "changed", "removed", "added"]
    left_line: int | None
    left: str
    right_line: int | None
    right: str


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction: its position among all of its Dockerfile, its text, its line from 1."""

    step: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """Two instructions that do the same or stand in the same place; None where there is none."""

    left: Step | None
    right: Step | None


@dataclass(frozen=True, slots=True)
class Sides:
    """Two Dockerfiles of one service: a bad and a good one, or an exercise's start and answer.

    ``files`` can be edited in a copy to see what is built again. ``folder`` and ``contexts`` are as
    JupyterLab names them; ``problem`` says why there are no steps. ``built`` is the job that built
    them last, while what it came to is known; else "".
    """

    kind: Literal["pair", "exercise"]
    title: str
    folder: str
    contexts: list[str]
    left: SideFile
    right: SideFile
    diff: list[DiffRow]
    steps: list[StepRow]
    files: list[str]
    problem: str
    built: str


@dataclass(frozen=True, slots=True)
class BuildWanted:
    """Build both sides: from cold, or again, after an edit of a file in a copy.

    ``edit`` is "" for none; ``add`` is the line to append, "" for a comment.
    """

    path: str
    cold: bool
    edit: str
    add: str


@dataclass(frozen=True, slots=True)
class BuiltStep:
    """What became of an instruction: seconds it ran, file bytes of the layer it left.

    ``text`` is the instruction that was built: the Dockerfile may have changed since.
    """

    step: int
    text: str
    status: Literal["run", "cached", "skipped", "metadata"]
    seconds: float | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class BuiltSide:
    """A build: its seconds, file bytes, bytes to pull, and how many steps came from the cache.

    ``again`` is what a node pulls that runs the image from before the edit; None without one.
    """

    name: str
    seconds: float
    bytes: int | None
    pull: int | None
    again: int | None
    hits: int
    of: int
    steps: list[BuiltStep]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What two builds came to; a side that failed is None, and ``failed`` says why."""

    edit: str
    left: BuiltSide | None
    right: BuiltSide | None
    failed: list[str]
    pictures: list[Literal["layers", "timeline", "edit"]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure: a PNG in base64, what it shows in words, pixels it takes on a page."""

    png: str
    alt: str
    width: int


# -- the engine ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disk:
    """Room on the disk where the engine, or else the lab, keeps its data; bytes."""

    free: int | None
    state: Literal["ok", "warn", "bad", "unknown"]
    says: str


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine as it is now."""

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


@dataclass(frozen=True, slots=True)
class Gpu:
    """What results about GPUs rest on: the card here, a recorded host, or no GPU at all.

    ``host`` is the host that is meant, "here" for this machine; ``hosts`` are all that are known.
    """

    host: str
    basis: Literal["real GPU", "recorded host", "made-up host", "given facts", "no GPU"]
    what: str
    means: str
    hosts: list[str]


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
