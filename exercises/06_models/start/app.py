"""Estimates minutes: POST {"km": 3, "stops": 2} to /estimate. GET /ready, GET /version."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

weights = json.loads(Path("weights/current.json").read_text())


def estimate(asked):
    return weights["base"] + weights["km"] * asked["km"] + weights["stops"] * asked["stops"]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/ready": {"ready": True}, "/version": {"version": os.environ["MODEL_VERSION"]}}
        self.answer(200 if self.path in known else 404, known.get(self.path, {}))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, {"minutes": estimate(asked)})

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
