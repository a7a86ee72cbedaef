"""Where supervisord sends what its programs print: by default into files of its own."""

from __future__ import annotations

import configparser
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.model import Target

__all__ = ["kept_in_files", "programs_seen"]

_FILES = re.compile(
    r"(^|/)supervisord?[\w.-]*\.(conf|ini)$|(^|/)supervisord?(/[\w.-]+)*/[\w.-]+\.conf$"
)
_STREAMS = re.compile(r"/dev/(stdout|stderr|fd/[12])|/proc/(1|self)/fd/[12]|syslog", re.IGNORECASE)
_SECTION = "program:"


def _texts(target: Target) -> Iterator[tuple[str, str, Spot | None]]:
    """Every configuration: its name, its text, and where the Dockerfile writes it if it does."""
    for name in sorted(name for name in target.project.inside if _FILES.search(name)):
        yield target.project.in_context(name), target.project.text(name) or "", None
    for step in target.chain:
        echoed = [
            " ".join(command.texts[1:])
            for command in (step.plain if step.keyword == "RUN" else ())
            if command.name in ("echo", "printf") and command.redirects
        ]
        texts = ["\n".join(echoed).replace("\\n", "\n"), *(d.content for d in step.one.heredocs)]
        yield from ((target.file, t, target.spot(step)) for t in texts if f"[{_SECTION}" in t)


def _programs(target: Target) -> Iterator[tuple[configparser.SectionProxy, Spot]]:
    """What is set for each program, and where."""
    for name, text, written in _texts(target):
        parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";",))
        try:
            parser.read_string(text)
        except (configparser.Error, ValueError):
            continue
        for section in parser.sections():
            if section.startswith(_SECTION):
                line = text[: text.find(f"[{section}]")].count("\n") + 1
                yield parser[section], written or Spot(name, line)


def programs_seen(target: Target) -> bool:
    """Whether the configuration of a program is at hand."""
    return any(True for _ in _programs(target))


def kept_in_files(target: Target) -> list[tuple[str, Spot]]:
    """The programs whose output goes into files, in words."""
    found = []
    for section, spot in _programs(target):
        to = section.get("stdout_logfile", "AUTO").strip()
        if to.upper() == "NONE" or _STREAMS.match(to):
            continue
        program = section.name.removeprefix(_SECTION)
        where = "a file of its own" if to.upper() == "AUTO" else to
        found.append((f"supervisord keeps the output of {program} in {where}", spot))
    return found
