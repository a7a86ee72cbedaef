"""Versions as the gates compare them: numbers between dots, missing ones are zero."""

from __future__ import annotations

import re

__all__ = ["Version", "as_version", "compared", "plausible", "said", "sm"]

#: The numbers of a version, first one first.
Version = tuple[int, ...]

_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_LONGEST = 256
_TOO_LARGE = 2**64 - 1  # nvidia-container-cli reads each number into 64 bits, and refuses this one

# What no product has reached: above it a "fact" is a slip of the pen, not a fact.
_PLAUSIBLE = {"cuda": (6, 16), "driver": (300, 800), "arch": (2, 14)}


def as_version(text: str | None) -> Version | None:
    """``"535.104.05"`` → ``(535, 104, 5)``; None where it is no version, or none given."""
    if text is None or len(text) > _LONGEST or not _DOTTED.fullmatch(text):
        return None
    numbers = tuple(int(part) for part in text.split("."))
    return numbers if max(numbers) < _TOO_LARGE else None


def compared(left: Version, right: Version) -> int:
    """-1, 0 or 1 as ``left`` is lower than, equal to, or higher than ``right``."""
    length = max(len(left), len(right))
    a, b = _padded(left, length), _padded(right, length)
    return (a > b) - (a < b)


def plausible(kind: str, text: str | None) -> Version | None:
    """The version, unless it is none, or one that no ``cuda``, ``driver`` or ``arch`` has."""
    version = as_version(text)
    least, most = _PLAUSIBLE[kind]
    return version if version is not None and least <= version[0] < most else None


def said(version: Version) -> str:
    """``(535, 104, 5)`` → ``"535.104.05"``, as NVIDIA prints drivers."""
    patch = 2
    return ".".join(f"{n:02d}" if i == patch else str(n) for i, n in enumerate(version))


def sm(arch: Version) -> str:
    """``(8, 6)`` → ``"86"``, as in sm_86."""
    return "".join(map(str, arch))


def _padded(version: Version, length: int) -> Version:
    return version + (0,) * (length - len(version))
