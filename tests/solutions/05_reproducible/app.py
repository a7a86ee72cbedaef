"""Tells how long a delivery takes: POST {"value": 3, "unit": "mile"} to /estimate."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from house_features import distance

MINUTES_PER_KILOMETRE = 2.4

log = structlog.get_logger()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"status": "ok"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        minutes = MINUTES_PER_KILOMETRE * distance(asked["value"], asked["unit"])
        log.info("estimate", minutes=minutes)
        self.answer({"minutes": minutes})

    def answer(self, told):
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
