"""What a handed-in Dockerfile may not ask for; refused by name before anything is built.

Each of these would reach for something that is not the answer's: an image that is not one of the
lab's bases (another submission's, one loaded beforehand, one by its id), a build program from the
internet, a download, the machine's network, rights a build has no need of. On a grading engine of
its own none of it would succeed either; this way the learner is told why, in one line.

The text is read as BuildKit reads it, variables replaced, and what an ``ONBUILD`` would trigger is
read too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import DockerfileError, LabError
from mldocker_lab.supply.bases import DEVEL, SLIM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mldocker_lab.dockerfile.parse import Dockerfile, Instruction

__all__ = ["ALLOWED", "Refused", "check"]

#: The images an answer may start from or copy from.
ALLOWED = (SLIM, DEVEL)

_MOST_BYTES, _MOST_LINES = 64_000, 1_000  # of a Dockerfile: longer ones take long to read
_REMOTE = re.compile(r"(?i)^[a-z][a-z0-9+.-]*://|^git@|\.git(#|$)|^github\.com/")
_PIN = re.compile(r"@sha256:[0-9a-f]{64}$")  # a build refuses what has another digest
_SHOWN = 60
_FRONTEND = re.compile(r"(#|//)\s*syntax\s*=", re.IGNORECASE)


class Refused(LabError):
    """A submission that is not graded, or not further, with the reason."""


def check(files: Mapping[str, bytes]) -> None:
    """Refuse answer files that hold a Dockerfile asking for what it may not have.

    A Dockerfile that cannot be read is left to the checks: they say where it goes wrong.

    Raises:
        Refused: with the line, and what is allowed instead.
    """
    for name, data in files.items():
        if name == "Dockerfile" or name.endswith((".Dockerfile", ".dockerfile")):
            _check_size(name, data)
            for why, hint in (*_frontend(data), *_read(data)):
                raise Refused(f"{name}: {why}", hint)


def _check_size(name: str, data: bytes) -> None:
    if len(data) > _MOST_BYTES or data.count(b"\n") > _MOST_LINES:
        raise Refused(
            f"{name} is too long for a Dockerfile",
            f"at most {_MOST_LINES} lines and {_MOST_BYTES // 1000} kB are read",
        )


def _frontend(data: bytes) -> Iterator[tuple[str, str]]:
    """A directive among the comments at the top, in every form some version looks for."""
    text = data.decode("utf-8", "replace").lstrip("\ufeff")
    told = text.lstrip().startswith("{") and '"syntax"' in text
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith(("#", "//")):
            break
        told = told or _FRONTEND.match(line) is not None
    if told:
        yield (
            "`# syntax=` names a build program from a registry",
            "leave the line out: the engine's own is used",
        )


def _read(data: bytes) -> Iterator[tuple[str, str]]:
    try:
        dockerfile = parse(data)
    except DockerfileError:
        return
    yield from _objections(dockerfile)


def _objections(dockerfile: Dockerfile) -> Iterator[tuple[str, str]]:
    for stage in dockerfile.stages:
        if stage.base_stage is None and _PIN.sub("", stage.base) not in (*ALLOWED, "scratch"):
            yield _foreign(stage.origin, stage.base)
    for one in dockerfile.instructions:
        for why, hint in _about(dockerfile, one):
            yield f"line {one.line}: {why}", hint
        if one.keyword == "ONBUILD":
            yield from _triggered(one)


def _about(dockerfile: Dockerfile, one: Instruction) -> Iterator[tuple[str, str]]:
    match one.keyword:
        case "COPY":
            yield from _source(dockerfile, one.flag("from"), "COPY --from")
        case "ADD":
            yield from _downloads(one)
        case "RUN":
            yield from _rights(one)
            for mount in one.mounts:
                yield from _source(dockerfile, mount.get("from"), "RUN --mount=from")


def _source(dockerfile: Dockerfile, name: str | None, where: str) -> Iterator[tuple[str, str]]:
    """``name`` must be an earlier stage or one of the lab's bases."""
    if not name or _PIN.sub("", name) in (*ALLOWED, "scratch"):
        return
    if "$" in name:
        yield f"{where}={_short(name)} holds a variable", "write out the stage's name"
    elif not (name.isdecimal() or dockerfile.named(name) is not None):
        yield (
            f"{where}={_short(name)} is neither a stage of this Dockerfile nor a base of the lab",
            f"take files from a stage, or from {' or '.join(ALLOWED)}",
        )


def _downloads(one: Instruction) -> Iterator[tuple[str, str]]:
    for source in one.words[:-1]:
        if _REMOTE.search(source) or "$" in source:
            yield (
                f"ADD {_short(source)} would download something",
                "graded builds have no network: hand the file in, or let pip install it",
            )


def _rights(one: Instruction) -> Iterator[tuple[str, str]]:
    network, security = one.flag("network"), one.flag("security")
    if network not in (None, "default", "none"):
        yield f"RUN --network={_short(network)} reaches for the machine's network", "leave it out"
    if security not in (None, "sandbox"):
        yield f"RUN --security={_short(security)} asks for rights on the machine", "leave it out"
    if one.flag("device") is not None:
        yield "RUN --device asks for a device of the machine", "leave it out"


def _triggered(one: Instruction) -> Iterator[tuple[str, str]]:
    """What an ONBUILD would run in a stage that starts from this one."""
    try:
        trigger = parse(f"FROM scratch\n{one.value}\n")
    except DockerfileError:
        return
    for why, hint in _objections(trigger):
        yield f"line {one.line}: ONBUILD {why.partition(': ')[2] or why}", hint


def _foreign(origin: Instruction, base: str) -> tuple[str, str]:
    return (
        f"line {origin.line}: FROM {_short(base)} is not one of the lab's bases",
        f"start from {' or '.join(ALLOWED)}",
    )


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
