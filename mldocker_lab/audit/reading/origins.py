"""Where a file in the image came from: back through COPY, ADD and bind mounts to the project."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.requirements import file_requirements
from mldocker_lab.audit.reading.spot import Spot
from mldocker_lab.dockerfile.instruction import mount_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.installs import Install
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.requirements import Requirement
    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.audit.reading.step import Step

__all__ = [
    "asked",
    "broad",
    "context_sources",
    "origin",
    "project_requirements",
    "python_file",
    "python_files",
]

#: Modules that serve something named behind them.
_SERVERS = frozenset(["uvicorn", "gunicorn", "hypercorn", "flask", "streamlit", "pip", "venv"])


def context_sources(step: Step) -> tuple[str, ...]:
    """What a COPY or ADD takes from the build context, resolved; nothing for ``--from``."""
    if step.keyword not in ("COPY", "ADD") or step.one.flag("from") is not None:
        return ()
    found = [text for text, _ in step.words[:-1]]
    if step.one.heredocs:
        found = [text for text in found if "<<" not in text]
    remote = ("http://", "https://", "git@", "git://", "ssh://")
    return tuple(text for text in found if not (step.keyword == "ADD" and text.startswith(remote)))


def broad(step: Step) -> bool:
    """It copies the whole context: ``COPY . .``."""
    return any(
        posixpath.normpath("/" + text.lstrip("/")) in ("/", "/*", "/*.*")
        for text in context_sources(step)
    )


def origin(target: Target, step: Step, path: str) -> str | None:
    """The path in the build context of a file that a RUN reads; None if that cannot be told.

    Args:
        target: what is judged.
        step: the RUN.
        path: as it is written there.
    """
    if "$" in path:
        return None
    inside = target.project.inside
    guesses = list(_guesses(target, step, step.path(path)))
    found = next((guess for guess in guesses if guess in inside), None)
    if found:
        return found
    plain = posixpath.normpath(path.lstrip("/"))
    return plain if plain in inside and not guesses else None


def asked(target: Target, one: Install) -> list[tuple[Requirement, Spot]]:
    """What an installation asks for, with its place: on its line, in its files, by its project."""
    found = []
    for package in one.packages:
        start, end = one.places.get(package.text, (one.command.start, one.command.end))
        found.append((package, target.span(start, end)))
    below: list[tuple[str, Requirement]] = []
    for path in one.files:
        here = origin(target, one.step, path)
        below += (file_requirements(here, target.project.text) or []) if here else []
    if one.project:  # with a lock, only its indexes count: the lock decides about versions
        named = project_requirements(target, one) or []
        below += [(f, p) for f, p in named if not one.files or p.text.startswith("--index-url")]
    return found + [(p, Spot(target.project.in_context(f), p.line)) for f, p in below]


def project_requirements(target: Target, one: Install) -> list[tuple[str, Requirement]] | None:
    """What the project that ``pip install .[extra]`` installs depends on; None if not at hand."""
    local = next((p.text for p in one.packages if p.local), ".")
    folder, _, extras = local.partition("[")
    names = frozenset(name.strip() for name in extras.rstrip("]").split(",") if name.strip())
    for name in ("pyproject.toml", "setup.py", "setup.cfg"):
        here = origin(target, one.step, f"{folder}/{name}")
        found = file_requirements(here, target.project.text, extras=names) if here else None
        if found:
            return found
    return None


def _guesses(target: Target, step: Step, path: str) -> Iterator[str]:
    for mount in step.one.mounts:
        if mount["type"] == "bind" and not mount.get("from"):
            there = step.path(step.resolve(mount_target(mount))[0])
            here = step.resolve(mount.get("source") or mount.get("src") or ".")[0]
            yield from _below(path, there, here)
    before = [
        s for s in target.all_steps if s.stage == step.stage or s.stage in _line(target, step)
    ]
    for other in reversed(before):
        if other.one.index > step.one.index:
            continue
        sources = context_sources(other)
        if sources:
            yield from _copied(other, sources, path)


def _line(target: Target, step: Step) -> tuple[int, ...]:
    found, at = [], target.dockerfile.stages[step.stage].base_stage
    while at is not None:
        found.append(at)
        at = target.dockerfile.stages[at].base_stage
    return tuple(found)


def _copied(step: Step, sources: tuple[str, ...], path: str) -> Iterator[str]:
    to = step.words[-1][0]
    there = step.path(to)
    for source in sources:
        here = posixpath.normpath(f"/{source}").lstrip("/") or "."
        name = posixpath.basename(here)
        if "*" in name and posixpath.dirname(path) == there:
            yield posixpath.join(posixpath.dirname(here), posixpath.basename(path))
        elif path == posixpath.join(there, name) or path == there:
            yield here
        yield from _below(path, there, here)


def _below(path: str, there: str, here: str) -> Iterator[str]:
    if path == there:
        yield posixpath.normpath(here.lstrip("/"))
    elif path.startswith(there.rstrip("/") + "/"):
        yield posixpath.normpath(
            posixpath.join(here, path[len(there.rstrip("/")) + 1 :]).lstrip("/")
        )


def python_files(target: Target, command: Command) -> Iterator[str]:
    """The Python files that a command may run, modules of packages and console scripts included."""
    name = python_file(command) or _console_script(target, command.name)
    if name:
        yield name
        yield f"{name.removesuffix('.py')}/__main__.py"
        yield f"{name.removesuffix('.py')}/__init__.py"


def _console_script(target: Target, name: str) -> str:
    """The file behind a command that the project itself installs: ``serve = "pkg.main:run"``."""
    text = target.project.text("pyproject.toml") or target.project.text("setup.py") or ""
    found = re.search(rf"[\"']?\b{re.escape(name)}[\"']?\s*=\s*[\"']?([\w.]+):\w+", text)
    return f"{found[1].replace('.', '/')}.py" if found and name else ""


def python_file(command: Command) -> str:
    """The Python file that a command runs, by a path, ``-m module`` or ``module:app``; or ""."""
    texts = command.texts[:6]
    if "-m" in texts[:3]:
        module = next(iter(command.texts[texts.index("-m") + 1 :]), "")
        if re.fullmatch(r"[A-Za-z_][\w.]*", module) and module not in _SERVERS:
            return f"{module.replace('.', '/')}.py"
    for text in texts:
        app = re.fullmatch(r"([\w.]+):\w+(\(\))?", text)  # uvicorn app.main:app
        name = f"{app[1].replace('.', '/')}.py" if app else text
        if name.endswith(".py"):
            return name
    return ""
