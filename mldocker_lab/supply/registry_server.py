"""A registry for images, as small as can be: this file is copied into a container and run there.

Standard library only. It speaks the part of the OCI distribution specification that ``docker push``
and a pull need: blobs and manifests go in and come out, a tag is a name for a manifest's digest.
Whatever is named by a digest is checked against it on its way in. When nobody has asked anything
for some hours, it ends by itself.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import tempfile
import threading
import time
import uuid
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import io

__all__ = ["Store", "serve"]

_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>blobs/uploads|blobs|manifests)/(?P<ref>[^/]*)$")
_PIECE = 1 << 20
_IDLE_SECONDS = 4 * 3600
_TLS = b"\x16"  # the first byte of a TLS handshake


class Store:
    """Blobs and manifests in a folder, by digest; tags in memory.

    Args:
        folder: an existing, empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kinds: dict[str, str] = {}
        self.tags: dict[tuple[str, str], str] = {}

    def open_upload(self) -> str:
        """Begin a blob; returns what the upload is called."""
        upload = uuid.uuid4().hex
        (self.folder / upload).touch()
        return upload

    def append(self, upload: str, source: io.BufferedIOBase, length: int) -> int:
        """Add ``length`` bytes to an upload; returns how many it has now."""
        with (self.folder / upload).open("ab") as file:
            while length and (piece := source.read(min(length, _PIECE))):
                file.write(piece)
                length -= len(piece)
            return file.tell()

    def finish(self, upload: str, digest: str) -> bool:
        """Keep an upload as the blob it claims to be; False if it is another one."""
        path = self.folder / upload
        with path.open("rb") as file:
            found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        if found == digest:
            path.replace(self.blob(digest))
        return found == digest

    def keep(self, name: str, ref: str, kind: str, data: bytes) -> str | None:
        """Keep a manifest under a tag or a digest; returns its digest, None if that is another."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if ref.startswith("sha256:") and ref != digest:
            return None
        self.blob(digest).write_bytes(data)
        self.kinds[digest] = kind
        if ref != digest:
            self.tags[name, ref] = digest
        return digest

    def blob(self, digest: str) -> Path:
        """Where the bytes of a digest are, or would be."""
        return self.folder / digest.replace(":", "-")

    def manifest(self, name: str, ref: str) -> str | None:
        """The digest of what a tag, or a digest, names now; None if there is no such thing."""
        return ref if ref in self.kinds else self.tags.get((name, ref))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store
    asked = time.monotonic()

    def handle(self) -> None:
        """Say at once that this is HTTP: engines try TLS first, and wait for that word."""
        if self.rfile.peek(1)[:1] == _TLS:  # type: ignore[attr-defined]  # it is buffered
            self.wfile.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        else:
            super().handle()

    def do_GET(self) -> None:
        """Hand out a blob or a manifest; for HEAD only its size."""
        name, kind, ref = self._meant()
        if kind == "blobs" and self.store.blob(ref).is_file():
            self._send_file(ref, "application/octet-stream")
        elif kind == "manifests" and (digest := self.store.manifest(name, ref)):
            self._send_file(digest, self.store.kinds[digest])
        else:
            known = self.path.rstrip("/") == "/v2"
            self._answer(HTTPStatus.OK if known else HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Begin an upload."""
        name, kind, _ = self._meant()
        if kind != "blobs/uploads":
            self._answer(HTTPStatus.NOT_FOUND)
            return
        upload = self.store.open_upload()
        self._answer(HTTPStatus.ACCEPTED, Location=f"/v2/{name}/blobs/uploads/{upload}")

    def do_PATCH(self) -> None:
        """Go on with an upload."""
        name, _, upload = self._meant()
        size = self._receive(upload)
        there = f"/v2/{name}/blobs/uploads/{upload}"
        self._answer(HTTPStatus.ACCEPTED, Location=there, Range=f"0-{size - 1}")

    def do_PUT(self) -> None:
        """End an upload, or take a manifest."""
        name, kind, ref = self._meant()
        if kind == "manifests":
            data = self.rfile.read(int(self.headers["Content-Length"]))
            digest = self.store.keep(name, ref, self.headers.get("Content-Type", ""), data)
        else:
            self._receive(ref)
            digest = parse_qs(urlsplit(self.path).query)["digest"][0]
            digest = digest if self.store.finish(ref, digest) else None
        if digest is None:
            self._answer(HTTPStatus.BAD_REQUEST)
        else:
            there = f"/v2/{name}/{kind.removesuffix('/uploads')}/{digest}"
            self._answer(HTTPStatus.CREATED, Location=there, **{"Docker-Content-Digest": digest})

    def _meant(self) -> tuple[str, str, str]:
        type(self).asked = time.monotonic()
        found = _PATH.match(urlsplit(self.path).path)
        return (found["name"], found["kind"], found["ref"]) if found else ("", "", "")

    def _receive(self, upload: str) -> int:
        """The body, of a told length or in chunks; returns the size of the upload so far."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            length = int(self.headers.get("Content-Length") or 0)
            return self.store.append(upload, self.rfile, length)
        size = 0
        while length := int(self.rfile.readline().partition(b";")[0], 16):
            size = self.store.append(upload, self.rfile, length)
            self.rfile.readline()
        self.rfile.readline()
        return size

    def _send_file(self, digest: str, kind: str) -> None:
        path = self.store.blob(digest)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command == "GET":
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile, _PIECE)

    def _answer(self, status: HTTPStatus, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


def serve(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A registry that is bound and listens; the caller runs ``serve_forever``.

    Args:
        folder: where it keeps what is pushed.
        host: the address to listen on.
        port: 0 for any that is free.
    """
    handler = type("Handler", (_Handler,), {"store": Store(folder)})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    return server


def _end_when_idle(server: ThreadingHTTPServer) -> None:
    handler: type[_Handler] = server.RequestHandlerClass  # type: ignore[assignment]
    while time.monotonic() - handler.asked < _IDLE_SECONDS:
        time.sleep(10)
    server.shutdown()


if __name__ == "__main__":
    started = serve(Path(tempfile.mkdtemp()), sys.argv[1], int(sys.argv[2]))
    threading.Thread(target=_end_when_idle, args=(started,), daemon=True).start()
    print(json.dumps({"port": started.server_address[1]}), flush=True)  # noqa: T201 who asks, knows
    started.serve_forever()
