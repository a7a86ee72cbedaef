"""Smell: the image that ships holds Jupyter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed
from mldocker_lab.audit.reading.origins import asked
from mldocker_lab.audit.reading.scripts import installs

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.spot import Spot
    from mldocker_lab.audit.reading.step import Step

_PACKAGES = re.compile(
    r"^(jupyter(lab|hub)?|notebook|jupyter-[\w-]+|jupyterlab-[\w-]+|ipykernel|voila|nbclassic)$"
)
_BASE = re.compile(
    r"(^|/)(jupyter/|jupyter[-\w]*notebook|datascience-notebook|scipy-notebook|jupyterhub|"
    r"jupyterlab)|-jupyter\b"
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
    faults += [
        (f"{package.name} is installed in {spot.file}:{spot.line}", spot)
        for one in installs(target, everywhere=False)
        for package, spot in asked(target, one)
        if _PACKAGES.match(package.name)
    ]
    faults += [
        ("the container starts Jupyter", target.spot(s)) for s in target.started if _starts(s)
    ]
    if faults:
        return failed(
            "; ".join(dict.fromkeys(text for text, _ in faults)), *(spot for _, spot in faults)
        )
    return passed("neither base, packages nor command are Jupyter's")


def _starts(step: Step) -> bool:
    return any(c.name.startswith("jupyter") or "jupyter" in c.texts[:3] for c in step.commands)


RULE = Rule(
    id="jupyter-in-production",
    number=0,
    title="no Jupyter in the image that ships",
    why="Jupyter lets whoever reaches it run any code, and brings a hundred packages that serving "
    "never imports.",
    fix="Install notebooks' packages in a stage for development and build the service from another "
    "one.",
    lesson=lessons.STAGES,
    judge=judge,
    bad=Example(
        {"Dockerfile": "FROM python:3.11-slim\nRUN pip install jupyterlab==4.2.5 uvicorn==0.32.0\n"}
    ),
    good=Example({"Dockerfile": "FROM python:3.11-slim\nRUN pip install uvicorn==0.32.0\n"}),
)
