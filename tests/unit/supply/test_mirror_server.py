"""The mirror's pages: what PEP 503 and PEP 658 ask for, and what pip's cache needs."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import threading
import time

import pytest

from mldocker_lab.errors import SupplyError
from mldocker_lab.supply import mirror_server
from mldocker_lab.supply.mirror import Mirror


@pytest.fixture
def wheel(tmp_path, build_wheel):
    return build_wheel(tmp_path, "Some_Name")


@pytest.fixture
def server(tmp_path, wheel):
    (tmp_path / "index.json").write_text(json.dumps({wheel.file: wheel.sha256}))
    made = mirror_server.serve(tmp_path, "127.0.0.1", 0)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def get(server):
    line = http.client.HTTPConnection("127.0.0.1", server.server_port)

    def ask(path, method="GET", **headers):
        line.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()

    yield ask
    line.close()


def test_root_lists_normalised_projects(get):
    status, _, body = get("/simple/")
    assert status == 200
    assert b'<a href="some-name/">some-name</a>' in body


def test_a_project_page_has_hashes_and_core_metadata_only(get, wheel):
    _, headers, body = get("/simple/Some.Name/")
    text = body.decode()
    assert headers["Content-Type"].startswith("text/html")
    assert f"{wheel.file}#sha256={wheel.sha256}" in text
    assert "data-dist-info-metadata" not in text
    told = re.search(r'data-core-metadata="sha256=(\w+)"', text)[1]
    _, _, metadata = get(f"/wheels/{wheel.file}.metadata")
    assert hashlib.sha256(metadata).hexdigest() == told


def test_a_wheel_is_whole_logged_and_cacheable(get, wheel, capfd):
    status, headers, body = get(f"/wheels/{wheel.file}")
    assert (status, hashlib.sha256(body).hexdigest()) == (200, wheel.sha256)
    assert "max-age" in headers["Cache-Control"]
    log = ""
    while not log:  # the line comes when the last byte has gone
        log = capfd.readouterr().out
    assert log.split()[1:] == [wheel.file]
    status, _, body = get(f"/wheels/{wheel.file}", If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    assert capfd.readouterr().out == ""


def test_head_sends_no_body(get, wheel):
    status, headers, body = get(f"/wheels/{wheel.file}", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(wheel.size), b"")


@pytest.mark.parametrize(
    "path",
    ["/", "/simple/nothing/", "/wheels/../index.json", "/wheels/index.json", "/wheels/%2e%2e/x"],
)
def test_nothing_else_is_there(get, path):
    assert get(path)[0] == 404


def test_who_hangs_up_before_the_end_is_in_the_log_all_the_same(server, wheel, capfd):
    with socket.create_connection(server.server_address) as channel:
        channel.sendall(f"GET /wheels/{wheel.file} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        channel.recv(1)
    for _ in range(100):
        logged = capfd.readouterr().out
        if logged:
            break
        time.sleep(0.02)
    assert logged.split()[1:] == [wheel.file]


class Log:
    """What an engine says a mirror printed."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def logs(self, _: str) -> str:
        """The log."""
        return "\n".join(self.lines)


def test_a_log_that_was_cut_counts_nothing():
    whole = Log("1.000 ready", "5.000 a.whl", "broken", "7.000 b.whl")
    assert Mirror(whole, "x", {}).served() == ("a.whl", "b.whl")
    assert Mirror(whole, "x", {}).served(6.0) == ("b.whl",)
    for cut in (Log("7.000 b.whl"), Log()):
        with pytest.raises(SupplyError, match="log was cut"):
            Mirror(cut, "x", {}).served(6.0)
