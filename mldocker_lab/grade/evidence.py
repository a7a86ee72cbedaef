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

from mldocker_lab.errors import UsageError
from mldocker_lab.grade import inside
from mldocker_lab.report.events import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from mldocker_lab.grade.inside import LayerFiles
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.events import Event
    from mldocker_lab.workbench import Workbench

__all__ = ["Build", "Evidence"]

_T = TypeVar("_T")


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
    """

    def __init__(
        self,
        answer: Path,
        bench: Callable[[], Workbench],
        *,
        name: str = "answer",
        token: str | None = None,
    ) -> None:
        if not answer.is_dir():
            raise UsageError(f"there is no folder {answer}", "an exercise has its answer/ folder")
        self.token = token or secrets.token_hex(6)
        # A build can see the token (in the name of a file, say): what is drawn must not follow.
        self.random = Random(token or secrets.token_hex(16))  # noqa: S311 repeatable in tests
        self._made = tempfile.TemporaryDirectory(prefix="mldocker-answer-")
        self.folder = Path(self._made.name) / name
        shutil.copytree(answer, self.folder, symlinks=True)
        self._bench = bench
        self._facts: dict[object, tuple[Any, Exception | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the copy. Images belong to the workbench and go with it."""
        self._made.cleanup()

    @property
    def bench(self) -> Workbench:
        """The engine with its supplies."""
        return self.once("bench", self._bench)

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
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    @property
    def first(self) -> Build:
        """The build from cold: nothing of it was in any cache."""
        return self.build({})

    def build(self, edits: Mapping[str, str]) -> Build:
        """A build with some files changed; the cold one always comes first.

        Raises:
            BuildFailed: an instruction failed.
        """
        if edits:
            self.build({})
        key = ("build", *sorted(edits.items()))
        return self.once(key, lambda: self._build(edits))

    def layers(self, build: Build) -> tuple[LayerFiles, ...]:
        """Every file in every layer of an image."""
        image = build.report.image_id
        return self.once(("layers", image), lambda: inside.layers(self.bench.engine, image))

    def _build(self, edits: Mapping[str, str]) -> Build:
        printed: dict[int | None, str] = {}

        def listen(event: Event) -> None:
            if isinstance(event, Output):
                printed[event.step] = printed.get(event.step, "") + event.text

        began = self.bench.mirror.now()
        report = self.bench.build(
            self.folder,
            name="answer",
            overlay={name: text.encode() for name, text in edits.items()},
            sizes=False,
            on_event=listen,
        )
        wheels = tuple(sorted(set(self.bench.mirror.served(began))))
        # A rebuild moves the tag; the digests are read now, while the id certainly is there.
        return Build(report, self.bench.engine.image(report.image_id).diff_ids, wheels, printed)
