"""Which engine is meant: environment, docker contexts and sockets, with real files and sockets."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingUnixStreamServer
from typing import TYPE_CHECKING

import pytest

from mldocker_lab.engine.find import Candidate, default_sockets, find, named
from mldocker_lab.errors import EngineTooOld, NoEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def user(tmp_path, monkeypatch) -> Path:
    """A home folder nobody has used, and an environment that names no engine."""
    for name in ("MLDOCKER_ENGINE", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "lab"))
    return tmp_path


def context(user: Path, name: str, host: str, *, current: bool) -> Path:
    """A docker context as ``docker context create`` writes it; returns its TLS folder."""
    key = hashlib.sha256(name.encode()).hexdigest()
    config = user / ".docker"
    meta = config / "contexts" / "meta" / key
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    told = {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}
    (meta / "meta.json").write_text(json.dumps(told))
    (config / "config.json").write_text(json.dumps({"currentContext": name} if current else {}))
    return config / "contexts" / "tls" / key / "docker"


class OldEngine(BaseHTTPRequestHandler):
    """What an engine of 2019 says when it is asked for its version."""

    def do_GET(self):
        """Answer any question with the version."""
        told = {"Version": "19.03.15", "ApiVersion": "1.40", "MinAPIVersion": "1.12", "Os": "linux"}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        """A Unix socket's peers have none."""
        return "a socket"

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def old(tmp_path) -> Iterator[str]:
    path = tmp_path / "old.sock"
    with ThreadingUnixStreamServer(str(path), OldEngine) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"unix://{path}"
        server.shutdown()
        thread.join()


def test_nobody_named_one(user):
    assert named() is None


def test_the_labs_variable_comes_before_dockers(user, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://other:2375")
    monkeypatch.setenv("MLDOCKER_ENGINE", "/run/x.sock")
    assert named() == Candidate("unix:///run/x.sock", "MLDOCKER_ENGINE names /run/x.sock")


def test_docker_host_comes_before_a_context(user, monkeypatch):
    context(user, "far", "tcp://far:2375", current=True)
    monkeypatch.setenv("DOCKER_HOST", "tcp://near:2375")
    assert named() == Candidate("tcp://near:2375", "DOCKER_HOST names tcp://near:2375")


def test_the_current_context(user):
    context(user, "far", "tcp://far:2375", current=True)
    assert named() == Candidate("tcp://far:2375", "the docker context 'far' is current")


def test_a_context_that_is_not_current_is_not_meant(user, monkeypatch):
    context(user, "far", "tcp://far:2375", current=False)
    assert named() is None
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert named().url == "tcp://far:2375"


def test_a_context_brings_its_certificates(user):
    folder = context(user, "far", "tcp://far:2376", current=True)
    folder.mkdir(parents=True)
    for name in ("ca", "cert", "key"):
        (folder / f"{name}.pem").write_text("")
    tls = named().tls
    assert tls.ca_cert == str(folder / "ca.pem")
    assert tls.cert == (str(folder / "cert.pem"), str(folder / "key.pem"))
    assert tls.verify


def test_certificates_from_the_environment(user, monkeypatch):
    for name in ("ca", "cert", "key"):
        (user / f"{name}.pem").write_text("")
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(user))
    assert named().tls.cert == (str(user / "cert.pem"), str(user / "key.pem"))


def test_certificates_that_are_not_there(user, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(user / "nothing"))
    with pytest.raises(NoEngine, match="certificates"):
        named()


@pytest.mark.parametrize("broken", ["missing", "no json"])
def test_a_context_that_cannot_be_read(user, monkeypatch, broken):
    if broken == "no json":
        context(user, "far", "tcp://far:2375", current=True)
        next((user / ".docker/contexts/meta").rglob("meta.json")).write_text("{")
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    with pytest.raises(NoEngine, match="'far'"):
        find(start=False)


def closed_port() -> int:
    with socket.socket() as channel:
        channel.bind(("127.0.0.1", 0))
        return channel.getsockname()[1]


@pytest.mark.parametrize("variable", ["MLDOCKER_ENGINE", "DOCKER_HOST"])
def test_a_named_engine_that_is_away_is_an_error(user, monkeypatch, variable):
    """No silent fallback: the numbers would be another engine's."""
    monkeypatch.setenv(variable, f"tcp://127.0.0.1:{closed_port()}")
    with pytest.raises(NoEngine, match=rf"{variable} names .*Connection refused"):
        find()


def test_a_named_socket_that_is_not_there(user, monkeypatch):
    monkeypatch.setenv("MLDOCKER_ENGINE", str(user / "no.sock"))
    with pytest.raises(NoEngine, match="No such file"):
        find()


def test_a_socket_nobody_listens_on(user, monkeypatch):
    with socket.socket(socket.AF_UNIX) as channel:
        channel.bind(str(user / "dead.sock"))
    monkeypatch.setenv("MLDOCKER_ENGINE", str(user / "dead.sock"))
    with pytest.raises(NoEngine, match="Connection refused"):
        find()


@pytest.mark.parametrize("nonsense", ["tcp://127.0.0.1:port", "gopher://hole", "nonsense"])
def test_an_address_that_is_none(user, monkeypatch, nonsense):
    monkeypatch.setenv("MLDOCKER_ENGINE", nonsense)
    with pytest.raises(NoEngine, match="MLDOCKER_ENGINE names"):
        find()


def test_an_engine_older_than_supported(user, monkeypatch, old):
    monkeypatch.setenv("MLDOCKER_ENGINE", old)
    with pytest.raises(EngineTooOld, match=r"19\.03\.15"):
        find()


def test_no_engine_at_all_names_what_to_install(user, monkeypatch):
    monkeypatch.setenv("MLDOCKER_DOCKERD", str(user / "no-dockerd"))
    if list(default_sockets(user)):
        pytest.skip("this machine has an engine at the default place")
    with pytest.raises(NoEngine) as caught:
        find()
    page = str(caught.value)
    assert all(word in page for word in ("Debian", "macOS", "Windows", "docker.io", "read without"))


def test_the_private_one_is_not_started_if_not_allowed(user, monkeypatch):
    monkeypatch.setenv("MLDOCKER_ENGINE", "private")
    with pytest.raises(NoEngine, match="of the lab's own"):
        find(start=False)


def test_default_sockets_in_their_order(tmp_path):
    runtime = tmp_path / "run"
    places = (
        *("run/docker.sock", ".docker/run/docker.sock", ".docker/desktop/docker.sock"),
        *(".orbstack/run/docker.sock", ".colima/default/docker.sock", ".rd/docker.sock"),
    )
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()
    found = [url for url, _ in default_sockets(tmp_path, str(runtime), "darwin")]
    assert found[-len(places) :] == [f"unix://{tmp_path / place}" for place in places]


def test_windows_has_pipes():
    assert [url for url, _ in default_sockets(platform="win32")] == [
        "npipe:////./pipe/docker_engine",
        "npipe:////./pipe/dockerDesktopLinuxEngine",
    ]


def test_an_engine_behind_tls(user, monkeypatch):
    """A real TLS server that answers as an (old) engine: certificates are checked both ways."""
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    make += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    make += ["-keyout", str(user / "key.pem"), "-out", str(user / "cert.pem")]
    subprocess.run(make, check=True, capture_output=True)
    (user / "ca.pem").write_bytes((user / "cert.pem").read_bytes())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(user / "cert.pem", user / "key.pem")
    server.load_verify_locations(user / "ca.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    with ThreadingHTTPServer(("127.0.0.1", 0), OldEngine) as http:
        http.socket = server.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{http.server_port}")
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(user))
        with pytest.raises(EngineTooOld, match=r"19\.03\.15"):
            find()
        http.shutdown()
        thread.join()
