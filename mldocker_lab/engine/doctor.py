"""Is this machine ready, and if not, what to do: each answer is tried, not asked for.

A container is run and images are built by both builders; whatever that makes is removed again
(BuildKit keeps a few kilobytes of such a build in its cache, as of any other). ``findings``
yields them one by one, so that progress can be shown; ``examine`` collects them in a report that
can be pasted anywhere: no host names, no user names, no addresses.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
import subprocess
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mldocker_lab.engine import private, trial
from mldocker_lab.engine.describe import EngineFacts, facts
from mldocker_lab.errors import LabError
from mldocker_lab.home import home
from mldocker_lab.show.table import Column, Table
from mldocker_lab.units import size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.engine.client import Engine

__all__ = ["Finding", "Report", "examine", "findings"]

Status = Literal["ok", "warn", "bad", "unknown"]

_FEW, _TOO_FEW = 10e9, 3e9  # bytes of disk: a lesson's images, a single bad image
_SMALL, _TOO_SMALL = 4e9, 2e9  # bytes of memory: training beside JupyterLab, JupyterLab
_SKEW_SECONDS = 5.0  # more than that and certificates and caches begin to err
_STORES = ("overlay2", "containerd", "btrfs", "zfs", "fuse-overlayfs")
_STANDS_ON = (
    *("anywidget", "docker", "ipykernel", "ipywidgets", "jupyterlab", "matplotlib", "nbval"),
    *("pytest", "requests", "rich", "zlib-ng"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        id: a stable word for programs.
        title: what was looked at.
        status: "ok"; "warn", it works but; "bad", it does not; "unknown", it could not be tried.
        seen: what was found.
        fix: what to do; empty if nothing is.
    """

    id: str
    title: str
    status: Status
    seen: str
    fix: str = ""

    def to_dict(self) -> dict[str, str]:
        """The finding as JSON sees it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings.

    Attributes:
        findings: in the order they were made.
    """

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the lessons can be run: nothing is bad."""
        return not any(finding.status == "bad" for finding in self.findings)

    def __getitem__(self, name: str) -> Finding:
        return next(finding for finding in self.findings if finding.id == name)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON sees it."""
        return {"ok": self.ok, "findings": [finding.to_dict() for finding in self.findings]}

    def table(self) -> Table:
        """The report as a table; what to do stands below it."""
        worst = [finding for finding in self.findings if finding.fix]
        verdict = "Ready for the lessons" if self.ok else "Not ready for the lessons"
        return Table(
            verdict,
            (Column("what"), Column("how"), Column("seen")),
            tuple((finding.title, finding.status, finding.seen) for finding in self.findings),
            tuple(f"{finding.title}: {finding.fix}" for finding in worst),
        )

    def to_text(self) -> str:
        """The report as plain text, to be pasted where help is asked for."""
        return self.table().to_text()

    def __str__(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return self.table()._repr_mimebundle_(include, exclude)


def examine(engine: Engine | None = None, error: LabError | None = None) -> Report:
    """Look at everything; see ``findings``."""
    return Report(tuple(findings(engine, error)))


def findings(engine: Engine | None = None, error: LabError | None = None) -> Iterator[Finding]:
    """Look at one thing after the other.

    Args:
        engine: the engine to look at; found as everywhere else if neither is given. The lab's
            own is started for it if there is no other, and stopped again.
        error: why there is no engine, if that is known already.
    """
    if engine is not None or error is not None:
        yield from _all(engine, error)
        return
    from mldocker_lab.engine.find import find

    ran = private.running()
    try:
        engine = find()
    except LabError as raised:
        error = raised
    try:
        yield from _all(engine, error)
    finally:
        if engine is not None:
            engine.close()
            if engine.private and ran is None:
                private.stop()


def _all(engine: Engine | None, error: LabError | None) -> Iterator[Finding]:
    secret = _secrets(engine)
    for finding in _engine(engine, error):
        yield _anonymous(finding, secret)
    for finding in (_lab_disk(), _gpu(engine), _python()):
        yield _anonymous(finding, secret)


def _engine(engine: Engine | None, error: LabError | None) -> Iterator[Finding]:
    if engine is None:
        what = error or LabError("no engine was looked for")
        yield Finding("engine", "engine", "bad", what.what, what.hint)
        return
    try:
        known, info = facts(engine), engine.info()
    except LabError as gone:
        yield Finding("engine", "engine", "bad", gone.what, gone.hint)
        return
    yield Finding("engine", "engine", "ok", f"{known.name}: {known.source or 'given'}")
    yield _version(known)
    yield _store(known)
    with trial.Trial(engine, known) as tried:
        for builder in ("buildkit", "classic"):
            yield _builder(tried, builder, known)
        yield _container(tried)
        yield _network(tried, known)
    yield _disk(info, known, engine)
    yield _memory(known)
    yield _cpus(known)
    yield _cgroups(known)
    yield _clock(engine)


# -- the engine ------------------------------------------------------------------------------


def _version(known: EngineFacts) -> Finding:
    seen = f"{known.version}, API {known.minimum_api} to {known.api}, {known.os}/{known.arch}"
    if known.os != "linux":
        fix = "switch Docker Desktop to Linux containers"
        return Finding("version", "version", "bad", seen, fix)
    if known.name.startswith("Podman"):
        fix = "expect gaps (no BuildKit through the API); Docker Engine 20.10 or newer has none"
        return Finding("version", "version", "warn", seen, fix)
    return Finding("version", "version", "ok", seen)


def _store(known: EngineFacts) -> Finding:
    if known.store in _STORES:
        return Finding("store", "image store", "ok", known.store)
    fix = (
        "every layer is a full copy: expect slow builds and four times the disk; "
        "a data folder that is not itself in a container allows overlay2"
        if known.store == "vfs"
        else "sizes are computed the same way, but nobody has tried the lessons on this store"
    )
    return Finding("store", "image store", "warn", known.store, fix)


def _builder(tried: trial.Trial, builder: str, known: EngineFacts) -> Finding:
    title = {"buildkit": "BuildKit", "classic": "classic builder"}[builder]
    if builder not in known.builders:
        fix = "lessons that compare the builders use the classic one alone"
        return Finding(builder, title, "warn", "not offered by this engine", fix)
    try:
        tried.build(builder)
    except LabError as failed:
        return Finding(builder, title, "bad", failed.what, failed.hint or _READ_LOG)
    return Finding(builder, title, "ok", "built an image from scratch")


def _container(tried: trial.Trial) -> Finding:
    try:
        status = tried.run()
    except trial.CannotTry as reason:
        return Finding("container", "container", "unknown", str(reason))
    except LabError as failed:
        return Finding("container", "container", "bad", failed.what, _READ_LOG)
    if status != trial.EXPECTED:
        seen = f"a container ended with status {status} instead of {trial.EXPECTED}"
        return Finding("container", "container", "bad", seen, _READ_LOG)
    return Finding("container", "container", "ok", "ran a container and got its exit status")


_READ_LOG = "read the engine's log (`mldocker-lab engine status` names the lab's own), restart it"


def _network(tried: trial.Trial, known: EngineFacts) -> Finding:
    if known.network == "host":
        seen = "no bridge: containers share the host's network"
        fix = "fine for the lessons; two services cannot use the same port"
        return Finding("network", "network", "warn", seen, fix)
    try:
        place = tried.ask()
    except trial.CannotTry as reason:
        return Finding("network", "network", "unknown", str(reason))
    except LabError as failed:
        return Finding("network", "network", "bad", failed.what, failed.hint)
    where = "on this machine" if place == "127.0.0.1" else "at the bridge's gateway"
    out = "; containers have no way out, by design" if known.private else ""
    return Finding("network", "network", "ok", f"bridge; a published port answers {where}{out}")


def _disk(info: dict[str, Any], known: EngineFacts, engine: Engine) -> Finding:
    """Free bytes where the engine keeps its data, if that is a folder of this machine."""
    folder = str(info.get("DockerRootDir", ""))
    desktop = "desktop" in str(info.get("OperatingSystem", "")).lower()
    if not engine.url.startswith("unix://") or desktop or not os.path.isdir(folder):  # noqa: PTH112 may be forbidden
        fix = "look at the engine's machine, or Docker Desktop's resources: 10 GB free is enough"
        return Finding("disk", "engine's disk", "unknown", "it is not on this machine", fix)
    fix = "`mldocker-lab clean` removes what the lab made; your own images are yours to remove"
    worse = 4 if known.store == "vfs" else 1
    return _room("disk", "engine's disk", folder, fix, worse)


def _room(name: str, title: str, folder: str, fix: str, times: int = 1) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, title, "unknown", f"cannot be looked at: {error.strerror}")
    status = _judged(free / times, _FEW, _TOO_FEW)
    return Finding(name, title, status, f"{size(free)} free", "" if status == "ok" else fix)


def _judged(value: float, few: float, too_few: float) -> Status:
    return "ok" if value >= few else "warn" if value >= too_few else "bad"


def _memory(known: EngineFacts) -> Finding:
    status = _judged(known.memory, _SMALL, _TOO_SMALL) if known.memory else "unknown"
    fix = "" if status == "ok" else "close other programs, or give Docker Desktop's machine more"
    return Finding("memory", "memory", status, size(known.memory or None), fix)


def _cpus(known: EngineFacts) -> Finding:
    status: Status = "ok" if known.ncpu > 1 else "warn"
    fix = "" if status == "ok" else "it works; builds side by side take turns"
    return Finding("cpus", "processors", status, str(known.ncpu), fix)


def _cgroups(known: EngineFacts) -> Finding:
    lacks = [word for word in known.reduced if "limits" in word]
    seen = ", ".join([f"version {known.cgroup}" if known.cgroup else "version unknown", *lacks])
    fix = "containers run without limits; grading other people's answers needs them"
    return Finding(
        "cgroups", "control groups", "warn" if lacks else "ok", seen, fix if lacks else ""
    )


def _clock(engine: Engine) -> Finding:
    skew = trial.skew(engine)
    if skew is None:
        return Finding("clock", "clock", "unknown", "the engine does not tell its time")
    if abs(skew) <= _SKEW_SECONDS:
        return Finding(
            "clock", "clock", "ok", f"engine and host agree within {_SKEW_SECONDS:.0f} s"
        )
    fix = "restart Docker Desktop, or set the machine's clock"
    return Finding("clock", "clock", "warn", f"the engine is {skew:+.0f} s off", fix)


# -- this machine ----------------------------------------------------------------------------


def _lab_disk() -> Finding:
    fix = "free some room, or set MLDOCKER_HOME to a folder on a larger disk"
    return _room("lab-disk", "lab's disk", str(home()), fix)


def _gpu(engine: Engine | None) -> Finding:
    """Facts about NVIDIA GPUs; to have none is no failure."""
    cards = _cards()
    offers = _offers(engine)
    if not cards and not offers:
        return Finding("gpu", "GPU", "ok", "none found; the lessons need none")
    told = ", ".join(cards) or "no driver on this machine"
    if not cards or offers or engine is None:
        return Finding(
            "gpu", "GPU", "ok", f"{told}; the engine offers {' and '.join(offers) or '?'}"
        )
    fix = "to use it in containers, install nvidia-container-toolkit and configure the engine"
    return Finding("gpu", "GPU", "warn", f"{told}; not offered by the engine", fix)


def _cards() -> list[str]:
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    query = [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines()] if done.returncode == 0 else []


def _offers(engine: Engine | None) -> list[str]:
    try:
        info = engine.info() if engine else {}
    except LabError:
        return []
    found = ["the nvidia runtime"] if "nvidia" in (info.get("Runtimes") or {}) else []
    devices = [str(device.get("ID", "")) for device in info.get("DiscoveredDevices") or ()]
    specs = [p for folder in info.get("CDISpecDirs") or () for p in Path(folder).glob("*nvidia*")]
    return [*found, "CDI devices"] if specs or any("nvidia" in d for d in devices) else found


def _python() -> Finding:
    versions, gone = [f"Python {platform.python_version()}"], []
    for name in _STANDS_ON:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            gone.append(name)
    if gone:
        fix = "run `make setup`, then use the environment it made"
        return Finding("python", "Python", "bad", f"missing: {', '.join(gone)}", fix)
    return Finding("python", "Python", "ok", ", ".join(versions))


# -- nothing private -------------------------------------------------------------------------


def _secrets(engine: Engine | None) -> list[tuple[re.Pattern[str], str]]:
    """What a report must not hold, and what stands there instead."""
    rules = [
        (r"\b(tcp|ssh|https?)://[^/\s'\"]+", r"\1://…"),
        (re.escape(str(Path.home())) + r"(?![^/\\\s:])", "~"),
        (r"(/home/|/Users/|\\Users\\)[^/\\\s:]+", r"\1…"),
        (r"(?<=docker context ')[^']*", "…"),
    ]
    hosts = [socket.gethostname()] + ([str(engine.info().get("Name") or "")] if engine else [])
    rules += [(rf"\b{re.escape(host)}\b", "…") for host in hosts if len(host) > 2]  # noqa: PLR2004
    return [(re.compile(pattern), instead) for pattern, instead in rules]


def _anonymous(finding: Finding, rules: list[tuple[re.Pattern[str], str]]) -> Finding:
    seen, fix = finding.seen, finding.fix
    for pattern, instead in rules:
        seen, fix = pattern.sub(instead, seen), pattern.sub(instead, fix)
    return Finding(finding.id, finding.title, finding.status, seen, fix)
