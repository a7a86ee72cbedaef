"""The audit watches: for each point a service that deserves pass, and one that deserves fail."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mldocker_lab.audit.watching.adapter import Adapter
from mldocker_lab.audit.watching.dynamic import tried
from mldocker_lab.errors import ImageNotFound, UsageError
from mldocker_lab.supply.bases import SLIM

pytestmark = pytest.mark.engine

#: Ready once its model is a JSON list; predicts with it; ends on SIGTERM; prints each request.
GOOD = """
import http.server, json, os, signal, sys

try:
    MODEL = json.load(open("/models/model.json"))
except ValueError as error:
    MODEL = None

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if MODEL else 503)
        self.end_headers()
        self.wfile.write(b"{}")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[1]")
    def log_message(self, *_):
        print(json.dumps({"path": self.path}), flush=True)

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.HTTPServer(("0.0.0.0", 8080), Answer).serve_forever()
"""
#: Says that it is ready whatever happens, hears no signal, prints nothing, eats memory.
BAD = """
import http.server

class Answer(http.server.BaseHTTPRequestHandler):
    eaten = []
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")
    def do_POST(self):
        self.eaten.append(b"x" * 8_000_000)
        self.do_GET()
    def log_message(self, *_):
        print("asked")

http.server.HTTPServer(("0.0.0.0", 8080), Answer).serve_forever()
"""
CHECK = (
    'HEALTHCHECK --interval=30s --timeout=5s CMD ["python3", "-c", '
    "\"import urllib.request as u; u.urlopen('http://127.0.0.1:8080/ready', timeout=4)\"]"
)
GOOD_FILE = f"""\
FROM {SLIM}
COPY --chmod=644 app.py /app/app.py
USER 1234
{CHECK}
CMD ["python3", "/app/app.py"]
""".replace("--chmod=644 ", "")
BAD_FILE = f"""\
FROM {SLIM}
RUN mkdir -p /models && touch /usr/bin/gcc && mkdir -p /usr/lib/python3/dist-packages
COPY app.py .git /app/
COPY .git /app/.git
COPY weights.onnx /models/weights.onnx
COPY jupyterlab-4.0.dist-info /usr/lib/python3/dist-packages/jupyterlab-4.0.dist-info
{CHECK}
CMD python3 /app/app.py; true
"""
SAMPLE = [[0.1, 0.2]]


@pytest.fixture
def adapter():
    return Adapter(
        ready="/ready", predict="/predict", sample=SAMPLE, model="/models/model.json",
        memory="96m", seconds=30,
    )  # fmt: skip


def write(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def test_a_service_that_deserves_pass(bench, tmp_path, adapter):
    write(tmp_path, {"Dockerfile": GOOD_FILE + "COPY model.json /models/\n", "app.py": GOOD,
                     "model.json": json.dumps([1, 2, 3])})  # fmt: skip
    seen = tried(bench, tmp_path, "Dockerfile", adapter).seen
    statuses = {name: one.status for name, one in seen.items()}
    assert statuses == {
        "multi-stage": "pass",
        "model-external": "pass",
        "dockerignore": "not-judged",
        "jupyter-in-production": "pass",
        "non-root": "pass",
        "healthcheck": "pass",
        "logs-stdout": "pass",
        "limits": "not-judged",
        "exec-form": "pass",
    }
    assert "no compiler" in seen["multi-stage"].evidence
    assert "runs as 1234; it runs as a user nobody made" in seen["non-root"].evidence
    assert "became healthy; with a broken model /ready answers 503" in seen["healthcheck"].evidence
    assert "40 of 40" in seen["limits"].evidence
    assert "exit status 0" in seen["exec-form"].evidence


def test_a_model_that_is_mounted(bench, tmp_path, adapter):
    write(tmp_path, {"Dockerfile": GOOD_FILE, "app.py": GOOD, "weights/m": json.dumps([1])})
    seen = tried(bench, tmp_path, "Dockerfile", replace(adapter, weights="weights/m")).seen
    assert "with a broken model /ready answers 503" in seen["healthcheck"].evidence
    assert "with a read-only root, too" in seen["non-root"].evidence
    assert not bench.engine.our_volumes()
    with pytest.raises(UsageError, match="weights/other"):
        tried(bench, tmp_path, "Dockerfile", replace(adapter, weights="weights/other"))


def test_a_base_that_is_pinned_to_another_image(bench, tmp_path, adapter):
    there = bench.engine.image(SLIM).id
    other = there[:-1] + ("0" if there[-1] != "0" else "1")
    write(tmp_path, {"Dockerfile": f"FROM {SLIM}@{there}\nRUN true\n"})
    assert tried(bench, tmp_path, "Dockerfile", adapter, run=False).seen
    write(tmp_path, {"Dockerfile": f"FROM {SLIM}@{other}\nRUN true\n"})
    with pytest.raises(ImageNotFound, match="FROM pins"):
        tried(bench, tmp_path, "Dockerfile", adapter, run=False)


def test_a_service_that_deserves_fail(bench, tmp_path, adapter):
    write(tmp_path, {
        "Dockerfile": BAD_FILE, "app.py": BAD, ".git/config": "x" * 100,
        "weights.onnx": b"\x08\x07\x12\x07pytorch" + bytes(20_000),
        "jupyterlab-4.0.dist-info/METADATA": "Name: jupyterlab\n",
        "jupyterlab-4.0.dist-info/RECORD": "jupyterlab-4.0.dist-info/METADATA,,\n",
    })  # fmt: skip
    seen = tried(bench, tmp_path, "Dockerfile", adapter).seen
    assert {name: one.status for name, one in seen.items()} == {
        "multi-stage": "fail",
        "model-external": "fail",
        "dockerignore": "fail",
        "jupyter-in-production": "fail",
        "non-root": "fail",
        "healthcheck": "fail",
        "logs-stdout": "fail",
        "limits": "fail",
        "exec-form": "not-judged",  # the kernel ended it before anybody could stop it
    }
    assert "gcc" in seen["multi-stage"].evidence
    assert "/models/weights.onnx" in seen["model-external"].evidence
    assert "ONNX" in seen["model-external"].evidence
    assert "/app/.git" in seen["dockerignore"].evidence
    assert "as root" in seen["non-root"].evidence


def test_one_that_hears_no_signal(bench, tmp_path, adapter):
    hears_nothing = BAD.replace("self.eaten.append", "str")
    write(tmp_path, {
        "Dockerfile": f"FROM {SLIM}\nCOPY app.py /\nCMD python3 /app.py; true\n",
        "app.py": hears_nothing,
    })  # fmt: skip
    seen = tried(bench, tmp_path, "Dockerfile", adapter).seen
    assert (seen["exec-form"].status, seen["healthcheck"].status) == ("fail", "not-judged")
    assert "had to be killed" in seen["exec-form"].evidence


def test_one_that_never_gets_ready(bench, tmp_path, adapter):
    write(tmp_path, {"Dockerfile": f'FROM {SLIM}\nCMD ["echo", "no"]\n'})
    seen = tried(bench, tmp_path, "Dockerfile", adapter).seen
    assert seen["healthcheck"].status == "not-judged"
    assert "never ready" in seen["healthcheck"].evidence
    assert "non-root" not in seen


def test_nothing_is_left(bench):
    left = [c for c in bench.engine.containers() if c["Labels"].get("mldocker_lab") == "container"]
    assert left == []
