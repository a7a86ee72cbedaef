"""Point 9: logs go to standard output, line by line, not into a file of the container."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, Spot, failed, passed, unjudged
from mldocker_lab.audit.installs import unwrapped
from mldocker_lab.audit.origins import origin

if TYPE_CHECKING:
    from mldocker_lab.audit.model import Step, Target
    from mldocker_lab.audit.shell import Command

_STREAMS = re.compile(r"^(-|/dev/(stdout|stderr|fd/[12])|/proc/(1|self)/fd/[12]|/dev/tty)$")
_LOG_OPTION = re.compile(
    r"^--(log-?file|logfile|access-logfile|error-logfile|log_file|log[-_]path|log[-_]dir|log[-_]output|logto|capture-output-file)$"
)
_LOG_FILE = re.compile(r"\.(log|out|err)$|(^|/)logs?/|nohup\.out")
_LOG_ENV = re.compile(r"(^|_)LOG_?(FILE|PATH|FILENAME)$|^LOGFILE$")
_SERVERS = frozenset(
    "uvicorn gunicorn hypercorn fastapi streamlit tritonserver vllm nginx jupyter jupyter-lab jupyter-notebook "
    "tensorflow_model_server node npm java ollama caddy bentoml litestar granian daphne waitress-serve "
    "text-generation-launcher text-generation-server".split()
)
_TO_FILE = re.compile(r"FileHandler\s*\(|basicConfig\s*\([^)]*filename\s*=", re.DOTALL)
_TO_STREAM = re.compile(r"StreamHandler\s*\(|sys\.stdout|sys\.stderr")


def judge(target: Target) -> Judged:
    """What is started writes no log file, and Python does not hold its lines back."""
    started = [(step, unwrapped(c)) for step in target.started for c in step.commands]
    faults = [fault for step, command in started for fault in _faults(target, step, command)]
    faults += _environment(target)
    if faults:
        return failed("; ".join(dict.fromkeys(text for text, _ in faults)), *(spot for _, spot in faults))
    if not started:
        return unjudged("the Dockerfile starts nothing: how its base logs is not known")
    step = started[-1][0]
    spot = target.spot(step)
    env = target.chain[-1].env if target.chain else {}
    last = target.chain[-1] if target.chain else None
    if last is not None and last.keyword == "ENV":
        env = dict(env) | {n: v for n, (v, _) in zip(last.one.words[::2], last.words[1::2], strict=False)}
    if any(_unbuffered(command) for _, command in started):
        return passed("Python runs unbuffered", spot)
    if env.get("PYTHONUNBUFFERED", ""):
        return passed("PYTHONUNBUFFERED is set, and nothing writes a log file", spot)
    names = [command.name for _, command in started]
    server = next((name for name in names if name in _SERVERS), "") or _module(started)
    if server:
        return passed(f"{server} logs to the standard streams", spot)
    if any(re.match(r"python[\d.]*$", name) for name in names):
        return unjudged("Python holds printed lines back unless PYTHONUNBUFFERED=1 is set; whether it prints is not known", spot)
    return unjudged(f"where {names[0] if names else 'it'} logs cannot be told from here", spot)


def _module(started: list[tuple[Step, Command]]) -> str:
    """``python -m uvicorn`` and the like."""
    for _, command in started:
        texts = command.texts
        if re.match(r"python[\d.]*$", command.name) and "-m" in texts:
            name = texts[texts.index("-m") + 1 : texts.index("-m") + 2]
            if name and name[0].partition(".")[0] in _SERVERS:
                return name[0].partition(".")[0]
    return ""


def _unbuffered(command: Command) -> bool:
    return bool(re.match(r"python[\d.]*$", command.name)) and any(re.match(r"-[A-Za-z]*u[A-Za-z]*$", t) for t in command.texts[1:3])


def _faults(target: Target, step: Step, command: Command) -> list[tuple[str, Spot]]:
    spot = target.spot(step)
    found = []
    for redirect in command.redirects:
        to = redirect.target.text
        if redirect.operator in (">", ">>", ">|", ">&", "&>") and to and not _STREAMS.match(to):
            if not (redirect.number == "2" and to == "/dev/null"):
                writes = command.name not in ("echo", "printf", "cat", "envsubst", "sed") or _LOG_FILE.search(to)
                if writes:
                    found.append((f"output goes into {to}", spot))
    texts = command.texts
    for at, text in enumerate(texts):
        name, equals, value = text.partition("=")
        value = value if equals else next(iter(texts[at + 1 : at + 2]), "")
        if _LOG_OPTION.match(name) and value and not _STREAMS.match(value) and not value.startswith("--"):
            if command.name not in ("tensorboard",):
                found.append((f"logs go into {value}", spot))
    if command.name == "tail" and any(_LOG_FILE.search(t) for t in texts[1:]):
        found.append((f"the container's main process is tail of a log file: {' '.join(texts)}", spot))
    if command.name == "nohup" or "nohup" in texts:
        found.append(("nohup writes nohup.out", spot))
    script = next((t for t in texts[1:] if t.endswith(".py")), "") if command.name.startswith("python") else ""
    if script:
        found += _code(target, step, script)
    return found


def _code(target: Target, step: Step, script: str) -> list[tuple[str, Spot]]:
    """The script that is started, if it is at hand: it logs into a file and to no stream."""
    here = origin(target, step, script)
    text = target.project.text(here) if here else None
    found = _TO_FILE.search(text) if text else None
    if text is None or found is None or here is None or _TO_STREAM.search(text):
        return []
    line = text.count("\n", 0, found.start()) + 1
    return [(f"{script} logs into a file", Spot(target.project.in_context(here), line))]


def _environment(target: Target) -> list[tuple[str, Spot]]:
    found = []
    for step in target.chain:
        if step.keyword == "ENV":
            for name, (value, _) in zip(step.one.words[::2], step.words[1::2], strict=False):
                if _LOG_ENV.search(name) and value and not _STREAMS.match(value) and "/" in value:
                    found.append((f"{name} says that logs go into {value}", target.spot(step)))
    return found


RULE = Rule(
    id="logs-stdout",
    number=9,
    title="logs go to stdout and stderr",
    why="A log file dies with its container and fills its disk; lines that Python holds back are gone after a kill.",
    fix="Write no log file, and set ENV PYTHONUNBUFFERED=1 (or start python -u); rotate in the engine.",
    lesson=lessons.RUNTIME,
    judge=judge,
    bad=Example({"Dockerfile": "FROM python:3.11-slim\nCMD python serve.py >> /var/log/serve.log 2>&1\n"}),
    good=Example({"Dockerfile": 'FROM python:3.11-slim\nENV PYTHONUNBUFFERED=1\nCMD ["python", "serve.py"]\n'}),
)
