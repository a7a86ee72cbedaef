"""What BuildKit refuses before it builds anything, each with the line and a way out.

Source of the rules: BuildKit's ``frontend/dockerfile/instructions`` package.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from mldocker_lab.errors import DockerfileError

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.instruction import Instruction

__all__ = ["KEYWORDS", "STAGE_NAME", "check", "located"]

KEYWORDS = (
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
)
STAGE_NAME = re.compile(r"[a-z][a-z0-9\-_.]*")

_SWITCHES = frozenset({"link", "keep-git-dir", "parents", "unpack"})
_REPEATED = frozenset({"mount", "exclude", "device"})
_FLAGS = {
    "ADD": {"chown", "chmod", "link", "keep-git-dir", "checksum", "exclude", "unpack"},
    "COPY": {"chown", "chmod", "link", "from", "parents", "exclude"},
    "FROM": {"platform"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "start-interval", "retries"},
    "RUN": {"mount", "network", "security", "device"},
}
_NEEDS_ONE = {
    "ARG": "ARG VERSION=3.11",
    "ENV": "ENV NAME=value",
    "EXPOSE": "EXPOSE 8000",
    "HEALTHCHECK": "HEALTHCHECK CMD curl --fail http://localhost:8000/health",
    "LABEL": "LABEL name=value",
    "MAINTAINER": "LABEL maintainer=you",
    "ONBUILD": "ONBUILD RUN make",
    "SHELL": 'SHELL ["/bin/bash", "-c"]',
    "STOPSIGNAL": "STOPSIGNAL SIGTERM",
    "USER": "USER 1000",
    "VOLUME": "VOLUME /data",
    "WORKDIR": "WORKDIR /app",
}
_SHOWN = 100


def located(error: DockerfileError, line: int, shown: str) -> DockerfileError:
    """The error with its line number and the offending line in its sentence."""
    text = " ".join(shown.split())
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return DockerfileError(f"line {line}: {error.what}: {short}", error.hint, line=line)


def check(one: Instruction) -> None:
    """Refuse what BuildKit would refuse about this instruction alone.

    Raises:
        DockerfileError: without its line; the caller knows it.
    """
    if one.keyword not in KEYWORDS:
        raise _unknown(one.keyword)
    _check_flags(one)
    if one.keyword in _NEEDS_ONE and not one.words:
        raise DockerfileError(
            f"{one.keyword} needs an argument", f"for example: {_NEEDS_ONE[one.keyword]}"
        )
    if special := _SPECIAL.get(one.keyword):
        special(one)


def _unknown(keyword: str) -> DockerfileError:
    if not keyword:
        return DockerfileError(
            "a continuation that continues nothing", "remove the lone escape character"
        )
    near = difflib.get_close_matches(keyword, KEYWORDS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "an instruction is one of " + ", ".join(KEYWORDS)
    if not near:
        hint += "; a line that continues the one above needs a \\ at the end of that one"
    return DockerfileError(f"unknown instruction {keyword}", hint)


def _check_flags(one: Instruction) -> None:
    known = _FLAGS.get(one.keyword, set())
    seen: set[str] = set()
    for flag in one.placed:
        if flag.name not in known:
            near = difflib.get_close_matches(flag.name, known, n=1)
            listed = ", ".join(f"--{name}" for name in sorted(known)) or "no flags"
            raise DockerfileError(
                f"{one.keyword} has no flag --{flag.name}",
                f"did you mean --{near[0]}?" if near else f"{one.keyword} takes {listed}",
            )
        if flag.name in seen and flag.name not in _REPEATED:
            raise DockerfileError(f"--{flag.name} is given twice", "keep one of them")
        seen.add(flag.name)
        if flag.name in _SWITCHES:
            if flag.value is not None and flag.value.lower() not in ("true", "false"):
                raise DockerfileError(
                    f"--{flag.name} is a switch, not {flag.value!r}",
                    f"write --{flag.name}, or --{flag.name}=false",
                )
        elif flag.value is None:
            raise DockerfileError(
                f"--{flag.name} has no value", f"write --{flag.name}=VALUE, without a space"
            )


def _from(one: Instruction) -> None:
    if not one.words:
        raise DockerfileError("FROM names no base image", "for example: FROM python:3.11-slim")
    if len(one.words) == 1:
        return
    if len(one.words) != 3 or one.words[1].upper() != "AS":  # noqa: PLR2004 - IMAGE AS NAME
        raise DockerfileError(
            "FROM takes an image, or an image AS a name", "for example: FROM python:3.11 AS build"
        )
    if not STAGE_NAME.fullmatch(one.words[2].lower()):
        raise DockerfileError(
            f"{one.words[2]!r} cannot name a stage",
            "begin with a letter; then letters, digits, - _ and . are allowed",
        )


def _copy(one: Instruction) -> None:
    if len(one.words) < 2:  # noqa: PLR2004 - a source and a destination
        raise DockerfileError(
            f"{one.keyword} needs a source and a destination",
            f"for example: {one.keyword} app.py .",
        )
    if one.json is None and re.fullmatch(r"\d*<<-?[^<]+", one.words[-1]):
        raise DockerfileError(
            f"{one.keyword} cannot write into a here-document", "name a destination after it"
        )


def _healthcheck(one: Instruction) -> None:
    kind = one.words[0].upper()
    if kind not in ("CMD", "NONE"):
        raise DockerfileError(
            f"HEALTHCHECK is followed by CMD or NONE, not {one.words[0]}",
            f"write HEALTHCHECK CMD {' '.join(one.words)}",
        )
    if kind == "NONE" and len(one.words) > 1:
        raise DockerfileError("HEALTHCHECK NONE takes no arguments", "write HEALTHCHECK NONE")
    if kind == "CMD" and len(one.words) == 1:
        raise DockerfileError(
            "HEALTHCHECK CMD names no command", f"for example: {_NEEDS_ONE['HEALTHCHECK']}"
        )


def _onbuild(one: Instruction) -> None:
    trigger = one.words[0]
    if trigger in ("ONBUILD", "FROM", "MAINTAINER"):
        raise DockerfileError(f"ONBUILD cannot trigger {trigger}", "use another instruction")
    if trigger not in KEYWORDS:
        raise _unknown(trigger)


def _pairs(one: Instruction) -> None:
    if "" in one.words[::2]:
        raise DockerfileError(f"{one.keyword} has a value without a name", "write name=value")


def _arg(one: Instruction) -> None:
    if any(word.startswith("=") for word in one.words):
        raise DockerfileError("ARG has a value without a name", "write ARG name=value")


def _shell(one: Instruction) -> None:
    if one.json is None:
        raise DockerfileError(
            "SHELL needs a JSON list", f"for example: {_NEEDS_ONE['SHELL']}, in double quotes"
        )


_SPECIAL = {
    "ADD": _copy,
    "ARG": _arg,
    "COPY": _copy,
    "ENV": _pairs,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "ONBUILD": _onbuild,
    "SHELL": _shell,
}
