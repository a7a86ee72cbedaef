"""Smell: Python keeps what it prints in a buffer, and takes it along when it is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.knowledge.started import is_python, programs, unbuffered

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target


def judge(target: Target) -> Judged:
    """Python that writes to a pipe is told to hand every line on."""
    found = programs(target)
    if unbuffered(target, found):
        return passed("Python hands every line on at once")
    if not found or not is_python(target, found):
        return unjudged("no Python is seen to start")
    step, _ = found[-1]
    return failed("Python holds printed lines back: PYTHONUNBUFFERED is not set", target.spot(step))


RULE = Rule(
    id="held-output",
    number=0,
    title="Python's printed lines are not held back",
    why="What print() wrote stays in a buffer of some kB while nobody is at a terminal: it comes "
    "late, and never if the container is killed.",
    fix="ENV PYTHONUNBUFFERED=1, or start python -u.",
    lesson=lessons.RUNTIME,
    judge=judge,
    bad=Example({"Dockerfile": 'FROM python:3.11-slim\nCMD ["python", "serve.py"]\n'}),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\n"
            "ENV PYTHONUNBUFFERED=1\n"
            'CMD ["python", "serve.py"]\n'
        }
    ),
)
