"""The lessons: ``lesson``."""

from __future__ import annotations

import click

from mldocker_lab import lessons
from mldocker_lab.cli.common import JSON, say

__all__ = ["lesson"]


@click.group()
def lesson() -> None:
    """List the lessons; put one back as it was shipped."""


@lesson.command(name="list")
@JSON
def list_(*, as_json: bool) -> None:
    """List the lessons.

    \b
    Example:
      mldocker-lab lesson list
    """  # noqa: D301
    found = lessons.shelf()
    say(found.to_dict() if as_json else found)


@lesson.command()
@click.argument("name")
@JSON
def reset(*, name: str, as_json: bool) -> None:
    """Put lesson NAME back as it was shipped: its notebook and contexts, its guesses, its images.

    NAME is a number or a name. The course must be a clone; what you changed is copied to the lab's
    folder first.

    \b
    Example:
      mldocker-lab lesson reset 03
    """  # noqa: D301
    done = lessons.lesson(name).reset()
    say(done.to_dict() if as_json else done)
