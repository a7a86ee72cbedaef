"""Smell: code is copied before packages are installed."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed
from mldocker_lab.audit.reading.installs import Install, install
from mldocker_lab.audit.reading.origins import broad, context_sources

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.audit.reading.step import Step

_SYSTEM = {
    "apt-get": "install",
    "apt": "install",
    "apk": "add",
    "yum": "install",
    "dnf": "install",
    "microdnf": "install",
}


_LISTS = re.compile(
    r"requirement|constraint|lock|^(pyproject|setup|environment|env|conda|Pipfile|poetry|README|"
    r"LICENSE|LICENCE|VERSION|"
    r"MANIFEST|Makefile|Dockerfile|docker|scripts?|bin|wheels?|wheelhouse|dist|deps|packages|"
    r"patches|third_party|conf(ig)?|"
    r"etc|root|rootfs|certs?|entrypoint|tini|package|s2i|build|install|tools|utils?|apt|system|"
    r"vendor|index)",
    re.IGNORECASE,
)


def judge(target: Target) -> Judged:
    """In no stage that is built does a broad COPY stand before an installation of packages."""
    seen = False
    for index, steps in sorted(target.steps.items()):
        code: Step | None = None
        installed = False
        for step in steps:
            if _code(target, step):
                code = code or step
            elif step.keyword == "RUN":
                for command in step.plain:
                    what = _installs(step, command, installed=installed)
                    seen = seen or bool(what)
                    installed = installed or (bool(what) and not _is_system(command))
                    if what and code is not None and (broad(code) or not _is_system(command)):
                        here = target.spot(command)
                        text = " ".join(code.one.value.split())
                        return failed(
                            f"{code.keyword} {text} stands before {what}: every edit installs "
                            f"again",
                            here,
                        )
        del index
    if not seen:
        return passed("no packages are installed here")
    return passed("packages are installed before the code is copied")


def _code(target: Target, step: Step) -> bool:
    """It copies the whole context, or whole folders of it."""
    if step.keyword not in ("COPY", "ADD"):
        return False
    return broad(step) or any(_is_code(target, text) for text in context_sources(step))


def _is_code(target: Target, text: str) -> bool:
    """A folder, or a source file, that is no list of packages and no helper of the build."""
    name = posixpath.basename(text.rstrip("/"))
    if _LISTS.search(name) or not name:
        return False
    if name.endswith((".py", ".ipynb")):
        return not name.startswith(("setup", "version", "__version__", "_version", "install"))
    if target.project.below(text) == [posixpath.normpath(text.lstrip("/"))]:
        return False  # one file without an ending
    return "." not in name.lstrip(".") and not name.isupper()


def _is_system(command: Command) -> bool:
    return command.name in _SYSTEM


def _installs(step: Step, command: Command, *, installed: bool) -> str:
    """What it installs, in words; "" for nothing, or nothing but the project itself."""
    verb = _SYSTEM.get(command.name)
    if verb and verb in command.texts:
        return f"{command.name} {verb}"
    one = install(step, command)
    if one is None:
        return ""
    named = [p for p in one.packages if not p.local]
    if (
        named
        and one.names <= {"pip", "setuptools", "wheel", "uv", "poetry", "pipenv"}
        and not one.files
    ):
        return ""
    if one.project and not named and not [f for f in one.files if f != "uv.lock"]:
        return "" if installed or one.option("--no-deps") is not None else _words(one)
    return _words(one)


def _words(one: Install) -> str:
    return f"{one.tool} install" if one.tool != "setup.py" else "setup.py install"


RULE = Rule(
    id="cache-order",
    number=0,
    title="packages are installed before code is copied",
    why="Every edit of the code changes the COPY, and all that stands below it is built anew: "
    "minutes for each try.",
    fix="COPY the requirements alone, install them, then COPY the code.",
    lesson=lessons.CACHE,
    judge=judge,
    bad=Example(
        {"Dockerfile": "FROM python:3.11-slim\nCOPY . .\nRUN pip install -r requirements.txt\n"}
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r "
            "requirements.txt\nCOPY . .\n"
        }
    ),
)
