"""``docker run`` and ``docker build`` in scripts and Makefiles: which image, how it is started."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from mldocker_lab.audit.reading.deployment import Unit
from mldocker_lab.audit.reading.shell import commands
from mldocker_lab.audit.reading.spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.shell import Command

__all__ = ["Built", "bare", "docker_lines"]

_ENGINES = ("docker", "podman", "nvidia-docker")
_MEMORY_FLAG = re.compile(r"^(-m.*|--memory(=.*)?)$")
#: Options of ``docker run`` that take no value; every other one takes the next word.
_ALONE = frozenset(
    """
--detach --disable-content-trust --help --init --interactive --no-healthcheck --oom-kill-disable
--privileged --publish-all --quiet --read-only --rm --sig-proxy --tty
""".split()
)
_CLUSTER = re.compile(r"-[ditPq]+$")
_ASSIGNED = re.compile(r"^(\w+)[ \t]*[:?]?=[ \t]*([^#\n]*?)[ \t]*$", re.MULTILINE)
_NESTED = 3  # variables that name variables
_MOST = 300_000  # characters; longer files are data


class Built(NamedTuple):
    """An image that ``docker build`` makes, and the paths where its Dockerfile may be."""

    image: str
    dockerfiles: tuple[str, ...]


def docker_lines(path: str, text: str) -> Iterator[Unit | Built]:
    """The containers that a script or Makefile starts, and the images that it builds."""
    for command, line in _commands(path, text):
        rest = _after(command, "run")
        if rest is not None:
            yield _unit(rest, Spot(path, line))
        rest = _after(command, "build") or _after(command, "buildx", "build")
        name = next(iter(_values(rest, "-t", "--tag")), "") if rest else ""
        if rest and name:
            given = next((r.target.text for r in command.redirects if r.operator == "<"), "")
            yield Built(name, tuple(_dockerfiles(posixpath.dirname(path), rest, given)))


def bare(image: str) -> str:
    """An image's name without its tag."""
    head, colon, tag = image.rpartition(":")
    return head if colon and "/" not in tag else image


def _commands(path: str, text: str) -> Iterator[tuple[Command, int]]:
    """Every command with its line, those that a variable holds included."""
    if len(text) > _MOST or not re.search(r"\b(docker|podman)\b", text):
        return
    if path.endswith(("akefile", ".mk")):
        text = re.sub(r"^\t@?-?", "", _expanded(text), flags=re.MULTILINE)
    text = re.sub(r"<<-?\s*(['\"]?)\w+\1", "", text)  # what ssh runs elsewhere counts, too
    for command in commands(text, {}):
        line = text.count("\n", 0, command.start) + 1
        yield command, line
        for value in command.sets.values():
            if " run " in value:
                yield from ((inner, line) for inner in commands(value, {}))


def _expanded(makefile: str) -> str:
    """A Makefile with its plain variables put in."""
    given = dict(_ASSIGNED.findall(makefile))
    for _ in range(_NESTED):
        makefile = re.sub(r"\$[({](\w+)[)}]", lambda m: given.get(m[1], m[0]), makefile)
    return makefile


def _after(command: Command, *verbs: str) -> tuple[str, ...] | None:
    """The words behind ``docker run``; None if it is another command."""
    words = command.texts
    at = next((i for i, word in enumerate(words) if word in _ENGINES), -1)
    if at < 0 or words[at + 1 : at + 1 + len(verbs)] != verbs:
        return None
    return words[at + 1 + len(verbs) :]


def _unit(words: tuple[str, ...], spot: Spot) -> Unit:
    at = _image_at(words)
    options, image = words[:at], next(iter(words[at : at + 1]), "")
    return Unit(
        "docker run",
        next(iter(_values(options, "--name")), "") or image or "a container",
        image,
        "",
        "",
        any(_MEMORY_FLAG.match(word) for word in options),
        any(word.startswith("--health-cmd") for word in options),
        next(iter(_values(options, "-u", "--user")), ""),
        spot,
        _values(options, "-v", "--volume", "--mount"),
        _values(options, "-e", "--env"),
    )


def _image_at(words: tuple[str, ...]) -> int:
    """Where the image stands: the first word that is no option and no option's value."""
    at = 0
    while at < len(words):
        word = words[at]
        if re.match(r"\$[({]?\w*(ARGS?|OPT(ION)?S|FLAGS?|PARAMS)\b", word, re.IGNORECASE):
            at += 1  # a variable that holds more options
        elif not word.startswith("-"):
            return at
        else:
            at += 1 if "=" in word or word in _ALONE or _CLUSTER.match(word) else _width(word)
    return at


def _width(option: str) -> int:
    """How many words an option takes: ``-p8000:8000`` is one, ``-p 8000:8000`` two."""
    return 1 if re.match(r"-[a-zA-Z].", option) else 2


def _values(options: tuple[str, ...], *names: str) -> tuple[str, ...]:
    """The values of these options, behind them or after an equals sign."""
    found = [value for name, value in pairwise(options) if name in names]
    found += [w.partition("=")[2] for w in options if w.partition("=")[0] in names and "=" in w]
    return tuple(found)


def _dockerfiles(folder: str, words: tuple[str, ...], given: str) -> Iterator[str]:
    """Where the Dockerfile may be, if the script runs in its own folder or at the top."""
    named = next(iter(_values(words, "-f", "--file")), "") or given
    context = words[-1] if words and not words[-1].startswith("-") else "."
    path = named or posixpath.join(context, "Dockerfile")
    for start in dict.fromkeys((folder, "")):
        yield posixpath.normpath(posixpath.join(start, path))
