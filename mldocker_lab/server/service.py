"""What each route does. Everything here may wait, except what begins with ``async``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.server import schema
from mldocker_lab.server.jobs import Jobs
from mldocker_lab.server.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.lessons import Lesson
    from mldocker_lab.server.builds import Builds

__all__ = ["Service"]


class Service:
    """The lab, as the routes of one server need it.

    Args:
        root: the folder that JupyterLab shows.
    """

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        self.jobs = Jobs()
        self._builds: Builds | None = None

    # -- the course ----------------------------------------------------------------------------

    def course(self) -> schema.Course:
        """All lessons and exercises."""
        from mldocker_lab.server.course import course

        return course(self.workspace)

    def lesson_opened(self, name: str) -> schema.Course:
        """A lesson was opened."""
        return self._opened("lessons", self._lesson(name).name)

    def exercise_opened(self, name: str) -> schema.Course:
        """An exercise was opened."""
        return self._opened("exercises", self._exercise(name).id)

    def lesson_mark(self, name: str, body: schema.Mark) -> schema.Course:
        """A lesson is done, or is not."""
        from mldocker_lab.server import memory

        memory.note("lessons", self._lesson(name).name, done=body.done)
        return self.course()

    def lesson_reset(self, name: str) -> schema.Done:
        """Put a lesson back; your versions are kept."""
        from mldocker_lab.server import memory

        lesson = self._lesson(name)
        done = lesson.reset()
        memory.forget("lessons", lesson.name)
        return schema.Done(str(done), self.course())

    def exercise_reset(self, name: str) -> schema.Done:
        """Put an answer back; your versions are kept."""
        from mldocker_lab.grade import start

        done = start.reset(self._exercise(name))
        return schema.Done(str(done), self.course())

    def hint(self, name: str, body: schema.HintAsked) -> schema.HintTold:
        """One more hint."""
        from mldocker_lab.grade.hinting import hints

        told = hints(self._exercise(name), body.check or None)
        return schema.HintTold(
            told.check, told.last.seen, list(told.texts), told.left, stale=told.stale
        )

    # -- work that takes a while -----------------------------------------------------------------

    def job_work(self, body: schema.JobWanted) -> schema.JobWanted:
        """The job that is meant, if it can be done at all."""
        exercise = self._exercise(body.exercise)
        unknown = [name for name in body.checks if name not in exercise.points]
        if unknown:
            raise UsageError(f"{exercise.id} has no check {unknown[0]!r}", "load the page again")
        return body

    async def job_begin(self, body: schema.JobWanted) -> schema.Job:
        """Begin a job; on the loop, since listeners live there."""
        work = partial(self._work, body)
        return self.jobs.begin(body, body.kind, body.exercise, work).describe()

    async def job_list(self) -> schema.Jobs:
        """What runs or ran."""
        return schema.Jobs(self.jobs.all())

    async def job_stop(self, name: str) -> schema.Job:
        """Ask a job to stop."""
        job = self.jobs.find(name)
        job.stop()
        return job.describe()

    def _work(self, body: schema.JobWanted, job: object) -> str:
        from mldocker_lab.server import work
        from mldocker_lab.server.jobs import Job

        assert isinstance(job, Job)  # noqa: S101
        do = work.check if body.kind == "check" else work.grade
        return do(self._exercise(body.exercise), body, job)

    # -- two Dockerfiles side by side ----------------------------------------------------------

    def pairs(self) -> schema.Pairs:
        """All folders with two Dockerfiles to compare."""
        from mldocker_lab.server.sides import every

        return every(self.workspace)

    def sides(self, body: schema.Folder) -> schema.Sides:
        """The two Dockerfiles that belong to a folder, line by line."""
        from mldocker_lab.server.sides import sides

        known = (self._builds.latest,) if self._builds else ()
        return sides(self.workspace, body.path, *known)

    def build_work(self, body: schema.BuildWanted) -> None:
        """Look whether this can be built at all."""
        from mldocker_lab.server.builds import Builds

        if self._builds is None:
            self._builds = Builds(self.workspace)
        self._builds.look(body)

    async def build_begin(self, body: schema.BuildWanted) -> schema.Job:
        """Begin to build both."""
        assert self._builds is not None  # noqa: S101 it was looked at before
        work = partial(self._builds.build, body)
        return self.jobs.begin(body, "build", body.path, work).describe()

    async def outcome(self, name: str) -> schema.Outcome:
        """What two builds came to."""
        return self._built().outcome(name)

    def picture(self, name: str, which: str) -> schema.Picture:
        """One of their figures."""
        return self._built().picture(name, which)

    def _built(self) -> Builds:
        if self._builds is None:
            raise UsageError("nothing has been built", "build first")
        return self._builds

    # -- the engine ----------------------------------------------------------------------------

    def gpu(self, name: str) -> schema.Gpu:
        """What results about GPUs rest on, on this host."""
        from mldocker_lab.server.gpubadge import gpu

        return gpu(name)

    def engine(self) -> schema.EngineState:
        """The engine as it is."""
        from mldocker_lab.server import enginepanel

        return enginepanel.look()

    def engine_start(self) -> schema.EngineState:
        """Start the lab's own."""
        from mldocker_lab.server import enginepanel

        return enginepanel.start()

    def engine_stop(self) -> schema.EngineState:
        """Stop the lab's own."""
        from mldocker_lab.server import enginepanel

        return enginepanel.stop()

    def used(self) -> schema.Bytes:
        """Bytes on disk of the lab's folder."""
        from mldocker_lab.server import enginepanel

        return enginepanel.used()

    def clean_preview(self) -> schema.Clean:
        """What cleaning would remove."""
        from mldocker_lab.server import enginepanel

        return enginepanel.clean(carry_out=False)

    def clean(self) -> schema.Clean:
        """Remove it."""
        from mldocker_lab.server import enginepanel

        return enginepanel.clean(carry_out=True)

    # -- Dockerfiles ---------------------------------------------------------------------------

    def diagnose(self, body: schema.Diagnose) -> schema.Words:
        """What is to be said about a Dockerfile or an ignore file."""
        from mldocker_lab.server.dockerfiles import diagnose

        return diagnose(self.workspace, body)

    def help(self) -> schema.Help:
        """What the editor knows by heart."""
        from mldocker_lab.server.vocabulary import vocabulary

        return vocabulary()

    def sent(self, body: schema.Folder) -> schema.Sent:
        """What a build sends."""
        from mldocker_lab.server.dockerfiles import sent

        return sent(self.workspace, body)

    # -- who is meant --------------------------------------------------------------------------

    def _lesson(self, name: str) -> Lesson:
        from mldocker_lab.lessons import lesson

        return lesson(name, self.workspace.course / "notebooks")

    def _exercise(self, name: str) -> Exercise:
        from mldocker_lab.server.course import exercises

        known = exercises(self.workspace)
        if name not in known:
            raise UsageError(f"no exercise is called {name}", f"there are {', '.join(known)}")
        return known[name]

    def _opened(self, kind: str, name: str) -> schema.Course:
        from mldocker_lab.server import memory

        memory.note("lessons" if kind == "lessons" else "exercises", name, opened=memory.now())
        return self.course()
