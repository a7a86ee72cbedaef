"""Commands that start another one: ``sudo``, ``env A=b``, ``exec``, ``conda run``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.shell import Command

__all__ = ["CONDAS", "after_options", "unwrapped"]

CONDAS = frozenset(["conda", "mamba", "micromamba"])
_WRAPPERS = frozenset(
    """
sudo env exec time nice nohup command eatmydata xargs gosu su-exec chroot numactl setarch timeout
retry yes
""".split()
)
_WITH_USER = frozenset(["gosu", "su-exec", "chroot"])  # their first argument is no command


def unwrapped(command: Command) -> Command:
    """The command without ``sudo``, ``env A=b``, ``exec``, ``conda run -n x`` and the like."""
    for _ in range(6):
        texts = command.texts
        if not texts:
            break
        name = command.name
        skip = 0
        if name in _WRAPPERS:
            skip = 1
            while skip < len(texts) and (
                texts[skip].startswith("-") or re.match(r"\w+=|\d+[smh]?$", texts[skip])
            ):
                takes = name == "xargs" and texts[skip] in ("-n", "-a", "-P", "-L", "-I", "-d")
                takes = takes or (
                    name in ("sudo", "nice", "env") and texts[skip] in ("-u", "-n", "-g")
                )
                skip += 2 if takes else 1
            skip += name in _WITH_USER
        elif name.startswith("python") and texts[1:2] == ("-m",) and texts[3:4] == ("run",):
            skip = 2 if texts[2] in ("poetry", "pipenv", "pdm", "uv") else 0
        elif name in CONDAS and texts[1:2] == ("run",):
            skip = after_options(texts, 2, ("-n", "--name", "-p", "--prefix", "--cwd"))
        elif name in ("uv", "poetry", "pipenv", "pdm", "hatch", "pixi", "rye") and texts[1:2] == (
            "run",
        ):
            skip = after_options(texts, 2, ("--with", "--python", "-p", "-e", "--extra", "--group"))
        if not skip or skip >= len(texts):
            break
        command = command.shifted(skip)
    return command


def after_options(texts: tuple[str, ...], at: int, valued: tuple[str, ...]) -> int:
    """The first word from ``at`` on that is neither an option nor the value of one."""
    while at < len(texts) and texts[at].startswith("-"):
        at += 2 if texts[at] in valued else 1
    return at
