"""Every route there is: the one table that the server opens its doors by, and the page calls by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mldocker_lab.server import schema

__all__ = ["EVENTS", "PREFIX", "ROUTES", "Route"]

#: What all addresses begin with, below the server's base address.
PREFIX = "mldocker-lab"

_QUICK, _ENGINE, _LONG = 30.0, 20.0, 600.0  # seconds until the page is told that nobody answers


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that a page can ask.

    Attributes:
        name: the method of ``Service`` that answers.
        verb: the HTTP method; only GET changes nothing.
        path: the address below the prefix; ``{name}`` stands for one part of it.
        reply: what is answered.
        body: what is sent along.
        pool: "loop" for what never waits; else which threads wait for it.
        seconds: how long it may take before the page is told so.
        before: the method of ``Service`` that looks at the body first, where it may wait.
        repeatable: asked twice it does the same as once: the page may, when the network broke.
    """

    name: str
    verb: Literal["GET", "POST", "DELETE"]
    path: str
    reply: type
    body: type = schema.Nothing
    pool: Literal["loop", "files", "engine"] = "files"
    seconds: float = _QUICK
    repeatable: bool = False
    before: str = ""

    @property
    def again(self) -> bool:
        """Whether the page may ask again when it does not know what became of its question."""
        return self.repeatable or self.verb == "GET"

    @property
    def pattern(self) -> str:
        """The path as a regular expression: names are words, never paths."""
        return re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_.-]+)", self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


#: The stream of a job's events, as server-sent events.
EVENTS = "jobs/{name}/events"

ROUTES = (
    Route("course", "GET", "course", schema.Course),
    Route("lesson_opened", "POST", "lessons/{name}/opened", schema.Course, repeatable=True),
    Route(
        "lesson_mark", "POST", "lessons/{name}/mark", schema.Course, schema.Mark, repeatable=True
    ),
    Route("lesson_reset", "POST", "lessons/{name}/reset", schema.Done, seconds=_LONG),
    Route("exercise_opened", "POST", "exercises/{name}/opened", schema.Course, repeatable=True),
    Route("exercise_reset", "POST", "exercises/{name}/reset", schema.Done),
    Route("hint", "POST", "exercises/{name}/hint", schema.HintTold, schema.HintAsked),
    Route("job_list", "GET", "jobs", schema.Jobs, pool="loop"),
    Route(
        "job_begin",
        "POST",
        "jobs",
        schema.Job,
        schema.JobWanted,
        "loop",
        repeatable=True,
        before="job_work",
    ),
    Route("job_stop", "DELETE", "jobs/{name}", schema.Job, pool="loop", repeatable=True),
    Route("pairs", "GET", "pairs", schema.Pairs),
    Route("sides", "POST", "sides", schema.Sides, schema.Folder, repeatable=True),
    Route(
        "build_begin",
        "POST",
        "builds",
        schema.Job,
        schema.BuildWanted,
        "loop",
        repeatable=True,
        before="build_work",
    ),
    Route("outcome", "GET", "builds/{name}", schema.Outcome, pool="loop"),
    Route("picture", "GET", "builds/{name}/pictures/{which}", schema.Picture),
    Route("gpu", "GET", "gpu/{name}", schema.Gpu, pool="engine"),
    Route("engine", "GET", "engine", schema.EngineState, pool="engine", seconds=_ENGINE),
    Route("engine_start", "POST", "engine/start", schema.EngineState, pool="engine", seconds=_LONG),
    Route("engine_stop", "POST", "engine/stop", schema.EngineState, pool="engine", seconds=_LONG),
    Route("used", "GET", "used", schema.Bytes, seconds=_LONG),
    Route("clean_preview", "GET", "clean", schema.Clean, pool="engine", seconds=_ENGINE),
    Route("clean", "POST", "clean", schema.Clean, pool="engine", seconds=_LONG),
    Route("diagnose", "POST", "diagnose", schema.Words, schema.Diagnose, repeatable=True),
    Route("help", "GET", "help", schema.Help),
    Route("sent", "POST", "sent", schema.Sent, schema.Folder, repeatable=True),
)
