"""The store that graded containers download from: whole files, and files that wait."""

from __future__ import annotations

import http.client
import json
import threading
import time

import pytest

from mldocker_lab.supply import artifact_server

DATA = bytes(range(256)) * 40


@pytest.fixture
def server(tmp_path):
    (tmp_path / "eta").mkdir()
    (tmp_path / "eta" / "3").write_bytes(DATA)
    made = artifact_server.serve(tmp_path, "127.0.0.1", 0)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def told(capsys):
    """The log so far, as (event, path)."""
    seen = []

    def read():
        lines = capsys.readouterr().out.splitlines()
        seen.extend(tuple(json.loads(line).values()) for line in lines)
        return seen

    return read


@pytest.fixture
def asked(server):
    """Ask for a path; the connection is closed at the end."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)

    def ask(path="/eta/3"):
        connection.request("GET", path)
        return connection.getresponse()

    yield ask
    connection.close()


def until(true):
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_file_is_sent_whole(asked, told):
    answer = asked()
    assert (answer.status, answer.read()) == (200, DATA)
    until(lambda: told() == [("asked", "/eta/3"), ("sent", "/eta/3")])


def test_half_of_it_waits_until_it_may_go(asked, told, tmp_path):
    hold = tmp_path / "eta" / "3.hold"
    hold.touch()
    answer = asked()
    assert answer.read(len(DATA) // 2) == DATA[: len(DATA) // 2]
    until(lambda: ("half", "/eta/3") in told())
    assert ("sent", "/eta/3") not in told()
    hold.unlink()
    assert answer.read() == DATA[len(DATA) // 2 :]


def test_it_can_be_down(asked, tmp_path):
    (tmp_path / "down").touch()
    with pytest.raises(http.client.RemoteDisconnected):
        asked()
    (tmp_path / "down").unlink()
    assert asked().read() == DATA


@pytest.mark.parametrize("path", ["/eta/4", "/", "/eta/../eta/3", "/eta/3.hold", "/../etc/passwd"])
def test_what_is_not_there_is_not_found(asked, path):
    assert asked(path).status == 404
