"""From the files of a project to what is judged: a Dockerfile, its context, what deploys it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.deployment import Deployment, Unit, units
from mldocker_lab.audit.reading.docker_lines import bare, built_images, started_images
from mldocker_lab.audit.reading.images import is_published
from mldocker_lab.audit.reading.model import Target
from mldocker_lab.audit.reading.origins import context_sources
from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.dockerfile.lenient import parse_leniently
from mldocker_lab.errors import DockerfileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
_DEPLOYS = re.compile(r"\.(ya?ml|sh|bash|zsh|ps1|mk)$|(^|/)(GNU)?[Mm]akefile$|(^|/)justfile$")
_SKIPPED = re.compile(
    r"(^|/)(\.github|\.circleci|\.gitlab|node_modules|\.venv|venv|site-packages)/|(^|"
    r"/)\.gitlab-ci\.yml$"
)
#: Words of paths and names that say nothing, and those that say something if no other word does.
_COMMON = frozenset(
    """
dockerfile docker containerfile deploy deployment src build images container prod main latest local
k8s k3s yaml yml compose com ghcr
""".split()
)
_VAGUE = frozenset("app api service services server web rest model models cpu gpu cuda".split())
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


def deployed(project: Project) -> list[Unit]:
    """Every container that a file of the project starts."""
    names = [n for n in project.names if _DEPLOYS.search(n) and not _SKIPPED.search(n)]
    found: list[Unit] = []
    for name in sorted(names, key=lambda n: (n.count("/"), n))[:_MOST]:
        text = project.read(name)
        if text and name.endswith((".yml", ".yaml")):
            found += units(name, text, _values(project, name) if "{{" in text else "")
        elif text:
            found += started_images(name, text)
    return found


def _built(project: Project) -> dict[str, set[str]]:
    """The images that scripts and Makefiles build, with and without tag: from which Dockerfiles."""
    names = [n for n in project.names if _DEPLOYS.search(n) and not n.endswith((".yml", ".yaml"))]
    found: dict[str, set[str]] = {}
    for name in sorted(names)[:_MOST]:
        for image, paths in built_images(name, project.read(name) or ""):
            known = next((path for path in paths if path in project.names), "")
            if known:
                found.setdefault(image, set()).add(known)
                found.setdefault(bare(image), set()).add(known)
    return found


def _values(project: Project, template: str) -> str:
    """The values of the Helm chart that a template belongs to; "" if there are none."""
    chart = posixpath.dirname(posixpath.dirname(template))
    return project.read(posixpath.join(chart, "values.yaml")) or ""


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
    if context is None or not _holds(target, context):
        context = _context(target)
    target = replace(target, project=replace(project, context=context))
    mine = _of_stage(mine, parsed.final(stage).name or "")
    bases = {base.text for base in target.bases}
    mine += [u for u in _named(project, file, found, mine) if u.image not in bases]
    ignore, at, error = _ignore(target)
    return replace(
        target,
        deployment=Deployment(tuple(mine)) if mine else None,
        ignore=ignore,
        ignore_file=at,
        ignore_error=error,
    )


def _of_stage(mine: list[Unit], name: str) -> list[Unit]:
    """Those that start the stage that is judged; all if compose builds only others."""
    same = [unit for unit in mine if unit.target in ("", name)]
    return same or mine


def _named(project: Project, file: str, found: list[Unit], mine: list[Unit]) -> list[Unit]:
    """Containers of images that are not built where they are started, and that seem to be this one.

    With a single Dockerfile, all of them. Otherwise those that share the most telling words with
    the Dockerfile's path, or with the compose services that build it.
    """
    names = frozenset(project.names)
    free = [u for u in found if u.ours and (not u.build or u.build not in names)]
    free = [u for u in free if u.build or not is_published(u.image)]
    if len(dockerfiles(project)) == 1:
        return free
    built = _built(project)
    told = [(u, built.get(u.image) or built.get(bare(u.image))) for u in free]
    ours = [unit for unit, files in told if files and file in files]
    if ours:
        return ours
    free = [unit for unit, files in told if not files]
    words = _words(file) | {word for unit in mine for word in _words(f"{unit.name}/{unit.image}")}
    scores = [_alike(words - _VAGUE or words, file, unit) for unit in free]
    best = max(scores, default=0)
    if best:
        return [unit for unit, score in zip(free, scores, strict=True) if score == best]
    return free if file in _PLAIN and not mine else []


def _words(text: str) -> set[str]:
    """The telling words of a path or name."""
    parts = re.split(r"[/_.:-]", text.lower())
    return {part for part in parts if len(part) >= _WORD and part not in _COMMON}


def _alike(words: set[str], file: str, unit: Unit) -> int:
    """How much speaks for a container being that of a Dockerfile; 0 if no word does."""
    folder = posixpath.dirname(file)
    name = posixpath.basename(unit.image).partition(":")[0]
    same = len(words & _words(f"{unit.name}/{unit.image}/{posixpath.basename(unit.spot.file)}"))
    exact = bool(folder) and posixpath.basename(folder) in (unit.name, name)
    near = bool(folder) and unit.spot.file.startswith(f"{folder}/")
    return 2 * same + near + 2 * exact if same else 0


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
