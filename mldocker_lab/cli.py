"""The command line: thin doors to ``mldocker_lab.lab``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mldocker_lab import __version__, lab
from mldocker_lab.errors import LabError

if TYPE_CHECKING:
    from mldocker_lab.build.request import Builder

__all__ = ["main"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
_BUILDER = click.option(
    "--builder",
    type=click.Choice(["buildkit", "classic"]),
    default="buildkit",
    show_default=True,
    help="Which of the engine's builders.",
)


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


@main.command()
@click.option("--no-proof", is_flag=True, help="Do not build the tiny pair at the end.")
def up(*, no_proof: bool) -> None:
    """Find or start an engine and prepare what lessons need.

    Does nothing that is already done. Prints which engine is used and why.

    \b
    Example:
      mldocker-lab up
    """  # noqa: D301
    ready = lab.up(proof=not no_proof)
    click.echo(ready)


@main.command(name="lab")
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


@main.command()
@_JSON
def doctor(*, as_json: bool) -> None:
    """Say what works on this machine, what does not, and what to do about it.

    It runs a container and builds an image instead of asking for a version. The report names no
    user and no host: paste it wherever you ask for help.

    \b
    Example:
      mldocker-lab doctor --json | jq '.findings[] | select(.status=="bad")'
    """  # noqa: D301
    report = lab.doctor()
    _say(report.to_dict() if as_json else report)
    sys.exit(0 if report.ok else 1)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--edit", metavar="FILE", help="Then edit FILE (in a copy) and build both again.")
@click.option("--add", metavar="LINE", help="What --edit appends; a comment if not given.")
@_BUILDER
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Keep a recording.")
@_JSON
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
    _say(result.to_dict() if as_json else result)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--require", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit 1 below.")
@_JSON
def grade(*, paths: tuple[Path, ...], require: float | None, as_json: bool) -> None:
    """Grade exercises: points for each check, by building and running the answers.

    \b
    Example:
      mldocker-lab grade exercises/ --require 80
    """  # noqa: D301
    result = lab.grade(paths)
    _say(result.to_dict() if as_json else result)
    sys.exit(1 if require is not None and result.percent < require else 0)


@main.group()
def engine() -> None:
    """Look at the engine, start or stop the lab's own."""


@engine.command()
@_JSON
def status(*, as_json: bool) -> None:
    """Say which engine the lab uses, and why.

    \b
    Example:
      mldocker-lab engine status
    """  # noqa: D301
    facts = lab.engine_status()
    _say(facts if as_json else "\n".join(f"{key:<10}{value}" for key, value in facts.items()))


@engine.command()
def start() -> None:
    """Start the lab's own engine, whatever others there are."""
    click.echo(lab.engine_start())


@engine.command()
def stop() -> None:
    """Stop the lab's own engine; what it holds stays."""
    lab.engine_stop()
    click.echo("stopped")


@main.command()
@click.option(
    "--everything", is_flag=True, help="The lab's own engine and its cache folder as well."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@_JSON
def clean(*, everything: bool, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Remove what the lab made on the engine: its containers and images, by label.

    Nothing without the lab's label is touched.

    \b
    Example:
      mldocker-lab clean --dry-run
    """  # noqa: D301
    plan = lab.cleaning(everything=everything)
    if not dry_run and (yes or as_json or not plan or click.confirm(f"{plan}\nRemove all this?")):
        plan.carry_out()
    _say(plan.to_dict() if as_json else plan)


def _say(thing: Any) -> None:
    """JSON for dictionaries, the thing's own text for the rest."""
    click.echo(json.dumps(thing, indent=1) if isinstance(thing, dict) else str(thing))


if __name__ == "__main__":
    main()
