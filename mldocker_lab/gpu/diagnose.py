"""Which failure is this? A text or a container, held against the table of failures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.gpu.environment import Environment, pairs
from mldocker_lab.gpu.situation import Situation
from mldocker_lab.gpu.tables import read
from mldocker_lab.show.table import Column, Table, bundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ROWS", "Diagnosis", "Failure", "diagnose", "of_container"]

_LONGEST = 200_000  # of a log, what is said at its end counts
_LINE = 300
_NO_GPU, _TOO_OLD, _VARIABLE, _PLAIN, _SNAP, _SPEC, _PODMAN_SPEC = 12, 9, 20, 1, 14, 16, 17


@dataclass(frozen=True)
class Failure:
    """A row of the table.

    Attributes:
        number: its number, as lessons call it.
        title: in a few words.
        cause: why.
        says: what is printed.
        fix: steps, some of them for the host to put into words.
        check: how to see that it is gone.
        wsl: steps inside of WSL, where they differ.
        provoked: whether we have provoked it ourselves, without a GPU.
    """

    number: int
    title: str
    cause: str
    says: tuple[re.Pattern[str], ...]
    fix: tuple[str, ...]
    check: tuple[str, ...]
    wsl: tuple[str, ...] = ()
    provoked: bool = False


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What a text or a container tells.

    Attributes:
        row: the number of the failure; None if it is none that we know.
        title: the failure in a few words.
        seen: the line, or the fact, that gave it away.
        cause: why it happens.
        fix: what to do on this host, step by step.
        check: how to see that it is gone.
        situation: the host and engine that the steps are for.
        also: further rows whose words are in the text.
    """

    row: int | None
    title: str
    seen: str
    cause: str
    fix: tuple[str, ...]
    check: tuple[str, ...]
    situation: Situation
    also: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON sees it."""
        return {
            "row": self.row,
            "title": self.title,
            "seen": self.seen,
            "cause": self.cause,
            "fix": list(self.fix),
            "check": list(self.check),
            "also": list(self.also),
            "situation": self.situation.to_dict(),
        }

    def table(self) -> Table:
        """What it is and what to do, one step a line."""
        steps = [("do", step) for step in self.fix] + [("see", step) for step in self.check]
        rows = (("seen", self.seen), ("why", self.cause), *steps)
        title = self.title if self.row is None else f"Row {self.row}: {self.title}"
        notes = (f"For {self.situation}.",) if self.row else ()
        return Table(title, (Column("step"), Column("in words")), rows, notes)

    def __repr__(self) -> str:
        return self.table().to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle([self.table()], include, exclude)


def _failure(said: Mapping[str, Any]) -> Failure:
    return Failure(
        said["number"],
        said["title"],
        said["cause"],
        tuple(re.compile(one) for one in said["says"]),
        tuple(said["fix"]),
        tuple(said["check"]),
        tuple(said.get("wsl", ())),
        bool(said.get("provoked")),
    )


#: The failures by their numbers; in the order in which they are looked for.
ROWS: dict[int, Failure] = {one.number: one for one in map(_failure, read("failures.toml")["rows"])}


def diagnose(text: str, where: Situation | None = None) -> Diagnosis:
    """Which failure a text tells of.

    Args:
        text: an error, a log, a command line with what it said.
        where: the host and engine, for the remedy; None if they are not known.
    """
    where = where or Situation()
    found = list(_matches(text[-_LONGEST:]))
    if not found:
        return _unknown(text, where)
    numbers = [_here(number, where) for number, _ in found]
    return _told(numbers[0], found[0][1], where, tuple(dict.fromkeys(numbers[1:])))


def of_container(told: Mapping[str, Any], log: str, where: Situation) -> Diagnosis:
    """Which failure a container shows, by what it printed and by how it was started.

    Args:
        told: what ``docker inspect`` says.
        log: what it printed.
        where: the host and engine.
    """
    state, host = told.get("State") or {}, told.get("HostConfig") or {}
    variables = Environment(pairs((told.get("Config") or {}).get("Env") or ()))
    text = f"{log}\n{state.get('Error') or ''}"
    by_words = diagnose(text, where)
    asked = bool(host.get("DeviceRequests")) or host.get("Runtime") == "nvidia"
    if asked or by_words.row not in (None, _NO_GPU, _TOO_OLD):
        return by_words
    seen = by_words.seen if by_words.row else "it was started without asking for a GPU"
    if variables.devices() is not None:
        runtime = host.get("Runtime") or "runc"
        devices = variables.get("NVIDIA_VISIBLE_DEVICES") or "set by the image"
        said = f"NVIDIA_VISIBLE_DEVICES={devices}, no device request, runtime {runtime}"
        return _told(_VARIABLE, said, where, (by_words.row,) if by_words.row else ())
    return _told(_NO_GPU, seen, where, ()) if by_words.row else by_words


def _matches(text: str) -> Iterator[tuple[int, str]]:
    """The failures whose words are in a text, each with its line."""
    for row in ROWS.values():
        hits = (found for pattern in row.says if (found := pattern.search(text)))
        if (first := next(hits, None)) is not None:
            begin = text.rfind("\n", 0, first.start()) + 1
            end = text.find("\n", first.end())
            line = text[begin : end if end >= 0 else len(text)].strip()
            yield row.number, line if len(line) <= _LINE else first[0][:_LINE]


def _here(number: int, where: Situation) -> int:
    """The same words mean something else where Docker is a snap, or is Podman."""
    if number == _PLAIN and where.snap:
        return _SNAP
    return _PODMAN_SPEC if number == _SPEC and where.engine == "podman" else number


def _told(number: int, seen: str, where: Situation, also: tuple[int, ...]) -> Diagnosis:
    row = ROWS[number]
    steps = row.wsl if where.wsl and row.wsl else row.fix
    return Diagnosis(
        number,
        row.title,
        " ".join(seen.split()),
        row.cause,
        tuple(one for step in steps for one in where.step(step)),
        tuple(one for step in row.check for one in where.step(step)),
        where,
        also,
    )


def _unknown(text: str, where: Situation) -> Diagnosis:
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return Diagnosis(
        None,
        "none of the failures we know",
        " ".join(last.split())[:_LINE] or "nothing",
        "The text holds the words of no row of the table; we do not guess.",
        ("paste the whole output, from the command to the end",),
        ("mldocker-lab gpu probe",),
        where,
    )
