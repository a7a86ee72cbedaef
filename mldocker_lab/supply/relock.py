"""Resolve the wheel sets anew: ``python -m mldocker_lab.supply.relock [--upgrade]``.

For whoever maintains the lab; learners never run it. uv resolves every set for the container's
Python on both architectures, wheels only; pip then downloads each wheel once, so that the locks
hold the hash of exactly the files that will be used, and no address. All sets are resolved
together first, so that they agree on versions. Without ``--upgrade`` versions stay unless a
``.in`` file asks for something else.
"""

from __future__ import annotations

import hashlib
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
        pins = {name: _both(name, everything) for name in NAMES}
        files: dict[str, list[Path]] = {}
        for architecture in locks.ARCHITECTURES:
            into = place / architecture
            into.mkdir()
            download(sorted(set().union(*map(set, pins.values()))), architecture, into)
            for file in sorted(into.iterdir()):
                known = files.setdefault(_key(file.name.split("-")[0]), [])
                if file.name not in {k.name for k in known}:
                    known.append(file)
        for name in NAMES:
            (FOLDER / f"{name}.lock").write_text(_lock(name, pins[name], files), encoding="utf-8")


def _known(name: str) -> tuple[locks.Wheel, ...]:
    return locks.wheels(name) if (FOLDER / f"{name}.lock").exists() else ()


def _pin(wheel: locks.Wheel) -> str:
    return f"{wheel.name}=={wheel.version}"


def _key(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _both(name: str, constraints: Path) -> list[str]:
    told = [_resolve([FOLDER / f"{name}.in"], a, under=constraints) for a in locks.ARCHITECTURES]
    if told[0] != told[1]:
        raise SystemExit(f"{name}: the architectures need different packages: {told}")
    return told[0]


def _resolve(
    sources: list[Path], architecture: str, *, under: Path | None = None, keep: Path | None = None
) -> list[str]:
    command = [
        *("uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--only-binary=:all:"),
        *("--python-version", PYTHON, "--no-emit-index-url", "--no-config"),
        *("--python-platform", f"{locks.ARCHITECTURES[architecture]}-manylinux_2_28"),
        *(("--constraints", str(under)) if under else ()),
        *(("--constraints", str(keep)) if keep else ()),
        *map(str, sources),
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return sorted(line.strip() for line in told.stdout.splitlines() if "==" in line)


def _lock(name: str, pins: list[str], files: dict[str, list[Path]]) -> str:
    lines = [f"# The wheels of {name}.in, for Python {PYTHON}. Made by supply/relock.py.", ""]
    for pin in pins:
        found = files[_key(pin.partition("==")[0])]
        lines += [f"# {file.name} {file.stat().st_size}" for file in found]
        hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in found]
        lines.append(" \\\n    ".join([pin, *(f"--hash=sha256:{digest}" for digest in hashes)]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main("--upgrade" in sys.argv[1:])
