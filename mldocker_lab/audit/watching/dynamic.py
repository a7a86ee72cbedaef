"""The dynamic audit: build the project's image on the lab's engine, look inside, let it live.

The service lives within limits, and where the engine is on this machine, on a network of its own
that leads nowhere. The build has the engine's network; the lab's own engine has no way out.
"""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mldocker_lab.audit.watching import behaviour, inside
from mldocker_lab.build.measured import contents
from mldocker_lab.errors import UsageError
from mldocker_lab.report.inspection import inspected
from mldocker_lab.run.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mldocker_lab.audit.watching.adapter import Adapter
    from mldocker_lab.audit.watching.seen import Seen
    from mldocker_lab.report.inspection import Inspection
    from mldocker_lab.workbench import Workbench

__all__ = ["Tried", "seen_of", "tried"]

_HEAD = 4096  # bytes
_SECONDS, _MEMORY, _PROCESSES = 600.0, 4 << 30, 256  # mldocker.yaml asks for less memory


class Tried(NamedTuple):
    """What became of it.

    Attributes:
        seen: what was seen, by rule.
        image: the image, taken apart.
    """

    seen: dict[str, Seen]
    image: Inspection


def tried(
    bench: Workbench,
    folder: Path,
    dockerfile: str,
    adapter: Adapter,
    *,
    run: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Tried:
    """Build a project, and watch it if asked.

    Args:
        bench: where; its images are forgotten with it.
        folder: the build context.
        dockerfile: relative to it.
        adapter: how to ask the service.
        run: let it live, too; else only what is in the image is judged.
        tell: hears what is being tried.

    Raises:
        BuildFailed: an instruction failed.
        ImageNotFound: a base is not on the engine; it is not fetched.
        UsageError: the weights that ``mldocker.yaml`` names are not there.
    """
    if adapter.weights and not (folder / adapter.weights).is_file():
        raise UsageError(f"mldocker.yaml mounts {adapter.weights}, and there is no such file")
    tell("building it …")
    target = adapter.target or None
    report = bench.build(folder, dockerfile, name="audit", target=target, sizes=False)
    tell("taking its image apart …")
    found = contents(bench.engine, report.image_id)
    image = inspected(replace(found.report, image=report.tag), found.indexes())
    weights = (folder / adapter.weights).read_bytes() if adapter.weights else None
    with _offline(bench) as bounded:
        seen = seen_of(
            bounded, report.image_id, image, adapter=adapter, weights=weights, run=run, tell=tell
        )
    return Tried(seen, image)


@contextmanager
def _offline(bench: Workbench) -> Iterator[Workbench]:
    """The same bench for a stranger's containers: few rights, and no way out if that can be."""
    if bench.bounds is not None:
        yield bench
        return
    bounds = Bounds(seconds=_SECONDS, memory=_MEMORY, processes=_PROCESSES, cpus=1.0)
    local = bench.engine.url.startswith("unix://") and sys.platform == "linux"
    if not local or bench.mirror.network == "host":  # nobody could reach it on such a network
        yield replace(bench, bounds=bounds)
        return
    name = f"mldocker-lab-audit-{secrets.token_hex(4)}"
    bench.engine.make_network(name)
    try:
        yield replace(bench, bounds=replace(bounds, network=name))
    finally:
        bench.engine.remove_network(name)


def seen_of(
    bench: Workbench,
    image_id: str,
    image: Inspection,
    *,
    adapter: Adapter,
    weights: bytes | None = None,
    run: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Seen]:
    """What is in an image that was built, and what it does, by rule.

    Args:
        bench: where it is.
        image_id: its id on the engine.
        image: the same, taken apart.
        adapter: how to ask the service.
        weights: what is mounted where it looks for its model; None for nothing.
        run: let it live, too.
        tell: hears what is being tried.
    """
    seen = _inside(bench, image_id, image)
    if run:
        seen |= behaviour.watched(bench, image_id, adapter, weights, tell)
    return seen


def _inside(bench: Workbench, image_id: str, image: Inspection) -> dict[str, Seen]:
    """What the image holds; files are read from a container that never starts."""
    container = bench.engine.create(image_id, ["none"])
    try:
        return inside.judged(image, lambda path: bench.engine.head(container, path, _HEAD))
    finally:
        bench.engine.remove(container)
