"""Kernels in a tenth of the time: forked from a process that has imported everything already.

A kernel spends most of its processor time on imports that are the same for every notebook. Here a
*nursery* process has imported them, before it has threads, sockets or anything of a submission,
and each kernel is a fork of it. The nursery itself never runs a cell, so every kernel begins from
the same memory: what one notebook did dies with its process, as with a kernel started anew.

Where the system cannot fork (Windows) or forks badly (macOS), kernels start the ordinary way.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["ADDRESS_SPACE", "Kernel", "Nursery", "possible"]

#: Bytes of memory a kernel may map: a hostile image's listing must not fill the machine.
ADDRESS_SPACE = 6 << 30

_LENGTH = struct.Struct("!I")
_POLL_SECONDS = 0.05
#: What every exercise's first cell loads; by name, since some of it stands above this package.
_LATER = ("mldocker_lab.grade.graded", "mldocker_lab.grade.practice", "mldocker_lab.lab")
_FAILED = 70  # a kernel that could not begin


def possible() -> bool:
    """Whether kernels can be forked here."""
    return sys.platform.startswith("linux")


class Nursery:
    """The process that kernels are forked from. Make it before this process has any thread."""

    def __init__(self) -> None:
        _imports()  # by us, so that both have them
        self._channel, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            self._channel.close()
            _serve(theirs)
        theirs.close()

    def fork(self, arguments: list[str], *, cwd: str | None, env: dict[str, str]) -> Kernel:
        """A new kernel; ``arguments`` are those of its command line after ``-m NAME``."""
        pid = self.ask({"do": "fork", "arguments": arguments, "cwd": cwd, "env": env})
        return Kernel(self, int(pid))

    def ask(self, request: dict[str, Any]) -> Any:
        """Send a request and wait for its answer."""
        _send(self._channel, request)
        return _receive(self._channel)

    def close(self) -> None:
        """End it, and with it every kernel that still runs."""
        self._channel.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


class Kernel:
    """A forked kernel, with the part of ``subprocess.Popen`` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask({"do": "poll", "pid": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        end = time.monotonic() + timeout if timeout is not None else None
        while (status := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"kernel {self.pid} still runs")
            time.sleep(_POLL_SECONDS)
        return status

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


# -- inside the nursery ------------------------------------------------------------------------


def _serve(channel: socket.socket) -> None:
    """Answer requests until the other side hangs up; then end every kernel and ourselves."""
    _nowhere()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    running: set[int] = set()
    while (request := _receive(channel)) is not None:
        if request["do"] == "fork":
            pid = _fork(channel, request)
            running.add(pid)
            _send(channel, pid)
        else:
            status = _status(request["pid"])
            if status is not None:
                running.discard(request["pid"])
            _send(channel, status)
    for pid in running:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        _status(pid, wait=True)
    os._exit(0)


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    os._exit(0)


def _nowhere() -> None:
    """Let go of our parent's input and output: they are no business of ours, nor of a kernel's."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def _imports() -> None:
    """What every kernel needs. None of it starts a thread or opens a socket that stays."""
    import gc
    from importlib import import_module

    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]  # long to import, never used
    import ipykernel.debugger
    import ipykernel.ipkernel
    import ipykernel.kernelapp
    import ipykernel.zmqshell  # noqa: F401
    from jupyter_client.localinterfaces import local_ips

    for name in _LATER:
        import_module(name)
    local_ips()  # kept for all of them
    gc.collect()
    gc.freeze()  # a kernel's collector leaves these pages alone, so they stay shared


def _fork(channel: socket.socket, request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        with suppress(PermissionError, ProcessLookupError):  # it was faster
            os.setpgid(pid, pid)
        return pid
    status = _FAILED
    try:
        channel.close()
        _become(request)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        os._exit(status)
    return 0


def _become(request: dict[str, Any]) -> None:
    """Be a kernel; returns when it is shut down."""
    import random

    from ipykernel.kernelapp import IPKernelApp

    with suppress(PermissionError):
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["env"], JPY_PARENT_PID=str(os.getppid()))
    if request["cwd"]:
        os.chdir(request["cwd"])
    random.seed()  # or all kernels would draw the same
    _limit()
    IPKernelApp.launch_instance(argv=request["arguments"])


def _limit() -> None:
    import resource

    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _status(pid: int, *, wait: bool = False) -> int | None:
    """A kernel's exit status, as Popen tells it; None while it runs."""
    try:
        ended, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    except ChildProcessError:
        return -signal.SIGKILL
    return os.waitstatus_to_exitcode(status) if ended else None


# -- messages ----------------------------------------------------------------------------------


def _send(channel: socket.socket, thing: Any) -> None:
    data = json.dumps(thing).encode()
    channel.sendall(_LENGTH.pack(len(data)) + data)


def _receive(channel: socket.socket) -> Any:
    """The next message; None if the other side has hung up."""
    head = _read(channel, _LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = _read(channel, length)
    return json.loads(data) if len(data) == length else None


def _read(channel: socket.socket, count: int) -> bytes:
    data = b""
    with suppress(OSError):
        while len(data) < count and (piece := channel.recv(count - len(data))):
            data += piece
    return data
