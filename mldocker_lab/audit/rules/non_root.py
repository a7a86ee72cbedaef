"""Point 5: the service does not run as root."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.step import Step

_DROPS = re.compile(r"^(gosu|su-exec|setpriv|chroot|runuser)$")

_SYSTEM_PACKAGES = frozenset(["apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper"])

#: Variables in which Jupyter's and micromamba's images name their user.
_BASES_OWN = frozenset(["NB_UID", "NB_USER", "MAMBA_USER", "MAMBA_USER_ID"])


def judge(target: Target) -> Judged:
    """The last USER of the image, or the user of its base, is not root."""
    outside = target.deployment.user if target.deployment else None
    if outside and not _root(outside[0].partition(":")[0]) and "$" not in outside[0]:
        return passed(f"the deployment starts it as {outside[0]}", outside[1])
    started = _dropped(target)
    if started:
        return passed(f"{started} gives root up at the start")
    step = target.last("USER")
    if step is not None:
        return _named(target, step)
    last = target.span(target.stage.origin.source.source(0), target.stage.origin.source.end)
    base = target.root
    user = None if not base.known and "${" in base.repository else base.user
    if user is None:
        said = f"there is no USER, and the user of {base.text} is not known"
        proof = _needs_root(target)
        return unjudged(f"{said}; that {proof} works speaks for root" if proof else said, last)
    if _root(user):
        return failed(f"there is no USER, and {base.text} runs as root", last)
    return passed(f"{base.text} runs as {user}")


def _needs_root(target: Target) -> str:
    """What installs system packages without sudo, and would fail for anybody but root."""
    for step in target.chain:
        for command in step.commands if step.keyword == "RUN" else ():
            if command.name in _SYSTEM_PACKAGES:
                return command.name
    return ""


def _named(target: Target, step: Step) -> Judged:
    spot = target.spot(step)
    text, known = step.words[0] if step.words else ("", True)
    name = text.partition(":")[0].strip()
    if not known and "$" in name:
        inherited = target.root.user
        if inherited and not _root(inherited):
            return passed(
                f"USER {text} is set by {target.root.text}, which runs as {inherited}", spot
            )
        if name.strip("${}") in _BASES_OWN:
            return passed(f"USER {text} is the user that such bases set up", spot)
        return unjudged(f"USER {text} hangs on a variable that has no value here", spot)
    if _root(name):
        return failed(f"the last USER is {name or 'empty, which means root'}", spot)
    return passed(f"it runs as {name}", spot)


def _root(user: str) -> bool:
    return user in ("root", "", "0") or (
        user.isdecimal() and user.isascii() and not user.strip("0")
    )


def _dropped(target: Target) -> str:
    for step in target.started:
        for command in step.commands:
            found = next(
                (
                    t.rpartition("/")[2]
                    for t in command.texts[:4]
                    if _DROPS.match(t.rpartition("/")[2])
                ),
                "",
            )
            if found:
                return found
    return ""


RULE = Rule(
    id="non-root",
    number=5,
    title="it does not run as root",
    why="Whoever breaks into a service that runs as root may change the image's files, and is one "
    "kernel fault away from the host.",
    fix="RUN useradd --uid 10001 app, then USER 10001 after the last instruction that needs root.",
    lesson=lessons.PRIVILEGE,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": 'FROM python:3.11-slim\nRUN useradd app\nCOPY app.py .\nCMD ["python", '
            '"app.py"]\n'
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nRUN useradd --uid 10001 app\nUSER 10001\nCMD "
            '["python", "app.py"]\n'
        }
    ),
)
