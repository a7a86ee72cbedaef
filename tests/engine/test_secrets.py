"""Build secrets and registry passwords on real engines, and a search for where they ended up."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import secrets
import shutil
import socket
import ssl
import subprocess
import tarfile
import threading
import time
import urllib.error
import urllib.request
import uuid
import zlib
from contextlib import suppress
from dataclasses import replace

import docker.tls
import pytest

from mldocker_lab.build import session
from mldocker_lab.build.cold import cold_bases, remove_run, run_repository
from mldocker_lab.build.measured import build
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.build.run import read
from mldocker_lab.build.secrets import Secret, as_logins, as_secrets
from mldocker_lab.build.tape import record
from mldocker_lab.engine.client import Engine
from mldocker_lab.errors import BuildFailed, UsageError
from mldocker_lab.report.events import Output, encode
from mldocker_lab.supply import bases

pytest.importorskip("h2", reason="the extra `secrets` is not installed")

GOOD = f"""\
FROM {bases.SLIM}
RUN --mount=type=secret,id=hf_token,required=true \\
    sha256sum < /run/secrets/hf_token > /proof && cat /run/secrets/hf_token && echo
RUN test ! -s /run/secrets/hf_token
"""
BAD = f"""\
FROM {bases.SLIM}
ARG TOKEN
RUN echo "$TOKEN" > /tmp/token && sha256sum < /tmp/token
RUN rm /tmp/token
"""


@pytest.fixture
def run(each_engine):
    name = uuid.uuid4().hex[:8]
    yield name
    remove_run(each_engine, name)
    assert not each_engine.images(f"mldocker_lab.run={name}")


@pytest.fixture
def request_for(each_engine, run, tmp_path):
    folder = tmp_path / "context"
    folder.mkdir()

    def made(text, **options):
        (folder / "Dockerfile").write_text(text)
        request = BuildRequest(folder=folder, tag=f"{run_repository(run)}/x:1", **options)
        return replace(request, bases=cold_bases(each_engine, read(request), run))

    return made


@pytest.fixture
def canary():
    """Something that is nowhere, until it is somewhere."""
    return f"canary_{secrets.token_hex(12)}"


def unpacked(data: bytes) -> bytes:
    """A layer as it is, and what it holds if it is compressed."""
    with suppress(OSError, EOFError, zlib.error):
        return gzip.decompress(data)
    return data


def image_bytes(engine, image) -> bytes:
    """All there is of an image: every file of the archive, layers unpacked, and its history."""
    found = [json.dumps(engine.api.history(image)).encode()]
    found.append(json.dumps(engine.api.inspect_image(image)).encode())
    saved = b"".join(engine.save(image))
    with tarfile.open(fileobj=io.BytesIO(saved)) as tar:
        found += [unpacked(tar.extractfile(entry).read()) for entry in tar if entry.isfile()]
    return b"\n".join(found)


def hits(where: bytes, canary: str) -> int:
    """How often a secret is found, plain, or in one of the three ways base64 writes it."""
    forms = {canary.encode()}
    for shift in range(3):
        coded = base64.b64encode(b"." * shift + canary.encode())
        forms.add(coded[shift + 1 : -4])
    return sum(where.count(form) for form in forms)


def test_a_secret_is_used_and_found_nowhere(
    each_engine, every_engine, request_for, canary, tmp_path
):
    request = request_for(GOOD, secrets=as_secrets({"hf_token": canary}))
    events = []
    with record(tmp_path / "tape", each_engine) as tape:
        report = build(each_engine, request, on_event=events.append, tape=tape, side="good")
    told = "".join(event.text for event in events if isinstance(event, Output))
    assert "***" in told  # the step did print it
    image = image_bytes(each_engine, report.image_id)
    assert hashlib.sha256(canary.encode()).hexdigest().encode() in image  # and did use it
    places = {
        "image": image,
        "events": json.dumps([encode(event) for event in events]).encode(),
        "recording": (tmp_path / "tape").read_bytes(),
        "report": json.dumps(report.to_dict()).encode() + repr(report).encode(),
        "request": repr(request).encode(),
        "daemon": every_engine.log.read_bytes(),
    }
    assert {place: hits(where, canary) for place, where in places.items()} == dict.fromkeys(
        places, 0
    )


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_the_search_can_find_a_token_that_was_an_argument(
    each_engine, request_for, canary, builder
):
    request = request_for(BAD, args={"TOKEN": canary}, builder=builder)
    report = build(each_engine, request, sizes=False)
    image = image_bytes(each_engine, report.image_id)
    assert hits(image, canary) >= 2  # in the history, and in the layer below the one that deletes


def test_a_failing_step_does_not_tell_either(each_engine, request_for, canary):
    text = (
        f"FROM {bases.SLIM}\n"
        "RUN --mount=type=secret,id=t cat /run/secrets/t; cat /run/secrets/t >&2; exit 3\n"
    )
    with pytest.raises(BuildFailed) as caught:
        build(each_engine, request_for(text, secrets=as_secrets({"t": canary})))
    assert hits(str(caught.value).encode() + repr(caught.value.log).encode(), canary) == 0
    assert "***" in "".join(caught.value.log)


def test_several_secrets_from_several_places(
    each_engine, request_for, canary, tmp_path, monkeypatch
):
    monkeypatch.setenv("SOME_TOKEN", f"{canary}1")
    (tmp_path / "netrc").write_bytes(
        f"password {canary}2\n".encode() * 5000
    )  # larger than a window
    text = (
        f"FROM {bases.SLIM}\nRUN --mount=type=secret,id=a --mount=type=secret,target=/root/.netrc "
        "--mount=type=secret,id=absent cat /run/secrets/a /root/.netrc | sha256sum; "
        "test ! -e /run/secrets/absent\n"
    )
    given = {"a": Secret.env("SOME_TOKEN"), ".netrc": tmp_path / "netrc"}
    seen = []
    build(
        each_engine, request_for(text, secrets=as_secrets(given)), on_event=seen.append, sizes=False
    )
    expected = hashlib.sha256(f"{canary}1".encode() + (tmp_path / "netrc").read_bytes()).hexdigest()
    assert expected in "".join(event.text for event in seen if isinstance(event, Output))


def test_a_step_that_takes_longer_than_buildkits_patience(each_engine, request_for, canary):
    """BuildKit asks every five seconds whether the session is alive."""
    text = (
        f"FROM {bases.SLIM}\nRUN sleep 11\n"
        "RUN --mount=type=secret,id=t,required=true test -s /run/secrets/t\n"
    )
    assert build(each_engine, request_for(text, secrets=as_secrets({"t": canary})), sizes=False)


def test_a_required_secret_is_missed_before_the_build(each_engine, request_for):
    with pytest.raises(UsageError, match="line 2 requires the secret hf_token"):
        build(each_engine, request_for(GOOD))


def test_a_step_may_do_without_a_secret_that_it_does_not_require(each_engine, request_for):
    text = f"FROM {bases.SLIM}\nRUN --mount=type=secret,id=t test ! -e /run/secrets/t\n"
    assert build(each_engine, request_for(text), sizes=False)


def test_without_the_extra_everything_else_builds(each_engine, request_for, monkeypatch):
    monkeypatch.setattr(session, "available", lambda: False)
    assert build(each_engine, request_for(f"FROM {bases.SLIM}\nRUN true\n"), sizes=False)
    text = f"FROM {bases.SLIM}\nRUN --mount=type=secret,id=t true\n"
    with pytest.raises(UsageError, match="need the package h2"):
        build(each_engine, request_for(text, secrets=as_secrets({"t": "x"})))
    with pytest.raises(BuildFailed, match="mounts a build secret, and this build has nobody"):
        build(each_engine, request_for(text), sizes=False)


# -- other ways to an engine -------------------------------------------------------------------


class Relay:
    """A TCP port, with or without TLS, that passes everything on to an engine's socket."""

    def __init__(self, target: str, tls: ssl.SSLContext | None = None) -> None:
        self._target, self._tls = target, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with suppress(OSError):
            near = self._tls.wrap_socket(near, server_side=True) if self._tls else near
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._open += [near, far]
            threading.Thread(target=self._pass, args=(far, near), daemon=True).start()
            self._pass(near, far)

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop listening and hang up everywhere."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that is its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=lab",
    ]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(made, cwd=folder, capture_output=True, check=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize("way", ["tcp", "tls"])
def test_over_the_network(each_engine, request_for, canary, way, request):
    tls = None
    if way == "tls":
        cert, key = request.getfixturevalue("certificate")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        tls = docker.tls.TLSConfig(ca_cert=str(cert), verify=True)
    relay = Relay(each_engine.url.removeprefix("unix://"), context if tls else None)
    try:
        engine = Engine(f"tcp://127.0.0.1:{relay.port}", tls=tls)
        asked = request_for(GOOD, secrets=as_secrets({"hf_token": canary}))
        report = build(engine, asked, sizes=False)
        proof = hashlib.sha256(canary.encode()).hexdigest().encode()
        assert proof in image_bytes(each_engine, report.image_id)
        engine.close()
    finally:
        relay.close()


# -- a registry that asks who you are ----------------------------------------------------------

USER, PASSWORD = "learner", "tr0ub4dor-and-3"
BCRYPT = "$2y$05$abcdefghijklmnopqrstuubykqqFg10fT4L0Oeh6o3L/cjvafm90G"


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    """A private registry that lets nobody in without a password; its address."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("no docker-registry here (`apt-get install docker-registry`)")
    folder = tmp_path_factory.mktemp("registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "htpasswd").write_text(f"{USER}:{BCRYPT}\n")
    (folder / "config.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{folder / 'data'}'}}}}\n"
        f"auth: {{htpasswd: {{realm: lab, path: '{folder / 'htpasswd'}'}}}}\n"
    )
    command = [program, "serve", str(folder / "config.yml")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/").close()
            except urllib.error.HTTPError:  # it asks for a password: it is up
                break
            except OSError:
                time.sleep(0.05)
        yield f"127.0.0.1:{port}"
        running.terminate()


@pytest.fixture
def private_image(each_engine, registry):
    """An image that only the registry has."""
    name = f"{registry}/private:{uuid.uuid4().hex[:8]}"
    container = each_engine.create(bases.SLIM)
    each_engine.put_files(container, "/", {"marker": uuid.uuid4().bytes})
    made = each_engine.commit(container, name)
    each_engine.remove(container)
    auth = {"username": USER, "password": PASSWORD}
    for message in each_engine.api.push(name, stream=True, decode=True, auth_config=auth):
        assert "error" not in message, message
    each_engine.remove_image(name)
    each_engine.remove_image(made)
    yield name
    each_engine.remove_image(name, force=True)


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_base_from_a_registry_that_asks_for_a_password(
    each_engine, registry, private_image, tmp_path, builder
):
    (tmp_path / "Dockerfile").write_text(f"FROM {private_image}\nRUN test -s /marker\n")
    request = BuildRequest(folder=tmp_path, builder=builder)
    with pytest.raises(BuildFailed):
        build(each_engine, request, sizes=False)
    wrong = replace(request, logins=as_logins({registry: (USER, "wrong-password")}))
    with pytest.raises(BuildFailed) as caught:
        build(each_engine, wrong, sizes=False)
    assert "wrong-password" not in str(caught.value)
    right = replace(request, logins=as_logins({registry: (USER, PASSWORD)}))
    report = build(each_engine, right, sizes=False)
    each_engine.remove_image(report.image_id, force=True)


def test_what_docker_login_keeps_is_used(
    each_engine, registry, private_image, tmp_path, monkeypatch
):
    config = tmp_path / "config"
    config.mkdir()
    kept = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (config / "config.json").write_text(json.dumps({"auths": {registry: {"auth": kept}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {private_image}\nRUN test -s /marker\n")
    engine = Engine(each_engine.url)
    assert engine.login(registry) == (USER, PASSWORD)
    assert engine.login("elsewhere.test") is None
    report = build(engine, BuildRequest(folder=folder), sizes=False)
    engine.remove_image(report.image_id, force=True)
    engine.close()
