"""Smell: code is copied before packages are installed."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.installs import Install, install, unwrapped
from mldocker_lab.audit.origins import broad, context_sources

if TYPE_CHECKING:
    from mldocker_lab.audit.model import Step, Target
    from mldocker_lab.audit.shell import Command

_SYSTEM = {"apt-get": "install", "apt": "install", "apk": "add", "yum": "install", "dnf": "install", "microdnf": "install"}


def judge(target: Target) -> Judged:
    """In no stage that is built does a broad COPY stand before an installation of packages."""
    seen = False
    for index, steps in sorted(target.steps.items()):
        code: Step | None = None
        installed = False
        for step in steps:
            if _code(step):
                code = code or step
            elif step.keyword == "RUN":
                for command in step.commands:
                    what = _installs(step, command, installed=installed)
                    seen = seen or bool(what)
                    installed = installed or bool(what)
                    if what and code is not None:
                        here = target.spot(command)
                        text = " ".join(code.one.value.split())
                        return failed(f"{code.keyword} {text} stands before {what}: every edit installs again", here)
        del index
    if not seen:
        return unjudged("no packages are installed here")
    return passed("packages are installed before the code is copied")


def _code(step: Step) -> bool:
    """It copies the whole context, or whole folders of it."""
    if step.keyword not in ("COPY", "ADD"):
        return False
    if broad(step):
        return True
    return any(posixpath.basename(text.rstrip("/")) in ("src", "app", "code") for text in context_sources(step))


def _installs(step: Step, command: Command, *, installed: bool) -> str:
    """What it installs, in words; "" for nothing, or nothing but the project itself."""
    plain = unwrapped(command)
    verb = _SYSTEM.get(plain.name)
    if verb and verb in plain.texts:
        return f"{plain.name} {verb}"
    one = install(step, command)
    if one is None:
        return ""
    named = [p for p in one.packages if not p.local]
    if one.project and not named and not [f for f in one.files if f != "uv.lock"]:
        return "" if installed or one.option("--no-deps") is not None else _words(one)
    return _words(one)


def _words(one: Install) -> str:
    return f"{one.tool} install" if one.tool != "setup.py" else "setup.py install"


RULE = Rule(
    id="cache-order",
    number=0,
    title="packages are installed before code is copied",
    why="Every edit of the code changes the COPY, and all that stands below it is built anew: minutes for each try.",
    fix="COPY the requirements alone, install them, then COPY the code.",
    lesson=lessons.CACHE,
    judge=judge,
    bad=Example({"Dockerfile": "FROM python:3.11-slim\nCOPY . .\nRUN pip install -r requirements.txt\n"}),
    good=Example(
        {"Dockerfile": "FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"}
    ),
)
