"""Smell: the image that ships holds Jupyter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, Spot, failed, passed
from mldocker_lab.audit.origins import origin
from mldocker_lab.audit.requirements import file_requirements

if TYPE_CHECKING:
    from mldocker_lab.audit.model import Target

_PACKAGES = re.compile(
    r"^(jupyter(lab|hub)?|notebook|jupyter-[\w-]+|jupyterlab-[\w-]+|ipykernel|voila|nbclassic)$"
)
_BASE = re.compile(
    r"(^|/)(jupyter/|jupyter[-\w]*notebook|datascience-notebook|scipy-notebook|jupyterhub|jupyterlab)|-jupyter\b"
)


def judge(target: Target) -> Judged:
    """No base, package or command of the image is Jupyter's."""
    faults: list[tuple[str, Spot]] = []
    base = target.root
    if _BASE.search(base.name.lower()):
        faults.append(
            (
                f"the base is {base.text}",
                target.span(base.origin.source.source(0), base.origin.source.end),
            )
        )
    for one in target.installs(everywhere=False):
        for package in one.packages:
            if _PACKAGES.match(package.name):
                start, end = one.places.get(package.text, (one.command.start, one.command.end))
                faults.append((f"{package.name} is installed", target.span(start, end)))
        for path in one.files:
            here = origin(target, one.step, path)
            for file, package in (
                (file_requirements(here, target.project.text) or []) if here else []
            ):
                if _PACKAGES.match(package.name):
                    spot = Spot(target.project.in_context(file), package.line)
                    faults.append((f"{package.name} is installed from {file}", spot))
    for step in target.started:
        if any(c.name.startswith("jupyter") or "jupyter" in c.texts[:3] for c in step.commands):
            faults.append(("the container starts Jupyter", target.spot(step)))
    if faults:
        return failed(
            "; ".join(dict.fromkeys(text for text, _ in faults)), *(spot for _, spot in faults)
        )
    return passed("neither base, packages nor command are Jupyter's")


RULE = Rule(
    id="jupyter-in-production",
    number=0,
    title="no Jupyter in the image that ships",
    why="Jupyter lets whoever reaches it run any code, and brings a hundred packages that serving never imports.",
    fix="Install notebooks' packages in a stage for development and build the service from another one.",
    lesson=lessons.STAGES,
    judge=judge,
    bad=Example(
        {"Dockerfile": "FROM python:3.11-slim\nRUN pip install jupyterlab==4.2.5 uvicorn==0.32.0\n"}
    ),
    good=Example({"Dockerfile": "FROM python:3.11-slim\nRUN pip install uvicorn==0.32.0\n"}),
)
