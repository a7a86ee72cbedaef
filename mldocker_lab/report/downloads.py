"""What pip downloaded during a build, told from what it printed.

Pip says ``Downloading NAME-VERSION-….whl`` for a wheel it fetched, and ``Using cached …`` for one
that it found in its cache (a cache mount, say). So a recorded build can tell, too, and two builds
at the same time are told apart, as the log of an index could not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.report.events import Output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.report.events import Event

__all__ = ["downloads"]

# The metadata that pip may fetch first ends in ".whl.metadata" and is no package.
_FETCHED = re.compile(r"^\s*Downloading (?:\S*/)?([^-/\s]+)-[^/\s]+\.whl(?=\s|$)", re.MULTILINE)


def downloads(events: Iterable[Event]) -> tuple[str, ...]:
    """Names of the packages whose wheels were downloaded, sorted, once for each download."""
    printed: dict[int | None, list[str]] = {}
    for event in events:
        if isinstance(event, Output):
            printed.setdefault(event.step, []).append(event.text)
    names = (name for texts in printed.values() for name in _FETCHED.findall("".join(texts)))
    return tuple(sorted(name.replace("_", "-").lower() for name in names))
