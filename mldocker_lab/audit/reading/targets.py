"""From the files of a project to what is judged: a Dockerfile, its context, what deploys it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.deployment import Deployment
from mldocker_lab.audit.reading.model import Target
from mldocker_lab.audit.reading.origins import context_sources
from mldocker_lab.audit.reading.whose import Started, started_in
from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.dockerfile.lenient import parse_leniently
from mldocker_lab.errors import DockerfileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.audit.reading.project import Project

__all__ = ["deployed", "dockerfiles", "target_of"]

_DOCKERFILE = re.compile(
    r"(^|/)((Docker|Container)file([.-][\w.-]+)?|[\w.-]+\.(Docker|Container)file)$", re.IGNORECASE
)
#: What a build does not read as it stands: templates, copies kept aside, lists of what to ignore.
_NOT = (".dockerignore", ".j2", ".jinja", ".jinja2", ".tmpl", ".in", ".bak", ".orig")
#: How a Dockerfile begins, after blank lines and comments.
_BEGINS = re.compile(r"\ufeff?(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:FROM|ARG)[ \t]", re.IGNORECASE)
_PLAIN = ("Dockerfile", "Containerfile")
_AT_HOME = re.compile(
    r"[^/]+\.py|requirements[\w.-]*\.txt|pyproject\.toml|environment\.ya?ml|Pipfile|\.dockerignore|"
    r"setup\.py|Cargo\.toml|go\.mod|package\.json"
)
_ASIDE = re.compile(
    r"(^|/)(\.?docker|dockerfiles?|infra\w*|deploy\w*|build|ci|images?|containers?|gpu|cpu)$",
    re.IGNORECASE,
)


def dockerfiles(project: Project) -> list[str]:
    """The Dockerfiles of a project; the one at the top first, then by depth and name.

    ``Dockerfile`` itself counts whatever is in it. Any other name has to begin like one too:
    ``dockerfile.png`` is a picture and ``dockerfile.ts`` a program.
    """
    names = [n for n in project.names if _DOCKERFILE.search(n) and not n.lower().endswith(_NOT)]
    found = [
        name
        for name in names
        if posixpath.basename(name) in _PLAIN or _BEGINS.match(project.read(name) or "")
    ]
    return sorted(found, key=lambda n: (n.count("/"), posixpath.basename(n) != "Dockerfile", n))


def deployed(project: Project) -> Started:
    """What the files of a project start."""
    return started_in(project, alone=len(dockerfiles(project)) == 1)


def target_of(
    project: Project,
    file: str,
    stage: str | None = None,
    args: Mapping[str, str] | None = None,
    *,
    started: Started | None = None,
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
    found = started or deployed(project)
    target = Target(project, file, parsed, parsed.final(stage), args or {})
    context = next((unit.context for unit in found.by_compose(file)), None)
    if context is None or not _holds(target, context):
        context = _context(target)
    target = replace(target, project=replace(project, context=context))
    bases = frozenset(base.text for base in target.bases)
    mine = found.of(file, target.stage.name or "", bases)
    ignore, at, error = _ignore(target)
    return replace(
        target,
        deployment=Deployment(mine) if mine else None,
        ignore=ignore,
        ignore_file=at,
        ignore_error=error,
    )


def _named_sources(target: Target) -> list[str]:
    """What COPY and ADD name in the context: no patterns, no variables, not the whole of it."""
    sources = [t for step in target.all_steps for t in context_sources(step)]
    return [t for t in sources if not re.search(r"[$*]", t) and posixpath.normpath("/" + t) != "/"]


def _holds(target: Target, context: str) -> bool:
    """A context that a compose file names has most of what COPY names."""
    plain = _named_sources(target)
    project = replace(target.project, context=context)
    return 2 * sum(bool(project.below(text)) for text in plain) >= len(plain)


def _context(target: Target) -> str:
    """The folder that has most of what COPY names: the Dockerfile's own, one above, or the top."""
    folder = posixpath.dirname(target.file)
    above = posixpath.dirname(folder)
    plain = _named_sources(target)
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
