"""Tells how many minutes late a parcel will be: POST [2, 1, 0.5, 3] to /predict."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from model import load

MODEL = load()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": "there is no such page"})

    def do_POST(self):
        try:
            parcel = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(200, {"minutes": MODEL.minutes(parcel)})
        except (TypeError, ValueError):
            self.answer(400, {"error": "send a list of four numbers"})

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
