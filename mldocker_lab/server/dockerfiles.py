"""What the editor is told about a Dockerfile or an ignore file while it is written."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from mldocker_lab.audit import static
from mldocker_lab.dockerfile import context
from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.errors import LabError, UsageError
from mldocker_lab.server import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mldocker_lab.audit.static import Diagnostic
    from mldocker_lab.server.workspace import Workspace

__all__ = ["LONGEST", "diagnose", "sent"]

#: Bytes of a text that is looked at; no Dockerfile of people is as long.
LONGEST = 500_000

_SHOWN = 200  # files of a context
_NAME = "Dockerfile"  # what the audit calls the text
_NEAR = re.compile(r"did you mean (--)?([\w-]+)\?")
_SEVERITIES: dict[str, Any] = {"error": "error", "warning": "warning", "information": "info"}


def diagnose(workspace: Workspace, asked: schema.Diagnose) -> schema.Words:
    """What is to be said about a text.

    Raises:
        UsageError: it is too long to be a Dockerfile.
    """
    if len(asked.text) > LONGEST:
        raise UsageError(
            f"{len(asked.text) / 1e6:.1f} MB are no Dockerfile", "open one that is shorter"
        )
    page = _Page(asked.text)
    if asked.name.endswith(".dockerignore"):
        return schema.Words(list(_ignore(page)))
    found = static.diagnose(asked.text) if asked.text.strip() else []
    lessons = _lessons(workspace, {one.lesson for one in found})
    return schema.Words([_shown(one, page, lessons) for one in found])


def sent(workspace: Workspace, asked: schema.Folder) -> schema.Sent:
    """What a build sends of the folder that a Dockerfile or an ignore file lies in.

    Raises:
        UsageError: the path leads out of the workspace, or the ignore file is none.
    """
    path = workspace.inside(asked.path)
    folder, dockerfile = (path, "Dockerfile") if path.is_dir() else (path.parent, path.name)
    if dockerfile.endswith(".dockerignore"):
        dockerfile = dockerfile.removesuffix(".dockerignore") or "Dockerfile"
    found = context.scan(folder, dockerfile, strict=False)
    files = sorted((one for one in found.entries if one.kind != "folder"), key=lambda e: -e.size)
    rows = [schema.SentFile(_text(one.name), one.size, sent=True) for one in files[:_SHOWN]]
    rows += [schema.SentFile(_text(name), 0, sent=False) for name in found.left_out[:_SHOWN]]
    return schema.Sent(
        folder=workspace.name(folder) or ".",
        ignore_file=found.ignore_file or "",
        files=rows,
        count=len(files),
        bytes=found.bytes,
        left_out=len(found.left_out),
    )


def _text(name: str) -> str:
    """A byte that is no UTF-8 cannot travel as JSON."""
    return name.encode("utf-8", "replace").decode()


class _Page:
    """A text, and where its places are for the page, which counts in UTF-16."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._plain = text.isascii()

    def line(self, number: int) -> str:
        """A line, from 1, without its end."""
        number = min(max(number, 1), len(self._lines) - 1)
        return self.text[self._lines[number - 1] : self._lines[number] - 1]

    def at(self, line: int, column: int) -> int:
        """A place by line and column, both from 1."""
        line = min(max(line, 1), len(self._lines) - 1)
        start, end = self._lines[line - 1], self._lines[line] - 1
        return self.place(min(start + max(column, 1) - 1, end))

    def place(self, offset: int) -> int:
        """A place by the number of characters before it."""
        offset = min(max(offset, 0), len(self.text))
        if self._plain:
            return offset
        return len(self.text[:offset].encode("utf-16-le", "surrogatepass")) // 2


def _lessons(workspace: Workspace, names: set[str]) -> dict[str, str | None]:
    """How JupyterLab names the notebooks of lessons; each is looked for on the disk once."""
    folder = workspace.course / "notebooks"
    notebooks = {name: folder / f"{name}.ipynb" for name in names if name}
    return {name: workspace.name(path) for name, path in notebooks.items() if path.is_file()}


def _shown(one: Diagnostic, page: _Page, lessons: Mapping[str, str | None]) -> schema.Diagnosis:
    start, end = page.at(one.line, one.column), page.at(one.end_line, one.end_column)
    if end <= start:
        end = page.at(one.line, len(page.line(one.line)) + 1)
    fixes = [fix for fix in one.fixes if all(edit.file == _NAME for edit in fix.edits)]
    made = [
        schema.Fix(
            fix.title,
            [schema.Edit(page.place(e.start), page.place(e.end), e.text) for e in fix.edits],
        )
        for fix in fixes
    ]
    return schema.Diagnosis(
        id=one.rule,
        severity=_SEVERITIES[one.severity],
        message=one.message,
        why=one.why,
        hint=one.hint,
        lesson=one.lesson,
        path=lessons.get(one.lesson),
        start=start,
        end=end,
        fixes=made or list(_meant(one, page)),
    )


def _meant(one: Diagnostic, page: _Page) -> Iterator[schema.Fix]:
    """What BuildKit refuses is often a slip of the finger: write what the hint says was meant."""
    near = _NEAR.match(one.hint)
    if not near or one.rule != "syntax":
        return
    source, meant = page.line(one.line), f"{near[1] or ''}{near[2]}"
    written = re.findall(r"--[\w-]+", source) if near[1] else re.findall(r"^\s*(\S+)", source)
    for word in difflib.get_close_matches(meant, written, n=1, cutoff=0.3):
        column = source.index(word) + 1
        start, end = (page.at(one.line, c) for c in (column, column + len(word)))
        yield schema.Fix(f"Write {meant}", [schema.Edit(start, end, meant)])


def _ignore(page: _Page) -> Iterator[schema.Diagnosis]:
    for number, line in enumerate(page.text.splitlines(), 1):
        try:
            Patterns.parse(line)
        except LabError as error:
            yield schema.Diagnosis(
                id="pattern",
                severity="error",
                message=error.what,
                why="The build stops here.",
                hint=error.hint,
                lesson="02_context",
                path=None,
                start=page.at(number, 1),
                end=page.at(number, len(line) + 1),
                fixes=[],
            )
