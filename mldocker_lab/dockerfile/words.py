"""The parts of one instruction: keyword, flags, and the words of its arguments.

What counts as a word depends on the instruction. Source of the rules: BuildKit's
``frontend/dockerfile/parser`` package (``split_command.go`` and ``line_parsers.go``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from mldocker_lab.dockerfile.expand import SPACE
from mldocker_lab.errors import DockerfileError

__all__ = ["Flag", "cut_flags", "json_form", "keyword", "pieces", "words", "words_at"]

_GAP = re.compile(r"[\t\v\f\r ]+")
_PIECE = re.compile(r"[^\t\v\f\r ]+")
_SURROGATE = re.compile("[\ud800-\udfff]")

_JSON_OR_TEXT = ("RUN", "CMD", "ENTRYPOINT", "SHELL")
_JSON_OR_LIST = ("ADD", "COPY", "VOLUME")
_LIST = ("FROM", "EXPOSE")
_PAIRS = ("ENV", "LABEL")


@dataclass(frozen=True, slots=True)
class Flag:
    """``--name=value``, unquoted, and where it stands in the logical line.

    ``value`` is None if there was no equals sign.
    """

    name: str
    value: str | None
    start: int
    end: int


def keyword(text: str) -> str:
    """The first word, in capitals."""
    return _GAP.split(text.strip(SPACE), maxsplit=1)[0].upper()


def cut_flags(text: str) -> tuple[tuple[Flag, ...], int]:
    """The flags after the keyword, and where the arguments begin."""
    start = _PIECE.search(text)
    at = _skip_space(text, start.end() if start else 0)
    end = len(text.rstrip(SPACE))
    flags: list[Flag] = []
    while text.startswith("--", at):
        word, stop = _flag_word(text, at, end)
        if word == "--":
            return tuple(flags), _skip_space(text, stop)
        name, equals, value = word[2:].partition("=")
        flags.append(Flag(name, value if equals else None, at, stop))
        at = _skip_space(text, stop)
    return tuple(flags), min(at, end) if flags else at


def words_at(text: str) -> list[tuple[int, int]]:
    """Begin and end of the arguments that white space separates, in the logical line."""
    _, at = cut_flags(text)
    return [match.span() for match in _PIECE.finditer(text, at)]


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def _flag_word(text: str, at: int, end: int) -> tuple[str, int]:
    """One word that may be quoted; the backslash escapes whatever the escape directive says."""
    word, quote = "", ""
    while at < end and (quote or text[at] not in SPACE):
        char = text[at]
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif char == "\\":
            at += 1
            word += text[at] if at < end else ""
        else:
            word += char
        at += 1
    return word, min(at, end)


def json_form(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON list; None if ``text`` is not one (then it is shell form).

    Raises:
        DockerfileError: it is a list, but not of strings only.
    """
    text = text.strip(SPACE)
    if not text.startswith("["):
        return None
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(word, str) for word in found):
        raise DockerfileError(
            "a JSON list may hold strings only",
            'put every word in double quotes: ["python", "-m", "http.server", "8000"]',
        )
    return tuple(_SURROGATE.sub("\ufffd", word) for word in found)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is JavaScript, not JSON")


def words(keyword: str, rest: str, escape: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """The words of the arguments ``rest``, and its JSON form if it has one.

    Raises:
        DockerfileError: ENV or LABEL without a value, a JSON list of other things than strings.
    """
    if keyword == "HEALTHCHECK":
        return _health(rest, escape)
    if keyword == "ONBUILD":
        return _trigger(rest, escape)
    form = json_form(rest) if keyword in _JSON_OR_TEXT + _JSON_OR_LIST else None
    if form is not None or not rest:
        return form or (), form
    return tuple(_plain(keyword, rest, escape)), None


def _plain(keyword: str, rest: str, escape: str) -> list[str]:
    if keyword in _JSON_OR_LIST + _LIST:
        return _GAP.split(rest)
    if keyword in _PAIRS:
        return _pairs(keyword, rest, escape)
    return pieces(rest, escape) if keyword == "ARG" else [rest]


def _health(rest: str, escape: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    kind, *after = re.split(rf"[{SPACE}]+", rest, maxsplit=1)
    inner, form = words("CMD", after[0] if after else "", escape)
    return ((kind, *inner) if kind else ()), form


def _trigger(rest: str, escape: str) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    if not rest:
        return (), None
    inner = keyword(rest)
    _, at = cut_flags(rest)
    if inner == "ONBUILD":  # refused later; there may be very many
        return (inner, rest[at:]), None
    found, form = words(inner, rest[at:], escape)
    return (inner, *found), form


def _pairs(keyword: str, rest: str, escape: str) -> list[str]:
    """Names and values in turn; ``ENV name the rest`` is the old form with a single value."""
    found = pieces(rest, escape)
    if found and "=" not in found[0]:
        old = _GAP.split(rest, maxsplit=1)
        if len(old) == 1:
            raise DockerfileError(
                f"{keyword} has a name and no value",
                f"write {keyword} {rest}=value",
            )
        return old
    for word in found:
        if "=" not in word:
            raise DockerfileError(
                f"{keyword} cannot find the = in {word!r}",
                "write name=value for each; a value with spaces needs quotes",
            )
    return [part for word in found for part in word.split("=", 1)]


def pieces(rest: str, escape: str) -> list[str]:
    """``rest`` cut at white space outside quotes; quotes and escapes are kept."""
    found: list[str] = []
    word, quote, begun = "", "", False
    at = 0
    while at < len(rest):
        char = rest[at]
        if not quote and char in SPACE:
            if begun or word:
                found.append(word)
            word, begun = "", False
        elif char == escape and quote != "'":
            # an escape at the very end is dropped
            word += rest[at : at + 2] if at + 1 < len(rest) else ""
            at += 1
        else:
            if char == quote:
                quote = ""
            elif not quote and char in "'\"":
                quote, begun = char, True
            word += char
        at += 1
    return [*found, word] if begun or word else found
