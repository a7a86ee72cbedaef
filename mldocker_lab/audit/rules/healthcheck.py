"""Point 6: something asks whether the service can still answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.knowledge.started import is_job

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.step import Step

_ALWAYS = re.compile(
    r"^(true|:|exit 0|echo\b.*|/bin/true|python\d* -c (import sys; *)?(sys\.)?exit\(0?\)|"
    r"python\d* -c (pass|print\([^()]*\)))$"
)
_GETS_CURL = re.compile(r"(?<![\w-])curl(?![\w.-])")


def judge(target: Target) -> Judged:
    """A HEALTHCHECK that can fail and that can run, or a probe in the files of the deployment."""
    step = target.last("HEALTHCHECK")
    if step is not None and step.one.words[0].upper() != "NONE":
        return _check(target, step)
    probe = target.deployment.probe if target.deployment else None
    if probe:
        return passed(probe[0], probe[1])
    if step is not None:
        return failed("HEALTHCHECK NONE switches it off", target.spot(step))
    here = target.span(target.stage.origin.source.source(0), target.stage.origin.source.end)
    if target.root.asks_itself and not (target.entrypoint or target.command):
        return passed(f"{target.root.text} brings a HEALTHCHECK of its own")
    if is_job(target):
        return unjudged("it starts a job that ends by itself: there is nothing to ask", here)
    return failed("there is no HEALTHCHECK, nor a probe in a compose file or manifest", here)


def _check(target: Target, step: Step) -> Judged:
    spot = target.spot(step)
    commands = step.plain
    texts = [" ".join(command.texts) for command in commands]
    joined = [c.joint for c in commands]
    before = texts[: joined.index("||")] if "||" in joined else texts  # what follows is not reached
    if before and all(_ALWAYS.match(text) for text in before):
        return failed(f"the check always succeeds: {texts[0]}", spot)
    if len(texts) > 1 and joined[-1] == "||" and _ALWAYS.match(texts[-1]):
        return failed(f"the check cannot fail: it ends in || {texts[-1]}", spot)
    if (
        commands
        and commands[0].name == "curl"
        and target.root.has_no_curl
        and not _brings_curl(target)
    ):
        return failed(
            f"the check calls curl, which {target.root.text} does not have and no line installs: "
            f"it is unhealthy for ever",
            spot,
            fix='Ask with what the image has: python -c "import urllib.request as u; '
            "u.urlopen('http://localhost:8080/ready')\".",
        )
    return passed("it has a HEALTHCHECK", spot)


def _brings_curl(target: Target) -> bool:
    for step in target.chain:
        if step.keyword == "RUN" and _GETS_CURL.search(step.resolve(step.one.value)[0]):
            return True
        if step.keyword in ("RUN", "COPY", "ADD") and any(
            _GETS_CURL.search(d.content) for d in step.one.heredocs
        ):
            return True
        if step.keyword == "RUN" and any(
            re.search(r"\.sh$", text)
            for command in step.plain
            for text in command.texts[:2]
            if command.name != "chmod"
        ):
            return True  # a script may install it
        if (
            step.keyword == "COPY"
            and step.one.flag("from") is not None
            and "curl" in step.one.value
        ):
            return True
    return False


RULE = Rule(
    id="healthcheck",
    number=6,
    title="it has a health check that can fail",
    why="A process that lives is not a model that answers: without a check, traffic goes to a "
    "service that cannot predict.",
    fix="Add HEALTHCHECK with a start period, which asks a path that runs one real inference; in "
    "Kubernetes, a readinessProbe.",
    lesson=lessons.HEALTH,
    judge=judge,
    bad=Example({"Dockerfile": 'FROM python:3.11-slim\nCMD ["uvicorn", "app:app"]\n'}),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\n"
            "HEALTHCHECK --start-period=60s CMD python probe.py\n"
            'CMD ["uvicorn", "app:app"]\n'
        }
    ),
)
