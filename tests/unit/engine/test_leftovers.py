"""Processes and mounts are recognised by our paths only; Linux's /proc is the judge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from mldocker_lab.engine import leftovers, private

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")


@pytest.fixture
def lab(monkeypatch) -> Iterator[private.Places]:
    with TemporaryDirectory(prefix="lab") as folder:  # short enough for a socket
        monkeypatch.setenv("MLDOCKER_HOME", folder)
        yield private.Places.here()


def sleeper(*arguments: str) -> subprocess.Popen[bytes]:
    code = "import time; print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def test_a_process_is_known_by_a_whole_argument(tmp_path):
    mark = f"--config-file={tmp_path}/daemon.json"
    with sleeper(mark) as ours, sleeper(f"{mark}.bak") as other:
        assert leftovers.processes(mark) == [ours.pid]
        leftovers.end(ours.pid, seconds=5)
        assert not leftovers.alive(ours.pid)
        assert leftovers.alive(other.pid)
        other.kill()


def test_a_zombie_is_not_alive():
    process = subprocess.Popen(["true"])
    while leftovers.alive(process.pid):
        pass
    assert process.wait() == 0


def test_a_stubborn_process_is_killed():
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        leftovers.end(process.pid, seconds=0.2)
        assert not leftovers.alive(process.pid)
        assert process.wait() == -9


def test_children_go_with_their_parent():
    code = (
        "import subprocess; p = subprocess.Popen(['sleep', '60'])\n"
        "print(p.pid, flush=True); p.wait()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        child = int(process.stdout.readline())
        leftovers.end_children(process.pid)
        assert not leftovers.alive(child)
        assert not leftovers.alive(process.pid)


def test_mounts_are_those_below_and_not_beside():
    below = leftovers.mounts_below(Path("/dev"))
    assert below
    assert all(point == "/dev" or point.startswith("/dev/") for point in below)
    assert leftovers.mounts_below(Path("/de")) == []


def test_blanks_in_mount_points():
    assert leftovers._unescape(r"/with\040blank") == "/with blank"


def test_a_stale_pid_file_fools_nobody(lab):
    """It may name a living process of somebody else's."""
    with sleeper() as other:
        lab.pidfile.write_text(str(other.pid))
        lab.socket.touch()
        assert private.status().pid is None
        assert private.running() is None
        private.stop()
        assert leftovers.alive(other.pid)
        other.kill()
    assert not lab.pidfile.exists()
    assert not lab.socket.exists()


def test_two_labs_share_nothing(tmp_path, monkeypatch):
    labs = []
    for name in ("one", "two"):
        monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / name))
        labs.append(private.Places.here())
    one, two = labs
    assert one.bridge != two.bridge
    assert {one.socket, one.data, one.exec, one.lock}.isdisjoint(
        {two.socket, two.data, two.exec, two.lock}
    )


def test_sockets_fit_however_deep_the_home_is(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / ("deep/" * 40)))
    places = private.Places.here()
    assert len(str(places.exec / "containerd" / "containerd-debug.sock.ttrpc")) <= 107
    assert places.data.is_relative_to(tmp_path.resolve())


def test_bridge_names_fit_the_kernel(lab):
    assert len(lab.bridge) <= 15
