"""Text that has to fit: one line, shortened in the middle, where the least is lost."""

from __future__ import annotations

__all__ = ["middle", "one_line", "printable"]

_DOTS = "…"
_NOT_SHOWN = "\N{REPLACEMENT CHARACTER}"


def one_line(text: str) -> str:
    """The text with every run of white space, line ends included, made one space."""
    return " ".join(text.split())


def middle(text: str, width: int) -> str:
    """``text`` on one line of at most ``width`` characters, the middle replaced by "…".

    Both ends of an instruction matter (``RUN pip`` and ``requirements.txt``), so both stay; the
    beginning keeps the odd character.
    """
    text = one_line(text)
    if len(text) <= width:
        return text
    keep = max(width - len(_DOTS), 0)
    head, tail = keep - keep // 2, keep // 2
    return (text[:head] + _DOTS + text[len(text) - tail :])[: max(width, 0)]


def printable(text: str) -> str:
    """Text of a stranger without what a terminal would obey: controls, and turns of direction."""
    text = text.replace("\t", " ")
    return "".join(char if char.isprintable() or char == "\n" else _NOT_SHOWN for char in text)
