"""Smell: a secret can be read back from the image or its history."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed
from mldocker_lab.audit.reading.origins import context_sources
from mldocker_lab.dockerfile.lookalikes import secret

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.spot import Spot
    from mldocker_lab.audit.reading.step import Step

_NAME = re.compile(
    r"(^|_)(API_?KEY|AUTH|CREDENTIALS?|PASSWORD|PASSWD|PWORD|SECRET|TOKEN|ACCESS_KEY(_ID)?|"
    r"SECRET_KEY|PRIVATE_KEY|"
    r"SSH_KEY|SECRET_ACCESS_KEY|PAT)$",
    re.IGNORECASE,
)
_POINTER = re.compile(r"^(/|\$|https?://|true$|false$|none$|null$|0$|1$)", re.IGNORECASE)
_LITERAL = re.compile(
    r"\bhf_[A-Za-z0-9]{20,}|\bghp_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{18,}|"
    r"\bAKIA[0-9A-Z]{16}\b|"
    r"\bsk-[A-Za-z0-9_-]{32,}|\bxox[bp]-[\w-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_IN_URL = re.compile(
    r"https?://[^\s/:@\"']+:([^\s/@\"']+)@|https?://(ghp_|oauth2:|x-access-token:)?\$\{?\w*(TOKEN|"
    r"PAT)\w*\}?@"
)
_PASSWORD = re.compile(r"\becho\s+[\"']?\w+:[^\s\"'$|]+[\"']?\s*\|\s*(sudo\s+)?chpasswd")
_TOKEN_FILE = re.compile(r"(^|/)\.?(\w+[_-])?tokens?([_-]?file)?(\.txt)?$", re.IGNORECASE)
_LOGIN = re.compile(
    r"\bwandb login\s+(--relogin\s+)?([0-9a-f]{20,}|\$\{?\w*KEY)|\b(huggingface-cli|"
    r"hf auth) login .*--token[= ]\S"
)


def judge(target: Target) -> Judged:
    """No ARG, ENV, COPY or RUN of the image holds one."""
    faults: list[tuple[str, Spot]] = []
    for step in target.chain:
        faults += [(said, target.spot(step)) for said in _step(target, step)]
    if faults:
        return failed(
            "; ".join(dict.fromkeys(text for text, _ in faults)), *(spot for _, spot in faults)
        )
    return passed("no secret is written into the image or its history")


def _step(target: Target, step: Step) -> list[str]:
    if step.keyword == "ARG":
        names = [word.partition("=")[0] for word in step.one.words]
        return [
            f"the build argument {name} stays in the history" for name in names if _secretive(name)
        ]
    if step.keyword == "ENV":
        return _environment(step)
    if step.keyword in ("COPY", "ADD"):
        found = []
        for text in context_sources(step):
            why = secret(posixpath.normpath(text))
            why = why or ("a token, by its name" if _TOKEN_FILE.search(text) else None)
            why = why or ("it is read as a token below" if _read_as_token(target, text) else None)
            if why:
                found.append(f"{text} is copied into a layer ({why})")
        return found
    if step.keyword == "RUN":
        return _run(step)
    return []


def _read_as_token(target: Target, text: str) -> bool:
    """A login further down reads the file."""
    name = posixpath.basename(text)
    runs = (s.one.value for s in target.chain if s.keyword == "RUN")
    return any(name in run and re.search(r"login\b.*--token|docker login", run) for run in runs)


def _secretive(name: str) -> bool:
    return bool(_NAME.search(name)) and "PUBLIC" not in name.upper()


def _environment(step: Step) -> list[str]:
    found = []
    for name, value, known in step.pairs:
        if _LITERAL.search(value):
            found.append(f"{name} holds a token")
        elif _secretive(name) and value and (not known or not _POINTER.match(value)):
            found.append(f"{name} stays in the image's configuration")
    return found


def _run(step: Step) -> list[str]:
    text = step.one.value + "".join(document.content for document in step.one.heredocs)
    found = []
    if _LITERAL.search(text):
        found.append("a token stands in a RUN")
    if _IN_URL.search(text) and not any(m["type"] == "secret" for m in step.one.mounts):
        found.append("an address holds a password or token")
    if _PASSWORD.search(text):
        found.append("a password stands in a RUN")
    if _LOGIN.search(text) and not any(m["type"] == "secret" for m in step.one.mounts):
        found.append("a login stores its key in a layer")
    return found


RULE = Rule(
    id="secrets",
    number=0,
    title="no secrets in the image or its history",
    why="Whoever can pull the image can read every ARG, ENV and deleted file of it, and use the "
    "token.",
    fix="RUN --mount=type=secret,id=token for builds; an environment variable of the deployment at "
    "run time.",
    lesson=lessons.PRIVILEGE,
    judge=judge,
    bad=Example({"Dockerfile": "FROM python:3.11-slim\nARG HF_TOKEN\nRUN python fetch.py\n"}),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nRUN --mount=type=secret,id=hf HF_TOKEN=$(cat "
            "/run/secrets/hf) python fetch.py\n"
        }
    ),
)
