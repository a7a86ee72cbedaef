"""The engine and what the lab left on it: ``engine``, ``clean``."""

from __future__ import annotations

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import JSON, say

__all__ = ["clean", "engine"]


@click.group()
def engine() -> None:
    """Look at the engine, start or stop the lab's own."""


@engine.command()
@JSON
def status(*, as_json: bool) -> None:
    """Say which engine the lab uses, and why.

    \b
    Example:
      mldocker-lab engine status
    """  # noqa: D301
    facts = lab.engine_status()
    say(facts if as_json else "\n".join(f"{key:<10}{value}" for key, value in facts.items()))


@engine.command()
def start() -> None:
    """Start the lab's own engine, whatever others there are."""
    click.echo(lab.engine_start())


@engine.command()
def stop() -> None:
    """Stop the lab's own engine; what it holds stays."""
    lab.engine_stop()
    click.echo("stopped")


@click.command()
@click.option(
    "--everything", is_flag=True, help="The lab's own engine and its cache folder as well."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@JSON
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
    say(plan.to_dict() if as_json else plan)
