"""Point 10: whoever starts the container says how much memory it may take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target


#: Services and files for those who work on the project, not for what production runs.
_ASIDE = re.compile(r"(^|[/_.-])(dev|devel|development|tests?|debug|lint|docs|override)([/_.-]|$)")
_BEST = ("kubernetes", "compose", "docker run")  # what production starts with comes first


def judge(target: Target) -> Judged:
    """Every container of this image, in every file that starts it, has a memory limit."""
    found = target.deployment.units if target.deployment else ()
    if not found:
        return unjudged("no compose file, manifest or docker run line is at hand")
    files = next(kept for kind in _BEST if (kept := [unit for unit in found if unit.kind == kind]))
    files = [unit for unit in files if not _ASIDE.search(f"{unit.spot.file}/{unit.name}")] or files
    free = [unit for unit in files if not unit.memory]
    if free:
        names = ", ".join(dict.fromkeys(f"{unit.name} ({unit.kind})" for unit in free))
        return failed(f"started without a memory limit: {names}", *(unit.spot for unit in free))
    names = ", ".join(dict.fromkeys(f"{unit.name} ({unit.kind})" for unit in files))
    return passed(f"started with a memory limit: {names}", *(unit.spot for unit in files))


RULE = Rule(
    id="limits",
    number=10,
    title="the deployment sets resource limits",
    why="Without a limit one leaking service takes the memory of its neighbours, and the kernel "
    "chooses who dies.",
    fix="Set deploy.resources.limits in compose, resources.limits in Kubernetes, or docker run "
    "--memory --cpus.",
    lesson=lessons.RUNTIME,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": 'FROM python:3.11-slim\nCMD ["python", "serve.py"]\n',
            "compose.yaml": "services:\n  model:\n    build: .\n    ports: ['8080:8080']\n",
        }
    ),
    good=Example(
        {
            "Dockerfile": 'FROM python:3.11-slim\nCMD ["python", "serve.py"]\n',
            "compose.yaml": "services:\n  model:\n    build: .\n    deploy:\n      resources:\n"
            "        limits: {memory: 2g, cpus: '1'}\n",
        }
    ),
)
