"""Point 9: logs go to standard output, not into a file of the container."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.knowledge.logging_code import (
    file_handler_line,
    gunicorn_log,
    log_configurations,
    log_file_line,
    streams,
)
from mldocker_lab.audit.knowledge.started import (
    PYTHON,
    is_python,
    logs_to_streams,
    programs,
    serves,
    unbuffered,
)
from mldocker_lab.audit.knowledge.supervisor import kept_in_files, programs_seen
from mldocker_lab.audit.reading.imports import reachable
from mldocker_lab.audit.reading.origins import origin, python_files
from mldocker_lab.audit.reading.spot import Spot

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.audit.reading.step import Step

_STREAMS = re.compile(r"^(-|/dev/(stdout|stderr|fd/[12])|/proc/(1|self)/fd/[12]|/dev/tty)$")
_LOG_OPTION = re.compile(
    r"^--(logto2?|daemonize2?|log-?file|logfile|access-logfile|error-logfile|log_file|log[-_]path|log[-_]dir|"
    r"log[-_]output)$"
)
_LOG_FILE = re.compile(r"\.(log|out|err)$|(^|/)logs?/|nohup\.out")
_SETTINGS = re.compile(
    r"\.(json|ya?ml|conf|cfg|toml|ini|env|pem|key|html|sql|csv)$|^/(etc|proc|sys)/"
)
_LOG_ENV = re.compile(r"(^|_)LOG_?(FILE|PATH|FILENAME|FILE_?PATH|FILE_?NAME)$|^LOGFILE$")
_LOG_MODULE = re.compile(
    r"^(?!.*(^|/)tests?/)([\w.-]+/)*(\w+_)?log(s|ger|gers|ging|ging_config|_config|_utils)?\.py$"
)
_MOST_MODULES = 10
_GUNICORN = "gunicorn.conf.py"
_WRITES_FILES = frozenset(
    "echo printf cat env printenv export envsubst sed grep awk jq sort cut tr openssl".split()
)


def judge(target: Target) -> Judged:
    """What is started writes no log file; where its lines go is known."""
    found = programs(target)
    faults = [fault for step, command in found for fault in _faults(target, step, command)]
    faults += [*_environment(target), *_code(target, found), *_gunicorn(target, found)]
    supervised = any(command.name == "supervisord" for _, command in found)
    faults += kept_in_files(target) if supervised else []
    if faults:
        text = "; ".join(dict.fromkeys(said for said, _ in faults))
        return failed(text, *(spot for _, spot in faults))
    if unbuffered(target, found) and (found or "PYTHONUNBUFFERED" in target.env):
        return passed("Python's lines are not held back, and nothing writes a log file")
    started = bool(target.entrypoint) or any(not c.name.startswith("-") for _, c in found)
    if not started and target.root.logs_to_streams:
        return passed(f"the server of {target.root.text} logs to the standard streams")
    if not found:
        return unjudged("the Dockerfile starts nothing: how its base logs is not known")
    if supervised and programs_seen(target):
        return passed("supervisord hands the output of its programs on to the standard streams")
    step, command = found[-1]
    spot = target.spot(step)
    plain = bool(PYTHON.match(command.name)) and not logs_to_streams(command)
    server = next((c.name for _, c in reversed(found) if logs_to_streams(c) and not plain), "")
    if server:
        return passed(f"{server} logs to the standard streams, and nothing writes a log file", spot)
    name = next((n for n, code in _codes(target, found[-1:]).items() if streams(code)), "")
    if name:
        return passed(f"{name} logs to the standard streams, and nothing writes a log file", spot)
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
    kept = next((text for text in command.texts[1:] if not text.startswith("-")), "")
    if command.name == "tee" and kept and not _STREAMS.match(kept):
        found.append(f"tee keeps the output in {kept}, too")
    return [(text, spot) for text in found]


def _redirected(command: Command) -> list[str]:
    """The files that output is written into, where that output is a log."""
    found = []
    for redirect in command.redirects:
        to = redirect.target.text
        writes = redirect.operator in (">", ">>", ">|", ">&", "&>")
        silent = to == "/dev/null" and not (redirect.number in ("", "1") and serves(command))
        made = command.name in _WRITES_FILES or _SETTINGS.search(to)
        logs = not made or _LOG_FILE.search(to)
        if writes and to and logs and not silent and not _STREAMS.match(to):
            found.append(to)
    return found


def _script(target: Target, step: Step, command: Command) -> str:
    """Where the Python file that is started stands in the build context; "" if not at hand."""
    for name in python_files(target, command):
        here = origin(target, step, name)
        found = next((n for n in (here, name, f"src/{name}") if n in target.project.inside), None)
        if found and target.project.text(found):
            return found
    return ""


def _code(target: Target, found: list[tuple[Step, Command]]) -> list[tuple[str, Spot]]:
    """What is started, or a module that sets the log up, logs into a file that it names."""
    if not is_python(target, found):
        return []
    codes = _codes(target, found)
    started, running = _scripts(target, found), tuple(codes.values())
    if not codes:  # what is started is not at hand; a module that sets the log up may be
        modules = sorted(name for name in target.project.inside if _LOG_MODULE.search(name))
        codes = {name: target.project.text(name) or "" for name in modules[:_MOST_MODULES]}
    lines = [
        (name, log_file_line(code, () if name in started else running))
        for name, code in codes.items()
    ]
    named = {name for code in codes.values() for name in log_configurations(code)}
    named |= {o.rpartition("/")[2] for _, command in found for o in _configured(command)}
    files = sorted(n for n in target.project.inside if n.rpartition("/")[2] in named)
    lines += [(name, file_handler_line(target.project.text(name) or "")) for name in files]
    return [
        (f"{name} logs into a file", Spot(target.project.in_context(name), line))
        for name, line in lines
        if line
    ]


def _codes(target: Target, found: list[tuple[Step, Command]]) -> dict[str, str]:
    """The Python files of the project that are started, and those that they import."""
    scripts = _scripts(target, found)
    return {name: code for script in scripts for name, code in reachable(target.project, script)}


def _scripts(target: Target, found: list[tuple[Step, Command]]) -> list[str]:
    return [script for step, command in found if (script := _script(target, step, command))]


def _configured(command: Command) -> list[str]:
    """The file that ``--log-config`` names."""
    return [to for option, to in pairwise(command.texts) if option.startswith("--log-config")]


def _gunicorn(target: Target, found: list[tuple[Step, Command]]) -> list[tuple[str, Spot]]:
    """The configuration that gunicorn is started with names a log file."""
    for _, command in found:
        if command.name != "gunicorn":
            continue
        pairs = pairwise(command.texts)
        given = next((to for option, to in pairs if option in ("-c", "--config")), _GUNICORN)
        name = given.removeprefix("file:").rpartition("/")[2]
        files = sorted(n for n in target.project.inside if n.rpartition("/")[2] == name)
        line, path = gunicorn_log(target.project.text(files[0]) or "") if files else (0, "")
        if line:
            spot = Spot(target.project.in_context(files[0]), line)
            return [(f"gunicorn's logs go into {path}", spot)]
    return []


def _environment(target: Target) -> list[tuple[str, Spot]]:
    found = []
    for step in target.chain:
        for name, value, _ in step.pairs if step.keyword == "ENV" else ():
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
