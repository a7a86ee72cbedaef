"""What a failed build means in plain words, and what to try: the common causes, by their symptoms.

The engine's own sentence stays in the message wherever it says more than ours would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Hint", "hint"]

#: The bases the lab brings along; the first name of each family is the one to reach for.
LAB_BASES = ("mldocker-lab/python:3.11-slim", "mldocker-lab/python:3.11-devel")


@dataclass(frozen=True, slots=True)
class Hint:
    """What is wrong, what to try, and the line if only the engine knows it."""

    what: str
    hint: str = ""
    line: int | None = None


_SYNTAX = Hint(
    "the `# syntax=` line asks for a Dockerfile frontend from a registry, and none answers",
    "remove that line: the engine's own frontend reads the Dockerfile without it",
)


def hint(message: str, log: Iterable[str] = (), *, instruction: str = "", syntax: str = "") -> Hint:
    """Explain a failure.

    Args:
        message: what the engine said.
        log: the last lines the instruction printed.
        instruction: its text; "" if the build failed outside of any.
        syntax: the image that the Dockerfile's ``# syntax=`` line names.
    """
    if syntax and not instruction and syntax.removeprefix("docker.io/") in message:
        return _SYNTAX
    printed = "\n".join(log)
    ended = _STATUS.search(message)  # a program failed: its command line is no symptom
    said = ended[0] if ended else message
    for symptom, explain in _SYMPTOMS:
        found = symptom.search(said) or symptom.search(printed)
        if found:
            return explain(found, message, instruction)
    return Hint(_plain(message, instruction), "read the lines above: the step itself printed them")


def _cancelled(_found: re.Match[str], message: str, _instruction: str) -> Hint:
    return Hint(message, "run it again: what was built so far is in the cache")


def _syntax_line(_found: re.Match[str], _message: str, _instruction: str) -> Hint:
    return _SYNTAX


def _parse(found: re.Match[str], _message: str, _instruction: str) -> Hint:
    line = int(found["line"]) if found["line"] else None
    return Hint(
        f"the Dockerfile has an error: {found['said'].strip()}",
        "compare the line with the Dockerfile reference (docs.docker.com/reference/dockerfile)",
        line,
    )


def _no_image(found: re.Match[str], message: str, instruction: str) -> Hint:
    named = re.search(r"FROM\s+(?:--\S+\s+)*(\S+)", instruction) or re.search(
        r"from[= ](\S+?)[,\s]", instruction + " "
    )
    image = named[1] if named else "of that name"
    reason = (
        "no registry answers"
        if re.search(r"dial tcp|no such host|i/o timeout|connection refused", message)
        else found[0]
    )
    return Hint(
        f"there is no image {image} on the engine, and it cannot be pulled ({reason})",
        f"check the spelling; the lab brings {' and '.join(LAB_BASES)}",
    )


def _no_file(found: re.Match[str], _message: str, instruction: str) -> Hint:
    name = found["name"] or found["source"]
    if "--from" in instruction:
        return Hint(
            f"there is no {name} in the stage or image that the files are copied from",
            "check which stage makes it, and under which path",
        )
    return Hint(
        f"there is no {name.lstrip('/')} in the build context",
        "check the path (it is relative to the context folder), and whether .dockerignore hides it",
    )


def _needs_buildkit(found: re.Match[str], _message: str, _instruction: str) -> Hint:
    return Hint(
        f"{found[0]}, and this build used the classic builder",
        'build with builder="buildkit"',
    )


def _no_session(_found: re.Match[str], _message: str, _instruction: str) -> Hint:
    return Hint(
        "the step mounts a build secret, and this build has nobody to ask for it",
        'give it: lab.build(folder, secrets={"name": lab.Secret.env("NAME")}), and '
        "`pip install h2` if it is not installed",
    )


def _disk(_found: re.Match[str], _message: str, _instruction: str) -> Hint:
    return Hint(
        "no space left on the device that this step wrote to",
        "run `mldocker-lab clean`, or free some room on the engine's disk",
    )


def _no_version(found: re.Match[str], _message: str, _instruction: str) -> Hint:
    offered = (found["offered"] or "").strip()
    offers = offered if offered and offered != "none" else "no version of it"
    return Hint(
        f"pip finds no version that satisfies {found['wanted']}: its index offers {offers}",
        "ask for a version that is offered; the lab's mirror has the packages of the lessons, "
        "for the Python inside the image",
    )


def _no_network(_found: re.Match[str], message: str, instruction: str) -> Hint:
    return Hint(
        f"{_plain(message, instruction)}: it could not reach the network",
        "the lab's own engine lets no container out; packages come from the lab's mirror, "
        "everything else belongs in the build context (or see `mldocker-lab doctor`)",
    )


def _no_command(found: re.Match[str], _message: str, _instruction: str) -> Hint:
    command = found["command"] or found["file"]
    return Hint(
        f"there is no command {command} in the image at this point",
        "install it in an earlier step, or start from a base that has it; check the spelling too",
    )


def _killed(_found: re.Match[str], message: str, instruction: str) -> Hint:
    return Hint(
        f"{_plain(message, instruction)}: it was killed, most often for using too much memory",
        "give the engine more memory, or let the step do less at a time",
    )


_SYMPTOMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str, str], Hint]], ...] = (
    (re.compile(r"^the build was cancelled$"), _cancelled),
    (
        re.compile(r"frontend gateway\.v0|resolve image config"),
        _syntax_line,
    ),
    (
        re.compile(r"[Dd]ockerfile parse error(?: on)?(?: line (?P<line>\d+))?: (?P<said>.+)"),
        _parse,
    ),
    (re.compile(r"the --\w+ option requires BuildKit|requires BuildKit"), _needs_buildkit),
    (
        re.compile(
            r"pull access denied|manifest unknown|manifest for \S+ not found"
            r"|repository does not exist|failed to resolve source metadata|load metadata for"
            r"|lookup \S*registry|/v2/\S*\": dial tcp"
        ),
        _no_image,
    ),
    (
        re.compile(r"\"(?P<name>/[^\"]*)\":? not found|stat (?P<source>\S+): file does not exist"),
        _no_file,
    ),
    (re.compile(r"no active session"), _no_session),
    (re.compile(r"[Nn]o space left on device"), _disk),
    (
        re.compile(
            r"Could not find a version that satisfies the requirement (?P<wanted>\S+)"
            r"(?:[^\n]*?\(from versions: (?P<offered>[^)]*)\))?"
        ),
        _no_version,
    ),
    (
        re.compile(
            r"Temporary failure (?:in name resolution|resolving)|Name or service not known"
            r"|Could not resolve (?:host|')|NewConnectionError|urlopen error"
            r"|Network is unreachable|[Nn]o route to host|Connection timed out"
        ),
        _no_network,
    ),
    (
        re.compile(
            r"(?P<command>[\w./+-]+): (?:command )?not found"
            r"|exec: \"(?P<file>[^\"]+)\": (?:executable file not found|stat)"
        ),
        _no_command,
    ),
    (re.compile(r"exit code: 137|non-zero code: 137|^Killed$", re.MULTILINE), _killed),
)

_STATUS = re.compile(r"(?:exit code|non-zero code): (\d+)")
_WRAPPING = r"failed to solve(?: with frontend \S+)?: |rpc error: code = \w+ desc = "


def _plain(message: str, instruction: str) -> str:
    """The engine's sentence without the layers it was wrapped in."""
    status = _STATUS.search(message)
    if status and instruction:
        return f"{instruction.split(maxsplit=1)[0]} ended with exit status {status[1]}"
    text = re.sub(
        r"failed to solve(?: with frontend \S+)?: |rpc error: code = \w+ desc = ", "", message
    )
    return text.strip() or "the build failed"
