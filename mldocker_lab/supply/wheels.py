"""Fetch the locked wheels once, into the lab's folder, with the environment's own pip.

Which index pip asks is the machine's configuration and none of our business; what it brings is
believed only by its hash. A file in the folder is whole: it was verified before it got its name.
So whatever interrupts a fetch (Ctrl-C, a lost connection), the next call goes on from there.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.errors import Corrupted, DownloadFailed
from mldocker_lab.home import home
from mldocker_lab.supply import locks
from mldocker_lab.supply.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mldocker_lab.supply.locks import Wheel

__all__ = ["download", "fetch", "folder", "left", "selected"]

_AT_ONCE = 2  # pip spends half its time waiting for the index
_BATCH_FILES = 16
_BATCH_BYTES = 50_000_000
_TAIL = 6


def folder() -> Path:
    """Where the wheels lie."""
    return home("wheels")


def selected(architecture: str, sets: Iterable[str] = locks.SETS) -> tuple[Wheel, ...]:
    """The wheels of some sets that fit "amd64" or "arm64", each once, by file name."""
    every = {w.file: w for name in sets for w in locks.wheels(name) if w.fits(architecture)}
    return tuple(every[file] for file in sorted(every))


def left(architecture: str, sets: Iterable[str] = locks.SETS) -> int:
    """The bytes that ``fetch`` still has to download."""
    return sum(wheel.size for wheel in selected(architecture, sets) if not _whole(wheel))


def fetch(architecture: str, sets: Iterable[str] = locks.SETS) -> Iterator[Progress]:
    """Have every wheel of some sets in the folder; yields nothing if all are there.

    Files already there are checked by size each time and by hash when they arrive.

    Args:
        architecture: "amd64" or "arm64": the engine's, which need not be ours.
        sets: names out of ``locks.SETS``.

    Raises:
        DownloadFailed: no index answered, or it has no such wheel. The next call resumes.
        Corrupted: a file did not have the hash that the lock promises.
    """
    wanted = selected(architecture, sets)
    missing = [w for w in wanted if not _whole(w)]
    if not missing:
        return
    total = sum(w.size for w in wanted)
    done = total - sum(w.size for w in missing)
    yield Progress("wheels", done, total, "bytes")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            jobs = [pool.submit(_fetch, batch, architecture) for batch in _batches(missing)]
            for job in as_completed(jobs):
                done += job.result()
                yield Progress("wheels", done, total, "bytes")
        finally:
            pool.shutdown(cancel_futures=True)  # what runs ends by itself, and is kept


def download(requirements: Iterable[str], architecture: str, into: Path) -> None:
    """Run ``pip download`` for a container's platform: wheels only, exactly what is named.

    Args:
        requirements: lines of a requirements file; hashes in them are enforced by pip, too.
        architecture: "amd64" or "arm64".
        into: an existing folder.

    Raises:
        DownloadFailed: pip ended with an error; its last words are in the message.
        Corrupted: pip met a file whose hash is not the promised one.
    """
    machine = locks.ARCHITECTURES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in (28, 27, 26, 24, 17)]
    platforms += [f"manylinux{year}_{machine}" for year in ("2014",)]
    listed = into / "requirements.txt"
    listed.write_text("\n".join(requirements), encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--no-cache-dir", "--no-input", "--progress-bar", "off"),
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.11"),
        *(word for platform in platforms for word in ("--platform", platform)),
        *("--dest", str(into), "--requirement", str(listed)),
    ]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    listed.unlink()
    if ended.returncode:
        raise _explained(ended.stderr)


def _explained(said: str) -> DownloadFailed | Corrupted:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = "\n".join(lines[-_TAIL:])
    if "DO NOT MATCH THE HASHES" in said:
        about = next((line for line in lines if "from" in line or ".whl" in line), "a wheel")
        return Corrupted(
            f"the index sent a wheel that is not the locked one: {about}",
            "try again; if it stays so, the index you use has altered the file: use another",
        )
    return DownloadFailed(
        f"pip could not download the lab's wheels:\n{last}",
        "look at your network and at `pip config list`, then repeat the command: "
        "what has arrived is kept",
    )


def _batches(missing: list[Wheel]) -> Iterator[list[Wheel]]:
    batch: list[Wheel] = []
    for wheel in missing:
        full = len(batch) >= _BATCH_FILES or sum(w.size for w in batch) >= _BATCH_BYTES
        if full:
            yield batch
            batch = []
        batch.append(wheel)
    yield batch


def _fetch(batch: list[Wheel], architecture: str) -> int:
    """Download and verify; returns the bytes that arrived."""
    scratch = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder()))
    try:
        lines = [f"{w.name}=={w.version} --hash=sha256:{w.sha256}" for w in batch]
        download(lines, architecture, scratch)
        for wheel in batch:
            _accept(wheel, scratch / wheel.file)
        return sum(w.size for w in batch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _accept(wheel: Wheel, arrived: Path) -> None:
    """Give a verified file its name: the only way into the folder."""
    if not arrived.is_file():
        raise DownloadFailed(
            f"pip brought no {wheel.file}", "ask for it by name with `pip download` to see why"
        )
    if hashlib.sha256(arrived.read_bytes()).hexdigest() != wheel.sha256:
        raise Corrupted(f"{wheel.file} does not have the hash of the lock", "repeat the command")
    arrived.replace(folder() / wheel.file)


def _whole(wheel: Wheel) -> bool:
    path = folder() / wheel.file
    return path.is_file() and path.stat().st_size == wheel.size
