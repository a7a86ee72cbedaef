"""The lab's own Docker daemon, for machines where none runs: started, reused, stopped, purged.

It has its own data, sockets and bridge, leaves iptables alone, and lives in a session of its own,
so neither another engine on the machine nor the notebook that started it matters to it. Linux as
root only. Everything is below ``home("engine")`` (sockets below ``/run`` if that path is too long
for one), so undoing it is ``purge()``.

What makes it harmless to other engines was measured, not guessed: ``--bridge=none`` would delete
their ``docker0``, and own iptables rules would flush theirs, so there is an own bridge and
``iptables`` is off. Published ports still work; containers have no way out, which a lab with its
own supplies does not miss.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine import bridge, leftovers
from mldocker_lab.errors import EngineError, NoEngine
from mldocker_lab.home import home

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "Places",
    "Status",
    "answers",
    "can_overlay",
    "cdi_folder",
    "complaint",
    "dockerd",
    "knows_cdi",
    "obstacle",
    "purge",
    "running",
    "search_path",
    "short_hash",
    "start",
    "status",
    "stop",
]

_SNAPSHOTTERS = {"overlay2": "overlayfs", "vfs": "native"}  # what containerd calls them
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1
_LONGEST_SOCKET = 107  # sun_path holds 108 bytes with its closing zero
_INSIDE_EXEC = len("/exec/containerd/containerd-debug.sock.ttrpc")
_LOG_BYTES = 5_000_000
_CACHE_KEPT = "6GB"  # two lessons' builds at mini scale, with room to spare
_LOG_LINES = 8
_CDI_FOLDERS = ("/etc/cdi", "/var/run/cdi")  # where engines look if nobody says otherwise


@dataclass(frozen=True, slots=True)
class Places:
    """Where one private engine keeps its things; all follow from the lab's home."""

    root: Path
    short: Path

    @classmethod
    def here(cls) -> Places:
        """The places of this lab: ``MLDOCKER_HOME`` decides."""
        root = home("engine").resolve()
        if len(os.fsencode(root)) + _INSIDE_EXEC <= _LONGEST_SOCKET:
            return cls(root, root)
        return cls(root, Path("/run") / f"mldocker-lab-{short_hash(root)}")

    @property
    def data(self) -> Path:
        """Images, layers, volumes, build cache."""
        return self.root / "data"

    @property
    def config(self) -> Path:
        """Its ``daemon.json``; naming it on the command line is how we know our daemon."""
        return self.root / "daemon.json"

    @property
    def log(self) -> Path:
        """What the daemon said, appended."""
        return self.root / "dockerd.log"

    @property
    def lock(self) -> Path:
        """Outside of ``root``, so that a purge does not pull it away from a waiting starter."""
        return self.root.with_name("engine.lock")

    @property
    def exec(self) -> Path:
        """Sockets, network namespaces and mounts of running containers."""
        return self.short / "exec"

    @property
    def socket(self) -> Path:
        """Where its API listens."""
        return self.short / "docker.sock"

    @property
    def pidfile(self) -> Path:
        """The daemon's process id, written by the daemon."""
        return self.short / "docker.pid"

    @property
    def bridge(self) -> str:
        """The bridge's name: the same at every start, and no other lab's."""
        return f"mldlab{short_hash(self.root)}"

    @property
    def url(self) -> str:
        """The engine's address."""
        return f"unix://{self.socket}"


@dataclass(frozen=True, slots=True)
class Status:
    """What the lab's own engine is doing.

    Attributes:
        running: whether it answers.
        pid: its process, None if there is none.
        url: where it answers, or would.
        root: the folder with its data.
        log: the file with what it said.
    """

    running: bool
    pid: int | None
    url: str
    root: Path
    log: Path


def dockerd() -> Path | None:
    """The daemon's program: ``MLDOCKER_DOCKERD``, else on PATH or where packages put it."""
    named = os.environ.get("MLDOCKER_DOCKERD")
    if named:
        return Path(named) if Path(named).is_file() else None
    found = shutil.which("dockerd", path=search_path())
    return Path(found) if found else None


def obstacle() -> str:
    """Why no engine can be started here, in words; "" if one can be tried."""
    if not sys.platform.startswith("linux"):
        return "only Linux can run one without Docker Desktop or the like"
    if os.geteuid() != 0:
        return "starting one needs root"
    if dockerd() is None:
        named = os.environ.get("MLDOCKER_DOCKERD")
        return (
            f"MLDOCKER_DOCKERD names {named}, which is no file"
            if named
            else "no dockerd is installed"
        )
    return ""


def running() -> str | None:
    """Its address if it answers, whoever started it; None otherwise."""
    if not sys.platform.startswith("linux"):
        return None
    places = Places.here()
    return places.url if answers(places.socket) else None


def start(features: Mapping[str, bool] | None = None) -> str:
    """Start the lab's own engine, or find it running; returns its address.

    Two at once start one. What a crash left behind is taken away first.

    Args:
        features: the daemon's feature flags, such as "containerd-snapshotter"; one that runs
            already keeps those it has.

    Raises:
        NoEngine: none can be started here (not root, no dockerd, not Linux).
        EngineError: it did not come up; the end of its log is in the message.
    """
    url = running()
    if url:
        return url
    reason = obstacle()
    if reason:
        raise NoEngine(f"the lab's own engine cannot be started: {reason}")
    places = Places.here()
    with _locked(places.lock):
        pid = _pid(places)
        if pid is None or not _wait(places, pid):
            _clear(places)
            _launch(places, features or {})
    return places.url


def stop() -> None:
    """Stop it and take away its processes, mounts and bridges; its images stay on disk.

    Raises:
        EngineError: something of it could not be taken away.
    """
    if not sys.platform.startswith("linux"):
        return
    places = Places.here()
    with _locked(places.lock):
        _clear(places)


def purge() -> None:
    """Stop it and delete everything it ever stored.

    Raises:
        EngineError: something of it could not be taken away.
    """
    if not sys.platform.startswith("linux"):
        return
    places = Places.here()
    with _locked(places.lock):
        _clear(places)
        if leftovers.mounts_below(places.root):
            raise EngineError(f"{places.root} is a mount and stays", f"umount {places.root}")
        shutil.rmtree(places.root)


def status() -> Status:
    """Whether it runs, where it answers, where its data lie."""
    places = Places.here()
    linux = sys.platform.startswith("linux")
    pid = _pid(places) if linux else None
    return Status(running() is not None, pid, places.url, places.root, places.log)


def cdi_folder() -> Path:
    """Where the lab's own engine looks for CDI specs, beside the machine's own folders."""
    return home("cdi")


def knows_cdi() -> bool:
    """Whether the daemon can read CDI specs (25 and newer); asked of the program itself."""
    program = dockerd()
    if program is None:
        return False
    told = subprocess.run(
        [str(program), "--help"], capture_output=True, text=True, timeout=30, check=False
    )
    return "--cdi-spec-dir" in told.stdout


# -- starting --------------------------------------------------------------------------------


def _launch(places: Places, features: Mapping[str, bool]) -> None:
    network = _make_bridge(places)
    settings = {**_settings(places), "bridge": places.bridge if network else "none"}
    if knows_cdi():
        settings["cdi-spec-dirs"] = [*_CDI_FOLDERS, str(cdi_folder())]
        features = {"cdi": True, **features}
    if features:
        settings["features"] = dict(features)
    if features.get("containerd-snapshotter"):
        settings["storage-driver"] = _SNAPSHOTTERS[settings["storage-driver"]]
    places.data.mkdir(parents=True, exist_ok=True)
    places.short.mkdir(parents=True, exist_ok=True)
    places.config.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    if places.log.exists() and places.log.stat().st_size > _LOG_BYTES:
        places.log.replace(places.log.with_suffix(".log.1"))
    before = places.log.stat().st_size if places.log.exists() else 0
    pid = _spawn(places)
    if not _wait(places, pid):
        _clear(places)
        raise EngineError(
            f"the lab's own engine did not start\n{complaint(places.log, before)}",
            f"read {places.log}, or use another engine: MLDOCKER_ENGINE=unix:///path/to/docker.sock",
        )


def _make_bridge(places: Places) -> bool:
    """Make the engine's bridge; False where this machine forbids it.

    Only then may the engine go without one: a daemon told ``bridge: none`` removes ``docker0``,
    which it cannot where it may not touch bridges, and must not where another engine has one.
    """
    try:
        bridge.create(places.bridge, bridge.free_network(places.bridge))
    except bridge.NotAllowed as refused:
        if bridge.exists("docker0") and not isinstance(refused.__cause__, PermissionError):
            raise
        return False
    return True


def _settings(places: Places) -> dict[str, Any]:
    return {
        "data-root": str(places.data),
        "exec-root": str(places.exec),
        "pidfile": str(places.pidfile),
        "hosts": [places.url],
        "group": os.environ.get("SUDO_GID") or str(os.getgid()),
        "iptables": False,
        "ip6tables": False,
        "ip-masq": False,
        "ip-forward": False,
        "storage-driver": "overlay2" if can_overlay(places.data) else "vfs",
        # Cold builds share nothing, so their cache would grow for ever; this drops what was used
        # least. Only here: what another engine keeps is its owner's to decide.
        "builder": {"gc": {"enabled": True, "defaultKeepStorage": _CACHE_KEPT}},
    }


def _spawn(places: Places) -> int:
    """The daemon, in a session of its own: neither Ctrl-C nor our end reaches it."""
    program = dockerd()
    environment = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "LISTEN_FDS")}
    environment["PATH"] = os.pathsep.join([str(program.parent) if program else "", search_path()])
    with places.log.open("ab") as log:
        process = subprocess.Popen(
            [str(program), *_command_mark(places)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
            umask=0o022,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # reaps it if we outlive it
    return process.pid


def _wait(places: Places, pid: int) -> bool:
    """Wait until it answers; False if it ended or took too long."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if answers(places.socket):
            return True
        if not leftovers.alive(pid):
            return False
        time.sleep(_POLL_SECONDS)
    return False


def answers(path: Path) -> bool:
    """Whether an engine says OK to ``GET /_ping`` on a Unix socket."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(5)
            channel.connect(str(path))
            channel.sendall(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")
            return b" 200 " in channel.recv(64)
    except OSError:
        return False


def can_overlay(data: Path) -> bool:
    """Whether the kernel mounts an overlay here (not on an overlay, not without the right)."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="overlay-", dir=data) as name:
        folder = Path(name)
        for part in ("lower", "upper", "work", "merged"):
            (folder / part).mkdir()
        options = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        merged = os.fsencode(folder / "merged")
        if libc.mount(b"overlay", merged, b"overlay", 0, os.fsencode(options)) != 0:
            return False
        libc.umount2(merged, 2)
    return True


def complaint(log: Path, before: int) -> str:
    """The lines of this start that say what went wrong, else its last ones."""
    with log.open("rb") as file:
        file.seek(before)
        lines = file.read().decode(errors="replace").splitlines()
    bad = [
        line
        for line in lines
        if "level=" not in line or "level=fatal" in line or "failed to" in line
    ]
    return "\n".join(f"  | {line[:300]}" for line in (bad or lines)[-_LOG_LINES:])


# -- stopping --------------------------------------------------------------------------------


def _clear(places: Places) -> None:
    """End its processes, containers first asked nicely by the daemon, and undo its mounts."""
    links = _network_links(places)
    for pid in leftovers.processes(_command_mark(places)[0]):
        leftovers.end(pid, seconds=_STOP_SECONDS)
    for pid in leftovers.processes(str(places.exec / "containerd" / "containerd.toml")):
        leftovers.end(pid, seconds=2)
    for pid in leftovers.processes(str(places.exec / "containerd" / "containerd.sock")):
        leftovers.end_children(pid)
    for folder in {places.root, places.short}:
        leftovers.unmount_below(folder)
    for name in (places.bridge, *links):
        bridge.delete(name)
    shutil.rmtree(places.exec, ignore_errors=True)
    for file in (places.socket, places.pidfile):
        file.unlink(missing_ok=True)
    if places.short != places.root:
        shutil.rmtree(places.short, ignore_errors=True)


def _network_links(places: Places) -> list[str]:
    """The bridges of networks users made on this engine; the daemon makes them again."""
    if not answers(places.socket):
        return []
    from mldocker_lab.engine.client import Engine

    engine = Engine(places.url)
    try:
        return [f"br-{network['Id'][:12]}" for network in engine.networks("bridge")]
    finally:
        engine.close()


def _pid(places: Places) -> int | None:
    """Our daemon's process, told by its command line: a pid file may be stale."""
    found = leftovers.processes(_command_mark(places)[0])
    return found[0] if found else None


def _command_mark(places: Places) -> list[str]:
    return [f"--config-file={places.config}"]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock the kernel gives back even if we are killed."""
    import fcntl

    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def search_path() -> str:
    """PATH, and the folders of system programs that a user's PATH may lack."""
    return os.pathsep.join(
        [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    )


def short_hash(path: Path) -> str:
    """Six characters that stand for a path where a path is too long."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:6]
