"""The command ``mldocker-lab`` itself: errors become one message and an exit status."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from mldocker_lab import __version__
from mldocker_lab.errors import LabError

__all__ = ["main"]


class _Commands(click.Group):
    """Turns the lab's errors into one message and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LabError as error:
            if ctx.params.get("debug"):
                raise
            if "--json" in sys.argv:
                click.echo(json.dumps({"error": error.to_dict()}))
            click.echo(f"mldocker-lab: {error}", err=True)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            click.echo("\nmldocker-lab: stopped; what was being built was cancelled", err=True)
            ctx.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mldocker-lab")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(*, debug: bool) -> None:
    """Docker for ML engineers: a workbook that runs.

    \b
    Begin with:
      mldocker-lab up         an engine, base images, wheels; proves it with a tiny pair
      mldocker-lab lab        JupyterLab on the first lesson
    """  # noqa: D301 click's mark for "keep these lines"
