"""Looking into images: ``inspect``, ``pull-cost``."""

from __future__ import annotations

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import JSON, say

__all__ = ["inspect", "pull_cost"]


@click.command()
@click.argument("image")
@click.option(
    "--top", type=click.IntRange(1), default=10, show_default=True, help="Rows of each list."
)
@JSON
def inspect(*, image: str, top: int, as_json: bool) -> None:
    """Say what is in IMAGE: its layers, what it wastes, where its bytes are.

    IMAGE is a name or an id, or the path of a file that `docker save` wrote or of an OCI layout.
    JSON lists every wasted file.

    \b
    Example:
      mldocker-lab inspect python:3.11-slim --json | jq '.wasted[] | select(.reason=="deleted")'
    """  # noqa: D301
    found = lab.inspect(image, top=top)
    say(found.to_dict() if as_json else found)


@click.command(name="pull-cost")
@click.argument("new")
@click.option("--having", metavar="OLD", help="The image that the node has; none if not given.")
@click.option("--nodes", type=click.IntRange(1), default=1, help="So many nodes pull.")
@click.option("--releases", type=click.IntRange(1), default=1, help="So many such releases.")
@JSON
def pull_cost(*, new: str, having: str | None, nodes: int, releases: int, as_json: bool) -> None:
    """Say what a node pulls for the image NEW when it has the image OLD.

    \b
    Example:
      mldocker-lab pull-cost shop:2 --having shop:1 --nodes 40 --releases 12
    """  # noqa: D301
    cost = lab.pull_cost(new, having).over(nodes, releases)
    say(cost.to_dict() if as_json else cost)
