"""Smell: a shell stands between the engine and the service."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Edit, Example, Fix, Judged, Rule, failed, passed

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.step import Step

_SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh"])
_NEEDS_SHELL = re.compile(r"[|&;<>()$`\\\"'*?\[\]#~=%{}!]")


def judge(target: Target) -> Judged:
    """ENTRYPOINT, or CMD where there is none, is a JSON list, or its shell hands over with exec."""
    entry, cmd = target.entrypoint, target.command
    step = entry or cmd
    if step is None:
        return passed("it leaves ENTRYPOINT and CMD to its base")
    spot = target.spot(step)
    if step.one.json is None:
        if step.one.value.lstrip().startswith("exec ") and step.one.value.count("&&") == 0:
            return passed("the shell hands over with exec", spot)
        fix = _as_list(target, step)
        return failed(
            f"{step.keyword} in shell form: the shell gets the signals",
            spot,
            fixes=(fix,) if fix else (),
        )
    if entry is not None and cmd is not None and cmd.one.json is None and entry.one.json:
        return failed("CMD in shell form is handed to ENTRYPOINT as sh -c", target.spot(cmd))
    words = step.one.json
    script = _script(words)
    if script is not None and not _hands_over(words, script):
        return failed(
            f"{words[0]} stays in front of the service: {' '.join(script.split())[:70]}", spot
        )
    return passed(f"{step.keyword} is a JSON list", spot)


def _script(words: tuple[str, ...]) -> str | None:
    """What ``["sh", "-c", "script"]`` runs."""
    if words[2:] and words[0].rpartition("/")[2] in _SHELLS and re.match(r"-\w*c$", words[1]):
        return words[2]
    return None


def _hands_over(words: tuple[str, ...], script: str) -> bool:
    """The last command replaces the shell: by exec, or as bash does by itself with the last one."""
    last = re.split(r"&&|;|\n", script.strip().rstrip(";"))[-1].strip()
    if last.startswith(("exec ", "$@")) or '"$@"' in last:
        return True
    simple = not re.search(r"\|\||[;|\n]|(?<!&)&(?!&)", script.strip())
    return simple and words[0].rpartition("/")[2] == "bash"


def _as_list(target: Target, step: Step) -> Fix | None:
    """The same as a JSON list, where no shell is needed to read it."""
    one = step.one
    if _NEEDS_SHELL.search(one.value) or one.heredocs or not one.value:
        return None
    start, end = one.source.source(0), one.source.end
    text = f"{one.keyword} {json.dumps(one.value.split())}"
    return Fix(f"write {one.keyword} as a JSON list", (Edit(target.file, start, end, text),))


RULE = Rule(
    id="exec-form",
    number=0,
    title="the service is started without a shell in front",
    why="The stop signal goes to the shell, which does not hand it on: requests are cut off when "
    "the grace period ends.",
    fix='Write CMD ["program", "argument"]; where a shell must prepare something, end its script '
    "with exec.",
    lesson=lessons.RUNTIME,
    judge=judge,
    bad=Example({"Dockerfile": "FROM python:3.11-slim\nCMD uvicorn app:app --port 8080\n"}),
    good=Example(
        {"Dockerfile": 'FROM python:3.11-slim\nCMD ["uvicorn", "app:app", "--port", "8080"]\n'}
    ),
)
