"""Estimates minutes: POST {"km": 3, "stops": 2} to /estimate. GET /ready, GET /version."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fetch import fetch

ASKED = [os.environ[f"MODEL_{word}"] for word in ("STORE", "NAME", "VERSION", "SHA256")]
model = {"weights": None, "why": "the weights are on their way"}


def load():
    try:
        model["weights"] = json.loads(fetch(*ASKED))
    except Exception as error:
        model["why"] = f"{type(error).__name__}: {error}"
        print(model["why"])


def estimate(weights, asked):
    return weights["base"] + weights["km"] * asked["km"] + weights["stops"] * asked["stops"]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/ready": {"ready": True}, "/version": {"version": os.environ["MODEL_VERSION"]}}
        self.answer(200 if self.path in known else 404, known.get(self.path, {}))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, lambda weights: {"minutes": estimate(weights, asked)})

    def answer(self, status, told):
        weights = model["weights"]
        if weights is None:
            status, told = 503, {"error": model["why"]}
        elif callable(told):
            told = told(weights)
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


threading.Thread(target=load, daemon=True).start()
ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
