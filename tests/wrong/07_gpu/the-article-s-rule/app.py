"""How much power will the cards draw? POST {"load": [0.5, …]} to /predict."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import onnxruntime

SESSION = onnxruntime.InferenceSession(
    "models/watts.onnx", providers=["CUDAExecutionProvider", "CPUExecutionProvider"]
)


def health():
    """The answer to GET /health: a status, and what is said."""
    provider = SESSION.get_providers()[0]
    if os.environ.get("REQUIRE_GPU") == "1" and provider == "CPUExecutionProvider":
        return 503, {"status": "no GPU", "provider": provider}
    return 200, {"status": "ready", "provider": provider}


def predict(load):
    (watts,) = SESSION.run(None, {"x": np.array(load, dtype="float32")})
    return {"watts": watts.tolist()}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(*health())
        else:
            self.answer(200, {"status": "alive"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, predict(asked["load"]))

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
