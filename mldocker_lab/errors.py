"""Every error the lab raises on purpose: what is wrong, and what to try.

    LabError
    ├── UsageError            wrong use: exit status 2
    ├── DockerfileError       the Dockerfile cannot be read; knows its line
    ├── EngineError           something between us and the engine
    │   ├── NoEngine          none answered and none can be started
    │   ├── NoPermission      the socket is there, you may not use it
    │   ├── EngineTooOld      it answers, but too old to teach with
    │   ├── EngineGone        it stopped answering while we were using it
    │   ├── ImageNotFound     no such image on the engine, nor where it looked
    │   └── DiskFull          the engine's disk (or ours) has no room
    ├── BuildFailed           an instruction failed; carries the end of its log
    └── SupplyError           a base image or a wheel could not be had
        ├── DownloadFailed    interrupted or refused; can be resumed
        └── Corrupted         bytes that do not match their hash

They stand in a module of their own so that every layer can import them without a loop.
"""

from __future__ import annotations

__all__ = [
    "BuildFailed",
    "Corrupted",
    "DiskFull",
    "DockerfileError",
    "DownloadFailed",
    "EngineError",
    "EngineGone",
    "EngineTooOld",
    "ImageNotFound",
    "LabError",
    "NoEngine",
    "NoPermission",
    "SupplyError",
    "UsageError",
]


class LabError(Exception):
    """What went wrong, in one sentence, and what to try, in another.

    Attributes:
        what: the sentence that says what is wrong.
        hint: what to try; may be empty.
        code: a stable word for programs (the class name in kebab case).
        exit_status: what the command line exits with.
    """

    exit_status = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    @property
    def code(self) -> str:
        """The class name in kebab case, for programs that branch on it."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")

    def __str__(self) -> str:
        return f"{self.what}\n  try: {self.hint}" if self.hint else self.what

    def to_dict(self) -> dict[str, str]:
        """The error as JSON sees it."""
        return {"code": self.code, "what": self.what, "hint": self.hint}

    def _render_traceback_(self) -> list[str]:
        """In a notebook the message is the lesson; the traceback is not."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(LabError):
    """A command or function was called in a way it cannot answer."""

    exit_status = 2


class DockerfileError(LabError):
    """The Dockerfile cannot be read as one.

    Attributes:
        line: where, counted from 1; None if it concerns the whole file.
    """

    exit_status = 2

    def __init__(self, what: str, hint: str = "", *, line: int | None = None) -> None:
        super().__init__(what, hint)
        self.line = line


class EngineError(LabError):
    """Something between us and the engine."""


class NoEngine(EngineError):
    """No engine answered, and none can be started here."""


class NoPermission(EngineError):
    """The engine's socket is there, and may not be used by this user."""


class EngineTooOld(EngineError):
    """The engine answers, but is older than the oldest one we support."""


class EngineGone(EngineError):
    """The engine stopped answering in the middle of something."""


class ImageNotFound(EngineError):
    """No image of that name on the engine, nor where it looked for one."""


class DiskFull(EngineError):
    """No room left on the disk."""


class BuildFailed(LabError):
    """An instruction of the Dockerfile failed.

    Attributes:
        instruction: its text, "" if the build failed before any.
        line: where it stands in the Dockerfile, counted from 1.
        log: the last lines it printed.
    """

    def __init__(
        self,
        what: str,
        hint: str = "",
        *,
        instruction: str = "",
        line: int | None = None,
        log: tuple[str, ...] = (),
    ) -> None:
        super().__init__(what, hint)
        self.instruction = instruction
        self.line = line
        self.log = log

    def __str__(self) -> str:
        where = f"\n  line {self.line}: {self.instruction}" if self.instruction else ""
        log = "".join(f"\n  | {line}" for line in self.log)
        hint = f"\n  try: {self.hint}" if self.hint else ""
        return f"{self.what}{where}{log}{hint}"


class SupplyError(LabError):
    """A base image or a wheel could not be had."""


class DownloadFailed(SupplyError):
    """A download was interrupted or refused; the same call resumes it."""


class Corrupted(SupplyError):
    """Bytes arrived that do not match the hash that was promised."""
