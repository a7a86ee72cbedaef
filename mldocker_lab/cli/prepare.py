"""Getting ready: ``up``, ``lab``, ``doctor``."""

from __future__ import annotations

import os
import sys

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import JSON, say

__all__ = ["doctor", "open_lab", "up"]


@click.command()
@click.option(
    "--proof/--no-proof",
    default=None,
    help="Build the tiny pair at the end, or do not; else once for each engine.",
)
@click.option("--models", is_flag=True, help="Make MLflow's image for lesson 06 now, not then.")
def up(*, proof: bool | None, models: bool) -> None:
    """Find or start an engine and prepare what lessons need.

    Does nothing that is already done. Prints which engine is used and why.

    \b
    Example:
      mldocker-lab up
    """  # noqa: D301
    ready = lab.up(proof=proof, models=models)
    click.echo(ready)


@click.command(name="lab")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def open_lab(arguments: tuple[str, ...]) -> None:
    """Open JupyterLab on the first lesson; further arguments go to JupyterLab.

    \b
    Example:
      mldocker-lab lab -- --port 9000 --no-browser
    """  # noqa: D301
    command = [sys.executable, "-m", "jupyterlab", *lab.jupyter_arguments(), *arguments]
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)  # noqa: S606 JupyterLab takes our place, and with it Ctrl-C


@click.command()
@JSON
def doctor(*, as_json: bool) -> None:
    """Say what works on this machine, what does not, and what to do about it.

    It runs a container and builds an image instead of asking for a version. The report names no
    user and no host: paste it wherever you ask for help.

    \b
    Example:
      mldocker-lab doctor --json | jq '.findings[] | select(.status=="bad")'
    """  # noqa: D301
    report = lab.doctor()
    say(report.to_dict() if as_json else report)
    sys.exit(0 if report.ok else 1)
