"""A second opinion: what hadolint says, where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["hadolint"]

_SECONDS = 60


def hadolint(path: Path) -> list[dict[str, Any]]:
    """Its findings about a Dockerfile: code, line, level and message.

    Raises:
        UsageError: it is not installed, or says nothing that can be read.
    """
    program = shutil.which("hadolint")
    if program is None:
        raise UsageError("hadolint is not on PATH", "install it, or leave out --with-hadolint")
    try:
        done = subprocess.run(
            [program, "--no-fail", "--format", "json", str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"hadolint gives no answer: {error}", "run it by hand") from None
    keys = ("code", "line", "level", "message")
    return [{key: one.get(key) for key in keys} for one in said]
