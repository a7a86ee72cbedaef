"""Base images and the wheel mirror on a real engine."""

from __future__ import annotations

import base64
import io
import json
import socket
import tarfile
import urllib.request
import uuid

import pytest

from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import SupplyError
from mldocker_lab.supply import bases, made, mirror, wheels

INSTALL = """\
FROM {base}
COPY requirements.txt .
RUN {options} echo {salt} && pip install {flags} -r requirements.txt
"""


@pytest.fixture(scope="module")
def supplied(engine):
    """The engine, with both bases and the mirror."""
    for _ in bases.ensure(engine):
        pass
    for _ in mirror.ensure(engine):
        pass
    return mirror.find(engine)


def run(engine, image, script, **host):
    """Run a shell script in a container without network; its output."""
    container = engine.create(image, ["sh", "-ec", script], host={"network_mode": "none", **host})
    try:
        engine.start(container)
        status = engine.wait(container, 120)
        said = engine.logs(container)
    finally:
        engine.remove(container)
    assert status == 0, said
    return said


def build(found, requirements, *, buildkit, options="", flags="--no-cache-dir", salt=""):
    """Build an image that installs something; the wheels the mirror sent for it."""
    salt = salt or uuid.uuid4().hex
    dockerfile = INSTALL.format(base=bases.SLIM, options=options, salt=salt, flags=flags)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, text in (("Dockerfile", dockerfile), ("requirements.txt", requirements)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    tag = f"mldocker-lab/test-{uuid.uuid4().hex[:8]}:1"
    params = {
        "t": tag,
        "rm": "1",
        "forcerm": "1",
        "labels": json.dumps({LABEL: "test"}),
        "extrahosts": [f"{name}:{address}" for name, address in found.extra_hosts.items()],
    }
    if found.network:
        params["networkmode"] = found.network
    if buildkit:
        params["version"] = "2"
    before = len(found.served())
    said = []
    for message in found.engine.post_build(params, buffer.getvalue()):
        trace = message.get("id") == "moby.buildkit.trace"
        said.append(str(base64.b64decode(message["aux"]) if trace else message))
    try:
        assert found.engine.has_image(tag), "\n".join(said)[-2000:]
    finally:
        found.engine.remove_image(tag)
    return found.served()[before:]


@pytest.mark.parametrize("image", [bases.SLIM, bases.DEVEL])
def test_a_base_has_python_pip_and_venv_where_the_official_one_has_them(engine, supplied, image):
    told = run(
        engine,
        image,
        "command -v python; command -v pip; "
        "python -c 'import sys, ssl, sqlite3; print(sys.prefix)'; "
        "pip --version; python -m venv /tmp/v; /tmp/v/bin/pip --version; echo $LANG; "
        "ldconfig -p | grep -c libstdc++.so.6; test -s /etc/ssl/certs/ca-certificates.crt",
    ).splitlines()
    assert told[:3] == ["/usr/local/bin/python", "/usr/local/bin/pip", "/usr/local"]
    assert "/usr/local/lib/python3.11/site-packages/pip" in told[3]
    assert "/tmp/v/lib/python3.11/site-packages/pip" in told[4]
    assert told[5:] == ["C.UTF-8", "1"]


def test_labels_and_command(engine, supplied):
    for image in (bases.SLIM, bases.DEVEL):
        config = engine.image(image).config
        assert config["Labels"][LABEL] == "base"
        assert config["Cmd"] == ["python3"]
        assert not any(e.startswith(("PYTHONDONTWRITEBYTECODE", "PIP_")) for e in config["Env"])


def test_the_full_base_compiles_and_has_git(engine, supplied):
    run(
        engine,
        bases.DEVEL,
        "printf '#include <Python.h>\\nint main(){return 0;}' >/tmp/a.c; "
        "gcc /tmp/a.c -o /tmp/a $(python3-config --includes) && /tmp/a; g++ --version; "
        "make --version; git --version",
    )


def test_the_slim_base_is_small_and_bare(engine, supplied):
    total, names = 0, []
    for layer in layers(engine, bases.SLIM):
        for entry in layer:
            total += entry.size
            names.append(entry.name)
    assert total <= 160_000_000
    assert not [n for n in names if n.startswith(("usr/share/man/", "var/lib/apt/lists/"))]
    assert "usr/lib/python3.11/EXTERNALLY-MANAGED" not in names


def layers(engine, image):
    """The layer tars of an image, open, one after the other."""
    archive = io.BytesIO(b"".join(engine.save(image)))
    with tarfile.open(fileobj=archive) as saved:
        manifest = json.load(saved.extractfile("manifest.json"))
        for name in manifest[0]["Layers"]:
            with tarfile.open(fileobj=saved.extractfile(name)) as layer:
                yield layer


def test_nothing_to_do_the_second_time(engine, supplied):
    assert list(bases.ensure(engine)) == []
    assert list(mirror.ensure(engine)) == []


def test_the_same_id_when_it_is_loaded_again(engine, supplied, monkeypatch):
    if not engine.image(bases.SLIM).config["Labels"][f"{LABEL}.recipe"].startswith("made"):
        pytest.skip("the base came from a registry: a pull does not promise that")
    name = "mldocker-lab/test-again:3.11-slim"
    monkeypatch.setattr(bases, "SLIM", name)
    before = engine.image("mldocker-lab/python:3.11-slim").id
    monkeypatch.setenv("MLDOCKER_REGISTRY", "none")
    try:
        for _ in bases.ensure(engine, (name,)):
            pass
        assert engine.image(name).id == before
    finally:
        engine.remove_image(name)


def test_a_kept_layer_that_was_altered_does_not_count(supplied, tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path))
    recipe = made.rootfs.Recipe("amd64", {})
    (tmp_path / "tar").write_bytes(b"layer")
    kept = made._keep("slim", recipe, tmp_path / "tar")
    assert made._kept("slim", recipe) == kept
    kept.path.write_bytes(b"Layer")
    assert made._kept("slim", recipe) is None


@pytest.mark.parametrize("buildkit", [True, False], ids=["buildkit", "classic"])
def test_a_build_installs_from_the_mirror(supplied, buildkit):
    sent = build(supplied, "h11\nidna\n", buildkit=buildkit)
    assert sorted(name.split("-")[0] for name in sent) == ["h11", "idna"]


def test_a_build_needs_nothing_from_outside(supplied, monkeypatch, tmp_path):
    """Neither the network of this machine nor the wheels in its folder, once the mirror runs."""
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert list(mirror.ensure(supplied.engine)) == []
    assert build(supplied, "h11\n", buildkit=True)


def test_a_cache_mount_fetches_only_what_is_new(supplied):
    options = f"--mount=type=cache,id={uuid.uuid4().hex},target=/root/.cache/pip"
    first = build(supplied, "uvicorn\n", buildkit=True, options=options, flags="")
    assert {name.split("-")[0] for name in first} == {"uvicorn", "click", "h11"}
    second = build(supplied, "uvicorn\ntqdm\n", buildkit=True, options=options, flags="")
    assert [name.split("-")[0] for name in second] == ["tqdm"]


def test_every_locked_wheel_is_served_under_its_hash(supplied):
    if supplied.network or "gateway" in supplied.extra_hosts[bases.MIRROR_HOST]:
        pytest.skip("the mirror is not to be reached from here by address")
    there = f"http://{supplied.extra_hosts[bases.MIRROR_HOST]}:{bases.MIRROR_PORT}"
    for wheel in wheels.selected(bases.architecture(supplied.engine), ("serve",)):
        with urllib.request.urlopen(f"{there}/simple/{wheel.name}/") as page:
            assert f"{wheel.file}#sha256={wheel.sha256}" in page.read().decode()


def test_the_mirror_is_not_published_to_the_network(supplied):
    told = supplied.engine.inspect(supplied.container)
    bound = told["HostConfig"]["PortBindings"] or {}
    addresses = {b["HostIp"] for ports in bound.values() for b in ports or ()}
    assert addresses <= {supplied.engine.gateway(), "127.0.0.1"}
    assert told["Config"]["User"] == "65534:65534"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("192.0.2.1", 9))  # sends nothing; tells our address on the network
        ours = udp.getsockname()[0]
    with socket.socket() as knock:
        knock.settimeout(5)
        assert knock.connect_ex((ours, bases.MIRROR_PORT)) != 0


def test_a_stopped_mirror_is_started_again(supplied):
    engine = supplied.engine
    engine.stop(supplied.container, 1)
    with pytest.raises(SupplyError, match="does not run"):
        mirror.find(engine)
    assert list(mirror.ensure(engine))
    assert mirror.find(engine).container == supplied.container


def test_an_older_mirror_is_replaced(supplied, monkeypatch):
    engine = supplied.engine
    monkeypatch.setattr(mirror, "_server", lambda: SERVER + b"\n# another version\n")
    for _ in mirror.ensure(engine):
        pass
    assert mirror.find(engine).container != supplied.container
    monkeypatch.undo()
    for _ in mirror.ensure(engine):
        pass
    running = [c for c in engine.containers(f"{LABEL}=mirror") if c["State"] == "running"]
    assert [c["Id"] for c in running] == [mirror.find(engine).container]


SERVER = mirror._server()
