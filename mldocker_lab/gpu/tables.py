"""Dated facts: which driver runs which CUDA, and which cards a CUDA or a wheel has kernels for.

They grow old. The file says of which day it is, and from which day on it should be looked at again;
``Tables.notice`` then says so in every result. A file of your own replaces sections of it.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from mldocker_lab.errors import UsageError
from mldocker_lab.gpu.versions import Version, as_version, compared

__all__ = ["OVERRIDE", "Kernels", "Tables", "read", "tables"]

#: The variable that names a file with sections that replace ours.
OVERRIDE = "MLDOCKER_GPU_TABLES"


class Kernels(NamedTuple):
    """The compute capabilities that something was compiled for.

    Attributes:
        native: those it has machine code for.
        ptx: those it has PTX for, which the driver compiles for newer cards.
        source: where that is known from.
        closed: whether what is not listed is known to be missing.
    """

    native: tuple[Version, ...]
    ptx: tuple[Version, ...]
    source: str
    closed: bool = True


@dataclass(frozen=True)
class Tables:
    """The facts, and how old they are.

    Attributes:
        data: the file's sections.
        replaced: sections that a file of the user replaced.
    """

    data: dict[str, Any]
    replaced: tuple[str, ...] = ()

    @property
    def as_of(self) -> dt.date:
        """When the facts were last compared with their sources."""
        day: dt.date = self.data["as_of"]
        return day

    def notice(self, today: dt.date | None = None) -> str:
        """What to say about the table's age; "" while it is young."""
        today = today or dt.datetime.now(tz=dt.UTC).date()
        if today < self.data["look_again"]:
            return ""
        return (
            f"The table of drivers is of {self.as_of} and may be out of date; "
            f"set {OVERRIDE} to a newer one."
        )

    def source(self, section: str) -> str:
        """Where the facts of a section are printed."""
        if section in self.replaced:
            return f"{OVERRIDE}={os.environ.get(OVERRIDE, '')}"
        return next((one["url"] for one in self.data["sources"] if one["section"] == section), "")

    @property
    def newest(self) -> Version:
        """The newest CUDA it knows."""
        return max(as_version(row[0]) or () for row in self.data["releases"])

    def toolkit_driver(self, cuda: Version, *, windows: bool) -> Version | None:
        """The driver that the first release of this CUDA came with; None if it is not known."""
        column = 3 if windows else 2
        found = [
            driver
            for row in self.data["releases"]
            if (as_version(row[0]) or ())[:2] == cuda[:2] and (driver := as_version(row[column]))
        ]
        return min(found, default=None)

    def knows(self, cuda: Version) -> bool:
        """Whether there is such a CUDA, as far as the table goes."""
        return any((as_version(row[0]) or ())[:2] == cuda[:2] for row in self.data["releases"])

    def floor(self, cuda: Version, *, windows: bool) -> Version | None:
        """The lowest driver that runs any release of this major; None without such a rule."""
        found = self.data["floors"].get(str(cuda[0]), {})
        return as_version(found.get("windows" if windows else "linux"))

    def last_driver(self, arch: Version) -> int | None:
        """The last driver branch for a card of this compute capability; None if it goes on."""
        for row in self.data["last_branch"]:
            if compared(arch, as_version(row["below"]) or ()) < 0:
                return int(row["driver"])
        return None

    def toolkit_kernels(self, cuda: Version) -> Kernels | None:
        """What the libraries of a CUDA have kernels for; whether they hold PTX is not known."""
        rows = [
            row
            for row in self.data["kernels"]
            if compared(as_version(row["cuda"]) or (), cuda) <= 0
        ]
        if not rows or not self.knows(cuda):
            return None
        native, ptx = capabilities(rows[-1]["arch"])
        return Kernels(native, ptx, f"the libraries of CUDA {cuda[0]}.{cuda[1]}", closed=False)

    def torch_kernels(self, version: str, tag: str) -> Kernels | None:
        """What a wheel of PyTorch has kernels for; None if the table does not know it.

        Args:
            version: "2.8.0", without what follows a "+".
            tag: "cu126".
        """
        torch = as_version(version)
        if torch is None:
            return None
        for row in self.data["torch"]:
            since, until = as_version(row.get("since", "0")), as_version(row.get("until", "99"))
            if row["tag"] == tag and (since or ()) <= torch < (until or ()):
                native, ptx = capabilities(row["arch"])
                return Kernels(native, ptx, f"PyTorch {version}+{tag}")
        return None


def capabilities(text: str) -> tuple[tuple[Version, ...], tuple[Version, ...]]:
    """``"7.5;8.6+PTX"`` → the capabilities with machine code, and those with PTX."""
    native, ptx = [], []
    for word in text.replace(";", " ").split():
        number, plus, _ = word.partition("+")
        if version := as_version(number.rstrip("af")):
            native.append(version)
            if plus:
                ptx.append(version)
    return tuple(native), tuple(ptx)


def tables(path: Path | None = None) -> Tables:
    """The facts; those of a file replace ours.

    Args:
        path: a file in the form of ``gpu/data/tables.toml``; None for what the variable names.

    Raises:
        UsageError: the file cannot be used.
    """
    named = os.environ.get(OVERRIDE, "")
    path = path or (Path(named) if named else None)
    ours = read("tables.toml")
    if path is None:
        return Tables(ours)
    try:
        theirs = tomllib.loads(path.read_text())
        replaced = tuple(key for key in theirs if key in ours)
        found = Tables({**ours, **theirs}, replaced)
        _tried(found)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise UsageError(
            f"{path} is no table of drivers: {type(error).__name__}: {error}",
            "copy the form of mldocker_lab/gpu/data/tables.toml",
        ) from error
    return found


def _tried(found: Tables) -> None:
    """Ask everything once, so that a table of the wrong form says so here and not in a verdict."""
    found.notice()
    found.source("releases")
    for row in found.data["releases"]:
        cuda = as_version(row[0])
        if cuda is None or len(row) != 4:  # noqa: PLR2004 the columns
            raise ValueError(f"{row} is not [CUDA, update, driver on Linux, driver on Windows]")
        found.toolkit_driver(cuda, windows=False)
        found.floor(cuda, windows=True)
        found.toolkit_kernels(cuda)
    found.last_driver((7, 0))
    found.torch_kernels("2.8.0", "cu126")


@cache
def read(name: str) -> dict[str, Any]:
    """A file of this package's data."""
    return tomllib.loads((files("mldocker_lab.gpu") / "data" / name).read_text(encoding="utf-8"))
