"""What a container starts: ENTRYPOINT and CMD, and the script of the project they point to."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.scripts import commands_of, installs
from mldocker_lab.audit.reading.shell import Command, commands
from mldocker_lab.audit.reading.wrappers import unwrapped

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.step import Step

__all__ = ["PYTHON", "is_job", "is_python", "logs_to_streams", "programs", "serves", "unbuffered"]

PYTHON = re.compile(r"(python|pypy)[\d.]*$")
_OF_PYTHON = frozenset(
    """
uvicorn gunicorn hypercorn fastapi streamlit flask celery mlflow bentoml jupyter jupyter-lab
jupyter-notebook vllm ray prefect dagster airflow gradio litestar granian daphne waitress-serve
chainlit accelerate torchrun deepspeed tensorboard dash voila rasa label-studio serve pytest uv
poetry pipenv
""".split()
)
#: What writes its log to the standard streams line by line unless it is told otherwise.
_STREAM_LOGGERS = frozenset(
    """
libretranslate rasa code-server uwsgi
uvicorn gunicorn hypercorn fastapi streamlit flask celery mlflow bentoml jupyter jupyter-lab
jupyter-notebook jupyterhub vllm airflow granian daphne waitress-serve chainlit label-studio
mlserver tensorboard voila panel solara prefect dagster dagster-webserver start-notebook.sh
start-notebook.py tritonserver tensorflow_model_server ollama caddy llama-server
text-generation-launcher text-embeddings-router lmdeploy litserve
""".split()
)
_IN_MODULE = re.compile(
    r"^(uvicorn|gunicorn|hypercorn|fastapi|streamlit|flask|vllm|sglang|mlflow|jupyter|http\.server)\b"
)
#: Servers that are no Python, whatever the script before them calls.
_SERVERS = frozenset(
    """
node java nginx tritonserver tensorflow_model_server ollama caddy torchserve llama-server
text-generation-launcher text-embeddings-router redis-server postgres
""".split()
)
_NOT_PYTHON = _SERVERS | frozenset(
    """
npm npx yarn spark-submit bash sh zsh /bin/bash sleep tail sshd /usr/sbin/sshd nvidia-smi
supervisord true cat echo R Rscript julia go cargo make
""".split()
)
_WRAPPERS = frozenset(
    ["tini", "dumb-init", "catatonit", "_entrypoint.sh", "entrypoint", "nvidia_entrypoint.sh"]
)
_PYTHON_BASE = re.compile(
    r"(^|/)(python|pypy|miniconda3?|anaconda3?|micromamba|mambaforge|miniforge3|pytorch|tensorflow|"
    r"uvicorn-gunicorn)"
    r"|python\d?|py3\d",
    re.IGNORECASE,
)
_ENVIRONMENT = re.compile(r"venv|site-packages|dist-packages|conda|/install\b|\.local|pyinstaller")
_TRAINS = re.compile(
    r"(^|[/_.-])(train|training|trainer|finetune|fine_tune|preprocess\w*|evaluate|eval|prepare\w*|"
    r"benchmark)"
    r"(ing)?([_.-]|$)",
    re.IGNORECASE,
)
_STAYS = frozenset(["cron", "crond", "wait", "tail", "sleep", "supervisord"])
_ENDING = frozenset(["pytest", "echo", "nvidia-smi", "cp", "ls", "env"])
_ENDS = frozenset(["--help", "-h", "help", "--version", "--train"])


def programs(target: Target) -> list[tuple[Step, Command]]:
    """The commands that run when the container starts, in order; scripts at hand are read."""
    found: list[tuple[Step, Command]] = []
    entry, cmd = target.entrypoint, target.command
    if entry and cmd and entry.plain and cmd.one.json and _is_bare_shell(entry.plain[0]):
        return [(cmd, unwrapped(one)) for one in commands(cmd.one.json[0], cmd.values)]
    if entry and cmd and entry.plain and cmd.one.json and not _hands_on(entry.plain[0]):
        whole = replace(entry.plain[0], words=entry.plain[0].words + cmd.commands[0].words)
        begun = _behind_init(whole)
        return [(cmd, begun), *((cmd, one) for one in commands_of(target, cmd, begun))]
    if not target.started and target.deployment and target.chain:
        return _by_compose(target, target.chain[-1])
    for step in target.started:
        for command in step.plain:
            plain = _behind_init(command)
            found.append((step, plain))
            found += [(step, one) for one in commands_of(target, step, plain)]
    return found


def _by_compose(target: Target, step: Step) -> list[tuple[Step, Command]]:
    """What the files of the deployment start, if the image itself starts nothing."""
    told = next((u.command for u in target.deployment.units if u.command), "")  # type: ignore[union-attr]
    at = step.one.source.start
    begun = [_behind_init(unwrapped(one)) for one in commands(told, step.values, lambda _: at)]
    return [(step, one) for first in begun for one in (first, *commands_of(target, step, first))]


def _is_bare_shell(command: Command) -> bool:
    """An ENTRYPOINT such as ``["sh", "-c"]``, to which CMD gives the script."""
    return command.name in ("sh", "bash") and command.texts[1:] in (("-c",), ("-lc",))


def _hands_on(command: Command) -> bool:
    """An ENTRYPOINT that starts what CMD names: an init, or a script that ends in exec "$@"."""
    return command.name in _WRAPPERS or any(text.endswith(".sh") for text in command.texts[:2])


def _behind_init(command: Command) -> Command:
    """The command that ``tini --`` or another init starts."""
    if command.name in _WRAPPERS and len(command.words) > 1:
        at = 1
        while at < len(command.words) - 1 and command.words[at].text.startswith("-"):
            at += 1
        command = unwrapped(command.shifted(at))
    script = command.texts[1:2]
    if command.name in ("bash", "sh") and script and script[0].endswith(".sh"):
        return command.shifted(1)
    return command


def is_python(target: Target, found: list[tuple[Step, Command]]) -> bool:
    """Whether the service is a Python program, or a program of a Python image that may be one."""
    names = [command.name for _, command in found]
    if names[-1:] and names[-1] in _SERVERS:
        return False  # Python may prepare something; what stays is another program
    if any(PYTHON.match(name) or name in _OF_PYTHON for name in names):
        return True
    if any(command.texts and command.texts[0].endswith(".py") for _, command in found):
        return True
    first = next((name for name in reversed(names) if name), "")
    if first in _NOT_PYTHON or not first:
        return False
    if any(command.texts and command.texts[0].endswith(".sh") for _, command in found):
        return False  # a script in which no Python is seen, or that is not at hand
    if "tritonserver" in target.root.name or _own_program(found):
        return False
    if any(True for _ in installs(target, everywhere=False)) or _PYTHON_BASE.search(
        target.root.name
    ):
        return True
    copied = [s.one.value for s in target.chain if s.keyword == "COPY" and s.one.flag("from")]
    return any(_ENVIRONMENT.search(text) for text in copied)


def unbuffered(target: Target, found: list[tuple[Step, Command]]) -> bool:
    """Whether Python is told to hand every line on at once."""
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


def logs_to_streams(command: Command) -> bool:
    """Whether a server is started that logs to the standard streams, line by line."""
    texts = command.texts
    if PYTHON.match(command.name) and "-m" in texts[:4]:
        module = next(iter(texts[texts.index("-m") + 1 :]), "")
        return bool(_IN_MODULE.match(module))
    return command.name in _STREAM_LOGGERS


def serves(command: Command) -> bool:
    """Whether it starts a server that is known by its name."""
    return logs_to_streams(command) or command.name in _SERVERS


def _own_program(found: list[tuple[Step, Command]]) -> bool:
    """It starts a program of the project by a path, such as ``./worker``: who knows which."""
    first = found[-1][1].texts[0] if found and found[-1][1].texts else ""
    return first.startswith("./") or (first.startswith("/") and "/bin/" not in first)


def is_job(target: Target) -> bool:
    """Whether it clearly starts something that ends: a training, a command-line tool's help."""
    units = target.deployment.units if target.deployment else ()
    if units and all(unit.ends for unit in units):
        return True
    found = programs(target)
    if any(serves(command) or command.name in _STAYS for _, command in found):
        return False
    exposes = any(step.keyword == "EXPOSE" for step in target.chain)
    if exposes or not found:
        return False
    for _, command in found:
        alone = len(found) == 1 and command.name in _ENDING
        if alone or any(text in _ENDS for text in command.texts):
            return True
        if PYTHON.match(command.name) and "-c" in command.texts[:4]:
            return True
        script = next((t for t in command.texts if t.endswith(".py")), "")
        module = command.texts[command.texts.index("-m") + 1 :][:1] if "-m" in command.texts else ()
        name = script or (module[0] if module else command.name)
        if _TRAINS.search(name):
            return True
    return False
