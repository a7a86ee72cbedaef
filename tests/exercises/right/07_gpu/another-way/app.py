"""How much power will the cards draw? The session is made when it is first needed."""

import json
import os
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import onnxruntime as ort


@cache
def session():
    wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    return ort.InferenceSession("/srv/models/watts.onnx", providers=wanted)


def health():
    using = session().get_providers()[0]
    missing = os.environ.get("REQUIRE_GPU") == "1" and "CUDA" not in using
    return (503 if missing else 200), {"ready": not missing, "using": using}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(*(health() if self.path == "/health" else (200, {"status": "alive"})))

    def do_POST(self):
        import numpy as np

        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        watts = session().run(["y"], {"x": np.asarray(asked["load"], np.float32)})[0]
        self.answer(200, {"watts": watts.tolist()})

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 8080), Handler).serve_forever()
