"""Shell scripts and make recipes that a build or a container runs: the commands in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.installs import install
from mldocker_lab.audit.reading.origins import origin
from mldocker_lab.audit.reading.shell import commands
from mldocker_lab.audit.reading.wrappers import unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.installs import Install
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.audit.reading.step import Step

__all__ = ["built_by", "commands_of", "installs"]

_SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh", "source", "."])
_OTHER = re.compile(r"\.(?!(sh|bash)$)\w+$")  # another language, or no script at all
_RECIPE = re.compile(r"^\t[@-]*(.*(?:\\\n.*)*)", re.MULTILINE)
_LONGEST = 20_000


def commands_of(target: Target, step: Step, command: Command) -> list[Command]:
    """The commands of the script that a command runs; none if it is not at hand.

    Args:
        target: what is judged.
        step: the RUN, CMD or ENTRYPOINT.
        command: one of its commands, without wrappers.
    """
    text = _makefile(target, step, command) if command.name == "make" else ""
    path = _script(command)
    here = origin(target, step, path) if path else None
    text = (target.project.text(here) or "") if here else text
    text = text or (_written(target, step.path(path)) if path else "")
    if not text or len(text) > _LONGEST or "\0" in text:
        return []
    if text.startswith("#!") and "sh" not in text.partition("\n")[0]:
        return []
    place = command.start if step.keyword == "RUN" else step.one.source.start
    return [unwrapped(one) for one in commands(text, step.values, lambda _: place)]


def _script(command: Command) -> str:
    """The path of the script that it runs; "" if it runs a program."""
    words = [word.text for word in command.words]
    if command.name in _SHELLS:
        words = [word for word in words[1:] if not word.startswith("-")]
        return words[0] if words else ""
    first = words[0] if words else ""
    return first if first.endswith(".sh") or ("/" in first and not _OTHER.search(first)) else ""


def _makefile(target: Target, step: Step, command: Command) -> str:
    """The recipe that ``make name`` runs, of the Makefile in the folder in force."""
    places = [origin(target, step, name) for name in ("GNUmakefile", "makefile", "Makefile")]
    text = next((target.project.text(here) or "" for here in places if here), "")
    goal = next((t for t in command.texts[1:] if re.fullmatch(r"[\w.-]+", t)), "")
    begin = re.search(rf"^{re.escape(goal)}\s*:(?!=).*\n", text, re.MULTILINE) if goal else None
    if not begin:
        return ""
    lines = []
    at = begin.end()
    while found := _RECIPE.match(text, at):
        lines.append(found[1])
        at = found.end() + 1
    return "\n".join(lines)


def _written(target: Target, path: str) -> str:
    """A script that the Dockerfile itself writes there: a here-document, or with ``echo``."""
    for step in reversed(target.chain):
        documents = [document.content for document in step.one.heredocs]
        if step.keyword == "COPY" and documents and step.path(step.words[-1][0]) == path:
            return documents[0]
        for command in step.plain if step.keyword == "RUN" else ():
            if any(step.path(redirect.target.text) == path for redirect in command.redirects):
                said = " ".join(command.texts[1:]).replace("\\n", "\n")
                return next(iter(documents), "") if command.name in ("cat", "tee") else said
    return ""


def built_by(target: Target, step: Step) -> Iterator[Command]:
    """The commands of a RUN, each followed by those of the script it runs."""
    for command in step.plain if step.keyword == "RUN" else ():
        yield command
        yield from commands_of(target, step, command)


def installs(target: Target, *, everywhere: bool = True) -> Iterator[Install]:
    """What installs Python packages, in RUN and in the scripts that it runs.

    Args:
        target: what is judged.
        everywhere: in every stage that is needed, or only in those of the image.
    """
    for step in target.all_steps if everywhere else target.chain:
        yield from target.installs_of(step)
        for command in step.plain if step.keyword == "RUN" else ():
            for inner in commands_of(target, step, command):
                found = install(step, inner)
                if found:
                    yield found
