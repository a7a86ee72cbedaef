"""GPUs: ``gpu check``, ``gpu hosts``, ``gpu diagnose``, ``gpu probe``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mldocker_lab import gpus
from mldocker_lab.cli.common import JSON, say
from mldocker_lab.errors import UsageError
from mldocker_lab.gpu.probe import WAYS
from mldocker_lab.show.table import Column, Table

if TYPE_CHECKING:
    from mldocker_lab.gpu.gate_image import Way
    from mldocker_lab.gpu.host import Host, Platform

__all__ = ["gpu"]


@click.group()
def gpu() -> None:
    """Say whether an image runs on a host with a GPU, and if not, why not.

    \b
    Example:
      mldocker-lab gpu check --image my-model:latest --host rtx4090-535
      mldocker-lab gpu hosts
      mldocker-lab gpu diagnose error.txt
      mldocker-lab gpu probe
    """  # noqa: D301 click's mark for "keep these lines"


@gpu.command()
@click.option("--image", metavar="I", help="An image on the engine, or one of `gpu hosts`.")
@click.option("--env", "env", multiple=True, metavar="K=V", help="A variable of it; repeat it.")
@click.option("--host", metavar="FILE", help="nvidia-smi -q -x, TOML, JSON, or a known one.")
@click.option("--driver", metavar="D", help="The host's driver, 535.104.05.")
@click.option("--cuda", metavar="C", help="The highest CUDA that its driver knows, 12.2.")
@click.option("--brand", metavar="B", help="Its card's brand, geforce.")
@click.option("--arch", metavar="A", help="Its card's compute capability, 8.6.")
@click.option(
    "--platform", type=click.Choice(["linux", "wsl", "windows"]), default="linux",
    show_default=True, help="WSL2 has Windows' driver numbers.",
)  # fmt: skip
@click.option(
    "--way", type=click.Choice(["gpus", "runtime", "cdi"]), default="gpus", show_default=True,
    help="How the GPU is asked for: --gpus, --runtime=nvidia, or a CDI device.",
)  # fmt: skip
@click.option("--tables", metavar="FILE", help="Driver tables that replace ours.")
@JSON
def check(
    *,
    image: str | None,
    env: tuple[str, ...],
    host: str | None,
    driver: str | None,
    cuda: str | None,
    brand: str | None,
    arch: str | None,
    platform: Platform,
    way: Way,
    tables: str | None,
    as_json: bool,
) -> None:
    """Ask the three gates: what the image demands, the driver, the kernels.

    Answers "runs", "refused" or "cannot-tell", each gate with its reason. A fact that is missing is
    never a pass. Without --host and without facts, this machine is asked.

    \b
    Example:
      mldocker-lab gpu check --env CUDA_VERSION=12.4.1 --driver 535.104.05 --arch 8.9 --json
      mldocker-lab gpu check --image nvidia/cuda:12.8.1-base-ubuntu24.04 --host rtx3060-530
      mldocker-lab gpu check --image my-model --host <(ssh gpu-box nvidia-smi -q -x)
    """  # noqa: D301
    if bool(image) == bool(env):
        raise UsageError("tell an image: either --image, or --env", "see --help for an example")
    told = {"driver": driver, "cuda": cuda, "brand": brand, "arch": arch}
    if host and any(told.values()):
        raise UsageError("tell a host: either --host, or facts", "see --help for an example")
    if wrong := [one for one in env if one.find("=") <= 0]:
        raise UsageError(f"--env {wrong[0]!r} is not NAME=VALUE")
    found = gpus.check(
        image or dict(one.split("=", 1) for one in env),
        host,
        **told,
        platform=platform,
        way=way,
        tables_file=tables,
    )
    say(found.to_dict() if as_json else found)


@gpu.command()
@JSON
def hosts(*, as_json: bool) -> None:
    """List what is known: this machine's GPUs with sources, recorded and made-up hosts, images.

    \b
    Example:
      mldocker-lab gpu hosts
      mldocker-lab gpu hosts --json | jq .hosts.here
    """  # noqa: D301
    known, images = gpus.hosts(), gpus.images()
    if as_json:
        say(
            {
                "hosts": {name: host.to_dict() for name, host in known.items()},
                "images": {name: image.to_dict() for name, image in images.items()},
            }
        )
        return
    columns = (
        Column("name"),
        Column("host"),
        Column("driver"),
        Column("CUDA"),
        Column("card"),
        Column("origin"),
    )
    table = Table("Hosts", columns, tuple(_row(name, host) for name, host in known.items()))
    brought = tuple(
        (name, str(image).partition(": ")[2], image.origin) for name, image in images.items()
    )
    say(table)
    say("")
    say(Table("Images", (Column("name"), Column("CUDA"), Column("origin")), brought))


@gpu.command()
@click.argument("what", required=False)
@click.option("--container", metavar="NAME", help="A container, running or not.")
@JSON
def diagnose(*, what: str | None, container: str | None, as_json: bool) -> None:
    """Say which failure an error tells of, why it happens, and what to do on this host.

    WHAT is a file, or the text itself; without it, and with "-", standard input is read.

    \b
    Example:
      docker run --gpus all ubuntu nvidia-smi 2>&1 | mldocker-lab gpu diagnose
      mldocker-lab gpu diagnose error.txt --json | jq -r '.fix[]'
      mldocker-lab gpu diagnose --container my-model
    """  # noqa: D301
    if what and container:
        raise UsageError("either a text, or --container", "see --help for an example")
    text = sys.stdin.read() if not container and what in (None, "-") else what
    found = gpus.diagnose(container or text or "")
    if container and found.row is None and found.seen == container:
        raise UsageError(f"there is no container {container!r}")
    say(found.to_dict() if as_json else found)


@gpu.command()
@click.argument("ways", nargs=-1, type=click.Choice(list(WAYS)))
@JSON
def probe(*, ways: tuple[str, ...], as_json: bool) -> None:
    """Ask the engine by doing: which way brings a GPU into a container.

    Starts one small container for each of WAYS and removes it. Where there is a GPU, a small
    computation runs on it and is compared with the processor's.

    \b
    Example:
      mldocker-lab gpu probe
      mldocker-lab gpu probe cdi --json
    """  # noqa: D301
    found = gpus.probe(*ways)
    say(found.to_dict() if as_json else found)


def _row(name: str, host: Host) -> tuple[str, ...]:
    driver = host.driver.value if host.driver else "none" if host.no_driver else "?"
    cuda = host.cuda.value if host.cuda else "–"
    cards = ", ".join(map(str, host.gpus)) or "–"
    return (name, host.name, driver, cuda, cards, host.origin)
