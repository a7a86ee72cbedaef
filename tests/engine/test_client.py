"""The engine client on a real engine: images in and out, containers, builds, and its errors."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mldocker_lab.engine import leftovers, private, probe
from mldocker_lab.engine.client import LABEL, Engine
from mldocker_lab.errors import EngineError, EngineGone, ImageNotFound, NoPermission

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "mldocker_lab/probe:client"


@pytest.fixture
def image(engine) -> Iterator[str]:
    engine.load(probe.archive(NAME, engine.version()["Arch"]))
    yield NAME
    for container in engine.containers():
        if container["Image"] == NAME:
            engine.remove(container["Id"])
    engine.remove_image(NAME, force=True)


def test_load_and_save_keep_every_layer(engine, image):
    known = engine.image(image)
    saved = b"".join(engine.save(image))
    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))[0]
        hashes = [
            "sha256:" + hashlib.sha256(tar.extractfile(layer).read()).hexdigest()
            for layer in manifest["Layers"]
        ]
    assert tuple(hashes) == known.diff_ids
    assert known.tags == (NAME,)
    assert known.config["Labels"] == {LABEL: "probe"}


def test_loading_in_pieces(engine, image):
    before = engine.image(image).id
    whole = probe.archive(NAME, engine.version()["Arch"])
    engine.load(whole[i : i + 512] for i in range(0, len(whole), 512))
    assert engine.image(image).id == before


def test_names_come_and_go(engine, image):
    engine.tag(image, "mldocker_lab/probe:second")
    assert engine.has_image("mldocker_lab/probe:second")
    engine.remove_image("mldocker_lab/probe:second")
    engine.remove_image("mldocker_lab/probe:second")
    assert not engine.has_image("mldocker_lab/probe:second")
    assert engine.has_image(image)


def test_a_container_from_birth_to_end(engine, image):
    container = engine.create(image, labels={"mine": "too"})
    engine.start(container)
    assert engine.wait(container, 30) == probe.EXIT_STATUS
    labels = engine.inspect(container)["Config"]["Labels"]
    assert labels == {LABEL: "container", "mine": "too"}
    assert container in {one["Id"] for one in engine.containers()}
    engine.remove(container)
    engine.remove(container)
    assert container not in {one["Id"] for one in engine.containers()}


def test_files_go_in_and_a_commit_keeps_them(engine, image):
    container = engine.create(image)
    engine.put_files(container, "/", {"hello": b"world"})
    made = engine.commit(container, "mldocker_lab/probe:committed", ["ENV A=b"])
    known = engine.image("mldocker_lab/probe:committed")
    engine.remove(container)
    engine.remove_image("mldocker_lab/probe:committed")
    assert known.id == made
    assert len(known.diff_ids) == 2
    assert "A=b" in known.config["Env"]


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_build_on_either_builder(engine, version):
    tar = probe.tar({"Dockerfile": b"FROM scratch\nCOPY Dockerfile /\n"})
    name = f"mldocker_lab/probe:built-{version}"
    params = {"version": version, "t": name, "labels": json.dumps({LABEL: "test"})}
    messages = list(engine.post_build(params, tar))
    ids = [m["aux"]["ID"] for m in messages if isinstance(m.get("aux"), dict) and "ID" in m["aux"]]
    assert engine.image(name).id == ids[-1]
    engine.remove_image(name)


def test_a_stream_can_be_cancelled_from_another_thread(engine, image):
    container = engine.create(image, ["/serve"])
    engine.start(container)
    stream = engine.save(image)
    threading.Timer(0.2, stream.cancel).start()
    for _ in stream:
        pass
    assert stream.cancelled
    engine.remove(container)


def test_where_the_host_is(engine):
    gateway = engine.gateway()
    assert gateway is None or gateway.count(".") == 3


# -- errors ----------------------------------------------------------------------------------


def test_what_is_not_there_is_said_so(engine):
    with pytest.raises(ImageNotFound, match="no-such"):
        engine.image("mldocker_lab/no-such:image")
    with pytest.raises(ImageNotFound):
        engine.create("mldocker_lab/no-such:image")
    with pytest.raises(ImageNotFound):
        engine.start("no-such-container")


def test_a_pull_nobody_answers_is_an_error(engine):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(EngineError, match="localhost"):
        list(engine.pull(f"localhost:{port}/nothing:1"))


def test_a_wait_that_takes_too_long(engine, image):
    container = engine.create(image, ["/serve"])
    engine.start(container)
    with pytest.raises(EngineGone):
        engine.wait(container, 0.5)
    engine.remove(container)


def test_no_permission_on_the_socket(engine, tmp_path):
    """As a user who is not in the engine's group."""
    if not engine.url.startswith("unix://") or not hasattr(os, "geteuid") or os.geteuid():
        pytest.skip("needs root and a local engine")
    code = (
        "import os; from mldocker_lab.engine.client import Engine\n"
        "from mldocker_lab.errors import NoPermission\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n    Engine(os.environ['URL'])\n"
        "except NoPermission as error:\n    print(error.hint)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "URL": engine.url, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "usermod -aG docker" in done.stdout, done.stderr
    assert issubclass(NoPermission, EngineError)


@pytest.mark.skipif(bool(private.obstacle()), reason=f"no private engine: {private.obstacle()}")
def test_an_engine_that_dies_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "lab"))
    try:
        engine = Engine(private.start())
        pid = private.status().pid
        os.kill(pid, signal.SIGKILL)
        while leftovers.alive(pid):
            pass
        with pytest.raises(EngineGone, match="does not answer"):
            engine.info()
        engine.close()
    finally:
        private.purge()
