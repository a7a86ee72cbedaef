"""What the lab is about to do, said to whoever waits: on standard error, beside results."""

from __future__ import annotations

import sys

__all__ = ["announce"]


def announce(text: str) -> None:
    """Say it at once, one line."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 announcements go to the user
