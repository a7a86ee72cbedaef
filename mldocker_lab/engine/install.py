"""Docker from the distribution's own packages, where the lab runs as root on Debian or Ubuntu.

It says first what it will do and how to undo it. No system-wide service is started or enabled:
the lab runs a daemon of its own (``private``). ``MLDOCKER_LAB_NO_INSTALL=1`` forbids all of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.engine import private
from mldocker_lab.errors import (
    DiskFull,
    DownloadFailed,
    EngineError,
    LabError,
    NoEngine,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PACKAGES", "explain", "install", "missing", "obstacle", "possible"]

#: The engine; and what makes base images where no registry answers.
PACKAGES = ("docker.io", "mmdebstrap", "debian-archive-keyring")

_POLICY = Path("/usr/sbin/policy-rc.d")
_NO_SERVICES = "#!/bin/sh\n# mldocker-lab: temporary, while packages are installed\nexit 101\n"
_SERVICES = ("docker.service", "docker.socket", "containerd.service")
_APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=60")
_LOG_LINES = 6


def possible() -> bool:
    """Whether installing could give this machine an engine.

    Not where somebody named an engine: then that one is missing, not packages.
    """
    if obstacle() or "docker.io" not in missing():
        return False
    from mldocker_lab.engine.find import named

    try:
        return named() is None or os.environ.get("MLDOCKER_ENGINE") == "private"
    except NoEngine:
        return False


def obstacle() -> str:
    """Why nothing can be installed here, in words; "" if it can."""
    if os.environ.get("MLDOCKER_LAB_NO_INSTALL") == "1":
        return "MLDOCKER_LAB_NO_INSTALL=1 forbids it"
    if not sys.platform.startswith("linux") or not shutil.which("dpkg-query"):
        return "only Debian's and Ubuntu's packages are known to the lab"
    if os.geteuid() != 0:
        return "installing packages needs root"
    return ""


def missing() -> tuple[str, ...]:
    """The packages the lab would install; an engine from elsewhere is as good."""
    have = _installed(PACKAGES)
    if private.dockerd():
        have |= {"docker.io"}
    return tuple(name for name in PACKAGES if name not in have)


def explain(packages: tuple[str, ...]) -> str:
    """What ``install`` will do, and how to undo it."""
    names = " ".join(packages)
    return (
        f"This installs {names} with apt-get (up to 270 MB on disk).\n"
        "No service is started or enabled; the lab runs a Docker daemon of its own beside others.\n"
        f"To undo it: apt-get purge --autoremove {names}\n"
        "To forbid it: MLDOCKER_LAB_NO_INSTALL=1"
    )


def install(announce: Callable[[str], None]) -> None:
    """Install what is missing; nothing happens if nothing is. Interrupted, the same call resumes.

    Args:
        announce: is told what will happen before it does, and each step.

    Raises:
        UsageError: nothing can be installed here (not root, not Debian, forbidden).
        DownloadFailed: the package archive cannot be reached.
        DiskFull: no room for the packages.
        EngineError: another package manager is at work, or apt failed.
    """
    packages = missing()
    if not packages:
        return
    reason = obstacle()
    if reason:
        raise UsageError(
            f"{' and '.join(packages)} cannot be installed: {reason}",
            f"let somebody run `apt-get install {' '.join(packages)}`, or start any Docker engine",
        )
    announce(explain(packages))
    with _no_services(_POLICY):
        _repair(announce)
        if not _known(packages):
            announce("apt-get update …")
            _apt("update", tolerate=True)
        announce(f"apt-get install {' '.join(packages)} …")
        try:
            _apt("install", "--no-install-recommends", *packages)
        except DownloadFailed:
            announce("apt-get update, and again …")
            _apt("update", tolerate=True)
            _apt("install", "--no-install-recommends", *packages)
    if "docker.io" in packages:
        _disable_services()


def _repair(announce: Callable[[str], None]) -> None:
    """Finish what an interrupted installation began."""
    if _run("dpkg", "--audit").stdout.strip():
        announce("dpkg --configure -a …")
        _complain(_run("dpkg", "--configure", "-a"))


def _known(packages: tuple[str, ...]) -> bool:
    """Whether apt has lists that hold all of them."""
    found = _run("apt-cache", "policy", *packages).stdout
    return found.count("Candidate:") == len(packages) and "Candidate: (none)" not in found


def _apt(*arguments: str, tolerate: bool = False) -> None:
    done = _run(*_APT, *arguments)
    if not tolerate:
        _complain(done)


def _complain(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise _error(done.stdout + done.stderr)


def _error(said: str) -> LabError:
    """What apt's words mean for somebody who has never read them."""
    low = said.lower()
    tail = "".join(f"\n  | {line}" for line in said.strip().splitlines()[-_LOG_LINES:])
    if "could not get lock" in low or "is locked by another process" in low:
        return EngineError(
            "another package manager is at work on this machine",
            "wait until it is done (an automatic upgrade, perhaps), then run the same again",
        )
    if "no space left" in low or "enough free space" in low:
        return DiskFull(
            "the disk has no room for the packages", "free about 500 MB in /usr and /var"
        )
    signs = ("failed to fetch", "unable to fetch", "could not resolve", "could not connect")
    if any(sign in low for sign in signs) or "unable to locate package" in low:
        return DownloadFailed(
            f"the package archive cannot be reached{tail}",
            "check the network (`apt-get update`), then run the same again",
        )
    return EngineError(f"apt-get failed{tail}", "run the apt-get command above yourself and see")


@contextmanager
def _no_services(policy: Path) -> Iterator[None]:
    """Keep packages from starting services; what was there before is put back as it was.

    The original is moved aside, not copied; after a crash the next call puts it back first.
    """
    aside = policy.with_name(f"{policy.name}.mldocker-lab")
    _put_back(policy, aside)
    if os.path.lexists(policy):
        policy.replace(aside)
    policy.write_text(_NO_SERVICES, encoding="ascii")
    policy.chmod(0o755)
    try:
        yield
    finally:
        _put_back(policy, aside)


def _put_back(policy: Path, aside: Path) -> None:
    if policy.is_file() and policy.read_bytes() == _NO_SERVICES.encode():
        policy.unlink()
    if os.path.lexists(aside):
        aside.replace(policy)


def _disable_services() -> None:
    """Packages enable their services for the next boot; ours were asked for without them."""
    for disable in (("systemctl", "disable"), ("deb-systemd-helper", "disable")):
        if shutil.which(disable[0]):
            _run(*disable, *_SERVICES)
    if shutil.which("update-rc.d"):
        _run("update-rc.d", "docker", "disable")


def _installed(packages: tuple[str, ...]) -> set[str]:
    if not shutil.which("dpkg-query"):
        return set()
    told = _run("dpkg-query", "-W", "-f", "${Package} ${Status}\\n", *packages).stdout
    return {line.split()[0] for line in told.splitlines() if line.endswith("ok installed")}


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
