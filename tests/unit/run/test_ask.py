"""Questions to hostile services end in time, whatever the service does with the connection."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest
import requests

from mldocker_lab.run.ask import MOST_BYTES, TooMuch, _Adapter, ask


@contextmanager
def service(answer):
    """A server on a free port; ``answer`` gets each connection once its request is read."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536)
                try:
                    answer(connection, request)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        listener.close()


def drip(data: bytes, head: bytes = b""):
    """Sends ``head``, then a byte of ``data`` now and then, for ever."""

    def answer(connection, request):
        connection.sendall(head)
        while True:
            connection.sendall(data)
            time.sleep(0.05)

    return answer


def test_an_answer_is_read_whole():
    def answer(connection, request):
        body = b'{"minutes": [1]}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with service(answer) as url:
        told = ask("POST", url + "/predict", json=[[1]], seconds=5)
    assert (told.status_code, told.json()) == (200, {"minutes": [1]})


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(drip(b""), id="nothing"),
        pytest.param(drip(b"H"), id="status line"),
        pytest.param(drip(b"X-More: 1\r\n", b"HTTP/1.1 200 OK\r\n"), id="headers"),
        pytest.param(drip(b".", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"), id="body"),
        pytest.param(
            drip(b"1\r\n.\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            id="chunks",
        ),
    ],
)
def test_an_answer_that_drips_for_ever_ends_at_the_deadline(answer):
    with service(answer) as url, pytest.raises(requests.RequestException):
        ask("GET", url, seconds=0.3)


def test_time_that_is_up_before_the_connection_stands_is_up():
    """A machine may stand still between the two: nobody would hang up any more."""
    adapter = _Adapter()
    adapter.hang_up()
    with service(drip(b"H")) as url, requests.Session() as session:
        session.mount("http://", adapter)
        with pytest.raises(requests.RequestException):
            session.get(url, timeout=5)


def test_an_endless_answer_is_no_answer():
    def answer(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(1 << 16))

    with service(answer) as url, pytest.raises(TooMuch, match=str(MOST_BYTES)):
        ask("GET", url, seconds=30)


def test_a_small_answer_that_unpacks_to_a_big_one_is_no_answer():
    import gzip

    body = gzip.compress(bytes(MOST_BYTES * 2))

    def answer(connection, request):
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body)

    with service(answer) as url, pytest.raises(TooMuch, match=str(MOST_BYTES)):
        ask("GET", url, seconds=30)


def redirect(to):
    def answer(connection, request):
        path = request.split()[1]
        if path == b"/there":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere")
        else:
            head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
            connection.sendall(head % to)

    return answer


def test_a_redirect_is_followed_on_the_service_itself_only():
    asked = []

    def secret(connection, request):
        asked.append(request)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")

    with service(redirect(b"/there")) as url:
        assert ask("GET", url + "/here", seconds=5).text == "there"
    with service(secret) as other, service(redirect(other.encode())) as url:
        assert ask("GET", url + "/here", seconds=5).status_code == 302
    with service(redirect(b"/here")) as url, pytest.raises(TooMuch, match="redirected"):
        ask("GET", url + "/here", seconds=5)
    assert asked == []


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with service(redirect(b"/there")) as url:
        assert ask("GET", url + "/there", seconds=5).text == "there"
