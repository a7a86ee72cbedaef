"""A comment in the Dockerfile accepts a finding, and says why.

    # mldocker-lab: accept non-root: the job writes into a volume that only root may write

Without a reason nothing is accepted.
"""

from __future__ import annotations

import re

__all__ = ["suppressions"]

_COMMENT = re.compile(
    r"^[ \t]*#[ \t]*mldocker-lab:[ \t]*accept[ \t]+"
    r"([\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)[ \t]*:[ \t]*(\S.*?)\s*$",
    re.MULTILINE | re.IGNORECASE,
)


def suppressions(text: str) -> dict[str, str]:
    """Rule ids that a text accepts, each with its reason."""
    found: dict[str, str] = {}
    for match in _COMMENT.finditer(text):
        for name in match.group(1).split(","):
            found[name.strip().lower()] = match.group(2)
    return found
