"""Where the lab keeps what it made: one folder, so that undoing is deleting it.

``MLDOCKER_HOME`` overrides the place; the default is the platform's cache folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

__all__ = ["GRADEBOOK", "KEPT", "home"]

#: The gradebook's name there. Cleaning leaves it alone: nobody can make it again.
GRADEBOOK = "gradebook.sqlite"

#: The folder of what you had written before a lesson was put back. Cleaning leaves it alone, too.
KEPT = "kept"


def home(*parts: str) -> Path:
    """The lab's folder, or the folder ``parts`` inside it, made on first use."""
    root = os.environ.get("MLDOCKER_HOME")
    base = Path(root).expanduser() if root else platformdirs.user_cache_path("mldocker-lab")
    path = base.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path
