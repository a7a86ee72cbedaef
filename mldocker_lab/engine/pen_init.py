"""The first process of a pen: makes the namespaces, starts the daemon, and takes all with it.

Run as ``python -P -m mldocker_lab.engine.pen_init`` by ``engine.pen``. The first line on standard
input says what to do; the input is then held open by whoever grades. When it closes, because the
grader has ended, is killed or wants the pen away, this process ends, and the kernel ends everything
in its process namespace: daemon, builds and containers. Mounts, network and loop device go with
them, for nobody else can see them.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from mldocker_lab.engine import bridge, private

__all__ = ["main"]

_NEW_MOUNTS, _NEW_HOSTNAME, _NEW_IPC = 0x20000, 0x4000000, 0x8000000
_NEW_PROCESSES, _NEW_NETWORK = 0x20000000, 0x40000000
_RECURSIVE, _PRIVATE = 0x4000, 0x40000  # MS_REC, MS_PRIVATE
_NAME_SERVER = "192.0.2.1"  # nobody's: the machine's own are none of a container's business
_BRIDGE = "pen0"


def main() -> None:
    """Make the pen, and wait until it is to go."""
    plan = json.loads(sys.stdin.buffer.readline())
    try:
        _check(
            _libc().unshare(_NEW_MOUNTS | _NEW_HOSTNAME | _NEW_IPC | _NEW_PROCESSES | _NEW_NETWORK),
            "own namespaces",
        )
        inner = os.fork()
        if inner == 0:
            _inside(plan)
    except OSError as error:
        _tell({"error": f"{error.strerror or error}"})
        return
    _tell({"pid": inner})
    os.waitpid(inner, 0)


def _inside(plan: dict[str, Any]) -> None:
    """The first process of the namespaces; never returns."""
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _mounts(plan)
        bridge.raise_loopback()
        bridge.create(_BRIDGE, bridge.free_network(_BRIDGE))
        daemon = _daemon(plan)
        while daemon.poll() is None:
            ready, _, _ = select.select([sys.stdin.fileno(), wake], [], [])
            if sys.stdin.fileno() in ready:
                break
            with suppress(BlockingIOError):
                os.read(wake, 512)
            _reap(daemon.pid)
    except Exception as error:  # noqa: BLE001 there is nobody above to raise it to
        with Path(plan["log"]).open("a", encoding="utf-8") as log:
            log.write(f"failed to make the pen: {error}\n")
    finally:
        os._exit(0)  # and with it everything in here


def _mounts(plan: dict[str, Any]) -> None:
    libc, data = _libc(), Path(plan["data"])
    _check(libc.mount(None, b"/", None, _RECURSIVE | _PRIVATE, None), "mounts of its own")
    _check(libc.mount(b"proc", b"/proc", b"proc", 0, None), "a process list of its own")
    if plan["disk"]:
        command = ["mount", "-o", "loop,noatime,discard", plan["disk"], str(data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"its disk cannot be mounted: {done.stderr.strip()}")
    exec_root = Path(plan["exec"])
    _check(libc.mount(b"tmpfs", os.fsencode(exec_root), b"tmpfs", 0, b"mode=0700"), "a tmpfs")


def _daemon(plan: dict[str, Any]) -> subprocess.Popen[bytes]:
    data, exec_root = plan["data"], plan["exec"]
    settings = {
        "data-root": data,
        "exec-root": exec_root,
        "pidfile": f"{exec_root}/docker.pid",
        "hosts": [plan["url"]],
        "group": str(os.getgid()),
        "bridge": _BRIDGE,
        "iptables": False,
        "ip6tables": False,
        "ip-masq": False,
        "ip-forward": False,
        "storage-driver": "overlay2" if private.can_overlay(Path(data)) else "vfs",
        "cgroup-parent": plan["cgroup"],
        "exec-opts": ["native.cgroupdriver=cgroupfs"],
        "dns": [_NAME_SERVER],
        "log-opts": {"max-size": "10m"},
        "builder": {"Entitlements": {"network-host": False, "security-insecure": False}},
    }
    config = Path(plan["config"])
    config.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    with Path(plan["log"]).open("ab") as log:
        return subprocess.Popen(
            [plan["dockerd"], f"--config-file={config}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": plan["path"], "HOME": "/"},
            start_new_session=True,
            umask=0o022,
        )


def _reap(daemon: int) -> None:
    """Take in orphans, as the first process must; the daemon's own end is Popen's to see."""
    with suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid == daemon:
                return
            os.waitpid(ended.si_pid, 0)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _tell(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)  # noqa: T201 this is how we answer
    os.close(1)


if __name__ == "__main__":
    main()
