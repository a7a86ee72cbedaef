"""Tells how many minutes late a parcel will be: POST [2, 1, 0.5, 3] to /predict."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import isfinite

from model import load

PARCEL = [1.0, 1.0, 1.0, 1.0]
now = {"model": None, "trouble": "the model is being loaded"}


def fetch():
    try:
        now["model"] = load()
    except Exception as error:
        now["trouble"] = f"the model cannot be loaded: {error!r}"


def minutes(parcel):
    if now["model"] is None:
        raise RuntimeError(now["trouble"])
    late = now["model"].minutes(parcel)
    if not isfinite(late):
        raise RuntimeError(f"the model predicts {late}")
    return late


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/live":
            self.answer(200, {"status": "alive"})
        elif self.path == "/ready":
            self.predict(PARCEL)
        else:
            self.answer(404, {"error": "there is no such page"})

    def do_POST(self):
        try:
            self.predict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        except (TypeError, ValueError):
            self.answer(400, {"error": "send a list of four numbers"})

    def predict(self, parcel):
        try:
            self.answer(200, {"minutes": minutes(parcel)})
        except RuntimeError as error:
            self.answer(503, {"reason": str(error)})

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


threading.Thread(target=fetch, daemon=True).start()
ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
