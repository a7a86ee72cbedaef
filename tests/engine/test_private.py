"""The lab's own daemon on a real machine: it comes up, survives, cleans up, and harms nobody."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mldocker_lab.engine import bridge, leftovers, private, probe
from mldocker_lab.engine.client import Engine
from mldocker_lab.engine.describe import facts
from mldocker_lab.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(bool(private.obstacle()), reason=f"no private engine: {private.obstacle()}"),
]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Iterator[private.Places]:
    """A lab home of our own; whatever the test did, nothing of its engine is left."""
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "lab"))
    places = private.Places.here()
    yield places
    private.purge()
    assert traces(places) == []


def traces(places: private.Places) -> list[str]:
    """What of an engine can be seen on this machine."""
    marks = (
        f"--config-file={places.config}",
        str(places.exec / "containerd" / "containerd.toml"),
        str(places.exec / "containerd" / "containerd.sock"),
    )
    found = [f"process {pid}" for mark in marks for pid in leftovers.processes(mark)]
    found += leftovers.mounts_below(places.root) + leftovers.mounts_below(places.short)
    found += [places.bridge] if bridge.exists(places.bridge) else []
    return found + ([str(places.socket)] if places.socket.exists() else [])


def serve(engine: Engine) -> str:
    """A container that runs until it is killed, with a published port."""
    name = "mldocker_lab/probe:test"
    engine.load(probe.archive(name, engine.version()["Arch"]))
    container = engine.create(
        name, ["/serve"], ports=[probe.PORT], host={"port_bindings": {probe.PORT: None}}
    )
    engine.start(container)
    return container


def in_another_process(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True
    )


def test_it_starts_once_and_stops_without_a_trace(lab):
    url = private.start()
    pid = private.status().pid
    assert private.start() == url
    assert private.status() == private.Status(
        running=True, pid=pid, url=url, root=lab.root, log=lab.log
    )
    engine = Engine(url, private=True)
    told = facts(engine)
    serve(engine)
    engine.close()
    assert (told.network, told.reduced, told.private) == ("bridge", (), True)
    assert traces(lab)
    private.stop()
    assert traces(lab) == []
    assert lab.data.is_dir()
    assert not private.status().running


def test_images_outlive_a_stop(lab):
    engine = Engine(private.start())
    engine.load(probe.archive("mldocker_lab/probe:kept", engine.version()["Arch"]))
    engine.close()
    private.stop()
    engine = Engine(private.start())
    assert engine.has_image("mldocker_lab/probe:kept")
    engine.close()


def test_it_comes_back_after_kill_9(lab):
    engine = Engine(private.start())
    container = serve(engine)
    engine.close()
    pid = private.status().pid
    os.kill(pid, signal.SIGKILL)
    while leftovers.alive(pid):
        time.sleep(0.05)
    assert traces(lab)  # the container's shim, mounts, the bridge, the socket
    engine = Engine(private.start())
    assert private.status().pid != pid
    assert not engine.inspect(container)["State"]["Running"]
    engine.start(container)
    assert engine.inspect(container)["State"]["Running"]
    engine.close()


def test_stop_after_kill_9_cleans_as_well(lab):
    engine = Engine(private.start())
    container = serve(engine)
    inner = engine.inspect(container)["State"]["Pid"]
    engine.close()
    os.kill(private.status().pid, signal.SIGKILL)
    private.stop()
    assert traces(lab) == []
    assert not leftovers.alive(inner)


def test_it_outlives_its_parent_and_ctrl_c(lab):
    starter = in_another_process(
        "from mldocker_lab.engine import private\n"
        "print(private.start(), flush=True)\n"
        "import time; time.sleep(60)"
    )
    with starter:
        url = starter.stdout.readline().strip()
        pid = private.status().pid
        starter.send_signal(signal.SIGINT)
        starter.wait(10)
    assert os.getsid(pid) == pid
    assert private.running() == url
    assert private.start() == url
    assert private.status().pid == pid


def test_two_starters_get_one_engine(lab):
    code = "from mldocker_lab.engine import private; print(private.start())"
    starters = [in_another_process(code) for _ in range(2)]
    said = [starter.communicate(timeout=60)[0].strip() for starter in starters]
    assert said == [lab.url, lab.url]
    assert len(leftovers.processes(f"--config-file={lab.config}")) == 1


def test_its_bridge_keeps_its_address_whatever_comes_and_goes(lab):
    """Else an answer under way is lost when another container starts or ends."""
    engine = Engine(private.start())
    address = Path("/sys/class/net", lab.bridge, "address")
    before = address.read_text()
    container = serve(engine)
    during = address.read_text()
    engine.remove(container)
    engine.close()
    assert before == during == address.read_text() != "00:00:00:00:00:00\n"


def test_networks_made_by_users_leave_no_bridge(lab):
    engine = Engine(private.start())
    link = f"br-{engine.api.create_network('mine', driver='bridge')['Id'][:12]}"
    engine.close()
    assert {link, lab.bridge} <= links()
    private.stop()
    assert not {link, lab.bridge} & links()


def links():
    return {name for _, name in socket.if_nameindex()}


def test_a_home_too_deep_for_a_socket(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / ("deep" * 30)))
    places = private.Places.here()
    try:
        engine = Engine(private.start())
        serve(engine)
        engine.close()
    finally:
        private.purge()
    assert len(str(places.socket)) < 107
    assert traces(places) == []
    assert not places.short.exists()


def test_a_daemon_that_cannot_start_says_why(lab, tmp_path, monkeypatch):
    broken = tmp_path / "dockerd"
    broken.write_text("#!/bin/sh\necho failed to find my feet >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("MLDOCKER_DOCKERD", str(broken))
    with pytest.raises(EngineError, match="failed to find my feet"):
        private.start()
    assert traces(lab) == []


def test_no_overlay_means_vfs(tmp_path, monkeypatch):
    """An overlay on an overlay is refused by the kernel: the case of a lab in a container."""
    parts = {name: tmp_path / name for name in ("lower", "upper", "work", "merged")}
    for part in parts.values():
        part.mkdir()
    options = ",".join(f"{name}dir={parts[name]}" for name in ("lower", "upper", "work"))
    mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(parts["merged"])]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts no overlay at all")
    monkeypatch.setenv("MLDOCKER_HOME", str(parts["merged"] / "lab"))
    try:
        engine = Engine(private.start())
        told = facts(engine)
        serve(engine)
        engine.close()
    finally:
        private.purge()
        subprocess.run(["umount", str(parts["merged"])], check=True)
    assert told.store == "vfs"
    assert told.reduced == ("no overlay mounts: every layer is a full copy",)


def test_no_bridges_means_host_network(lab):
    """A kernel without bridges, in a network namespace of its own: there ``docker0`` is not."""
    code = (
        "from mldocker_lab.engine import bridge, private\n"
        "def refuse(*_): raise bridge.NotAllowed('no bridges in this kernel')\n"
        "bridge.create = refuse\n"
        "print(private.start())"
    )
    before = docker0()
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    engine = Engine(lab.url)
    told = facts(engine)
    name = "mldocker_lab/probe:host"
    engine.load(probe.archive(name, told.arch))
    container = engine.create(name, host={"network_mode": "host"})
    engine.start(container)
    assert engine.wait(container) == probe.EXIT_STATUS
    engine.close()
    assert told.network == "host"
    assert told.reduced == ("no bridge: containers share the host's network",)
    assert docker0() == before


def test_no_bridges_beside_another_engine_is_refused(lab, monkeypatch):
    """``bridge: none`` would delete the other engine's bridge."""

    def refuse(*_):
        raise bridge.NotAllowed("no bridges in this kernel")

    monkeypatch.setattr(bridge, "create", refuse)
    monkeypatch.setattr(bridge, "exists", lambda name: name == "docker0")
    with pytest.raises(bridge.NotAllowed):
        private.start()


def test_without_the_right_to_touch_networks_it_still_builds(lab):
    """Without CAP_NET_ADMIN dockerd starts no container, but BuildKit on the host's network runs.

    The neighbour's bridge is safe: we may not touch it either.
    """
    code = "from mldocker_lab.engine import private; print(private.start())"
    narrow = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
    before = docker0()
    done = subprocess.run(
        [*narrow, sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    engine = Engine(lab.url)
    told = facts(engine)
    name = "mldocker_lab/probe:narrow"
    engine.load(probe.archive(name, told.arch))
    context = probe.tar({"Dockerfile": f'FROM {name}\nRUN ["/exit"]\n'.encode()})
    said = list(engine.post_build({"version": "2", "networkmode": "host"}, context))
    engine.close()
    assert told.network == "host"
    assert f"exit code: {probe.EXIT_STATUS}" in str(said[-1])
    assert docker0() == before


# -- the neighbour ---------------------------------------------------------------------------


def docker0() -> str:
    """The neighbour's bridge and rules, as text."""
    commands = (["ip", "-br", "-4", "address", "show", "docker0"], ["iptables-save"])
    texts = [
        subprocess.run(c, capture_output=True, text=True, check=False).stdout for c in commands
    ]
    lines = "\n".join(texts).splitlines()
    return "\n".join(line.split("[")[0] for line in lines if not line.startswith("#"))


@pytest.fixture
def neighbour(tmp_path) -> Iterator[Engine]:
    """An ordinary engine beside ours: the one named, or (in CI only) one started for this."""
    url = os.environ.get("MLDOCKER_OTHER_ENGINE")
    with ExitStack() as stack:
        if not url:
            if not os.environ.get("CI"):
                pytest.skip("MLDOCKER_OTHER_ENGINE names no other engine on this machine")
            url = stack.enter_context(ordinary_dockerd(tmp_path))
        engine = Engine(url)
        stack.callback(engine.close)
        yield engine


@contextmanager
def ordinary_dockerd(folder: Path) -> Iterator[str]:
    """A dockerd as a package starts it, with docker0 and iptables, but with a data folder here."""
    url = f"unix://{folder}/docker.sock"
    command = [
        *(str(private.dockerd()), "-H", url, "--group", "root"),
        *("--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"),
        *("--pidfile", f"{folder}/pid"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not (folder / "docker.sock").exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def test_another_engine_is_not_harmed(lab, neighbour):
    container = serve(neighbour)
    try:
        ports = neighbour.inspect(container)["NetworkSettings"]["Ports"]
        port = int(ports[f"{probe.PORT}/tcp"][0]["HostPort"])
        inside = neighbour.inspect(container)["NetworkSettings"]["IPAddress"]
        before = docker0()
        assert ask("127.0.0.1", port) == ask(inside, probe.PORT) == probe.GREETING
        engine = Engine(private.start())
        serve(engine)
        engine.close()
        assert docker0() == before
        assert ask("127.0.0.1", port) == ask(inside, probe.PORT) == probe.GREETING
        private.stop()
        assert docker0() == before
        assert ask("127.0.0.1", port) == ask(inside, probe.PORT) == probe.GREETING
    finally:
        neighbour.remove(container)
        neighbour.remove_image("mldocker_lab/probe:test")


def ask(host: str, port: int) -> bytes:
    with socket.create_connection((host, port), timeout=5) as channel:
        return channel.recv(64)
