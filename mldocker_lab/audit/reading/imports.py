"""Which Python files of a project another one imports, and they in turn."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.project import Project

__all__ = ["reachable"]

_MOST = 80  # files


def reachable(project: Project, start: str) -> Iterator[tuple[str, str]]:
    """A Python file of the build context and all that it imports from there: names and texts.

    Modules are looked for beside the file that is started, in the folders above it, and in
    ``src``; what is found nowhere is somebody else's.
    """
    folder = posixpath.dirname(start)
    roots = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        roots.append(folder)
    roots += ["src"] * ("src" not in roots)
    todo, seen = [start], {start}
    while todo and len(seen) <= _MOST:
        name = todo.pop(0)
        text = project.text(name)
        if text is None:
            continue
        yield name, text
        for parts, level in _imports(text):
            for found in _files(project, name, parts, level, roots):
                if found not in seen:
                    seen.add(found)
                    todo.append(found)


def _imports(code: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """The modules that code imports, and how many dots stand in front."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((tuple(alias.name.split(".")), 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = tuple(node.module.split(".")) if node.module else ()
            yield from (((*module, alias.name), node.level) for alias in node.names)


def _files(
    project: Project, name: str, parts: tuple[str, ...], level: int, roots: list[str]
) -> Iterator[str]:
    """The files that an import runs: the module, and ``__init__.py`` of the packages around it."""
    folder = posixpath.dirname(name)
    for _ in range(level - 1):
        folder = posixpath.dirname(folder)
    for root in [folder] if level else roots:
        found = []
        for depth in range(1, len(parts) + 1):
            path = posixpath.join(root, *parts[:depth])
            found += [n for n in (f"{path}.py", f"{path}/__init__.py") if n in project.inside]
        if found:
            yield from found
            return
