"""Smell: one RUN installs what changes at different times."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.installs import Install
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.step import Step

_FRAMEWORK = re.compile(
    r"^(torch|pytorch|tensorflow(-gpu|-cpu)?|jax(lib)?|mxnet.*|paddlepaddle.*|onnxruntime(-gpu)?|"
    r"keras)$"
)
_MANY = 8  # packages in one command, with a framework among them


def judge(target: Target) -> Judged:
    """No RUN mixes system packages, frameworks and the application's packages."""
    seen = False
    for step in target.chain:
        if step.keyword != "RUN":
            continue
        found = list(target.installs_of(step))
        seen = seen or bool(found)
        system = any(_system(step))
        real = [one for one in found if not _only_tools(one)]
        if system and real:
            return failed("one RUN installs system packages and Python packages", target.spot(step))
        for one in real:
            if len(one.packages) >= _MANY and any(_FRAMEWORK.match(name) for name in one.names):
                said = (
                    f"one command installs {len(one.packages)} packages, the framework among them"
                )
                return failed(said, target.spot(one.command))
    if not seen:
        return passed("no Python package is installed here")
    return passed("system packages and Python packages have layers of their own")


def _system(step: Step) -> list[bool]:
    found = []
    for command in step.plain:
        texts = command.texts
        if (
            command.name in ("apt-get", "apt", "yum", "dnf", "microdnf", "zypper")
            and "install" in texts
        ) or (command.name == "apk" and "add" in texts):
            found.append(True)
    return found


def _only_tools(one: Install) -> bool:
    tools = {"pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "virtualenv", "build", "pdm"}
    return bool(one.names) and one.names <= tools and not one.files


RULE = Rule(
    id="layer-split",
    number=0,
    title="layers are split by how often they change",
    why="A layer is rebuilt as a whole: one changed line installs system packages, framework and "
    "application again.",
    fix="One RUN for system packages, one for the framework, one for the application's packages, "
    "in this order.",
    lesson=lessons.CACHE,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y libgl1 && pip install torch==2.5.1 "
            "fastapi==0.115.0\n"
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y libgl1\n"
            "COPY requirements-base.txt .\nRUN pip install -r requirements-base.txt\n"
            "COPY requirements-app.txt .\nRUN pip install -r requirements-app.txt\n"
        }
    ),
)
