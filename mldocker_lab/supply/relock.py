"""Resolve the wheel sets anew: ``python -m mldocker_lab.supply.relock [--upgrade]``.

For whoever maintains the lab; learners never run it. uv resolves every set for the container's
Python on both architectures, wheels only; pip then downloads each wheel once, so that the locks
hold the hash of exactly the files that will be used, and no address. All sets are resolved
together first, so that they agree on versions. Without ``--upgrade`` versions stay unless a
``.in`` file asks for something else.

MLflow is installed beside none of them, so its set is resolved on its own (it wants other versions
of some); where it can, it takes the versions of the others. ``# without NAME`` in its ``.in`` file
leaves a package out that the resolver would bring: the set is installed with ``--no-deps``.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from mldocker_lab.supply import locks
from mldocker_lab.supply.wheels import download

#: Python of Debian 12, which our own base image carries (3.11 in the registry's, too).
PYTHON = "3.11.2"
FOLDER = Path(__file__).with_name("locks")
NAMES = (*locks.SETS, "tools")
APART = ("mlflow",)
_WITHOUT = re.compile(r"^# without (\S+)$", re.MULTILINE)


def main(upgrade: bool) -> None:  # noqa: FBT001 the only switch there is
    """Write every lock file."""
    sources = [FOLDER / f"{name}.in" for name in NAMES]
    before = [] if upgrade else sorted({_pin(w) for n in NAMES for w in _known(n)})
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        hints = place / "hints.txt"
        hints.write_text("\n".join(before))
        everything = place / "constraints.txt"
        everything.write_text("\n".join(_resolve(sources, "amd64", keep=hints)))
        pins = {name: _both(name, under=everything) for name in NAMES}
        others = everything.read_text().splitlines()
        for name in APART:
            known = [] if upgrade else [_pin(wheel) for wheel in _known(name)]
            liked = {pin.partition("==")[0]: pin for pin in (*others, *known)}
            pins[name] = _both(name, like="\n".join(liked.values()))
        for name, found in pins.items():
            (FOLDER / f"{name}.lock").write_text(_lock(name, found, place), encoding="utf-8")


def _known(name: str) -> tuple[locks.Wheel, ...]:
    return locks.wheels(name) if (FOLDER / f"{name}.lock").exists() else ()


def _pin(wheel: locks.Wheel) -> str:
    return f"{wheel.name}=={wheel.version}"


def _key(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _both(name: str, *, under: Path | None = None, like: str = "") -> list[str]:
    """The pins of a set, the same for both architectures."""
    source = FOLDER / f"{name}.in"
    without = _WITHOUT.findall(source.read_text(encoding="utf-8"))
    told = [_resolve([source], each, under=under, like=like) for each in locks.ARCHITECTURES]
    if told[0] != told[1]:
        raise SystemExit(f"{name}: the architectures need different packages: {told}")
    return [pin for pin in told[0] if pin.partition("==")[0] not in without]


def _resolve(
    sources: list[Path],
    architecture: str,
    *,
    under: Path | None = None,
    keep: Path | None = None,
    like: str = "",
) -> list[str]:
    """Pins for some wishes: ``under`` and ``keep`` must hold, ``like`` are versions it may take."""
    with tempfile.TemporaryDirectory() as scratch:
        into = Path(scratch, "pins.txt")  # uv prefers the versions of the file that it writes to
        into.write_text(like)
        command = [
            *("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
            *("--only-binary=:all:", "--output-file", str(into)),
            *("--python-version", PYTHON, "--no-emit-index-url", "--no-config"),
            *("--python-platform", f"{locks.ARCHITECTURES[architecture]}-manylinux_2_28"),
            *(("--constraints", str(under)) if under else ()),
            *(("--constraints", str(keep)) if keep else ()),
            *map(str, sources),
        ]
        subprocess.run(command, check=True, capture_output=True, text=True)
        lines = into.read_text().splitlines()
    return sorted(line.strip() for line in lines if "==" in line)


def _lock(name: str, pins: list[str], place: Path) -> str:
    """A lock with the hashes of the files that pip brings for these pins, downloaded once each."""
    lines = [f"# The wheels of {name}.in, for Python {PYTHON}. Made by supply/relock.py.", ""]
    found: dict[str, list[Path]] = {}
    for architecture in locks.ARCHITECTURES:
        into = place / name / architecture
        into.mkdir(parents=True)
        download(pins, architecture, into)
        for file in sorted(into.iterdir()):
            known = found.setdefault(_key(file.name.split("-")[0]), [])
            if file.name not in {one.name for one in known}:
                known.append(file)
    for pin in pins:
        files = found[_key(pin.partition("==")[0])]
        lines += [f"# {file.name} {file.stat().st_size}" for file in files]
        hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        lines.append(" \\\n    ".join([pin, *(f"--hash=sha256:{digest}" for digest in hashes)]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main("--upgrade" in sys.argv[1:])
