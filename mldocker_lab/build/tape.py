"""Record whole runs, and play them back where no engine can run.

A tape is a file of JSON lines: a header (format, date, engine, machine; no host name), then what
happened on each side of a run in order (its Dockerfile, its events, its report), then a line that
says how many there were, so that a cut tape is noticed. A replayed report always says when and
where it was recorded.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mldocker_lab.dockerfile.parse import Dockerfile, parse
from mldocker_lab.errors import Corrupted, LabError, UsageError
from mldocker_lab.report.build import BuildReport
from mldocker_lab.report.events import Event, decode, encode
from mldocker_lab.report.fold import Folding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.build.run import Building
    from mldocker_lab.engine.client import Engine

__all__ = ["Recorder", "Side", "Tape", "record"]

_FORMAT = 1


@dataclass(slots=True)
class Side:
    """One build of a run, as recorded.

    Attributes:
        dockerfile: its Dockerfile's text.
        builder: "buildkit" or "classic".
        target: the stage asked for; None for the last.
        args: its build arguments.
        events: everything that happened, in order.
        report: what came of it; None if it failed.
    """

    dockerfile: str
    builder: str
    target: str | None = None
    args: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    report: BuildReport | None = None

    def parsed(self) -> Dockerfile:
        """Its Dockerfile, parsed."""
        return parse(self.dockerfile, self.args)

    def folding(self) -> Folding:
        """An empty fold for its events, as a live view wants it."""
        return Folding(self.parsed(), target=self.target, builder=self.builder)


class Recorder:
    """Writes a tape; made by ``record``. Several builds may write at once, from their threads."""

    def __init__(self, file: IO[str], engine: Engine) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._lines = 0
        info = engine.info()
        self._write(
            {
                "tape": _FORMAT,
                "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
                "engine": engine.name,
                "machine": {
                    "cpus": info.get("NCPU"),
                    "arch": info.get("Architecture"),
                    "memory": info.get("MemTotal"),
                },
            }
        )

    def begin(self, side: str, building: Building) -> None:
        """A build begins; ``side`` is what its events and report will be filed under."""
        request = building.request
        self._write(
            {
                "side": side,
                "dockerfile": building.dockerfile.text,
                "builder": request.builder,
                "target": request.target,
                "args": dict(request.args),
            }
        )

    def event(self, side: str, event: Event) -> None:
        """Something happened."""
        self._write({"side": side, "event": encode(event)})

    def report(self, side: str, report: BuildReport) -> None:
        """What came of it."""
        self._write({"side": side, "report": report.to_dict()})

    def end(self) -> None:
        """Close the tape with the number of its lines."""
        self._write({"end": self._lines})

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            self._file.write(f"{text}\n")
            self._lines += 1


@contextmanager
def record(path: Path, engine: Engine) -> Iterator[Recorder]:
    """Record a run into ``path``, which appears only once the run is over.

    Args:
        path: the tape to write; an older one of that name is replaced.
        engine: where the run takes place.

    Raises:
        UsageError: the file cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "record into a folder of your own"
        ) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            recorder = Recorder(file, engine)
            yield recorder
            recorder.end()
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Tape:
    """A recorded run.

    Attributes:
        date: when it was recorded, as in "2026-11-22".
        engine: on what, as in "Docker Engine 20.10.24".
        machine: its "cpus", "arch" and "memory" (bytes).
        sides: the builds by what they are filed under, in order.
    """

    date: str
    engine: str
    machine: dict[str, Any]
    sides: dict[str, Side]

    @property
    def recorded(self) -> str:
        """When and where, in words: what every replayed report carries."""
        cpus = self.machine.get("cpus")
        return f"recorded {self.date} on {self.engine}" + (f", {cpus} CPUs" if cpus else "")

    @property
    def reports(self) -> dict[str, BuildReport]:
        """The reports by side, marked as recorded."""
        return {
            name: replace(side.report, recorded=self.recorded)
            for name, side in self.sides.items()
            if side.report is not None
        }

    def events(self, side: str, *, speed: float = 0.0) -> Iterator[Event]:
        """A side's events.

        Args:
            side: what it is filed under.
            speed: 1 plays them as slowly as they happened, 10 ten times faster; 0 does not wait.

        Raises:
            UsageError: the tape has no such side.
        """
        if side not in self.sides:
            raise UsageError(
                f"the recording has no {side!r}", f"it has {', '.join(self.sides) or 'nothing'}"
            )
        now = 0.0
        for event in self.sides[side].events:
            if speed and event.at > now:
                time.sleep((event.at - now) / speed)
                now = event.at
            yield event

    @classmethod
    def load(cls, path: Path) -> Tape:
        """Read a tape.

        Raises:
            UsageError: there is none.
            Corrupted: it is damaged, cut short, or of another format.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise UsageError(
                f"the recording {path} cannot be read: {error.strerror}", "check the path"
            ) from error
        except UnicodeDecodeError as error:
            raise _damaged(path, "it is no text") from error
        try:
            return _tape(path, [json.loads(line) for line in lines])
        except LabError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(path, f"a line cannot be understood ({error})") from error


def _tape(path: Path, lines: list[dict[str, Any]]) -> Tape:
    if not lines or "tape" not in lines[0]:
        raise _damaged(path, "it does not begin as one")
    if lines[0]["tape"] != _FORMAT:
        raise _damaged(path, f"it has format {lines[0]['tape']}, this version reads {_FORMAT}")
    if lines[-1].get("end") != len(lines) - 1:
        raise _damaged(path, "its end is missing")
    header, *body, _ = lines
    sides: dict[str, Side] = {}
    for line in body:
        name = line["side"]
        if "dockerfile" in line:
            sides[name] = Side(
                line["dockerfile"], line["builder"], line.get("target"), line.get("args") or {}
            )
        elif "event" in line:
            sides[name].events.append(decode(line["event"]))
        else:
            sides[name].report = BuildReport.from_dict(line["report"])
    return Tape(header["date"], header["engine"], header["machine"], sides)


def _damaged(path: Path, why: str) -> Corrupted:
    return Corrupted(
        f"{path.name} is no whole recording: {why}",
        "get it again from where it came, or record it again",
    )
