"""A service that deserves its points: it logs at once, knows its model, ends in order."""

import http.server
import json
import os
import signal
import sys

MODEL = os.environ["MODEL_PATH"]


def predict(rows):
    with open(MODEL) as file:
        factor = json.load(file)["factor"]
    return [factor * row for row in rows]


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            predict([1])
            self.say(200, {"status": "ready"})
        except (OSError, ValueError, KeyError) as error:
            self.say(503, {"status": str(error)})

    def do_POST(self):
        self.server.kept = bytearray(int(os.environ.get("KEEP", "0")))
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.say(200, predict(rows))

    def say(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, text, *words):
        print(json.dumps({"message": text % words}))


def end(*_):
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Answer).serve_forever()
