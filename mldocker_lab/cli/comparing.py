"""Building side by side: ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import BUILDER, JSON, say

if TYPE_CHECKING:
    from mldocker_lab.build.request import Builder

__all__ = ["compare"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--edit", metavar="FILE", help="Then edit FILE (in a copy) and build both again.")
@click.option("--add", metavar="LINE", help="What --edit appends; a comment if not given.")
@BUILDER
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Keep a recording.")
@JSON
def compare(
    *,
    folder: Path,
    edit: str | None,
    add: str | None,
    builder: Builder,
    record: Path | None,
    as_json: bool,
) -> None:
    """Build bad.Dockerfile and good.Dockerfile of FOLDER side by side and compare them.

    Both start cold and never touch your images or your build cache.

    \b
    Example:
      mldocker-lab compare notebooks/contexts/03_cache --edit app.py
    """  # noqa: D301
    pair = lab.build_pair(folder, builder=builder)
    result = pair.edit(edit, add=add) if edit else pair.comparison
    if record:
        pair.record(record)
    say(result.to_dict() if as_json else result)
