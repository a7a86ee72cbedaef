"""From the files of a project to what is judged: a Dockerfile, its context, what deploys it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mldocker_lab.audit.deployment import Deployment, Unit, units
from mldocker_lab.audit.model import Target
from mldocker_lab.audit.origins import context_sources
from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.dockerfile.lenient import parse_leniently
from mldocker_lab.errors import DockerfileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mldocker_lab.audit.project import Project

__all__ = ["deployed", "dockerfiles", "target_of"]

_DOCKERFILE = re.compile(
    r"(^|/)((Docker|Container)file([.-][\w.-]+)?|[\w.-]+\.(Docker|Container)file)$", re.IGNORECASE
)
_NOT = (
    ".dockerignore",
    ".md",
    ".py",
    ".sh",
    ".j2",
    ".jinja",
    ".jinja2",
    ".tmpl",
    ".bak",
    ".orig",
    ".txt",
    ".in",
)
_DEPLOYS = re.compile(r"\.(ya?ml|sh|bash|mk)$|(^|/)(GNU)?[Mm]akefile$|(^|/)justfile$")
_SKIPPED = re.compile(
    r"(^|/)(\.github|\.circleci|\.gitlab|node_modules|\.venv|venv|site-packages)/|(^|"
    r"/)\.gitlab-ci\.yml$"
)
_COMMON = frozenset(
    [
        "dockerfile",
        "docker",
        "containerfile",
        "deploy",
        "src",
        "app",
        "build",
        "images",
        "container",
        "prod",
    ]
)
_AT_HOME = re.compile(
    r"[^/]+\.py|requirements[\w.-]*\.txt|pyproject\.toml|environment\.ya?ml|Pipfile|\.dockerignore|"
    r"setup\.py|Cargo\.toml|go\.mod|package\.json"
)
_ASIDE = re.compile(
    r"(^|/)(\.?docker|dockerfiles?|infra\w*|deploy\w*|build|ci|images?|containers?|gpu|cpu)$",
    re.IGNORECASE,
)
_WORD = 3  # letters that make a name telling
_MOST = 400  # files that may say how it is started


def dockerfiles(names: Iterable[str]) -> list[str]:
    """The Dockerfiles among file names; the one at the top first, then by depth and name."""
    found = [n for n in names if _DOCKERFILE.search(n) and not n.lower().endswith(_NOT)]
    return sorted(found, key=lambda n: (n.count("/"), posixpath.basename(n) != "Dockerfile", n))


def deployed(project: Project) -> list[Unit]:
    """Every container that a file of the project starts."""
    names = [n for n in project.names if _DEPLOYS.search(n) and not _SKIPPED.search(n)]
    found: list[Unit] = []
    for name in sorted(names, key=lambda n: (n.count("/"), n))[:_MOST]:
        text = project.read(name)
        if text:
            found += units(name, text)
    return found


def target_of(
    project: Project,
    file: str,
    stage: str | None = None,
    args: Mapping[str, str] | None = None,
    *,
    started: Iterable[Unit] | None = None,
) -> Target:
    """What is judged.

    Args:
        project: the files.
        file: the Dockerfile's path in it.
        stage: the stage that becomes the image; None for the last.
        args: build arguments.
        started: what ``deployed`` found, if somebody looked already.

    Raises:
        UsageError: no such file, no such stage.
        DockerfileError: it has no stage at all.
    """
    text = project.read(file)
    if text is None:
        raise UsageError(
            f"there is no {file} to read", "name a Dockerfile, or the folder that has one"
        )
    parsed, problems = parse_leniently(text, args)
    if not parsed.stages:
        raise problems[0] if problems else DockerfileError(f"{file} has no FROM", "begin with FROM")
    found = list(deployed(project) if started is None else started)
    mine = [unit for unit in found if unit.build == file]
    target = Target(project, file, parsed, parsed.final(stage), args or {})
    context = next((unit.context for unit in mine), None)
    target = replace(
        target, project=replace(project, context=_context(target) if context is None else context)
    )
    mine += _named(file, found, mine, alone=len(dockerfiles(project.names)) == 1)
    ignore, at, error = _ignore(target)
    return replace(
        target,
        deployment=Deployment(tuple(mine)) if mine else None,
        ignore=ignore,
        ignore_file=at,
        ignore_error=error,
    )


def _named(file: str, found: list[Unit], mine: list[Unit], *, alone: bool) -> list[Unit]:
    """Containers of images that are not built where they are started, and that seem to be this one.

    That is: the name of the service or image holds a word of the Dockerfile's path, or is that of
    a compose service that builds it; with a single Dockerfile, all of them.
    """
    free = [unit for unit in found if not unit.build and unit.ours]
    if alone:
        return free
    words = {
        word
        for word in re.split(r"[/_.-]", file.lower())
        if len(word) >= _WORD and word not in _COMMON
    }
    words |= {
        part
        for unit in mine
        for part in re.split(r"[/_.-]", unit.name.lower())
        if len(part) >= _WORD
    }
    near = [
        unit
        for unit in free
        if words & set(re.split(r"[/_.:-]", f"{unit.name}/{unit.image}".lower()))
    ]
    if near:
        return near
    return free if file in ("Dockerfile", "Containerfile") else []


def _context(target: Target) -> str:
    """The folder that has most of what COPY names: the Dockerfile's own, one above, or the top."""
    folder = posixpath.dirname(target.file)
    above = posixpath.dirname(folder)
    sources = [t for step in target.all_steps for t in context_sources(step)]
    plain = [t for t in sources if not re.search(r"[$*]", t) and posixpath.normpath("/" + t) != "/"]
    best, most = "", -1
    aside = bool(_ASIDE.search(folder))
    for candidate in dict.fromkeys(("", above, folder) if aside else (folder, above, "")):
        project = replace(target.project, context=candidate)
        count = 2 * sum(bool(project.below(text)) for text in plain)
        count += any(_AT_HOME.fullmatch(name) for name in project.inside)
        if count > most:
            best, most = candidate, count
    return best


def _ignore(target: Target) -> tuple[Patterns | None, str, str]:
    project = target.project
    for name in (f"{target.file}.dockerignore", project.in_context(".dockerignore")):
        text = project.read(name)
        if text is not None:
            try:
                return Patterns.parse(text), name, ""
            except UsageError as error:
                return Patterns(), name, error.what
    return None, project.in_context(".dockerignore"), ""
