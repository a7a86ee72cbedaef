"""Point 9: logs go to standard output, line by line, not into a file of the container."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, Spot, failed, passed, unjudged
from mldocker_lab.audit.origins import origin
from mldocker_lab.audit.started import PYTHON, is_python, programs

if TYPE_CHECKING:
    from mldocker_lab.audit.model import Step, Target
    from mldocker_lab.audit.shell import Command

_STREAMS = re.compile(r"^(-|/dev/(stdout|stderr|fd/[12])|/proc/(1|self)/fd/[12]|/dev/tty)$")
_LOG_OPTION = re.compile(
    r"^--(log-?file|logfile|access-logfile|error-logfile|log_file|log[-_]path|log[-_]dir|"
    r"log[-_]output)$"
)
_LOG_FILE = re.compile(r"\.(log|out|err)$|(^|/)logs?/|nohup\.out")
_LOG_ENV = re.compile(r"(^|_)LOG_?(FILE|PATH|FILENAME)$|^LOGFILE$")
_TO_FILE = re.compile(r"FileHandler\s*\(|basicConfig\s*\([^)]*filename\s*=", re.DOTALL)
_TO_STREAM = re.compile(r"StreamHandler\s*\(|sys\.stdout|sys\.stderr")
_WRITES_FILES = frozenset(
    "echo printf cat env printenv export envsubst sed grep awk jq sort cut tr openssl".split()
)


def judge(target: Target) -> Judged:
    """What is started writes no log file, and Python does not hold its lines back."""
    found = programs(target)
    faults = [fault for step, command in found for fault in _faults(target, step, command)]
    faults += _environment(target)
    if faults:
        text = "; ".join(dict.fromkeys(said for said, _ in faults))
        return failed(text, *(spot for _, spot in faults))
    if _unbuffered(target, found):
        return passed("Python's lines are not held back, and nothing writes a log file")
    if not found:
        return unjudged("the Dockerfile starts nothing: how its base logs is not known")
    step, command = found[-1]
    spot = target.spot(step)
    if is_python(target, found):
        return failed("Python holds printed lines back: PYTHONUNBUFFERED is not set", spot)
    return unjudged(f"how {command.name or 'it'} logs cannot be told from here", spot)


def _unbuffered(target: Target, found: list[tuple[Step, Command]]) -> bool:
    if "PYTHONUNBUFFERED" in target.env:
        return target.env["PYTHONUNBUFFERED"] != ""
    if target.root.unbuffered:
        return True
    return any(
        (
            PYTHON.match(command.name)
            and any(re.match(r"-[A-Za-tv-z]*u[A-Za-z]*$", text) for text in command.texts[1:3])
        )
        or command.sets.get("PYTHONUNBUFFERED")
        for _, command in found
    )


def _faults(target: Target, step: Step, command: Command) -> list[tuple[str, Spot]]:
    spot = target.spot(step)
    texts = command.texts
    found = [f"output goes into {to}" for to in _redirected(command)]
    for at, text in enumerate(texts):
        name, equals, value = text.partition("=")
        value = value if equals else next(iter(texts[at + 1 : at + 2]), "")
        given = value and not _STREAMS.match(value) and not value.startswith("--")
        if given and _LOG_OPTION.match(name) and command.name != "tensorboard":
            found.append(f"logs go into {value}")
    if command.name == "tail" and any(_LOG_FILE.search(text) for text in texts[1:]):
        found.append(f"the main process is tail of a log file: {' '.join(texts)}")
    if command.name == "nohup" or "nohup" in texts:
        found.append("nohup writes nohup.out")
    script = next((text for text in texts[1:] if text.endswith(".py")), "")
    code = _code(target, step, script) if PYTHON.match(command.name) and script else []
    return [*((text, spot) for text in found), *code]


def _redirected(command: Command) -> list[str]:
    """The files that output is written into, where that output is a log."""
    found = []
    for redirect in command.redirects:
        to = redirect.target.text
        writes = redirect.operator in (">", ">>", ">|", ">&", "&>")
        silent = to == "/dev/null"
        logs = command.name not in _WRITES_FILES or _LOG_FILE.search(to)
        if writes and to and logs and not silent and not _STREAMS.match(to):
            found.append(to)
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
        pairs = (
            zip(step.one.words[::2], step.words[1::2], strict=False)
            if step.keyword == "ENV"
            else ()
        )
        for name, (value, _) in pairs:
            if _LOG_ENV.search(name) and "/" in value and not _STREAMS.match(value):
                found.append((f"{name} says that logs go into {value}", target.spot(step)))
    return found


RULE = Rule(
    id="logs-stdout",
    number=9,
    title="logs go to stdout and stderr, at once",
    why="A log file dies with its container and fills its disk; lines that Python holds back "
    "are gone after a kill.",
    fix="Write no log file, and set ENV PYTHONUNBUFFERED=1 (or start python -u); rotate in the "
    "engine.",
    lesson=lessons.RUNTIME,
    judge=judge,
    bad=Example(
        {"Dockerfile": "FROM python:3.11-slim\nCMD python -u serve.py >> /var/log/serve.log 2>&1\n"}
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\n"
            "ENV PYTHONUNBUFFERED=1\n"
            'CMD ["python", "serve.py"]\n'
        }
    ),
)
