"""Text that has to fit: one line, shortened in the middle, where the least is lost; or several."""

from __future__ import annotations

import textwrap

__all__ = ["folded", "middle", "one_line", "printable"]

_DOTS = "…"
_NOT_SHOWN = "\N{REPLACEMENT CHARACTER}"


def one_line(text: str) -> str:
    """The text with every run of white space, line ends included, made one space."""
    return " ".join(text.split())


def folded(text: str, width: int, hang: int) -> str:
    """Each line of ``text`` in lines of at most ``width`` characters, broken between words.

    What does not fit goes on ``hang`` blanks deeper; a word that is longer than a line, a path for
    example, stays whole.
    """
    folder = textwrap.TextWrapper(
        width,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    )
    return "\n".join(folder.fill(line) for line in text.split("\n"))


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
