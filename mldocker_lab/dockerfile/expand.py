"""Variables, quotes and escapes in a Dockerfile, read the way BuildKit's shell lexer reads them.

It is not a shell: it knows ``$NAME``, ``${NAME…}`` with the modifiers below, both kinds of quotes
and the escape character, and nothing else. Source of the rules: BuildKit's
``frontend/dockerfile/shell`` package and the Dockerfile reference, "Environment replacement".

    ${A-x} ${A:-x}   x if A is unset (or, with the colon, empty)
    ${A+x} ${A:+x}   x if A is set (and, with the colon, not empty)
    ${A?x} ${A:?x}   an error saying x if A is unset (or empty)
    ${A#p} ${A##p}   A without the shortest (longest) prefix that matches p
    ${A%p} ${A%%p}   A without the shortest (longest) suffix that matches p
    ${A/p/x} ${A//p/x}   A with the first (every) match of p replaced by x
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.errors import DockerfileError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SPACE", "expand", "raw_words", "unquoted"]

#: What Go calls white space; Python's own idea of it also counts the separators \x1c to \x1f.
SPACE = (
    "".join(map(chr, [*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]))
    + "\u2028\u2029\u202f\u205f\u3000"
)

_NAME = re.compile(r"\d+|[^\W\d]\w*|[@*#?$!-]")
_BLANK = tuple("\t\v\f\r ")
_DEEPEST = 50  # levels of ${A:-${B:-…}}; nobody writes that many, and Python's stack is finite


def expand(text: str, values: Mapping[str, str], escape: str = "\\") -> str:
    r"""``text`` with its variables replaced, its quotes and escapes removed.

    Args:
        text: for example ``"python:${VERSION:-3.11}"``.
        values: the variables that are set; all others are unset, which reads as empty.
        escape: the Dockerfile's escape character, ``\`` or a backtick.

    Raises:
        DockerfileError: an open quote or brace, an unknown modifier, or ``${A:?why}`` with A unset.
    """
    return _Lexer(text, values, escape).read()


def raw_words(text: str) -> list[str]:
    """``text`` cut at unquoted white space, with quotes and escapes kept; [] if a quote is open.

    This is how BuildKit looks for here-documents: always with the backslash as escape character,
    and with the white space after ``<<`` as a part of the word.
    """
    lexer = _Lexer(text, None, "\\", raw=True)
    try:
        lexer.read()
    except DockerfileError:
        return []
    return lexer.words


def unquoted(text: str) -> str:
    """``text`` without its quotes and escapes; variables stay as written."""
    return _Lexer(text, None, "\\").read()


class _Lexer:
    """One pass over one text.

    Args:
        text: what to read.
        values: the variables that are set; None leaves every variable as written.
        escape: the escape character.
        raw: keep quotes and escapes as written.
    """

    def __init__(
        self, text: str, values: Mapping[str, str] | None, escape: str, *, raw: bool = False
    ) -> None:
        self.text, self.escape, self.raw = text, escape, raw
        self.values, self.verbatim = values or {}, values is None
        self.at = self.depth = 0
        self.words: list[str] = []

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _next(self) -> str:
        char = self._peek()
        self.at += 1
        return char

    def read(self, stop: str = "", *, raw_escapes: bool = False) -> str:
        """Up to ``stop`` (which is eaten) or to the end; collects words on the way."""
        keep = self.raw or raw_escapes
        done: list[str] = []
        words = _Words()
        while char := self._peek():
            if char == stop:
                self.at += 1
                break
            if char == "$":
                piece = self._dollar()
                words.split(piece)
            elif char in "'\"":
                piece = self._single() if char == "'" else self._double(keep=keep)
                words.add(piece)
            elif char == self.escape:
                self.at += 1
                piece = (char if keep else "") + self._next()
                words.add(piece)
            elif self.raw and self.text.startswith("<<", self.at):
                end = self.at + 2
                while self.text[end : end + 1] in _BLANK:
                    end += 1
                piece, self.at = self.text[self.at : end], end
                words.add(piece)
            else:
                piece = self._next()
                words.split(piece)
            done.append(piece)
        else:
            if stop:
                raise _error(f"the closing {stop} is missing in {self.text!r}")
        self.words = words.all()
        return "".join(done)

    def _single(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise _error(f"a single quote is never closed in {self.text!r}")
        start, self.at = self.at, end + 1
        return self.text[start : end + 1] if self.raw else self.text[start + 1 : end]

    def _double(self, *, keep: bool) -> str:
        quote = self._next() if self.raw else (self._next(), "")[1]
        done = [quote]
        while (char := self._peek()) != '"':
            if not char:
                raise _error(f"a double quote is never closed in {self.text!r}")
            if char == "$":
                done.append(self._dollar())
                continue
            self.at += 1
            if char == self.escape:
                if keep:
                    done.append(char)
                if not self._peek():
                    continue
                if self._peek() in ('"', "$", self.escape):
                    char = self._next()
            done.append(char)
        self.at += 1
        return "".join([*done, quote])

    def _dollar(self) -> str:
        start = self.at
        self.at += 1
        if self._peek() != "{":
            name = self._name()
            return f"${name}" if self.verbatim or not name else self.values.get(name, "")
        self.at += 1
        value = self._braces()
        return self.text[start : self.at] if self.verbatim else value

    def _name(self) -> str:
        found = _NAME.match(self.text, self.at)
        name = found.group() if found else ""
        self.at += len(name)
        return name

    def _braces(self) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _error("${…} is nested too deeply")
        value = self._substituted()
        self.depth -= 1
        return value

    def _substituted(self) -> str:
        if not self._peek() or self._peek() in "{}:":
            raise _error(f"bad substitution in {self.text!r}")
        name = self._name()
        value = self.values.get(name)
        modifier = self._next()
        if modifier == "}":
            return value or ""
        if modifier == "/":
            return self._replace(value or "")
        colon = modifier == ":"
        if colon:
            modifier = self._next()
        if not modifier or modifier not in "+-?#%" or (colon and modifier in "#%"):
            raise _error(f"unsupported modifier in ${{{name}…}} in {self.text!r}")
        word = self.read("}", raw_escapes=modifier in "#%")
        missing = value is None or (colon and not value)
        match modifier:
            case "-":
                return word if missing else value or ""
            case "+":
                return "" if missing else word
            case "?":
                if missing and not self.verbatim:
                    why = word or "is not allowed to be unset or empty"
                    raise DockerfileError(f"{name}: {why}", f"give the build argument {name}")
                return value or ""
        longest = word[:1] == modifier
        return _trim(value or "", word[longest:], longest=longest, suffix=modifier == "%")

    def _replace(self, value: str) -> str:
        every = self._peek() == "/"
        self.at += every
        pattern = self.read("/", raw_escapes=True)
        new = self.read("}", raw_escapes=True)
        return re.sub("".join(_regex(pattern)), lambda _: new, value, count=0 if every else 1)


class _Words:
    """Cuts what it is given at white space, unless told that it was quoted."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._word = ""

    def split(self, text: str) -> None:
        for char in text:
            if char not in SPACE:
                self._word += char
            elif self._word:
                self._done.append(self._word)
                self._word = ""

    def add(self, text: str) -> None:
        self._word += text

    def all(self) -> list[str]:
        self.split(" ")
        return self._done


def _regex(pattern: str, star: str = ".*") -> list[str]:
    """A shell pattern as pieces of a regular expression; brackets have no meaning in it."""
    pieces: list[str] = []
    chars = iter(pattern)
    for char in chars:
        if char == "*":
            pieces.append(star)
        elif char == "?":
            pieces.append(".")
        elif char == "\\":
            escaped = next(chars, "")
            if not escaped or escaped not in r"*?\}/":
                raise _error(f"bad escape \\{escaped} in the pattern {pattern!r}")
            pieces.append(re.escape(escaped))
        else:
            pieces.append(re.escape(char))
    return pieces


def _trim(value: str, pattern: str, *, longest: bool, suffix: bool) -> str:
    """``value`` without a prefix (or suffix) that matches; a suffix is a prefix read backwards."""
    pieces = _regex(pattern, ".*" if longest else ".*?")
    if suffix:
        value = value[::-1]
        pieces.reverse()
    found = re.match("".join(pieces), value)
    rest = value[found.end() :] if found else value
    return rest[::-1] if suffix else rest


def _error(what: str) -> DockerfileError:
    return DockerfileError(
        what, "close every quote and brace; the reference lists what ${…} can do"
    )
