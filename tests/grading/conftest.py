"""A tiny exercise that needs an engine, and rooms of submissions to it, graded as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mldocker_lab.engine import pen
from mldocker_lab.engine.limits import Limits
from mldocker_lab.home import home

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
id = "90_tiny"
title = "Say the word"
minutes = 1
answer = ["Dockerfile", "*.txt", "*.sh"]
needs = ["engine"]
seconds = 30

[points]
builds = 1
word = 3
reused = 2
witness = 0
"""

#: What the team wrote: it says the word that lies beside it, and tells what it could see.
APP = """
import http.server, pathlib, sys

VERSION = 1

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/word":
            body = pathlib.Path("/app/word.txt").read_bytes()
        elif self.path == "/report":
            report = pathlib.Path("/tmp/report")
            body = report.read_bytes() if report.exists() else b"nothing"
        else:
            body = b"ready"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""

RUBRIC = '''
"""SECRET-OF-THE-RUBRIC: nobody who hands something in may ever read this."""

from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import failed, passed

def prepare(evidence):
    evidence.put("word.txt", f"{evidence.random.getrandbits(64):x}")

@check("builds", says="it builds")
def builds(evidence):
    evidence.first
    return passed()

@check("word", says="the service says the word of this run")
def word(evidence):
    told = evidence.once("told", lambda: ask(evidence))[0]
    return passed() if told == evidence.text("word.txt") else failed(f"it said {told[:40]!r}")

@check("reused", says="the slow step is reused after an edit of the app")
def reused(evidence):
    if evidence.once("told", lambda: ask(evidence))[0] != evidence.text("word.txt"):
        return failed("nothing is worth reusing in an image that does not work")
    new = evidence.text("app.py").replace("VERSION = 1", "VERSION = 2")
    again = evidence.build({"app.py": new})
    slow = [step for step in again.report.steps if "slow" in step.instruction]
    if slow and all(step.status == "cached" for step in slow):
        return passed()
    return failed("the slow step ran again")

@check("witness", says="never")
def witness(evidence):
    printed = "".join(evidence.first.printed.values())
    report = evidence.once("told", lambda: ask(evidence))[1]
    return failed(f"BUILD[{printed[-700:]}] SERVICE[{report}]")

def ask(evidence):
    with evidence.bench.run(evidence.first.report.image_id, ready="/health", seconds=5) as running:
        return running.get("/word").text, running.get("/report").text[:400]
'''

SMALL = Limits(memory=400 << 20, processes=100, cpus=1.0, disk=500 << 20)

BASE = "FROM mldocker-lab/python:3.11-slim\nWORKDIR /app\n"
GOOD = BASE + 'RUN echo slow\nCOPY . .\nCMD ["python3", "app.py"]\n'
#: Builds, and does not do what it should: worth one point, whatever comes with it.
WRONG = BASE + 'RUN echo slow\nCMD ["python3", "-m", "http.server", "8080"]\n'


def write_exercise(folder: Path, settings: str = SETTINGS, rubric: str = RUBRIC) -> Path:
    """The exercise in a folder of exercises; returns that."""
    made = folder / "90_tiny"
    (made / "answer").mkdir(parents=True)
    (made / "exercise.toml").write_text(settings)
    (made / "rubric.py").write_text(rubric)
    (made / "answer" / "Dockerfile").write_text(WRONG)
    (made / "answer" / "app.py").write_text(APP)
    shown = {
        "builds": "✔ builds (1 point): it builds",
        "word": "✔ word (3 points): the service says the word of this run",
        "reused": "✔ reused (2 points): the slow step is reused after an edit of the app",
        "witness": "✔ witness (0 points): never",
    }
    notebook = new_notebook(
        cells=[new_code_cell("import mldocker_lab as lab\nex = lab.exercise()", execution_count=1)]
    )
    for number, (name, line) in enumerate(shown.items(), start=2):
        cell = new_code_cell(f'ex.check("{name}")', execution_count=number)
        cell.metadata["mldocker"] = {"check": name}
        cell.outputs = [
            nbformat.v4.new_output("execute_result", {"text/plain": line}, execution_count=number)
        ]
        notebook.cells.append(cell)
    nbformat.write(notebook, made / "exercise.ipynb")
    return folder


def fill(folder: Path, files: dict[str, str | bytes]) -> None:
    """Write files below a folder, by their paths in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture(scope="session")
def exercises(tmp_path_factory) -> Path:
    """A folder of exercises with the tiny one in it."""
    return write_exercise(tmp_path_factory.mktemp("trusted") / "exercises")


@pytest.fixture(scope="session")
def pens_home(tmp_path_factory) -> Path:
    """A lab home where pens can be made; base images and wheels are those of the real one."""
    reason = pen.obstacle()
    if reason:
        pytest.skip(f"no grading engine of its own: {reason}")
    real, ours = home(), tmp_path_factory.mktemp("home")
    for name in ("bases", "wheels"):
        (real / name).mkdir(exist_ok=True)
        (ours / name).symlink_to(real / name)
    return ours


@pytest.fixture
def pens(pens_home, monkeypatch) -> Limits:
    """Small limits for pens, in that home."""
    monkeypatch.setenv("MLDOCKER_HOME", str(pens_home))
    return SMALL
