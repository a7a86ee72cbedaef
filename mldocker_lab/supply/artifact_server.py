"""A store for model files, as small as can be: this file is copied into a container and run there.

Standard library only. ``GET /NAME/VERSION`` gives the file of that name in its folder. How it gives
it can be changed while it runs, by files in that folder:

    NAME/VERSION.hold   half of the bytes are sent; the rest when this file is gone
    down                whatever is asked: it hangs up without a word

What it sent is told on stdout, one line of JSON for each: "asked" before the first byte, "half" and
"sent" after those bytes. When nobody has asked anything for some hours, it ends by itself.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["serve"]

_PATH = re.compile(r"/(?P<file>[\w.-]+/[\w-]+)$")
_POLL_SECONDS = 0.02
_IDLE_SECONDS = 4 * 3600


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    asked = time.monotonic()

    def do_GET(self) -> None:
        """Send a file, in the way that stands beside it."""
        type(self).asked = time.monotonic()
        if (self.folder / "down").exists():
            self.close_connection = True
            return
        found = _PATH.match(self.path)
        file = self.folder / found["file"] if found else None
        if file is None or not file.is_file():
            self.send_error(HTTPStatus.NOT_FOUND, "no such model or version")
            return
        data, hold = file.read_bytes(), file.with_name(f"{file.name}.hold")
        tell("asked", self.path)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        half = len(data) // 2
        self._send(data[:half])
        if hold.exists():
            tell("half", self.path)
        while hold.exists():
            time.sleep(_POLL_SECONDS)
        self._send(data[half:])
        tell("sent", self.path)

    def _send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Only ``tell`` speaks."""


def serve(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """A store that is bound and listens; the caller runs ``serve_forever``.

    Args:
        folder: what it serves.
        host: the address to listen on.
        port: 0 for any that is free.
    """
    server = ThreadingHTTPServer((host, port), type("Handler", (_Handler,), {"folder": folder}))
    server.daemon_threads = True
    return server


def tell(event: str, path: str) -> None:
    """One line of the log."""
    print(json.dumps({"event": event, "path": path}), flush=True)  # noqa: T201 its log


def _end_when_idle(server: ThreadingHTTPServer) -> None:
    handler: Any = server.RequestHandlerClass
    while time.monotonic() - handler.asked < _IDLE_SECONDS:
        time.sleep(10)
    server.shutdown()


if __name__ == "__main__":
    started = serve(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    threading.Thread(target=_end_when_idle, args=(started,), daemon=True).start()
    print(json.dumps({"port": started.server_address[1]}), flush=True)  # noqa: T201 who asks, knows
    started.serve_forever()
