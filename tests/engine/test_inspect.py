"""Real images with waste of every common kind, to the byte."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from mldocker_lab import lab
from mldocker_lab.build import measured
from mldocker_lab.build.measured import contents
from mldocker_lab.errors import ImageNotFound
from mldocker_lab.report.layercache import LayerCache
from mldocker_lab.supply import bases

BUILDERS = ("buildkit", "classic")
FILES = (
    "RUN mkdir -p /w/gone/deep /w/turned /w/owned/deep"
    " && head -c 100000 /dev/urandom > /w/deleted"
    " && head -c 200000 /dev/urandom > /w/gone/deep/a && head -c 10 /dev/urandom > /w/gone/b"
    " && head -c 300000 /dev/urandom > /w/moded"
    " && head -c 400000 /dev/urandom > /w/owned/a && head -c 20 /dev/urandom > /w/owned/deep/b"
    " && head -c 500000 /dev/urandom > /w/written"
    " && head -c 600000 /dev/urandom > /w/turned/a"
    " && head -c 700000 /dev/urandom > /w/one && ln /w/one /w/other"
    " && head -c 800000 /dev/urandom > /w/both && ln /w/both /w/again"
)
DOCKERFILE = f"""\
FROM {bases.SLIM}
{FILES}
RUN rm /w/deleted
RUN rm -rf /w/gone
RUN chmod 700 /w/moded
RUN chown -R 1000 /w/owned
RUN echo new > /w/written
RUN rm -rf /w/turned && echo file > /w/turned
RUN rm /w/one
RUN rm /w/both /w/again
ENV NOTHING=1
"""
WASTED = {
    ("/w/deleted", 100_000, "deleted", "rm /w/deleted"),
    ("/w/gone/deep/a", 200_000, "deleted", "rm -rf /w/gone"),
    ("/w/gone/b", 10, "deleted", "rm -rf /w/gone"),
    ("/w/moded", 300_000, "metadata", "chmod"),
    ("/w/owned/a", 400_000, "metadata", "chown -R"),
    ("/w/owned/deep/b", 20, "metadata", "chown -R"),
    ("/w/written", 500_000, "overwritten", "echo new"),
    ("/w/turned/a", 600_000, "deleted", "rm -rf /w/turned"),
}
#: Whichever name the tar lists first has the bytes.
BOTH = 800_000
KEPT = 700_000
COPIED = 300_000 + 400_020 + len("new\n") + len("file\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("waste")
    (made / "Dockerfile").write_text(DOCKERFILE)
    return made


@pytest.fixture(scope="module", params=BUILDERS)
def built(bench, folder, request):
    return bench.build(folder, name="waste", builder=request.param, sizes=False)


def test_every_wasted_byte_is_found(built):
    image = lab.inspect(built)
    ours = [one for one in image.wasted if one.path.startswith("/w/")]
    found = {(one.path, one.bytes, one.reason) for one in ours if one.bytes != BOTH}
    assert found == {(path, count, reason) for path, count, reason, _ in WASTED}
    for path, _, _, by in WASTED:
        (one,) = [one for one in ours if one.path == path]
        assert by in image.layers[one.hidden_by].created_by
        assert "mkdir -p /w/gone" in image.layers[one.layer].created_by
    (both,) = [one for one in ours if one.bytes == BOTH]
    assert (both.path in ("/w/both", "/w/again"), both.reason) == (True, "deleted")
    written = sum(count for _, count, _, _ in WASTED) + BOTH + KEPT
    base = weigh_base(image)
    assert image.bytes == base + written + COPIED
    assert image.wasted_bytes == sum(one.bytes for one in image.wasted)
    assert image.wasted_bytes == sum(count for _, count, _, _ in WASTED) + BOTH + others(image)


@pytest.mark.parametrize("builder", BUILDERS)
def test_an_image_without_a_single_layer(bench, builder, tmp_path, monkeypatch):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nLABEL nothing=here\n")
    built = bench.build(tmp_path, name="bare", builder=builder)
    assert built.bytes == 0
    for disk in (True, False):
        if not disk:
            monkeypatch.setattr(measured, "on_disk", lambda *_: None)
        image = lab.inspect(built)
        assert (image.bytes, image.layers, list(image.wasted)) == (0, (), [])


def weigh_base(image):
    """File bytes of the layers below ours."""
    return sum(layer.bytes for layer in image.layers[:-9])


def others(image):
    """What the base itself wastes."""
    return sum(one.bytes for one in image.wasted if not one.path.startswith("/w/"))


def test_what_it_shows_is_what_a_container_sees(bench, built):
    """Counted by ``find`` in a container: every file once, whatever its names."""
    image = lab.inspect(built)
    made = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")  # the engine's own in a container
    mine = sum(item.bytes for index in image.indexes for item in index if item.path in made)
    leave = " ".join(f"! -path {path}" for path in made)
    script = f"find / -xdev -type f {leave} -printf '%i %s\\n' | sort -u"
    status, seen = bench.call(built.image_id, ["sh", "-c", script])
    assert status == 0
    sizes = [int(line.split()[1]) for line in seen.splitlines()]
    assert sum(sizes) == image.bytes - image.wasted_bytes - mine


def test_a_saved_file_says_the_same_as_the_engine(engine, built, tmp_path):
    path = tmp_path / "saved.tar"
    with path.open("wb") as file:
        for chunk in engine.save(built.image_id):
            file.write(chunk)
    here, there = lab.inspect(path).to_dict(), lab.inspect(built).to_dict()
    assert here | {"image": ""} == there | {"image": ""}
    assert here["image"] == "saved.tar"


def test_asked_again_the_engine_is_not_asked_for_the_image(engine, built, tmp_path):
    known = LayerCache(tmp_path / "layers.sqlite")
    first = contents(engine, built.image_id, known=known)
    seen = []
    again = contents(
        engine, built.image_id, known=LayerCache(tmp_path / "layers.sqlite"), progress=seen.append
    )
    assert again.report == first.report
    assert seen == []
    assert [list(index) for index in again.indexes()] == [list(index) for index in first.indexes()]


def test_both_builders_waste_the_same(bench, folder):
    one, other = (
        lab.inspect(bench.build(folder, name="waste", builder=builder, sizes=False))
        for builder in BUILDERS
    )
    assert one.bytes == other.bytes
    assert one.wasted_bytes == other.wasted_bytes


def test_an_image_that_is_not_there(engine):
    with pytest.raises(ImageNotFound, match="no mldocker-lab/nothing:1"):
        lab.inspect("mldocker-lab/nothing:1")


# -- what is pulled ---------------------------------------------------------------------------


def test_what_a_one_line_edit_costs(bench, tmp_path):
    """The bad image installs again, the good one copies a line: what a node pulls, and a fleet."""
    (tmp_path / "app.py").write_text("print(1)\n")
    work = "RUN head -c 3000000 /dev/urandom > /installed"
    (tmp_path / "bad.Dockerfile").write_text(f"FROM {bases.SLIM}\nCOPY app.py /\n{work}\n")
    (tmp_path / "good.Dockerfile").write_text(f"FROM {bases.SLIM}\n{work}\nCOPY app.py /\n")
    pair = lab.build_pair(tmp_path)
    cost = lab.pull_cost(pair.edit("app.py")).over(nodes=20, releases=10)
    bad, good = cost.pulls
    assert 3_000_000 < bad.bytes < 3_010_000
    assert 0 < good.bytes < 1000
    assert cost.total(bad) == 200 * bad.bytes
    assert "20 nodes, 10 releases" in repr(cost)
    assert lab.pull_cost(pair.good).bytes == pair.good.pull_bytes


# -- stopping ----------------------------------------------------------------------------------


class Halting:
    """A way to an engine on which the answer to ``docker save`` never arrives.

    Attributes:
        url: its address.
        asked: set once somebody has asked for an image.
        left: set once whoever asked has hung up.
    """

    def __init__(self, engine):
        self.asked, self.left = threading.Event(), threading.Event()
        self._engine = engine.url.removeprefix("unix://")
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):  # noqa: D102
        self._server.close()

    def _serve(self):
        with suppress(OSError):  # closed
            while True:
                ours, _ = self._server.accept()
                threading.Thread(target=self._pass_on, args=[ours], daemon=True).start()

    def _pass_on(self, ours):
        with ours, socket.socket(socket.AF_UNIX) as theirs, suppress(OSError):
            theirs.connect(self._engine)
            held = threading.Event()
            back = threading.Thread(target=self._answer, args=[theirs, ours, held], daemon=True)
            back.start()
            while data := ours.recv(1 << 16):
                if b"/get" in data.partition(b"\r\n")[0]:
                    held.set()
                    self.asked.set()
                theirs.sendall(data)
            if held.is_set():
                self.left.set()

    def _answer(self, theirs, ours, held):
        with suppress(OSError):
            while (data := theirs.recv(1 << 16)) and not held.is_set():
                ours.sendall(data)


@pytest.mark.skipif(os.name == "nt", reason="signals are different there")
def test_ctrl_c_hangs_up(engine, tmp_path):
    """The command ends at once, and the engine answers as before."""
    if not engine.url.startswith("unix://"):
        pytest.skip("the engine is not on a socket of this machine")
    halting = Halting(engine)
    environment = {**os.environ, "MLDOCKER_ENGINE": halting.url, "MLDOCKER_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "mldocker_lab.cli", "inspect", bases.DEVEL]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert halting.asked.wait(60)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert "stopped" in err
    assert halting.left.wait(10)
    assert engine.has_image(bases.DEVEL)
    halting.close()
