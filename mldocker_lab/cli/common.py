"""What several commands share: options, and how a result is printed."""

from __future__ import annotations

import json
from typing import Any

import click

__all__ = ["BUILDER", "JSON", "say"]

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
BUILDER = click.option(
    "--builder",
    type=click.Choice(["buildkit", "classic"]),
    default="buildkit",
    show_default=True,
    help="Which of the engine's builders.",
)


def say(thing: Any) -> None:
    """JSON for dictionaries, the thing's own text for the rest."""
    click.echo(json.dumps(thing, indent=1) if isinstance(thing, dict) else str(thing))
