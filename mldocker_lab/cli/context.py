"""The build context: ``context``."""

from __future__ import annotations

from pathlib import Path

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import JSON, say

__all__ = ["context"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--dockerfile",
    "-f",
    type=click.Path(path_type=Path),
    default="Dockerfile",
    show_default=True,
    help="The Dockerfile, relative to FOLDER or to where you are.",
)
@click.option("--suggest", is_flag=True, help="Print only lines for the .dockerignore.")
@JSON
def context(*, folder: Path, dockerfile: Path, suggest: bool, as_json: bool) -> None:
    """Say which files of FOLDER a build sends, which are large, and which need not be sent.

    Needs no engine. Of ignored files only names and sizes are looked at.

    \b
    Example:
      mldocker-lab context . --json | jq -r '.files[]'
      mldocker-lab context . --suggest >> .dockerignore
    """  # noqa: D301
    report = lab.context(folder, dockerfile)
    if suggest and not as_json:
        click.echo(report.suggested, nl=False)
        return
    say(report.to_dict() if as_json else report)
