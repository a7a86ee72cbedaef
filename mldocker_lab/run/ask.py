"""One question over HTTP to a container we do not trust: it answers soon and briefly, or not.

``requests`` alone waits for as long as bytes keep dripping in, keeps whatever comes, follows a
redirect to any address, and asks a proxy if the environment names one. Here an answer has a
deadline and a size, and stays on the service it was asked of.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

__all__ = ["MOST_BYTES", "TooMuch", "ask"]

#: Bytes of an answer's body that are read; more is no answer.
MOST_BYTES = 4 << 20
_PIECE = 1 << 16
_MOST_REDIRECTS = 3


class TooMuch(requests.RequestException):
    """The answer was endless, or took too long; to callers it is no answer."""


def ask(
    method: str,
    url: str,
    *,
    seconds: float,
    json: Any = None,
    headers: dict[str, str] | None = None,
) -> requests.Response:
    """Ask once; the body of the answer is read.

    Args:
        method: "GET", "POST", …
        url: on the service.
        seconds: how long all of it may take.
        json: a body.
        headers: further headers.

    Raises:
        requests.RequestException: no answer, a longer one than ``MOST_BYTES``, or a later one.
    """
    end = time.monotonic() + seconds
    for _ in range(_MOST_REDIRECTS + 1):
        answer = _once(method, url, end, json=json, headers=headers)
        target = urljoin(url, answer.headers.get("Location", ""))
        if not answer.is_redirect or urlsplit(target).netloc != urlsplit(url).netloc:
            return answer
        url = target
    raise TooMuch("it only ever redirected")


def _once(method: str, url: str, end: float, **content: Any) -> requests.Response:
    left = end - time.monotonic()
    if left <= 0:
        raise TooMuch("the answer took too long")
    with requests.Session() as session:
        session.trust_env = False
        adapter = _Adapter()
        session.mount("http://", adapter)
        timer = threading.Timer(left, adapter.hang_up)
        timer.daemon = True
        timer.start()
        try:
            answer = session.request(
                method, url, timeout=left, stream=True, allow_redirects=False, **content
            )
            answer._content = _body(answer)  # noqa: SLF001 so that .json() and .text work
        except (requests.RequestException, OSError) as error:
            if adapter.hung_up:
                raise TooMuch("the answer took too long") from error
            raise
        finally:
            timer.cancel()
    if adapter.hung_up:
        raise TooMuch("the answer took too long")
    return answer


def _body(answer: requests.Response) -> bytes:
    body = bytearray()
    try:
        for piece in answer.iter_content(_PIECE):
            body += piece
            if len(body) > MOST_BYTES:
                raise TooMuch(f"the answer was longer than {MOST_BYTES} bytes")
    finally:
        answer.close()
    return bytes(body)


class _Adapter(HTTPAdapter):
    """Knows its socket, so that another thread can hang up in the middle of anything."""

    def __init__(self) -> None:
        self.hung_up = False
        self._sockets: list[socket.socket] = []
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        adapter = self

        class Connection(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                adapter._sockets.append(self.sock)
                if adapter.hung_up:  # time was up before there was anything to hang up
                    adapter.hang_up()

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"http": Pool}

    def hang_up(self) -> None:
        self.hung_up = True
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
