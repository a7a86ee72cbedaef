"""Facts about an answer, from what really happens: builds, rebuilds after edits, running services.

Each fact is found once, when a check first asks for it, and kept for the checks that follow: one
notebook run pays for one cold build, however many checks look at it. A fact that could not be had
(the build failed) stays that way and fails every check that needs it.

The answer is never built where it lies. It is copied first, and the copy can get what no learner
has seen: a canary, a heavy file, other weights. All of it comes from ``token``, which is new in
every run, so an answer that was learnt by heart is worth nothing.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from mldocker_lab.build.measured import contents
from mldocker_lab.errors import UsageError
from mldocker_lab.grade import inside, naive, search
from mldocker_lab.report.events import Output, Started
from mldocker_lab.report.inspection import inspected

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Self

    from mldocker_lab.grade.inside import LayerFiles
    from mldocker_lab.grade.naive import Naive
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.events import Event
    from mldocker_lab.report.inspection import Inspection
    from mldocker_lab.supply.artifact_store import ArtifactStore
    from mldocker_lab.workbench import Workbench

__all__ = ["Build", "Evidence"]

_T = TypeVar("_T")

#: What a learner's program may have while a check asks it something.
_LIMITS: dict[str, Any] = {"network": "none", "memory": "1g", "pids": 256}


@dataclass(frozen=True, slots=True)
class Build:
    """A build of the answer, as the checks see it.

    Attributes:
        report: what became of every instruction.
        diff_ids: the image's layers, lowest first.
        wheels: file names of the wheels it fetched, each once.
        printed: what its steps printed, by position of the instruction.
    """

    report: BuildReport
    diff_ids: tuple[str, ...]
    wheels: tuple[str, ...]
    printed: Mapping[int | None, str]


class Evidence:
    """What is known about one answer in one run; close it when the run ends.

    Args:
        answer: the folder with the answer; it is only read.
        bench: makes the workbench, when a check first needs an engine.
        name: the exercise's id.
        token: a word that no other run has; made up if not given.
        start: the folder with the exercise's start, for checks that compare with it.
        tell: hears in a few words what takes its time just now.
    """

    def __init__(
        self,
        answer: Path,
        bench: Callable[[], Workbench],
        *,
        name: str = "answer",
        token: str | None = None,
        start: Path | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        if not answer.is_dir():
            raise UsageError(f"there is no folder {answer}", "an exercise has its answer/ folder")
        self.token = token or secrets.token_hex(6)
        # A build can see the token (in the name of a file, say): what is drawn must not follow.
        self.random = Random(token or secrets.token_hex(16))  # noqa: S311 repeatable in tests
        self._made = tempfile.TemporaryDirectory(prefix="mldocker-answer-")
        self.folder = Path(self._made.name) / name
        shutil.copytree(answer, self.folder, symlinks=True)
        self._start = start
        self._tell = tell
        self._bench = bench
        self.tags: list[str] = []
        self._facts: dict[object, tuple[Any, Exception | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the copy. Images belong to the workbench and go with it."""
        self._made.cleanup()
        if "store" in self._facts and self._facts["store"][1] is None:
            self.store.close()

    @property
    def bench(self) -> Workbench:
        """The engine with its supplies."""
        return self.once("bench", self._bench)

    @property
    def store(self) -> ArtifactStore:
        """A store for model files beside the containers that are asked; the same in all checks."""
        return self.once("store", self.bench.store)

    def once(self, key: object, find: Callable[[], _T]) -> _T:
        """A fact, found on the first call; an error it met is met again by every later call."""
        if key not in self._facts:
            try:
                self._facts[key] = (find(), None)
            except Exception as error:  # noqa: BLE001 kept, and raised below
                self._facts[key] = (None, error)
        value, met = self._facts[key]
        if met is not None:
            raise met
        return value  # type: ignore[no-any-return]

    def text(self, name: str) -> str:
        """A file of the copy."""
        return (self.folder / name).read_text(encoding="utf-8")

    def put(self, name: str, data: bytes | str) -> None:
        """Write a file into the copy, for every build to come."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_bytes(data))

    @property
    def first(self) -> Build:
        """The build from cold: nothing of it was in any cache."""
        return self.build({})

    def build(self, edits: Mapping[str, str | bytes], *, target: str | None = None) -> Build:
        """A build with some files changed; the cold one always comes first.

        Args:
            edits: name → new content; a new name is a new file.
            target: build up to this stage; it shares the cache of the other builds.

        Raises:
            BuildFailed: an instruction failed, or there is no such stage.
        """
        if edits or target:
            self.build({})
        data = {name: _bytes(content) for name, content in edits.items()}
        key = ("build", target, *sorted(data.items()))
        return self.once(key, lambda: self._build(data, target))

    def layers(self, build: Build) -> tuple[LayerFiles, ...]:
        """Every file in every layer of an image."""
        image = build.report.image_id

        def look() -> tuple[LayerFiles, ...]:
            self._tell("looking into the layers …")
            return inside.layers(self.bench.engine, image)

        return self.once(("layers", image), look)

    def inspect(self, image: str) -> Inspection:
        """An image taken apart: what its layers hold, and what of it no container shows.

        Args:
            image: its id or name; also ``naive.image``, or a base.

        Raises:
            ImageNotFound: the engine has no such image.
        """

        def look() -> Inspection:
            self._tell("taking the image apart …")
            found = contents(self.bench.engine, image)
            return inspected(found.report, found.indexes())

        return self.once(("inspect", image), look)

    def file_bytes(self, build: Build) -> int:
        """Sum of the file sizes in all layers of an image; a layer listed twice counts once."""
        return naive.file_bytes(self.layers(build))

    def holders(self, build: Build, words: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Word → files of the image that hold it, in whatever layer, also if deleted later."""
        image = build.report.image_id

        def look() -> dict[str, tuple[str, ...]]:
            self._tell("searching the layers …")
            return search.holders(self.bench.engine, image, words)

        return self.once(("holders", image, *sorted(words)), look)

    @property
    def naive(self) -> Naive:
        """The exercise's start, built as it is, to compare with; the same for every answer.

        Raises:
            UsageError: the exercise keeps no start.
        """
        start = self._start
        if start is None or not start.is_dir():
            raise UsageError("the exercise keeps no start", "copy its first answer/ to start/")
        name = self.folder.name.removesuffix("-practice")

        def find() -> Naive:
            self._tell("building the start, to compare with (once; later it is known) …")
            return naive.build(self.bench, start, name)

        return self.once("naive", find)

    def run(
        self,
        image: str,
        command: list[str],
        *,
        files: Mapping[str, str | bytes] | None = None,
        seconds: float = 60,
    ) -> tuple[int, str]:
        """Run a command in an image, without a network; its exit status and what it printed.

        Args:
            image: its id or name.
            command: instead of the image's own.
            files: written into the container first, by path.
            seconds: how long it may take.
        """
        self._tell("asking the image …")
        return self.bench.call(
            image, command, files=files or {}, seconds=seconds, entrypoint="", **_LIMITS
        )

    def _build(self, edits: Mapping[str, bytes], target: str | None) -> Build:
        printed: dict[int | None, str] = {}

        def listen(event: Event) -> None:
            if isinstance(event, Output):
                printed[event.step] = printed.get(event.step, "") + event.text
            elif isinstance(event, Started):
                self._tell(f"building: {job.rows[event.step].instruction} …")

        began = self.bench.mirror.now()
        job = self.bench.job(self.folder, name="answer", overlay=edits, target=target, sizes=False)
        report = job.run(listen)
        self.tags.append(report.tag)
        wheels = tuple(sorted(set(self.bench.mirror.served(began))))
        # A rebuild moves the tag; the digests are read now, while the id certainly is there.
        return Build(report, self.bench.engine.image(report.image_id).diff_ids, wheels, printed)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
