"""A place in a file of the project, as editors and code hosts point at it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Spot"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file.

    Attributes:
        file: its path in the project, with slashes.
        line, column: where it begins, from 1.
        end_line, end_column: behind its last character, from 1.
        message: what is wrong there; "" to say the evidence.
    """

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    message: str = ""
