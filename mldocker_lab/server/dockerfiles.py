"""What the editor is told about a Dockerfile or an ignore file while it is written."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from mldocker_lab.dockerfile import context
from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import DockerfileError, LabError, UsageError
from mldocker_lab.server import schema

if TYPE_CHECKING:
    from mldocker_lab.server.workspace import Workspace

__all__ = ["LONGEST", "diagnose", "sent"]

#: Bytes of a text that is looked at; no Dockerfile of people is as long.
LONGEST = 500_000

_SHOWN = 200  # files of a context
_WORD = re.compile(r"\s*(\S+)")


def diagnose(asked: schema.Diagnose) -> schema.Words:
    """What is to be said about a text.

    Raises:
        UsageError: it is too long to be a Dockerfile.
    """
    if len(asked.text) > LONGEST:
        raise UsageError(
            f"{len(asked.text) / 1e6:.0f} MB are no Dockerfile", "open one that is shorter"
        )
    if asked.name.endswith(".dockerignore"):
        return schema.Words(_ignore(asked.text))
    return schema.Words(_dockerfile(asked.text))


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


def _dockerfile(text: str) -> list[schema.Diagnosis]:
    if not text.strip():
        return []
    try:
        parse(text)
    except DockerfileError as error:
        return [_refused(error, text)]
    except LabError as error:
        return [_at("refused", error.what, error.hint, 1, [])]
    return []


def _refused(error: DockerfileError, text: str) -> schema.Diagnosis:
    """What BuildKit refuses, with a fix where the hint names one."""
    line = error.line or 1
    source = (text.splitlines() or [""])[min(line, len(text.splitlines())) - 1]
    what = re.sub(r"^line \d+: ", "", error.what)
    return _at("refused", what, error.hint, line, list(_fixes(source, line, error.hint)))


def _fixes(source: str, line: int, hint: str) -> list[schema.Fix]:
    near = re.match(r"did you mean (--)?([\w-]+)\?", hint)
    if not near:
        return []
    if not near[1]:
        fixed = _WORD.sub(lambda m: m[0].replace(m[1], near[2]), source, count=1)
        return [schema.Fix(f"Write {near[2]}", line, line, fixed)]
    flags = re.findall(r"--([\w-]+)", source)
    close = difflib.get_close_matches(near[2], flags, n=1, cutoff=0.3)
    if not close:
        return []
    fixed = source.replace(f"--{close[0]}", f"--{near[2]}", 1)
    return [schema.Fix(f"Write --{near[2]}", line, line, fixed)]


def _at(name: str, message: str, why: str, line: int, fixes: list[schema.Fix]) -> schema.Diagnosis:
    return schema.Diagnosis(
        id=name,
        severity="error",
        message=message,
        why=why,
        lesson="",
        line=line,
        column=0,
        end_line=line,
        end_column=None,
        fixes=fixes,
    )


def _ignore(text: str) -> list[schema.Diagnosis]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            Patterns.parse(line)
        except LabError as error:
            found.append(_at("pattern", error.what, error.hint, number, []))
    return found
