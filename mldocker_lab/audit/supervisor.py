"""Where supervisord sends what its programs print: by default into files of its own."""

from __future__ import annotations

import configparser
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit.spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.model import Target

__all__ = ["kept_in_files", "programs_seen"]

_FILES = re.compile(
    r"(^|/)supervisord?[\w.-]*\.(conf|ini)$|(^|/)supervisord?(/[\w.-]+)*/[\w.-]+\.conf$"
)
_STREAMS = re.compile(r"/dev/(stdout|stderr|fd/[12])|/proc/(1|self)/fd/[12]|syslog", re.IGNORECASE)
_SECTION = "program:"


def _sections(target: Target) -> Iterator[tuple[str, str, configparser.SectionProxy]]:
    """The programs of every configuration at hand: file, its text, and what is set."""
    for name in sorted(n for n in target.project.inside if _FILES.search(n)):
        text = target.project.text(name) or ""
        parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(";",))
        try:
            parser.read_string(text)
        except (configparser.Error, ValueError):
            continue
        for section in parser.sections():
            if section.startswith(_SECTION):
                yield name, text, parser[section]


def programs_seen(target: Target) -> bool:
    """Whether the configuration of a program is at hand."""
    return any(True for _ in _sections(target))


def kept_in_files(target: Target) -> list[tuple[str, Spot]]:
    """The programs whose output goes into files, in words."""
    found = []
    for name, text, section in _sections(target):
        to = section.get("stdout_logfile", "AUTO").strip()
        if to.upper() == "NONE" or _STREAMS.match(to):
            continue
        program = section.name.removeprefix(_SECTION)
        where = "a file of its own" if to.upper() == "AUTO" else to
        line = text[: text.find(f"[{section.name}]")].count("\n") + 1
        spot = Spot(target.project.in_context(name), line)
        found.append((f"supervisord keeps the output of {program} in {where}", spot))
    return found
