"""The commands of a shell script, as far as text can tell: words, redirections, where they stand.

It is no shell. It knows quotes, escapes, comments, operators, assignments and variables whose
value is known; what it cannot know it marks as unknown instead of guessing. It never raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Command", "Redirect", "Word", "commands", "plain"]

_NAME = re.compile(r"[A-Za-z_]\w*")
_ASSIGN = re.compile(r"([A-Za-z_]\w*)\+?=")
_PLAIN = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_BRACED = re.compile(r"([A-Za-z_]\w*)(?:(:?[-+=?])(.*))?\Z", re.DOTALL)
_OPERATORS = ("&&", "||", ";;", "|&", ";", "|", "&", "(", ")", "\n")
_REDIRECT = re.compile(r"(\d*|&)(>>|>\||>&|>|<<<|<<-?|<&|<>|<)")
_RESERVED = frozenset(
    ["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac", "{", "}", "!"]
)
_ENDS_WORD = frozenset(" \t\r\n;|&()<>")
_DEEPEST = 4  # sh -c "sh -c '…'"
_MOST_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class Word:
    """One word, quotes removed and known variables replaced.

    Attributes:
        text: what the command gets; unknown parts as they are written.
        start, end: its place in the source.
        known: nothing in it hangs on what only a running shell knows.
        quoted: some of it stands in quotes.
    """

    text: str
    start: int
    end: int
    known: bool = True
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    """``> file``: the operator without its number, and the file."""

    operator: str
    target: Word
    number: str = ""


@dataclass(frozen=True)
class Command:
    """One simple command.

    Attributes:
        words: its name and arguments; empty for a bare assignment or redirection.
        redirects: its redirections.
        sets: variables set in front of it, or by it if it has no words.
        joint: the operator before it: ``&&``, ``||``, ``;``, ``|``, ``&`` or "".
        start, end: its place in the source.
    """

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    joint: str = ""
    start: int = 0
    end: int = 0

    @cached_property
    def name(self) -> str:
        """The program's name, without its folder."""
        return self.words[0].text.rpartition("/")[2] if self.words else ""

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The words as text."""
        return tuple(word.text for word in self.words)

    def shifted(self, by: int) -> Command:
        """The same without its first words: what a wrapper such as ``sudo`` starts."""
        return replace(self, words=self.words[by:])


def commands(
    script: str,
    values: Mapping[str, str | None],
    where: Callable[[int], int] = lambda at: at,
    *,
    depth: int = 0,
) -> list[Command]:
    """The simple commands of a script, in order, those of ``sh -c "…"`` included.

    Args:
        script: its text.
        values: variables; None says that it is set and nobody knows to what.
        where: from a place in the script to one in the source.
        depth: how many ``sh -c`` it is inside of.
    """
    found: list[Command] = []
    for command in _Lexer(script, dict(values), where).read():
        inner = _inner(command)
        if inner is None or depth >= _DEEPEST:
            found.append(command)
            continue
        at = inner.start
        below = commands(inner.text, values, lambda _, at=at: at, depth=depth + 1)  # type: ignore[misc]
        found += [replace(one, start=command.start, end=command.end) for one in below]
    return found


def plain(words: tuple[str, ...], start: int, end: int) -> Command:
    """The command of a JSON list, which no shell reads."""
    return Command(tuple(Word(word, start, end) for word in words), start=start, end=end)


def _inner(command: Command) -> Word | None:
    """The script of ``sh -c "script"``."""
    words = command.words
    names = [word.text.rpartition("/")[2] for word in words[:3]]
    at = 1 if names and names[0] == "sudo" else 0
    if not names[at:] or names[at] not in ("sh", "bash", "dash", "ash", "zsh"):
        return None
    for i, word in enumerate(words[at + 1 :], at + 1):
        if not word.text.startswith("-"):
            return None
        if not word.text.startswith("--") and "c" in word.text:
            return words[i + 1] if i + 1 < len(words) else None
    return None


@dataclass(slots=True)
class _Branch:
    """An ``if`` that is open: where its test began, what it says, and whether this part runs."""

    begin: int
    verdict: bool | None = None
    dead: bool = False


def _test(command: Command) -> bool | None:
    """What ``[ a = b ]`` says; None for other commands and for what nobody knows from here."""
    words = command.words
    if not words or words[0].text not in ("[", "[[", "test") or not all(w.known for w in words):
        return None
    texts = [word.text for word in words[1:] if word.text not in ("]", "]]")]
    match texts:
        case [left, "=" | "==", right]:
            return left == right
        case [left, "!=", right]:
            return left != right
        case ["-z", text]:
            return not text
        case ["-n", text] | [text]:
            return bool(text)
        case ["!", "-z", text]:
            return bool(text)
    return None


class _Lexer:
    """One pass over one script."""

    def __init__(
        self, text: str, values: dict[str, str | None], where: Callable[[int], int]
    ) -> None:
        self.text, self.values, self.where = text, values, where
        self.at = 0
        self.done: list[Command] = []
        self.joint = ""
        self.budget = _MOST_WORDS
        self.pending: list[str] = []
        self.branches: list[_Branch] = []
        self.count = 0  # commands so far, those that never run included
        self.tested: bool | None = None  # what the last command said, if it was a test
        self.skips = False  # behind ``[ a = b ] &&`` that is false
        self._begin()

    def _begin(self) -> None:
        self.words: list[Word] = []
        self.redirects: list[Redirect] = []
        self.sets: dict[str, str] = {}
        self.first: int | None = None
        self.last = self.at

    def read(self) -> list[Command]:
        while self.at < len(self.text) and self.budget > 0:
            char = self.text[self.at]
            if char in " \t\r":
                self.at += 1
            elif self.text.startswith(("\\\n", "\\\r\n"), self.at):
                self.at = self.text.index("\n", self.at) + 1
            elif char == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self._redirect() or self._operator():
                continue
            else:
                self._take()
        self._end("")
        return self.done

    def _documents(self) -> None:
        """Go on behind the here-documents that this line announced: they are data."""
        for name in self.pending:
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end].strip("\t\r ")
                self.at = min(end + 1, len(self.text))
                if line == name:
                    break
        self.pending = []

    def _operator(self) -> bool:
        if self.text.startswith("((", self.at) and not self.words:
            end = self.text.find("))", self.at)
            self.at = len(self.text) if end < 0 else end + 2
            return True
        for operator in _OPERATORS:
            if self.text.startswith(operator, self.at):
                self.at += len(operator)
                self._end(operator)
                if operator == "\n" and self.pending:
                    self._documents()
                return True
        return False

    def _end(self, operator: str) -> None:
        if self.words or self.redirects or self.sets:
            self._finish()
        self.skips = operator == "&&" and (self.skips or self.tested is False)
        self.joint = ";" if operator in ("\n", "(", ")", ";;") else operator
        self._begin()

    def _finish(self) -> None:
        if not self.words or self.words[0].text == "export":
            for name, value in self._exported().items():
                self.values[name] = value
        elif self.words[0].text == "for" and self.words[3:]:
            self.values[self.words[1].text] = " ".join(word.text for word in self.words[3:])
        start = self.first or 0
        command = Command(
            tuple(self.words),
            tuple(self.redirects),
            dict(self.sets),
            self.joint,
            self.where(start),
            self.where(max(self.last - 1, start)) + 1,
        )
        self.count += 1
        self.tested = _test(command)
        if not self.skips and not any(branch.dead for branch in self.branches):
            self.done.append(command)

    def _branch(self, word: str) -> None:
        """Follow ``if``: a part whose test is known to be false never runs."""
        if word == "if":
            self.branches.append(_Branch(self.count))
        elif self.branches:
            now = self.branches[-1]
            if word == "then" and now.verdict is not True:
                now.verdict = self.tested if self.count - now.begin == 1 else None
                now.dead = now.verdict is False
            elif word in ("elif", "else"):
                now.begin, now.dead = self.count, now.verdict is True
            elif word == "fi":
                self.branches.pop()

    def _exported(self) -> dict[str, str | None]:
        found: dict[str, str | None] = dict(self.sets)
        for word in self.words[1:]:
            match = _ASSIGN.match(word.text)
            if match:
                found[match.group(1)] = word.text[match.end() :] if word.known else None
        return found

    def _redirect(self) -> bool:
        match = _REDIRECT.match(self.text, self.at)
        if not match or (self.words and self.words[0].text == "[["):
            return False
        number, operator = match.groups()
        if self.first is None:
            self.first = self.at
        self.at = match.end()
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        words = self._word()
        self.last = self.at
        target = words[0] if words else Word("", self.where(self.at), self.where(self.at))
        if operator in ("<<", "<<-") and target.text:
            self.pending.append(target.text)
        if operator.endswith("&") and target.text.isdigit():
            return True  # 2>&1 names no file
        self.redirects.append(Redirect(operator, target, number))
        return True

    def _take(self) -> None:
        start = self.at
        words = self._word()
        self.budget -= 1
        if self.at == start:  # nothing that begins a word: a stray character, or a > inside [[ ]]
            self.at += 1
            return
        self.last = self.at
        if self.first is None:
            self.first = start
        for word in words:
            if not self.words and not word.quoted and word.text in _RESERVED:
                self.first = None
                self._branch(word.text)
                continue
            assigned = None if self.words else _ASSIGN.match(self.text, start)
            if assigned and len(words) == 1:
                name = assigned.group(1)
                self.sets[name] = word.text.partition("=")[2]
                if not word.known:
                    self.values[name] = None
                continue
            self.words.append(word)

    def _word(self) -> list[Word]:
        """One word of the source; an unquoted variable may make several of it, or none."""
        start = self.at
        assignment = bool(_ASSIGN.match(self.text, start))
        parts: list[list[str]] = [[]]
        known, quoted, empty = True, False, True
        while self.at < len(self.text) and self.text[self.at] not in _ENDS_WORD:
            char = self.text[self.at]
            if char == "'":
                end = self.text.find("'", self.at + 1)
                end = len(self.text) if end < 0 else end
                parts[-1].append(self.text[self.at + 1 : end])
                self.at, quoted, empty = end + 1, True, False
            elif char == '"':
                text, sure = self._double()
                parts[-1].append(text)
                known, quoted, empty = known and sure, True, False
            elif char == "\\":
                parts[-1].append(self.text[self.at + 1 : self.at + 2].replace("\n", ""))
                self.at, empty = self.at + 2, False
            elif char in "$`":
                text, sure = self._dollar()
                known = known and sure
                pieces = [text] if assignment or not sure else re.split(r"[ \t\n]+", text)
                parts[-1].append(pieces[0])
                parts += [[piece] for piece in pieces[1:]]
            else:
                parts[-1].append(char)
                self.at, empty = self.at + 1, False
        self.at = min(self.at, len(self.text))
        span = self.where(start), self.where(max(self.at - 1, start)) + 1
        texts = ["".join(part) for part in parts]
        if len(texts) == 1 and (not empty or quoted):
            return [Word(texts[0], *span, known, quoted)]
        return [Word(text, *span, known, quoted) for text in texts if text]

    def _double(self) -> tuple[str, bool]:
        self.at += 1
        done: list[str] = []
        known = True
        while self.at < len(self.text) and self.text[self.at] != '"':
            char = self.text[self.at]
            if char == "\\":
                after = self.text[self.at + 1 : self.at + 2]
                done.append({"\n": ""}.get(after, after if after in '$`"\\' else "\\" + after))
                self.at += 2
            elif char in "$`":
                text, sure = self._dollar()
                done.append(text)
                known = known and sure
            else:
                done.append(char)
                self.at += 1
        self.at += 1
        return "".join(done), known

    def _dollar(self) -> tuple[str, bool]:
        """A variable or substitution at ``at``: its text, and whether that is known."""
        start = self.at
        if self.text[start] == "`":
            end = self.text.find("`", start + 1)
            self.at = len(self.text) if end < 0 else end + 1
            return self.text[start : self.at], False
        after = self.text[start + 1 : start + 2]
        if after in ("(", "{"):
            self.at = _closing(self.text, start + 1)
            if after == "(":
                return self.text[start : self.at], False
            return self._braced(self.text[start + 2 : self.at - 1], self.text[start : self.at])
        name = _NAME.match(self.text, start + 1)
        if not name:
            self.at += 2 if after and after in "0123456789@*#?!$-" else 1
            return self.text[start : self.at], self.at == start + 1
        self.at = name.end()
        value = self.values.get(name.group())
        return (self.text[start : self.at], False) if value is None else (value, True)

    def _braced(self, inner: str, whole: str) -> tuple[str, bool]:
        match = _BRACED.match(inner)
        if not match:
            return whole, False
        name, modifier, other = match.groups()
        if name not in self.values:
            if modifier in ("-", ":-", "=", ":=") and "$" not in other and "`" not in other:
                return other.strip("\"'"), True
            return ("", True) if modifier in ("+", ":+") else (whole, False)
        value = self.values[name]
        if value is None:
            return whole, False
        if modifier in ("+", ":+"):
            return ("", True) if modifier == ":+" and not value else self._again(other)
        if not value and modifier and modifier[0] == ":":
            return self._again(other)
        return value, True

    def _again(self, text: str) -> tuple[str, bool]:
        """The word of ``${A:-word}``, its own variables replaced; whether all are known."""
        names = [one or two for one, two in _PLAIN.findall(text)]
        done = _PLAIN.sub(lambda m: self.values.get(m.group(1) or m.group(2)) or "", text)
        known = all(self.values.get(name) is not None for name in names) and "$" not in done
        return done.strip("\"'"), known


def _closing(text: str, at: int) -> int:
    """Behind the bracket that closes the one at ``at``; the end if none does."""
    pairs = {"(": ")", "{": "}"}
    opened, closing = text[at], pairs[text[at]]
    depth, quote = 0, ""
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == opened:
            depth += 1
        elif char == closing:
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return len(text)
