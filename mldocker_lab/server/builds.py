"""Builds of two Dockerfiles side by side, told step by step, and what they came to.

The first builds of a folder are cold; those after an edit share their cache. A few folders are
remembered: another one forgets the oldest, and its images go.
"""

from __future__ import annotations

import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mldocker_lab import lab
from mldocker_lab.errors import BuildFailed, LabError, UsageError
from mldocker_lab.pair import edited
from mldocker_lab.report.compare import Comparison, pulled_again
from mldocker_lab.report.events import Failed, Finished, Output, Started
from mldocker_lab.server import schema
from mldocker_lab.server.sides import find

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.events import Event
    from mldocker_lab.server.jobs import Job
    from mldocker_lab.server.sides import Found
    from mldocker_lab.server.workspace import Workspace
    from mldocker_lab.workbench import Job as Build
    from mldocker_lab.workbench import Workbench

__all__ = ["Builds"]

Side = Literal["left", "right"]

_FOLDERS = 2  # whose images are kept
_OUTCOMES = 20
_TELL_SECONDS = 0.3  # between two lines of output: pip alone says hundreds
_WIDEST = 200


@dataclass
class _Run:
    """A folder's cold builds, how many edits were tried since, and the job that built last."""

    bench: Workbench
    first: dict[Side, BuildReport] = field(default_factory=dict)
    edits: int = 0
    latest: str = ""


@dataclass(frozen=True)
class _Came:
    """What a round of builds came to."""

    outcome: schema.Outcome
    comparison: Comparison | None


class Builds:
    """All builds that pages began."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._runs: dict[Path, _Run] = {}
        self._came: dict[str, _Came] = {}
        self._lock = threading.Lock()

    def look(self, wanted: schema.BuildWanted) -> None:
        """Look whether this can be built.

        Raises:
            UsageError: there are no two Dockerfiles, or no such file to edit.
        """
        found = find(self._workspace, wanted.path)
        if wanted.edit and wanted.edit not in found.files:
            raise UsageError(
                f"{wanted.edit!r} cannot be edited here", f"one of: {', '.join(found.files)}"
            )

    def build(self, wanted: schema.BuildWanted, job: Job) -> str:
        """Build both sides at the same time; returns the last word."""
        found = find(self._workspace, wanted.path)
        job.tell("says", "looking for the engine, base images and wheels")
        run = self._run(found, cold=wanted.cold)
        job.go_on()
        again = bool(run.first)
        overlay = {side: self._overlay(place, wanted, run) for side, place in _places(found)}
        builds = {
            side: run.bench.job(folder, file, name=name, overlay=overlay[side])
            for side, (name, folder, file) in _places(found)
        }
        reports, failed = _together(builds, job)
        if not again and len(reports) == len(builds):
            run.first = reports
        edit = (wanted.edit or "nothing") if again else ""
        self._keep(job.id, _came(run, reports, failed, edit))
        run.latest = job.id
        return "; ".join(failed) or _words(reports)

    def latest(self, folder: Path) -> str:
        """The job that built this folder last; "" if what it came to is not known."""
        with self._lock:
            run = self._runs.get(folder)
        return run.latest if run and run.latest in self._came else ""

    def outcome(self, job: str) -> schema.Outcome:
        """What the builds of a job came to.

        Raises:
            UsageError: it is not known.
        """
        return self._find(job).outcome

    def picture(self, job: str, which: str) -> schema.Picture:
        """A figure of what the builds of a job came to.

        Raises:
            UsageError: there is no such figure.
        """
        came = self._find(job)
        if which not in came.outcome.pictures or came.comparison is None:
            raise UsageError(f"there is no figure {which!r} of these builds")
        comparison = came.comparison
        drawn = {
            "layers": comparison.plot,
            "timeline": comparison.plot_timeline,
            "edit": comparison.plot_edit,
        }[which]()
        return schema.Picture(base64.b64encode(drawn.png).decode(), drawn.alt, drawn.width)

    def _run(self, found: Found, *, cold: bool) -> _Run:
        """The run that this belongs to; a new one if it shall be cold, or nothing was built."""
        with self._lock:
            known = self._runs.get(found.folder)
            if known and known.first and not cold:
                return known
            old = [self._runs.pop(found.folder)] if known else []
            while len(self._runs) >= _FOLDERS:
                old.append(self._runs.pop(next(iter(self._runs))))
        for one in old:
            one.bench.forget()
        run = _Run(lab.workbench())
        with self._lock:
            self._runs[found.folder] = run
        return run

    def _overlay(
        self, place: tuple[str, Path, str], wanted: schema.BuildWanted, run: _Run
    ) -> Mapping[str, bytes]:
        if not wanted.edit or not run.first:
            return {}
        run.edits += 1
        _, folder, _ = place
        return {wanted.edit: edited(folder, wanted.edit, run.edits, wanted.add or None)}

    def _keep(self, job: str, came: _Came) -> None:
        self._came[job] = came
        for old in list(self._came)[:-_OUTCOMES]:
            del self._came[old]

    def _find(self, job: str) -> _Came:
        if job not in self._came:
            raise UsageError("nothing is known of these builds", "build again")
        return self._came[job]


def _places(found: Found) -> tuple[tuple[Side, tuple[str, Path, str]], ...]:
    return ("left", found.left), ("right", found.right)


def _together(builds: Mapping[Side, Build], job: Job) -> tuple[dict[Side, BuildReport], list[str]]:
    """Run both; one that fails stops nobody, but whoever stops the job stops both."""
    reports: dict[Side, BuildReport] = {}
    failed: list[str] = []

    def stop() -> None:
        for build in builds.values():
            build.cancel()

    job.when_stopped(stop)
    with ThreadPoolExecutor(len(builds), "mldocker-build") as pool:
        futures = {
            side: pool.submit(build.run, _Teller(side, build, job))
            for side, build in builds.items()
        }
        for side, future in futures.items():
            try:
                reports[side] = future.result()
            except BuildFailed as error:
                job.go_on()
                failed.append(_why(error))
            except LabError:
                stop()
                raise
    job.go_on()
    return reports, failed


class _Teller:
    """Says as events of a job what a build says."""

    def __init__(self, side: Side, build: Build, job: Job) -> None:
        self._side, self._job = side, job
        self._rows = build.rows
        self._told = 0.0

    def __call__(self, event: Event) -> None:
        match event:
            case Started(step=step):
                self._moment(step, "running")
            case Finished(step=step, cached=cached, seconds=seconds):
                self._moment(step, "cached" if cached else "run", seconds)
            case Failed(step=step) if step is not None:
                self._moment(step, "failed")
            case Output(text=text) if time.monotonic() - self._told > _TELL_SECONDS:
                self._told = time.monotonic()
                line = text.strip().rpartition("\n")[2].rpartition("\r")[2]
                if line:
                    self._job.tell("says", line[:_WIDEST], check=self._side)

    def _moment(
        self,
        step: int,
        state: Literal["running", "run", "cached", "failed"],
        seconds: float | None = None,
    ) -> None:
        text = self._rows[step].instruction[:_WIDEST] if state == "running" else ""
        moment = schema.Moment(self._side, step, state, seconds)
        self._job.tell("step", text, moment=moment)


def _came(run: _Run, reports: Mapping[Side, BuildReport], failed: list[str], edit: str) -> _Came:
    comparison = None
    if len(reports) == 2:  # noqa: PLR2004 both sides
        left, right = (run.first[side] for side in ("left", "right"))
        after = reports if edit else {}
        comparison = Comparison(left, right, after.get("left"), after.get("right"), edit=edit)
    pictures: list[Literal["layers", "timeline", "edit"]] = []
    if comparison is not None:
        pictures = ["edit", "layers", "timeline"] if edit else ["layers", "timeline"]
    shown = {
        side: _side(report, run.first.get(side) if edit else None)
        for side, report in reports.items()
    }
    return _Came(
        schema.Outcome(edit, shown.get("left"), shown.get("right"), failed, pictures), comparison
    )


def _side(report: BuildReport, first: BuildReport | None) -> schema.BuiltSide:
    return schema.BuiltSide(
        name=report.name,
        seconds=report.seconds,
        bytes=report.bytes,
        pull=report.pull_bytes,
        again=pulled_again(first, report) if first else None,
        hits=report.cache_hits,
        of=report.cache_steps,
        steps=[
            schema.BuiltStep(one.index, one.instruction, one.status, one.seconds, one.bytes)
            for one in report.steps
        ],
    )


def _why(error: BuildFailed) -> str:
    at = f"line {error.line}: " if error.line else ""
    return f"{at}{error.what}. {error.hint}".rstrip(". ") + "."


def _words(reports: Mapping[Side, BuildReport]) -> str:
    return "; ".join(
        f"{one.name}: {one.cache_hits} of {one.cache_steps} steps reused"
        for one in reports.values()
    )
