"""A pen: an engine that strangers' Dockerfiles may be built on, one pen for each grading worker.

It is a Docker daemon in namespaces of its own. Its network is connected to nothing: containers
reach each other's bridge and not this machine, other pens or the internet. Its disk is a file that
cannot grow beyond its limit; memory, processors and processes of all its containers are limited
together. And it lives exactly as long as the process that made it: when that ends, even by
``kill -9``, the kernel ends everything in the pen. Only the disk stays, with the base images.

Linux as root. What a machine lets us do less than fully is told in ``missing``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine import leftovers, private
from mldocker_lab.engine.client import Engine
from mldocker_lab.engine.limits import Group, Limits
from mldocker_lab.errors import EngineError, EngineGone, NoEngine
from mldocker_lab.home import home
from mldocker_lab.units import size

if TYPE_CHECKING:
    from io import TextIOWrapper
    from typing import Self

__all__ = ["ASKED", "Pen", "obstacle"]

#: The network on which services are asked: no other container is on it, and no way leads out.
ASKED = "mldocker-lab-asked"

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_ROOM = 1200 << 20  # for base images and mirror, on top of what a submission may use
_MOST_PENS = 64
_SOCKETS = "mldlab-"
_LOG_BYTES = 5_000_000


def obstacle() -> str:
    """Why no pen can be made here, in words; "" if one can be tried."""
    return private.obstacle()


class Pen:
    """An engine in a pen; use it in a ``with`` block.

    Attributes:
        limits: what its containers may use together.
        missing: what could not be limited here, in words.
        own_disk: whether its disk has an end of its own; else it shares this machine's.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.missing: tuple[str, ...] = ()
        self.own_disk = True
        self._lock, self.root = _slot()
        name = f"/mldocker-lab-{private.short_hash(self.root)}"
        self._whole, self._group = Group(name), Group(f"{name}/work")
        self._process: subprocess.Popen[bytes] | None = None
        self._engine: Engine | None = None
        self._inner = 0
        self._socket: Path | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def engine(self) -> Engine:
        """Its engine.

        Raises:
            EngineGone: it does not run.
        """
        if self._engine is None:
            raise EngineGone("the grading engine does not run")
        return self._engine

    @property
    def network(self) -> str:
        """The file that names its network namespace: whoever enters it can ask its services."""
        return f"/proc/{self._inner}/ns/net"

    @property
    def data(self) -> str:
        """Its data folder as seen from out here, to ask how much room there is."""
        return f"/proc/{self._inner}/root{self.root / 'data'}"

    @property
    def trusted_group(self) -> str:
        """A cgroup-parent without limits, for our own containers."""
        return f"{self._whole.name}/lab"

    def start(self) -> None:
        """Start it; a disk it cannot start from is thrown away and made anew.

        Raises:
            NoEngine: this machine does not let us.
            EngineError: the daemon did not come up.
        """
        try:
            self._start()
        except EngineError as error:
            self.stop()
            if isinstance(error, NoEngine) or not self._disk.exists():
                raise
            self.forget_disk()
            self._start()

    def stop(self) -> None:
        """End it with everything that runs in it."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self._process is not None:
            _end(self._process)
            self._process = None
            self._whole.remove()
        if self._socket is not None:
            shutil.rmtree(self._socket.parent, ignore_errors=True)
            self._socket = None

    def close(self) -> None:
        """End it, and let others have its place."""
        self.stop()
        self._lock.close()

    def forget_disk(self) -> None:
        """Throw its disk away: base images and all. Only while it is stopped."""
        self._disk.unlink(missing_ok=True)
        shutil.rmtree(self.root / "data", ignore_errors=True)

    @property
    def _disk(self) -> Path:
        return self.root / "disk.img"

    def _start(self) -> None:
        for name in ("data", "exec"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self._group.make(self.limits)
        missing = [f"{one} cannot be limited" for one in self._group.missing]
        disk, short = _made_disk(self._disk, _ROOM + self.limits.disk)
        self.missing = (*missing, *([short] if short else []))
        self.own_disk = disk is not None
        self._socket = Path(tempfile.mkdtemp(prefix=f"{_SOCKETS}{os.getpid()}-")) / "docker.sock"
        log = self.root / "dockerd.log"
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.unlink()
        before = log.stat().st_size if log.exists() else 0
        self._spawn(disk, log)
        if not self._wait():
            raise EngineError(
                f"the grading engine did not start\n{private.complaint(log, before)}"
                if log.exists()
                else "the grading engine did not start",
                f"read {log}",
            )
        self._engine = Engine(f"unix://{self._socket}", source="the grader's own", private=True)
        if not any(told["Name"] == ASKED for told in self._engine.networks("bridge")):
            self._engine.make_network(ASKED)

    def _spawn(self, disk: Path | None, log: Path) -> None:
        plan: dict[str, Any] = {
            "data": str(self.root / "data"),
            "exec": str(self.root / "exec"),
            "disk": str(disk) if disk else "",
            "config": str(self.root / "daemon.json"),
            "log": str(log),
            "url": f"unix://{self._socket}",
            "cgroup": self._group.name,
            "dockerd": str(private.dockerd()),
            "path": private.search_path(),
        }
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mldocker_lab.engine.pen_init"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={"PATH": private.search_path(), "PYTHONPATH": _package()},
            start_new_session=True,  # Ctrl-C is for the grader to hear
        )
        self._process = process
        if process.stdin is None or process.stdout is None:
            raise EngineError("the grading engine cannot be spoken to")
        process.stdin.write(json.dumps(plan).encode() + b"\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline() or '{"error": "its first process ended"}')
        process.stdout.close()
        if "error" in told:
            raise NoEngine(f"this machine does not allow a grading engine: {told['error']}")
        self._inner = int(told["pid"])

    def _wait(self) -> bool:
        """Wait until it answers; False if it ended or took too long."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process and self._process.poll() is None:
            if self._socket and private.answers(self._socket):
                return True
            time.sleep(_POLL_SECONDS)
        return False


def _slot() -> tuple[TextIOWrapper, Path]:
    """A place nobody uses, locked until its file is closed: by us, or by the kernel for us."""
    import fcntl

    for left in Path(tempfile.gettempdir()).glob(f"{_SOCKETS}*-*"):  # by one that was killed
        pid = left.name.removeprefix(_SOCKETS).partition("-")[0]
        if pid.isdecimal() and not leftovers.alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    folder = home("grading").resolve()
    for number in range(_MOST_PENS):
        lock = (folder / f"pen-{number}.lock").open("a", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        root = folder / f"pen-{number}"
        root.mkdir(exist_ok=True)
        return lock, root
    raise EngineError(f"{_MOST_PENS} grading engines run already", "wait until one has ended")


def _made_disk(disk: Path, wanted: int) -> tuple[Path | None, str]:
    """The file that is its disk, made if need be; None and why where there can be none."""
    if not Path("/dev/loop-control").exists() or not shutil.which("mke2fs", path=_tools()):
        disk.unlink(missing_ok=True)
        return None, "disk space cannot be limited (no loop devices): it is watched instead"
    if not disk.exists() or disk.stat().st_size != wanted:
        draft = disk.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with draft.open("wb") as file:
            file.truncate(wanted)
        command = ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", str(draft)]
        subprocess.run(
            command, check=True, capture_output=True, env={**os.environ, "PATH": _tools()}
        )
        draft.replace(disk)
    used = disk.stat().st_blocks * 512
    free = shutil.disk_usage(disk.parent).free
    if free < wanted - used:
        return disk, (
            f"only {size(free)} are free on this machine's disk: a submission that fills its "
            f"{size(wanted - _ROOM)} could fill it"
        )
    return disk, ""


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tools() -> str:
    return private.search_path()


def _package() -> str:
    return str(Path(__file__).resolve().parents[2])
