"""Scores documents: GET /score?title=…, with the caller's id in the header X-Request-ID.

On SIGTERM it takes no new requests, finishes those under way, and ends. What it says goes through
log.py, and the number of threads of its model comes from the variable THREADS.
"""

import hashlib
import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import log

THREADS = int(os.environ.get("THREADS", "16"))  # as many as the machine had that we trained on
PIECES = 16
SCRATCH = 8_000_000  # bytes that each thread of the model works in

WEIGHTS = Path("weights.bin").read_bytes()
own = threading.local()
model = ThreadPoolExecutor(THREADS)
everybody = threading.Barrier(THREADS)
under_way = set()


def get_ready(_):
    own.scratch = bytearray(b"\1") * SCRATCH
    everybody.wait(20)


def piece(number):
    own.scratch[: len(WEIGHTS)] = WEIGHTS
    return hashlib.sha256(own.scratch[: len(WEIGHTS)] + bytes([number])).digest()[0]


def score():
    return sum(model.map(piece, range(PIECES))) / PIECES


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/health":
            self.answer({"status": "ok", "under_way": len(under_way)})
        elif url.path == "/score":
            self.score(asked.get("title", ""), float(asked.get("seconds", 0)))
        else:
            self.send_error(404)

    def score(self, title, seconds):
        request = self.headers.get("X-Request-ID", "")
        under_way.add(request)
        try:
            time.sleep(seconds)  # a long document
            told = score()
            log.write("info", "scored", request_id=request, title=title)
            self.answer({"score": told})
        finally:
            under_way.discard(request)

    def answer(self, told):
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The lines of http.server itself are not wanted."""


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the requests under way

    def shutdown_request(self, request):
        """Hang up once the caller has read the answer, so that none is lost at the end."""
        with suppress(OSError):
            request.shutdown(socket.SHUT_WR)
            request.settimeout(5)
            request.recv(1)
        self.close_request(request)


list(model.map(get_ready, range(THREADS)))
server = Server(("0.0.0.0", 8080), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
log.started()
server.serve_forever()
server.server_close()
log.write("info", "stopped")
