"""A host from a file that somebody wrote or recorded, in whichever form."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.gpu.host import Host, from_dict
from mldocker_lab.gpu.smi import from_xml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["from_file"]

_LARGEST_FILE = 16 * 1024 * 1024


def from_file(path: Path) -> Host:
    """A host from the XML of ``nvidia-smi -q -x``, or from TOML or JSON in our own form.

    What the file does not tell is not known; a damaged file makes a host about which nothing is.

    Raises:
        UsageError: there is no such file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    name = path.stem
    if len(data) > _LARGEST_FILE:
        return Host(name=name, problems=("the file is far too large for a description of a host",))
    text = data.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return from_xml(data, name=name)
    try:
        said = json.loads(text) if text.startswith(("{", "[")) else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return Host(name=name, problems=(f"the file cannot be read: {_first(error)}",))
    if not isinstance(said, dict):
        return Host(name=name, problems=("the file does not describe a host",))
    return from_dict({"name": name, **said}, source=str(path.name))


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:160]
