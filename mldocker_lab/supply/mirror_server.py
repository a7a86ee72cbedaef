"""The wheel mirror itself: this file is copied into a container and run there, alone.

Standard library only. It serves one folder of wheels the way package indexes do: project pages
(PEP 503) with hashes, and each wheel's metadata beside it (PEP 658), so that pip resolves before
it downloads. ``ETag`` and ``Cache-Control`` are what makes pip keep files in its cache: without
them a cache mount looks broken. Every wheel sent is a line on stdout: when, and which; it is
written before the first byte goes, so that hanging up early hides nothing.

``data-core-metadata`` stands alone on purpose: with the older ``data-dist-info-metadata`` beside
it, pip 23.0 takes a wrong turn.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import sys
import time
import zipfile
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

__all__ = ["Index", "serve"]

#: A wheel never changes under its name; a page may, with the next version of the lab.
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class Index:
    """The wheels of a folder, by project.

    Args:
        folder: holds ``*.whl`` and ``index.json``, which maps file names to sha256 hashes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = json.loads((folder / "index.json").read_text())
        self.projects: dict[str, list[str]] = {}
        for file in sorted(self.hashes):
            self.projects.setdefault(normalised(file.split("-")[0]), []).append(file)

    def root(self) -> bytes:
        """``/simple/``: every project."""
        return _page("Wheels", [f'<a href="{name}/">{name}</a>' for name in sorted(self.projects)])

    def project(self, name: str) -> bytes | None:
        """``/simple/NAME/``: its files; None if there is no such project."""
        files = self.projects.get(normalised(name))
        if files is None:
            return None
        return _page(
            name,
            [
                f'<a href="../../wheels/{html.escape(file)}#sha256={self.hashes[file]}" '
                f'data-core-metadata="sha256={hashlib.sha256(self.metadata(file)).hexdigest()}">'
                f"{html.escape(file)}</a>"
                for file in files
            ],
        )

    @lru_cache(maxsize=512)  # noqa: B019 there is one index, and it lives as long as the program
    def metadata(self, file: str) -> bytes:
        """The METADATA file inside a wheel."""
        name, version = file.split("-")[:2]
        with zipfile.ZipFile(self.folder / file) as wheel:
            return wheel.read(f"{name}-{version}.dist-info/METADATA")


def normalised(name: str) -> str:
    """A project's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _page(title: str, links: list[str]) -> bytes:
    head = (
        '<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1">'
        f"<title>{html.escape(title)}</title></head><body>\n"
    )
    return (head + "<br>\n".join(links) + "\n</body></html>\n").encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # pip asks many times: keep the connection
    index: Index

    def do_GET(self) -> None:
        """Answer a request."""
        path = unquote(self.path.partition("?")[0])
        match path.strip("/").split("/"):
            case ["simple"]:
                self._send(self.index.root(), "text/html")
            case ["simple", name]:
                self._send(self.index.project(name), "text/html")
            case ["wheels", file] if file in self.index.hashes:
                self._send_wheel(file)
            case ["wheels", file] if file.removesuffix(".metadata") in self.index.hashes:
                data = self.index.metadata(file.removesuffix(".metadata"))
                self._send(data, "text/plain", _FOREVER)
            case _:
                self._send(None, "text/plain")

    do_HEAD = do_GET  # noqa: N815

    def _send(self, body: bytes | None, kind: str, keep: str = _ASK_AGAIN) -> None:
        if body is None:
            self._head(HTTPStatus.NOT_FOUND, kind, 0)
            return
        tag = f'"{hashlib.sha256(body).hexdigest()}"'
        if self.headers.get("If-None-Match") == tag:
            self._head(HTTPStatus.NOT_MODIFIED, kind, None, tag, keep)
            return
        self._head(HTTPStatus.OK, f"{kind}; charset=utf-8", len(body), tag, keep)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_wheel(self, file: str) -> None:
        tag = f'"{self.index.hashes[file]}"'
        kind = "application/octet-stream"
        if self.headers.get("If-None-Match") == tag:
            self._head(HTTPStatus.NOT_MODIFIED, kind, None, tag, _FOREVER)
            return
        path = self.index.folder / file
        self._head(HTTPStatus.OK, kind, path.stat().st_size, tag, _FOREVER)
        if self.command != "HEAD":
            _log(file)
            with path.open("rb") as wheel:
                shutil.copyfileobj(wheel, self.wfile, 1 << 20)

    def _head(
        self, status: HTTPStatus, kind: str, length: int | None, tag: str = "", keep: str = ""
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if tag:
            self.send_header("ETag", tag)
            self.send_header("Cache-Control", keep)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Only wheels are logged, by us."""


def _log(what: str) -> None:
    print(f"{time.time():.3f} {what}", flush=True)  # noqa: T201 the log is the point


def serve(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is bound and listens; the caller runs ``serve_forever``."""
    handler = type("Handler", (_Handler,), {"index": Index(folder)})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    return server


if __name__ == "__main__":
    started = serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    _log("ready")  # the log's first line: without it, the log was cut
    started.serve_forever()
