"""Point 1: what builds or trains is not in the image that ships."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target

_WORKSHOP = re.compile(
    r"(^|[-_.])(dev|devel|development|test|tests|testing|ci|lint|debug|notebook)($|[-_.])"
)

_TRAINS = re.compile(r"train|notebook|jupyter|export")


def _kept(target: Target) -> set[int]:
    """Stages whose layers are in the image, or whose whole file system is copied into it."""
    kept = set(target.lineage)
    for step in target.chain:
        if step.keyword == "COPY" and step.one.words[:1] == ("/",):
            for index in target.dockerfile.source_stages(step.one):
                kept.add(index)
                before = target.dockerfile.stages[index].base_stage
                while before is not None:
                    kept.add(before)
                    before = target.dockerfile.stages[before].base_stage
    return kept


def judge(target: Target) -> Judged:
    """Some stage that does work is left behind."""
    stages = target.dockerfile.stages
    here = target.span(target.stage.origin.source.source(0), target.stage.origin.source.end)
    if len(stages) == 1:
        return failed("a single stage: all that builds and trains is in the image that ships", here)
    kept = _kept(target)
    working = {s.index for s in stages if any(one.filesystem for one in s.instructions)}
    beside = {s.index for s in stages if _TRAINS.search(s.label)}  # trains, and hands nothing over
    left = sorted((working - kept) & (target.needed | beside))
    label = target.stage.name or f"stage {target.stage.index}"
    if left:
        names = ", ".join(stages[i].name or f"stage {i}" for i in left)
        last = target.stage.index == len(stages) - 1 and _WORKSHOP.search(label)
        also = "; but the last stage is for development: name the target" if last else ""
        return passed(f"{label} leaves behind what only these stages need: {names}{also}", here)
    if kept - set(target.lineage):
        return failed(
            "a whole stage is copied from / to /: that moves its weight, it leaves nothing behind",
            here,
        )
    return failed("no stage is left behind: every stage that does work is part of the image", here)


RULE = Rule(
    id="multi-stage",
    number=1,
    title="a build stage is left behind",
    why="Compilers, training packages and data that only the build needs are pulled by every node "
    "and are there to be attacked.",
    fix="Build or train in a stage of its own, and COPY --from it only what serving needs.",
    lesson=lessons.STAGES,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\n"
            "RUN pip install torch==2.5.1 wandb==0.18.0 uvicorn==0.32.0\n"
            "COPY train.py serve.py ./\n"
            'CMD ["uvicorn", "serve:app"]\n'
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11 AS build\n"
            "COPY requirements.lock .\n"
            "RUN pip install --prefix /install -r requirements.lock\n"
            "FROM python:3.11-slim\n"
            "COPY --from=build /install /usr/local\n"
            'CMD ["uvicorn", "serve:app"]\n'
        }
    ),
)
