"""Side by side: the bad and the good image of one service, built on the same engine.

The builds run at the same time, each from its own cold start, so neither can use what the other
put into the cache. Where seconds are to be compared, ask for ``repeats``: then they take turns,
bad, good, bad, good, and the report with the middle time is kept.
"""

from __future__ import annotations

import statistics
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.build.tape import record
from mldocker_lab.errors import UsageError
from mldocker_lab.report.compare import Comparison
from mldocker_lab.report.downloads import downloads
from mldocker_lab.widgets.choose import view as choose_view
from mldocker_lab.widgets.view import showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mldocker_lab.build.request import Builder
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.events import Event
    from mldocker_lab.show.figure import Picture
    from mldocker_lab.widgets.view import View
    from mldocker_lab.workbench import Job, Workbench

__all__ = ["SIDES", "Built", "Pair", "edited", "key"]

#: The two sides and the Dockerfiles they are built from.
SIDES = {"bad": "bad.Dockerfile", "good": "good.Dockerfile"}

_COMMENT = {".py": "# edit {n}", ".txt": "# edit {n}", ".toml": "# edit {n}", ".yaml": "# edit {n}"}


@dataclass(frozen=True)
class Built:
    """One build of a pair, with what happened in it: what a recording keeps."""

    job: Job
    events: list[Event]
    report: BuildReport


@dataclass
class Pair:
    """A bad and a good image that were built side by side, and can be built again after an edit.

    Made by ``lab.build_pair``. Showing it shows the table; ``edit`` tries a change.

    Attributes:
        folder: the build context they share.
        bench: the run that their builds belong to.
        builder: "buildkit" or "classic".
        new_view: makes a live view for each round of builds.
        overlay: files that replace the folder's in every build: another scale.
        history: every build so far, by side and edit, as ``key`` names them.
    """

    folder: Path
    bench: Workbench = field(repr=False)
    builder: Builder = "buildkit"
    new_view: Callable[[], View] = field(default=choose_view, repr=False)
    overlay: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    history: dict[str, Built] = field(default_factory=dict, init=False, repr=False)
    _edits: int = field(default=0, init=False, repr=False)
    _changes: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def comparison(self) -> Comparison:
        """What the first, cold builds came to; builds them if that has not happened yet."""
        return self.build()

    @property
    def bad(self) -> BuildReport:
        """The report of the bad image."""
        return self.comparison.bad

    @property
    def good(self) -> BuildReport:
        """The report of the good image."""
        return self.comparison.good

    def build(self, repeats: int = 1) -> Comparison:
        """Build both, cold; at the same time, or in turns if ``repeats`` is more than 1."""
        self._changes[""] = ""
        if repeats == 1:
            reports = self._round("cold")
        else:
            rounds = [self._cold_round(n + 1, repeats) for n in range(repeats)]
            reports = {side: _middle([each[side] for each in rounds]) for side in SIDES}
        self.comparison = Comparison(reports["bad"], reports["good"], engine=self._engine())
        return self.comparison

    def again(self) -> Comparison:
        """Build both again with nothing changed."""
        return self._rebuild("again, nothing changed", "nothing")

    def edit(self, file: str, *, add: str | None = None) -> Comparison:
        """Change one file in a copy, build both again, and compare with the first builds.

        Args:
            file: its name inside the folder. Your folder is not touched.
            add: the line to append; a comment if not given.

        Raises:
            UsageError: the folder has no such file, or no comment can be added to that kind.
        """
        self._edits += 1
        overlay = {file: edited(self.folder, file, self._edits, add, self.overlay.get(file))}
        change = f"{file} + {add}" if add else file
        return self._rebuild(f"after the edit of {change}", file, overlay, change=change)

    def edit_base(self) -> Comparison:
        """Build both again as if a new version of the base image had come out."""
        self._new_base()
        return self._rebuild("on a new base image", "the base image")

    def stage(self, name: str, side: str = "good") -> BuildReport:
        """Build one stage of a side's Dockerfile, as ``--target`` does, out of that side's cache.

        Args:
            name: the stage, as its FROM line calls it.
            side: "good" or "bad".

        Raises:
            DockerfileError: there is no such stage.
        """
        job = self.bench.job(
            self.folder,
            SIDES[side],
            name=side,
            builder=self.builder,
            target=name,
            overlay=self.overlay,
        )
        with showing(self.new_view(), {name: job.rows}, f"the stage {name}") as view:
            return job.run(partial(view.event, name)).renamed(name)

    def fetched(self, edit: str = "") -> dict[str, tuple[str, ...]]:
        """The packages that pip downloaded in a round of builds, by side.

        Args:
            edit: the latest round after an edit of this file; the first, cold one if not given.

        Raises:
            UsageError: there was no such round.
        """
        return {side: downloads(self._events(side, edit)) for side in SIDES}

    def plot(self) -> Picture:
        """The layers of both images, stacked to scale."""
        return self.comparison.plot()

    def plot_timeline(self) -> Picture:
        """What each build spent its time on."""
        return self.comparison.plot_timeline()

    def record(self, path: str | Path) -> None:
        """Keep everything built so far as a recording, for machines without an engine.

        Raises:
            UsageError: the file cannot be written there.
        """
        with record(Path(path), self.bench.engine) as recorder:
            for name, built in self.history.items():
                recorder.begin(name, built.job.building)
                for event in built.events:
                    recorder.event(name, event)
                recorder.report(name, built.report)

    def __repr__(self) -> str:
        return repr(self.comparison)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self.comparison._repr_mimebundle_(include, exclude)

    def _events(self, side: str, edit: str) -> Iterable[Event]:
        """What happened in the latest build of a side after an edit."""
        change = self._changes.get(edit)
        if change is None:
            raise UsageError(
                f"nothing was built after an edit of {edit!r}", "edit first, then ask what it cost"
            )
        return self._events_of(key(side, change))

    def _events_of(self, name: str) -> Iterable[Event]:
        return self.history[name].events

    def _engine(self) -> dict[str, Any]:
        return self.bench.facts

    def _new_base(self, *, mounts: bool = False) -> None:
        for side in SIDES:
            self.bench.new_base(side, mounts=mounts)

    def _cold_round(self, number: int, of: int) -> dict[str, BuildReport]:
        self._new_base(mounts=True)
        return self._round(f"cold, round {number} of {of}", parallel=False)

    def _rebuild(
        self,
        note: str,
        edit: str,
        overlay: Mapping[str, bytes] | None = None,
        *,
        change: str = "",
    ) -> Comparison:
        """Build both again; ``change`` tells two edits of one file apart in the history."""
        change = change or edit
        again = self._round(note, change, overlay=overlay)
        self._changes[edit] = change
        return Comparison(
            self.bad, self.good, again["bad"], again["good"], edit=edit, engine=self._engine()
        )

    def _round(
        self,
        note: str,
        edit: str = "",
        *,
        overlay: Mapping[str, bytes] | None = None,
        parallel: bool = True,
    ) -> dict[str, BuildReport]:
        """Build both once; the events go to a live view and, with the reports, into ``history``."""
        jobs = {
            side: self.bench.job(
                self.folder,
                dockerfile,
                name=side,
                builder=self.builder,
                overlay={**self.overlay, **(overlay or {})},
            )
            for side, dockerfile in SIDES.items()
        }
        events: dict[str, list[Event]] = {side: [] for side in SIDES}
        with showing(self.new_view(), {side: job.rows for side, job in jobs.items()}, note) as view:

            def tell(side: str, event: Event) -> None:
                events[side].append(event)
                view.event(side, event)

            reports = _run(jobs, tell, parallel=parallel)
        for side, job in jobs.items():
            self.history[key(side, edit)] = Built(job, events[side], reports[side])
        return reports


def key(side: str, edit: str = "") -> str:
    """What a build is filed under in a recording: "bad", or "bad after app.py"."""
    return f"{side} after {edit}" if edit else side


def _run(
    jobs: Mapping[str, Job], tell: Callable[[str, Event], None], *, parallel: bool
) -> dict[str, BuildReport]:
    """Run the jobs; the first error (or Ctrl-C) cancels the others and is raised."""
    with ThreadPoolExecutor(len(jobs) if parallel else 1) as pool:
        futures = {side: pool.submit(job.run, partial(tell, side)) for side, job in jobs.items()}
        try:
            _wait_for_all(futures.values())
            return {side: future.result() for side, future in futures.items()}
        except BaseException:
            for job in jobs.values():
                job.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _wait_for_all(futures: Iterable[Future[BuildReport]]) -> None:
    """Wait in short pieces, so that Ctrl-C is heard on every platform; raise the first error."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()


def edited(
    folder: Path, file: str, number: int, add: str | None = None, instead: bytes | None = None
) -> bytes:
    """The file with a line appended: ``add``, or a comment that no edit before it had.

    Args:
        folder: the build context.
        file: the file's name in it.
        number: how many edits there have been.
        add: the line.
        instead: what is built in place of the file's contents, if not those.

    Raises:
        UsageError: no such file, or no comment can be added to that kind of file.
    """
    path = folder / file
    if not path.is_file():
        names = sorted(p.name for p in folder.iterdir() if p.is_file())
        raise UsageError(f"{folder.name} has no file {file}", f"one of: {', '.join(names)}")
    comment = _COMMENT.get(path.suffix)
    if add is None and comment is None:
        raise UsageError(f"no comment can be appended to {file}", "say what to add: add='…'")
    line = add if add is not None else str(comment).format(n=number)
    before = path.read_bytes() if instead is None else instead
    return before.rstrip(b"\n") + b"\n" + line.encode() + b"\n"


def _middle(reports: list[BuildReport]) -> BuildReport:
    """The report with the median time (the lower one of an even number)."""
    middle = statistics.median_low(report.seconds for report in reports)
    return next(report for report in reports if report.seconds == middle)
