"""Smell: pip's cache of downloads stays in a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Edit, Example, Fix, Judged, Rule, failed, passed

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.installs import Install
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.step import Step

_OFF = {"pip": "--no-cache-dir", "uv": "--no-cache"}
_VARIABLES = {"pip": ("PIP_NO_CACHE_DIR",), "uv": ("UV_NO_CACHE",)}
_CACHE = re.compile(
    r"(^|/)\.cache(/|$)|/pip/?(\*|$)|^\$?\{?HOME\}?/\.cache|/\.cache|cache/(pip|uv)|/tmp/|"
    r"/root/\.\*|\$\(pip"
)


def judge(target: Target) -> Judged:
    """Every pip of the image has its cache off, in a mount, or removed in the same RUN."""
    seen, faults = False, []
    for step in target.chain:
        for one in target.installs_of(step):
            if one.tool in _OFF and not _offline_tool(one):
                seen = True
                if not _clean(step, one):
                    faults.append(one)
    if faults:
        fixes = tuple(fix for one in faults if (fix := _fix(target, one)))
        tool = faults[0].tool
        return failed(
            f"the downloads of {tool} stay in the layer",
            *(target.spot(o.command) for o in faults),
            fixes=fixes,
        )
    if not seen:
        return passed("neither pip nor uv is used here")
    return passed("no downloads of pip stay in a layer")


def _offline_tool(one: Install) -> bool:
    return one.tool == "pip" and one.command.name in ("pipx", "easy_install")


def _clean(step: Step, one: Install) -> bool:
    off = _OFF[one.tool]
    if any(
        (key.startswith("--no-cache") and off.startswith(key)) or key in (off, "--no-cache-dir")
        for key, _ in one.options
    ):
        return True
    if any(key == "-n" for key, _ in one.options) and one.tool == "uv":
        return True
    words = one.command.texts
    if "--no-cache-dir" in words or off in words:
        return True
    for name in _VARIABLES[one.tool]:
        if step.values.get(name) or one.command.sets.get(name) or _exported(step, name):
            return True
    if any(
        _CACHE.search(path) or "cache" in path or path.endswith("/pip") for path in step.mounted
    ):
        return True
    return any(_removes(command.name, command.texts) for command in step.plain)


def _exported(step: Step, name: str) -> bool:
    return any(
        c.sets.get(name) or any(t.startswith(f"{name}=") for t in c.texts) for c in step.commands
    )


def _removes(name: str, texts: tuple[str, ...]) -> bool:
    if name == "rm":
        return any(_CACHE.search(text) for text in texts[1:])
    line = " ".join(texts)
    return "cache purge" in line or "cache clean" in line or ("uv" in texts and "clean" in texts)


def _fix(target: Target, one: Install) -> Fix | None:
    """The option right after ``install``, where it is written as such."""
    text = target.dockerfile.text
    found = re.search(r"\binstall\b", text[one.command.start : one.command.end])
    if not found or one.step.one.json is not None:
        return None
    at = one.command.start + found.end()
    return Fix(
        f"switch the cache of {one.tool} off", (Edit(target.file, at, at, f" {_OFF[one.tool]}"),)
    )


RULE = Rule(
    id="pip-cache",
    number=0,
    title="pip's downloads do not stay in a layer",
    why="Every wheel is stored twice, packed and unpacked; nobody ever installs from that cache "
    "again.",
    fix="pip install --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache/pip without "
    "that option.",
    lesson=lessons.LAYERS,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nRUN pip install numpy==1.26.4\nRUN rm -rf "
            "/root/.cache\n"
        }
    ),
    good=Example(
        {"Dockerfile": "FROM python:3.11-slim\nRUN pip install --no-cache-dir numpy==1.26.4\n"}
    ),
)
