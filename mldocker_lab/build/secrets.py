"""Secrets of a build: where they come from, who asks for them, and how they stay out of sight.

A value goes to BuildKit through a session (``build.session``) when a RUN with
``--mount=type=secret`` asks for it, and nowhere else. If a program prints it, what we show and
record has ``***`` in its place.
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile.instruction import mount_target
from mldocker_lab.errors import UsageError
from mldocker_lab.report.events import Failed, Finished, Output, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mldocker_lab.dockerfile.parse import Dockerfile
    from mldocker_lab.report.events import Event

__all__ = ["Secret", "Veil", "as_logins", "as_secrets", "check_given"]

HIDDEN = "***"
_MOST_BYTES = 500 << 10  # BuildKit takes no more
_TELLING = 16  # so many characters of a longer secret are no accident
_SHORTEST_LINE = 8  # shorter lines of a longer secret are too common to be hidden


class Secret:
    """A value that is never shown.

    Args:
        value: the secret itself; better ``Secret.env`` or ``Secret.file``, which keep it out of
            your notebook.
    """

    __slots__ = ("_read", "source")

    def __init__(self, value: str | bytes) -> None:
        data = value.encode() if isinstance(value, str) else bytes(value)
        self._read: Callable[[], bytes] = lambda: data
        self.source = "given"

    @classmethod
    def env(cls, name: str) -> Secret:
        """The value of an environment variable, read when the build starts."""

        def read() -> bytes:
            if name not in os.environ:
                raise UsageError(
                    f"the environment has no {name}, which a build secret is taken from",
                    f"export {name}=… before you start, or name another variable",
                )
            return os.environ[name].encode(errors="surrogateescape")

        return cls._of(read, f"from the environment's {name}")

    @classmethod
    def file(cls, path: str | Path) -> Secret:
        """The content of a file, byte for byte, read when the build starts."""
        where = Path(path).expanduser()

        def read() -> bytes:
            try:
                return where.read_bytes()
            except OSError as error:
                raise UsageError(
                    f"{where}, which a build secret is taken from, cannot be read: "
                    f"{error.strerror}",
                    "name a file that you may read",
                ) from None

        return cls._of(read, f"from {where}")

    @classmethod
    def _of(cls, read: Callable[[], bytes], source: str) -> Secret:
        made = cls("")
        made._read, made.source = read, source
        return made

    def value(self) -> bytes:
        """The secret itself.

        Raises:
            UsageError: the variable or file it comes from is not there, or it is too long.
        """
        data = self._read()
        if len(data) > _MOST_BYTES:
            raise UsageError(
                f"a build secret ({self.source}) is longer than {_MOST_BYTES:,} bytes",
                "BuildKit takes no longer ones; COPY what is no secret",
            )
        return data

    def __repr__(self) -> str:
        return f"Secret({self.source})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not written anywhere")


def as_secrets(given: Mapping[str, str | Path | Secret] | None) -> dict[str, Secret]:
    """Secrets by id: text is the secret itself, a Path is a file that holds it."""
    return {name: _secret(value) for name, value in (given or {}).items()}


def as_logins(
    given: Mapping[str, tuple[str, str | Path | Secret]] | None,
) -> dict[str, tuple[str, Secret]]:
    """Users and passwords by registry; passwords as in ``as_secrets``."""
    return {host: (user, _secret(password)) for host, (user, password) in (given or {}).items()}


def _secret(value: str | Path | Secret) -> Secret:
    if isinstance(value, Secret):
        return value
    return Secret.file(value) if isinstance(value, Path) else Secret(value)


def check_given(dockerfile: Dockerfile, target: str | None, given: Iterable[str]) -> bool:
    """Refuse a build that is going to miss a secret; otherwise say whether it may ask for any.

    Raises:
        UsageError: a stage that is needed requires one that was not given; names the line.
    """
    known, asks = set(given), False
    needed = dockerfile.needed(target)
    for one in dockerfile.instructions:
        for mount in one.mounts if one.stage in needed else ():
            if mount["type"] != "secret":
                continue
            asks, name = True, _required(mount)
            if name and name not in known:
                others = f" (given: {', '.join(sorted(known))})" if known else ""
                raise UsageError(
                    f"line {one.line} requires the secret {name}, which was not given{others}",
                    f'give it: lab.build(folder, secrets={{"{name}": lab.Secret.env("…")}})',
                )
    return asks


def _required(mount: Mapping[str, str]) -> str:
    """The id of a secret that a mount requires; "" if it requires none that is known by name."""
    if mount.get("required", "false").lower() in ("false", "0"):
        return ""
    own = mount.get("source") or mount.get("src") or mount.get("id")
    name = own or posixpath.basename(mount_target(mount))
    return "" if "$" in name else name


class Veil:
    """Puts ``***`` in the place of secrets in events, even where one is cut into two pieces.

    What is hidden: each secret as a whole, the longer lines of one with several, and the beginning
    of a long one whose end is missing, as in a log that was clipped.

    Args:
        values: the secrets.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        words = set()
        for value in values:
            text = value.decode(errors="replace").strip()
            words |= {text} | {line.strip() for line in text.splitlines() if _long(line)}
        self._words = sorted(words - {""}, key=len, reverse=True)
        self._whole = re.compile("|".join(map(re.escape, self._words)) or r"(?!)")
        self._held: dict[int | None, Output] = {}

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._without_beginnings(self._without_whole(text))

    def hide(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events without secrets; text that may be the beginning of one waits for the rest."""
        if not self._words:
            yield from events
            return
        for event in events:
            if isinstance(event, Output):
                yield from self._output(event)
            elif isinstance(event, Finished):
                yield from self._let_go(event.step)
                yield event
            elif isinstance(event, Failed):
                yield from self._let_go(*self._held)
                yield replace(event, message=self.text(event.message))
            elif isinstance(event, Progress):
                yield replace(event, what=self.text(event.what))
            else:
                yield event
        yield from self._let_go(*self._held)

    def _output(self, event: Output) -> Iterator[Output]:
        held = self._held.pop(event.step, None)
        text = self._without_whole((held.text if held else "") + event.text)
        cut = min((self._beginning(word, text) for word in self._words), default=len(text))
        if cut < len(text):
            self._held[event.step] = replace(event, text=text[cut:])
        if cut:
            yield replace(event, text=self._without_beginnings(text[:cut]))

    def _let_go(self, *steps: int | None) -> Iterator[Output]:
        """What waits of these steps: the beginning of a secret that did not go on."""
        for step in steps:
            if step in self._held:
                held = self._held.pop(step)
                yield replace(held, text=self._without_beginnings(held.text))

    def _without_whole(self, text: str) -> str:
        return self._whole.sub(HIDDEN, text)

    def _without_beginnings(self, text: str) -> str:
        for word in self._words:
            head, at = word[:_TELLING], 0
            while len(head) == _TELLING and (at := text.find(head, at)) >= 0:
                same = takewhile(
                    lambda pair: pair[0] == pair[1], zip(word, text[at:], strict=False)
                )
                end = at + sum(1 for _ in same)
                text = text[:at] + HIDDEN + text[end:]
                at += len(HIDDEN)
        return text

    @staticmethod
    def _beginning(word: str, text: str) -> int:
        """Where the end of the text begins that may be the beginning of a secret."""
        at = max(0, len(text) - len(word) + 1)
        while 0 <= (at := text.find(word[:_TELLING], at)) < len(text):
            if word.startswith(text[at:]):
                return at
            at += 1
        for at in range(max(0, len(text) - min(_TELLING, len(word)) + 1), len(text)):
            if word.startswith(text[at:]):
                return at
        return len(text)


def _long(line: str) -> bool:
    return len(line.strip()) >= _SHORTEST_LINE
