"""Point 3: every Python package has one exact version."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.reading.origins import context_sources, origin, project_requirements
from mldocker_lab.audit.reading.requirements import file_requirements, is_lock, normal
from mldocker_lab.audit.reading.scripts import installs
from mldocker_lab.audit.reading.spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.audit.reading.installs import Install
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.requirements import Requirement
    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.audit.reading.step import Step

_SHOWN = 5


@dataclass
class _Seen:
    """What was found so far."""

    loose: list[tuple[str, Spot]] = field(default_factory=list)
    unknown: list[tuple[str, Spot]] = field(default_factory=list)
    exact: int = 0


def judge(target: Target) -> Judged:
    """No install command, and no file that one reads, names a package without ``==``."""
    seen = _Seen()
    _locked_anew(target, seen)
    for one in installs(target):
        _packages(target, one, seen)
        for path in one.files:
            _file(target, one, path, seen)
        if one.project and not one.files:
            _project(target, one, seen)
    if seen.loose:
        names = [name for name, _ in seen.loose]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return failed(
            f"without an exact version: {', '.join(names[:_SHOWN])}{more}",
            *(s for _, s in seen.loose),
        )
    if seen.unknown:
        return unjudged(seen.unknown[0][0], *(spot for _, spot in seen.unknown))
    if seen.exact:
        return passed("every package that is installed has an exact version")
    return unjudged("no Python package is installed here")


def _packages(target: Target, one: Install, seen: _Seen) -> None:
    for text in one.redirected:
        word = next((p.text for p in reversed(one.packages)), one.command.name)
        said = f"{word} (the unquoted > in >{text} is a redirection to the shell)"
        seen.loose.append((said, target.spot(one.command, f'quote it: "{word}>{text}"')))
    for package in one.packages:
        start, end = one.places.get(package.text, (one.command.start, one.command.end))
        spot = target.span(start, end, f"{package.text} has no exact version")
        _one(package, spot, seen, constrained=one.constrained)


def _each(
    target: Target, found: Iterable[tuple[str, Requirement]], seen: _Seen, *, constrained: bool
) -> None:
    """Packages that files of the build context name."""
    for file, package in found:
        there = Spot(
            target.project.in_context(file),
            package.line,
            message=f"{package.text} has no exact version",
        )
        _one(package, there, seen, constrained=constrained)


def _one(package: Requirement, spot: Spot, seen: _Seen, *, constrained: bool = False) -> None:
    if package.local:
        return
    if package.pinned:
        seen.exact += 1
    elif package.pinned is None:
        seen.unknown.append((f"nobody can tell from here what {package.text} is", spot))
    elif constrained:
        seen.unknown.append((f"a constraints file decides about {package.text}", spot))
    else:
        seen.loose.append((package.text, spot))


def _file(target: Target, one: Install, path: str, seen: _Seen) -> None:
    """A requirements file or a lock."""
    spot = target.spot(one.command, f"{path} is not at hand")
    if one.locked or (is_lock(path) and _is_there(target, path)):
        seen.exact += 1
        return
    if path.endswith(".lock") and not is_lock(path):  # requirements.lock
        seen.exact += 1
        return
    if is_lock(path):
        left = project_requirements(target, one) if one.project else None
        if left:  # the project is at hand, and its lock stays outside or does not exist
            _each(target, left, seen, constrained=False)
            return
        seen.unknown.append(
            (f"{one.tool} resolves anew if there is no {path}, and none is named", spot)
        )
        return
    here = origin(target, one.step, path) or _made_from(target, one.step, path)
    found = file_requirements(here, target.project.text) if here else None
    if found is None and _exported(target, path):
        seen.exact += 1
        return
    if found is None:
        seen.unknown.append((f"{path} is not at hand", spot))
        return
    seen.exact += 1
    _each(target, found, seen, constrained=one.constrained)


def _made_from(target: Target, step: Step, path: str) -> str | None:
    """The requirements file at hand that ``grep`` or ``sed`` makes that one from."""
    for command in step.plain:
        if any(redirect.target.text == path for redirect in command.redirects):
            named = (origin(target, step, t) for t in command.texts[1:] if t.endswith(".txt"))
            return next((here for here in named if here), None)
    return None


def _locked_anew(target: Target, seen: _Seen) -> None:
    """A lock that the build writes itself pins nothing: the next build writes another one."""
    for step in target.all_steps:
        for command in step.plain if step.keyword == "RUN" else ():
            made = (
                command.name in ("poetry", "uv", "pipenv", "pdm") and "lock" in command.texts[1:2]
            )
            kept = {"--check", "--locked", "--frozen", "--no-update"} & set(command.texts)
            if (made and not kept) or command.name == "pip-compile":
                said = f"{' '.join(command.texts[:2])} resolves anew in every build"
                seen.loose.append((said, target.spot(command)))


def _exported(target: Target, path: str) -> bool:
    """The build itself writes that file, from a lock: ``uv export``, ``poetry export``."""
    name = path.rpartition("/")[2]
    for step in target.all_steps if name else ():
        commands = step.plain if step.keyword == "RUN" else ()
        if any(_exports(command) for command in commands):
            to = [r.target.text for command in commands for r in command.redirects]
            to += [text for command in commands if _exports(command) for text in command.texts]
            if any(text.endswith(name) for text in to):
                return True
    return False


def _exports(command: Command) -> bool:
    verb = "requirements" if command.name == "pipenv" else "export"
    return command.name in ("uv", "poetry", "pdm", "pipenv") and verb in command.texts[1:3]


def _is_there(target: Target, lock: str) -> bool:
    """The lock is copied or mounted: by its name, by a pattern, or with a folder."""
    named = [text for step in target.all_steps for text in context_sources(step)]
    mounts = [m for step in target.all_steps for m in step.one.mounts if m["type"] == "bind"]
    named += [m.get("source") or m.get("src") or "." for m in mounts]
    if any(text.rstrip("*").endswith(lock.rstrip("*")) or _wild(text, lock) for text in named):
        return True
    locks = [name for name in target.project.inside if name.rpartition("/")[2] == lock]
    return any(name in target.project.below(text) for text in named for name in locks)


def _wild(text: str, lock: str) -> bool:
    return "*" in text and lock.startswith(text.rpartition("/")[2].partition("*")[0] or "/")


def _project(target: Target, one: Install, seen: _Seen) -> None:
    """``pip install .``: its dependencies stand in the project's own files."""
    if one.option("--no-deps") is not None:
        return
    spot = target.spot(one.command)
    local = next((p.text for p in one.packages if p.local), ".")
    archive = any(mark in local for mark in (".whl", ".tar.gz", ".zip", "*"))
    if archive and not _built_here(target, local):
        seen.unknown.append((f"what {local} depends on is not at hand", spot))
        return
    found = project_requirements(target, one)
    if archive:
        found = file_requirements("pyproject.toml", target.project.text)
    if not found:
        seen.unknown.append(("the project's own dependencies are not at hand", spot))
        return
    _each(target, found, seen, constrained=one.constrained)


def _built_here(target: Target, wheel: str) -> bool:
    """A wheel has the name of the project at hand."""
    text = target.project.text("pyproject.toml") or ""
    found = re.search(r"^name\s*=\s*[\"']([\w.-]+)", text, re.MULTILINE)
    name = re.split(r"-(?=\d|latest|\*|\$)", posixpath.basename(wheel))[0]
    return found is not None and normal(found[1]) == normal(name)


RULE = Rule(
    id="python-pins",
    number=3,
    title="all Python packages have exact versions",
    why="An open version is resolved anew by every build: the image changes although nothing of "
    "yours did.",
    fix="Install from a complete lock: pip-compile --generate-hashes or uv export, then pip "
    "install --require-hashes -r.",
    lesson=lessons.PINS,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": 'FROM python:3.11-slim\nRUN pip install torch "numpy>=1.26" '
            "setuptools>=41\n"
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r "
            "requirements.txt\n",
            "requirements.txt": "numpy==1.26.4\nonnxruntime==1.19.2 ; python_version > '3.8'\n",
        }
    ),
)
