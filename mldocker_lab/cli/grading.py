"""Grading: ``grade``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import JSON, say

__all__ = ["grade"]


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--require", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit 1 below.")
@JSON
def grade(*, paths: tuple[Path, ...], require: float | None, as_json: bool) -> None:
    """Grade exercises: points for each check, by building and running the answers.

    \b
    Example:
      mldocker-lab grade exercises/ --require 80
    """  # noqa: D301
    result = lab.grade(paths)
    say(result.to_dict() if as_json else result)
    sys.exit(1 if require is not None and result.percent < require else 0)
