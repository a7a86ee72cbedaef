"""Smell: the package lists of apt stay in a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Edit, Example, Fix, Judged, Rule, failed, passed

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.audit.reading.step import Step

_REMOVES = re.compile(r"/var/lib/(apt(/lists)?(/\*|/)?$|apt/lists|\{[^}]*apt|\*)|^/var/lib/apt")


def judge(target: Target) -> Judged:
    """Every RUN that fetches lists removes them, or keeps them in a mount."""
    seen, faults = False, []
    for step in target.chain:
        if step.keyword != "RUN":
            continue
        commands = step.plain
        fetched = [c for c in commands if _fetches(c)]
        if not fetched:
            continue
        seen = True
        if not _removed(commands) and not _mounted(step):
            faults.append((step, fetched[-1]))
    if faults:
        fixes = tuple(fix for step, _ in faults if (fix := _fix(target, step)))
        return failed(
            "apt's lists stay in the layer", *(target.spot(c) for _, c in faults), fixes=fixes
        )
    return (
        passed("apt's lists are removed where they are fetched")
        if seen
        else passed("apt is not used here")
    )


def _fetches(command: Command) -> bool:
    return command.name in ("apt-get", "apt", "aptitude") and bool(
        {"update"} & set(command.texts[1:])
    )


def _removed(commands: tuple[Command, ...]) -> bool:
    """They are removed after they were last fetched; before, that is no use."""
    there = False
    for command in commands:
        there = _fetches(command) or (there and not _removes(command))
    return not there


def _removes(command: Command) -> bool:
    line = " ".join(command.texts)
    if command.name == "rm":
        return any(_REMOVES.search(text) for text in command.texts[1:])
    if command.name == "find":
        return "/var/lib/apt" in line and "delete" in line
    return command.name in ("apt-get", "apt") and "distclean" in command.texts


def _mounted(step: Step) -> bool:
    return any(
        path.rstrip("/") in ("/var/lib/apt", "/var/lib/apt/lists", "/var/lib")
        for path in step.mounted
    )


def _fix(target: Target, step: Step) -> Fix | None:
    """Remove them at the end of the same RUN."""
    one = step.one
    if one.json is not None or one.heredocs or "#" in one.text:
        return None
    end = one.source.end
    text = target.dockerfile.text[one.source.start : end].rstrip()
    at = one.source.start + len(text)
    if text.endswith((one.source.text[-1:] and "\\", ";", "&&")):
        return None
    return Fix(
        "remove apt's lists in the same RUN",
        (Edit(target.file, at, at, " && rm -rf /var/lib/apt/lists/*"),),
    )


RULE = Rule(
    id="apt-lists",
    number=0,
    title="apt's package lists do not stay in a layer",
    why="The lists are tens of megabytes in every image, and a later rm cannot take them out of "
    "the layer.",
    fix="End the same RUN with && rm -rf /var/lib/apt/lists/*.",
    lesson=lessons.LAYERS,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM debian:12-slim\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends libgl1\n"
            "RUN rm -rf /var/lib/apt/lists/*\n"
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM debian:12-slim\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends libgl1 \\\n"
            " && rm -rf /var/lib/apt/lists/*\n"
        }
    ),
)
