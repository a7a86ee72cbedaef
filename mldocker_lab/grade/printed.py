"""What a program of a rubric printed, found among all that a container says."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["last_json"]


def last_json(said: str) -> Any:
    """The last line that is a JSON object or list.

    Other lines do not matter: a library may warn on the standard error at any time, and an engine
    hands on both streams in no fixed order.

    Raises:
        ValueError: there is no such line.
    """
    for line in reversed(said.splitlines()):
        if line.lstrip().startswith(("{", "[")):
            try:
                return json.loads(line)
            except ValueError:
                continue
    raise ValueError("no line of it is JSON")
