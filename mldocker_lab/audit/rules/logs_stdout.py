"""Point 9: logs go to standard output, not into a file of the container."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, Spot, failed, passed, unjudged
from mldocker_lab.audit.origins import origin
from mldocker_lab.audit.started import PYTHON, is_python, logs_to_streams, programs, unbuffered
from mldocker_lab.audit.supervisor import kept_in_files, programs_seen

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
_LOG_MODULE = re.compile(
    r"^(?!.*(^|/)tests?/)([\w.-]+/)*(\w+_)?log(s|ger|gers|ging|ging_config|_config|_utils)?\.py$"
)
_MOST_MODULES = 10
_TO_STREAM = re.compile(r"StreamHandler\s*\(|sys\.stdout|sys\.stderr")
#: What sends each line at once: logging's streams and the servers that use it. print() does not.
_LOGS = re.compile(
    r"\b(uvicorn|hypercorn|waitress|granian|bentoml|litserve|kserve|gradio|streamlit)\b|"
    r"\blogging\.(basicConfig|getLogger|StreamHandler|info)\b|\bloguru\b|\.run\(\s*host|"
    r"\.launch\(|web\.run_app\(|flush\s*=\s*True"
)
_WRITES_FILES = frozenset(
    "echo printf cat env printenv export envsubst sed grep awk jq sort cut tr openssl".split()
)


def judge(target: Target) -> Judged:
    """What is started writes no log file; where its lines go is known."""
    found = programs(target)
    faults = [fault for step, command in found for fault in _faults(target, step, command)]
    faults += [*_environment(target), *_log_modules(target, found)]
    supervised = any(command.name == "supervisord" for _, command in found)
    faults += kept_in_files(target) if supervised else []
    if faults:
        text = "; ".join(dict.fromkeys(said for said, _ in faults))
        return failed(text, *(spot for _, spot in faults))
    if unbuffered(target, found):
        return passed("Python's lines are not held back, and nothing writes a log file")
    if not found and target.root.logs_to_streams:
        return passed(f"the server of {target.root.text} logs to the standard streams")
    if not found:
        return unjudged("the Dockerfile starts nothing: how its base logs is not known")
    if supervised and programs_seen(target):
        return passed("supervisord hands the output of its programs on to the standard streams")
    step, command = found[-1]
    spot = target.spot(step)
    server = next((c.name for _, c in reversed(found) if logs_to_streams(c)), "")
    if server:
        return passed(f"{server} logs to the standard streams, and nothing writes a log file", spot)
    streams = _script_logs(target, step, command)
    if streams:
        return passed(f"{streams} logs to the standard streams, and nothing writes a file", spot)
    return unjudged(f"how {command.name or 'it'} logs cannot be told from here", spot)


def _faults(target: Target, step: Step, command: Command) -> list[tuple[str, Spot]]:
    spot = target.spot(step)
    texts = (*command.texts, *command.sets.get("GUNICORN_CMD_ARGS", "").split())
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
    return [*((text, spot) for text in found), *_code(target, step, command)]


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


def _script(target: Target, step: Step, command: Command) -> tuple[str, str]:
    """The Python script that is started: its path in the project, and its text if at hand."""
    names = (text for text in command.texts[:4] if text.endswith(".py"))
    script = next(names, "") if PYTHON.match(command.name) or command.name.endswith(".py") else ""
    here = origin(target, step, script) if script else None
    return (here or "", (target.project.text(here) or "") if here else "")


def _code(target: Target, step: Step, command: Command) -> list[tuple[str, Spot]]:
    """The script that is started logs into a file and to no stream."""
    here, text = _script(target, step, command)
    found = _TO_FILE.search(text)
    if found is None or _TO_STREAM.search(text):
        return []
    line = text.count("\n", 0, found.start()) + 1
    name = here.rpartition("/")[2]
    return [(f"{name} logs into a file", Spot(target.project.in_context(here), line))]


def _log_modules(target: Target, found: list[tuple[Step, Command]]) -> list[tuple[str, Spot]]:
    """A module of the project that sets the log up, into a file and to no stream."""
    if not is_python(target, found):
        return []
    seen = []
    names = sorted(n for n in target.project.inside if _LOG_MODULE.search(n))
    for name in names[:_MOST_MODULES]:
        text = target.project.text(name) or ""
        to_file = _TO_FILE.search(text)
        if to_file and not _TO_STREAM.search(text):
            line = text.count("\n", 0, to_file.start()) + 1
            seen.append((f"{name} logs into a file", Spot(target.project.in_context(name), line)))
    return seen


def _script_logs(target: Target, step: Step, command: Command) -> str:
    """The name of the script that is started, if it logs through a server or ``logging``."""
    here, text = _script(target, step, command)
    return here.rpartition("/")[2] if _LOGS.search(text) else ""


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
    title="logs go to stdout and stderr",
    why="A log file dies with its container and fills its disk, and nobody who looks with docker "
    "logs sees a line of it.",
    fix="Write no log file: log to the standard streams, set ENV PYTHONUNBUFFERED=1, and let the "
    "engine rotate.",
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
