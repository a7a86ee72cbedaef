"""What must be the same on every engine: builds, caches, and above all the numbers."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import time
import urllib.request
import uuid
from dataclasses import replace

import pytest

from mldocker_lab.build.cold import cold_bases, remove_run, run_repository
from mldocker_lab.build.measured import build, contents, weigh
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.build.run import read, start
from mldocker_lab.engine.overlay import on_disk
from mldocker_lab.report.events import Failed, Output
from mldocker_lab.report.inspection import inspected
from mldocker_lab.report.layercache import LayerCache
from mldocker_lab.report.savestream import read as read_image
from mldocker_lab.report.savestream import read_unpacked
from mldocker_lab.supply import bases
from mldocker_lab.supply.archive import Image, LayerFile, archive

BUILDERS = ("buildkit", "classic")
SERVICE = f"""\
FROM {bases.SLIM} AS builder
WORKDIR /app
COPY requirements.txt .
RUN head -c 20000 /dev/zero > model
FROM {bases.SLIM}
COPY requirements.txt /app/
COPY --from=builder /app/model /app/
RUN head -c 3000 /dev/zero > /made && chmod 600 /app/model
COPY app.py /app/
RUN cat /app/app.py > /copy
"""
SLEEP = "sleep 86.32"


@pytest.fixture
def run(each_engine):
    """A run's id; what the run leaves on the engine is removed."""
    name = uuid.uuid4().hex[:8]
    yield name
    remove_run(each_engine, name)
    assert not each_engine.images(f"mldocker_lab.run={name}")


@pytest.fixture
def request_for(each_engine, run, tmp_path):
    """A request for a Dockerfile's text, from cold bases."""

    def made(text, builder="buildkit", **options):
        (tmp_path / "requirements.txt").write_text("fastapi\n")
        (tmp_path / "app.py").write_text("print('hello')\n")
        (tmp_path / "Dockerfile").write_text(text)
        tag = f"{run_repository(run)}/{builder}:1"
        request = BuildRequest(folder=tmp_path, builder=builder, tag=tag, **options)
        return replace(request, bases=cold_bases(each_engine, read(request), run))

    return made


def ran(report):
    return [step.instruction for step in report.steps if step.status == "run"]


@pytest.mark.parametrize("builder", BUILDERS)
def test_cold_then_again_then_an_edit(each_engine, request_for, builder):
    request = request_for(SERVICE, builder)
    cold = build(each_engine, request, sizes=False)
    assert (cold.cache_hits, cold.cache_steps) == (0, 7)
    again = build(each_engine, request, sizes=False)
    assert (again.cache_hits, again.cache_steps) == (7, 7)
    edit = replace(request, overlay={"app.py": b"print('edited')\n"})
    edited = build(each_engine, edit, sizes=False)
    assert ran(edited) == ["COPY app.py /app/", "RUN cat /app/app.py > /copy"]


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_built_image_has_the_same_bytes_in_each_layer(each_engine, request_for, builder):
    report = build(each_engine, request_for(SERVICE, builder))
    layers = {step.instruction: step.bytes for step in report.steps if step.bytes is not None}
    assert layers == {
        "COPY requirements.txt /app/": 8,
        "COPY --from=builder /app/model /app/": 20_000,
        "RUN head -c 3000 /dev/zero > /made && chmod 600 /app/model": 23_000,  # copied up to chmod
        "COPY app.py /app/": 15,
        "RUN cat /app/app.py > /copy": 15,
    }


# -- one image, taken from engine to engine ----------------------------------------------------

LAYERS = (
    {"etc/conf": 11, "opt/big": 300_000, "opt/dir/a": 7, "opt/dir/b": 5},
    {"opt/big": 300_001, "opt/dir/.wh.a": 0, "new": 13},  # overwritten, deleted
    {},
    {"opt/dir/.wh..wh..opq": 0, "opt/dir/c": 17, "opt/r": 21, "opt/l": "r"},  # emptied; a hard link
)
FILE_BYTES = [300_023, 300_014, 0, 38]
WASTED = [
    ("/opt/big", 300_000, "overwritten"), ("/opt/dir/a", 7, "deleted"), ("/opt/dir/b", 5, "deleted")
]  # fmt: skip


def layer(files: dict[str, int | str]) -> bytes:
    """A layer's tar, always the same."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, what in files.items():
            entry = tarfile.TarInfo(name)
            if isinstance(what, str):
                entry.type, entry.linkname = tarfile.LNKTYPE, f"opt/{what}"
                tar.addfile(entry)
            else:
                entry.size = what
                tar.addfile(entry, io.BytesIO(bytes(i * i % 251 for i in range(what))))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An image made by hand, and what it must weigh."""
    folder = tmp_path_factory.mktemp("image")
    files = []
    for number, content in enumerate(LAYERS):
        data = layer(content)
        path = folder / f"{number}.tar"
        path.write_bytes(data)
        files.append(LayerFile(path, hashlib.sha256(data).hexdigest(), f"layer {number}"))
    name = "mldocker-lab/test-matrix:1"
    config = {"Cmd": ["/none"], "Labels": {"mldocker_lab": "test"}}
    return name, b"".join(archive(Image(name, "amd64", tuple(files), config)))


def numbers(found) -> tuple[list[tuple[str, int, int, int]], list[tuple[str, int, str]]]:
    """Every number that must not depend on the engine, and every wasted path."""
    image = inspected(found.report, found.indexes())
    layers = [(one.diff_id, one.bytes, one.pull_bytes, one.files) for one in image.layers]
    return layers, [(one.path, one.bytes, one.reason) for one in image.wasted]


def test_the_same_image_weighs_the_same_to_the_byte(each_engine, made):
    name, tar = made
    expected = read_image([tar], name, LayerCache())
    assert [one.bytes for one in expected.report.layers] == FILE_BYTES
    assert numbers(expected)[1] == WASTED
    each_engine.load(tar)
    try:
        found = contents(each_engine, name, known=LayerCache())  # nothing remembered from elsewhere
    finally:
        each_engine.remove_image(name, force=True)
    assert numbers(found) == numbers(expected)


@pytest.fixture(scope="session")
def travelling():
    """What the first engine built and saved, for the next ones to load."""
    return {}


def test_the_engines_disk_says_what_the_engine_says(each_engine, request_for):
    """Put together from its folder, or sent by ``docker save``: the same layers, to the byte."""
    image = build(each_engine, request_for(SERVICE), sizes=False).image_id
    layers = on_disk(each_engine, image)
    if layers is None:
        assert each_engine.info()["Driver"] != "overlay2"
        return
    sent = read_image(each_engine.save(image), image, LayerCache())
    found = read_unpacked(layers, image, LayerCache())
    assert numbers(found) == numbers(sent)
    assert found.report.history == sent.report.history


def test_an_image_that_one_engine_built_weighs_the_same_on_all(
    each_engine, request_for, travelling
):
    if not travelling:
        report = build(each_engine, request_for(SERVICE), sizes=False)
        travelling["name"] = "mldocker-lab/test-travelling:1"
        each_engine.tag(report.image_id, travelling["name"])
        travelling["contents"] = contents(each_engine, report.image_id, known=LayerCache())
        travelling["tar"] = b"".join(each_engine.save(travelling["name"]))
        each_engine.remove_image(travelling["name"])
    each_engine.load(travelling["tar"])
    try:
        found = contents(each_engine, travelling["name"], known=LayerCache())
    finally:
        each_engine.remove_image(travelling["name"], force=True)
    assert numbers(found) == numbers(travelling["contents"])


# -- what a build must leave in peace ----------------------------------------------------------


@pytest.mark.parametrize("builder", BUILDERS)
def test_cancel_stops_the_step_on_the_engine(each_engine, request_for, builder):
    building = start(each_engine, request_for(f"FROM {bases.SLIM}\nRUN echo go; {SLEEP}", builder))
    events = []
    for event in building:
        events.append(event)
        if isinstance(event, Output) and "go" in event.text:
            threading.Thread(target=building.cancel).start()
    assert isinstance(events[-1], Failed)
    assert gone(each_engine)


def gone(engine) -> bool:
    """Whether no process of the engine sleeps any more; a moment's grace."""
    for _ in range(50):
        running = engine.api.containers(all=True)
        if not any(SLEEP in one["Command"] for one in running) and not _sleepers():
            return True
        time.sleep(0.2)
    return False


def _sleepers() -> list[str]:
    from mldocker_lab.engine import leftovers

    return leftovers.processes(SLEEP.split()[1])


def test_a_lesson_starts_with_empty_cache_mounts_and_leaves_the_users_alone(
    each_engine, request_for, run
):
    """The user's mount of the same id and target stays as warm, and as it was."""
    own = f"own-{run}"
    text = (
        f"FROM {bases.SLIM}\n"
        f"RUN --mount=type=cache,id={own},target=/c echo WHO >> /c/f && cat /c/f && echo SALT\n"
    )

    def sees(who: str, prefix: str | None = None) -> list[str]:
        salted = text.replace("WHO", who).replace("SALT", uuid.uuid4().hex)
        seen = []
        request = replace(request_for(salted), cache_prefix=prefix)
        build(each_engine, request, on_event=seen.append, sizes=False)
        lines = "".join(e.text for e in seen if isinstance(e, Output)).split()
        return lines[:-1]

    assert sees("user") == ["user"]
    assert sees("lab", run) == ["lab"]  # cold, though the user's is warm
    assert sees("lab", run) == ["lab", "lab"]  # its own is warm now
    assert sees("user") == ["user", "user"]  # and the user's never saw the lab


# -- what is pulled ---------------------------------------------------------------------------


def pushed(engine, registry, image):
    """Push an image; for each layer the bytes that the registry has now, and whether gzipped."""
    name = f"{registry}/measured"
    engine.tag(image, f"{name}:1")
    try:
        for message in engine.api.push(name, tag="1", stream=True, decode=True):
            assert "error" not in message
    finally:
        engine.remove_image(f"{name}:1")
    request = urllib.request.Request(
        f"http://{registry}/v2/measured/manifests/1",
        headers={
            "Accept": "application/vnd.docker.distribution.manifest.v2+json, "
            "application/vnd.oci.image.manifest.v1+json"
        },
    )
    with urllib.request.urlopen(request) as answer:
        layers = json.load(answer)["layers"]
    return [(layer["size"], layer["mediaType"].endswith("gzip")) for layer in layers]


def test_pull_bytes_are_what_a_push_transfers(each_engine, request_for, served):
    """Within 2 %, for the image and for each of its layers; small ones to a few bytes.

    A containerd store pushes layers as it got them: those that were loaded as plain tars, as the
    lab's bases are, it does not compress, and they are left out.
    """
    copy = "RUN cp -r /usr/lib/python3.11 /copied && cp -r /copied /again && cp -r /usr/bin /third"
    request = request_for(f"FROM {bases.SLIM}\n{copy}\nRUN echo 1 > /small\n")
    built = build(each_engine, request, sizes=False)
    image = weigh(each_engine, built.image_id, known=LayerCache())
    layers = pushed(each_engine, served, built.image_id)
    assert len(layers) == len(image.layers)
    pairs = [
        (layer.pull_bytes, size)
        for layer, (size, gzipped) in zip(image.layers, layers, strict=True)
        if gzipped
    ]
    assert len(pairs) >= 2
    for measured, size in pairs:
        assert abs(measured - size) < max(0.02 * size, 200)
    total = sum(size for _, size in pairs)
    assert abs(sum(measured for measured, _ in pairs) / total - 1) < 0.02
