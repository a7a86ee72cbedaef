"""Point 2: the base image is named by its bytes, not by a tag that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.images import Base
    from mldocker_lab.audit.reading.model import Target


def _unknown(base: Base) -> bool:
    """A variable without a default may hold the digest: the whole name, or its end."""
    return not base.known and base.text.endswith("}")


def judge(target: Target) -> Judged:
    """Every image that the build starts from carries a digest."""
    outer = [base for base in target.bases if not base.scratch]
    if not outer:
        return passed("it starts from scratch: there is no base to pin")
    spots = {b.text: target.span(b.origin.source.source(0), b.origin.source.end) for b in outer}
    moving = [b for b in outer if not b.digest and not _unknown(b)]
    if moving:
        names = ", ".join(dict.fromkeys(b.text for b in moving))
        return failed(f"named by a tag that can move: {names}", *(spots[b.text] for b in moving))
    unknown = [b for b in outer if not b.digest]
    if unknown:
        text = unknown[0].text
        return unjudged(
            f"the base comes from a build argument without a default: {text}", spots[text]
        )
    return passed(
        "pinned by digest: " + ", ".join(dict.fromkeys(b.name for b in outer)), *spots.values()
    )


_DIGEST = "sha256:" + "0123456789abcdef" * 4

RULE = Rule(
    id="base-digest",
    number=2,
    title="the base image is pinned by digest",
    why="A tag is moved to other bytes without notice: the same Dockerfile then builds another "
    "image, or none.",
    fix="Write FROM name:tag@sha256:…, and let a bot propose the newer digest.",
    lesson=lessons.PINS,
    judge=judge,
    bad=Example({"Dockerfile": "FROM python:3.11-slim\n"}),
    good=Example({"Dockerfile": f"FROM python:3.11-slim@{_DIGEST}\n"}),
)
