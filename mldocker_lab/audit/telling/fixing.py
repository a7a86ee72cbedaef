"""The safe changes a program can make: shown as a diff first, then written."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldocker_lab.audit.finding import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mldocker_lab.audit.finding import Finding
    from mldocker_lab.audit.reading.model import Target

__all__ = ["Change", "changes", "pins"]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file.

    Attributes:
        file: its path in the project.
        before: its text; "" if there is none yet.
        after: its text afterwards.
        titles: what is done, in words.
    """

    file: str
    before: str
    after: str
    titles: tuple[str, ...]

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        old, new = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        begins = f"a/{self.file}" if self.before else "/dev/null"
        lines = difflib.unified_diff(old, new, begins, f"b/{self.file}")
        ended = (
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )
        return "".join(ended)

    def write(self, folder: Path) -> None:
        """Put it into the project."""
        path = folder / self.file
        path.write_bytes(self.after.encode("utf-8", "surrogateescape"))


def changes(
    findings: Iterable[Finding],
    read: Callable[[str], str | None],
    more: Iterable[tuple[str, Edit]] = (),
) -> list[Change]:
    """What the fixes of open findings would do, file by file.

    Args:
        findings: the findings.
        read: gives the text of a file.
        more: further edits with their titles.
    """
    edits = [(f.title, e) for one in findings if one.open for f in one.fixes for e in f.edits]
    edits += list(more)
    files = dict.fromkeys(edit.file for _, edit in edits)
    made = []
    for file in files:
        before = read(file) or ""
        mine = [(title, edit) for title, edit in edits if edit.file == file]
        after = _applied(before, [edit for _, edit in mine])
        if after != before:
            made.append(Change(file, before, after, tuple(dict.fromkeys(t for t, _ in mine))))
    return made


def _applied(text: str, edits: list[Edit]) -> str:
    """The text with its edits; of two that overlap the first one counts."""
    last = len(text) + 1
    for edit in sorted(set(edits), key=lambda one: (-one.start, -one.end)):
        if edit.end <= last:
            text = text[: edit.start] + edit.text + text[edit.end :]
            last = edit.start
    return text


def pins(target: Target, digest: Callable[[str], str | None]) -> list[tuple[str, Edit]]:
    """Edits that pin every base by digest.

    Args:
        target: what is judged.
        digest: the digest of an image's name; None if no registry tells it.
    """
    found = []
    for base in target.bases:
        word = base.origin.words[0]
        if base.digest or base.scratch or not base.known or "$" in word:
            continue
        known = digest(base.text)
        if known:
            start = base.origin.source.start
            at = target.dockerfile.text.index(word, start) + len(word)
            found.append((f"pin {base.text} by digest", Edit(target.file, at, at, f"@{known}")))
    return found
