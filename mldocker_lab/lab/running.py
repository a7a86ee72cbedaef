"""Run containers: under test, or to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldocker_lab.lab.engine import workbench
from mldocker_lab.lab.images import name_of
from mldocker_lab.report.build import BuildReport
from mldocker_lab.widgets.running import live_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.run.container import Container
    from mldocker_lab.run.volume import Volume

__all__ = ["call", "run", "volume"]


def run(
    image: str | BuildReport,
    command: Sequence[str] | str | None = None,
    *,
    port: int = 8080,
    ready: str | None = None,
    seconds: float = 30,
    probe: Sequence[str] = (),
    every: float = 0.25,
    name: str = "",
    **options: Any,
) -> Container:
    """A container under test: it runs for a ``with`` block, is watched, and is always removed.

    Args:
        image: a build, or the name of an image.
        command: instead of the image's own.
        port: the port it listens on inside the container.
        ready: a path; the block begins once it answers 2xx. None: once it was started.
        seconds: how long ready, waits and answers may take.
        probe: paths that are asked from outside again and again, for the report.
        every: seconds between two looks at its state, health, answers and memory.
        name: what the report calls it.
        options: what ``docker run`` takes as flags: environment, user, memory, cpus, health, …
            (see ``run.options.Options``).
    """
    called = name or (image.name if isinstance(image, BuildReport) else "")
    return workbench().run(
        name_of(image),
        command,
        port=port,
        ready=ready,
        seconds=seconds,
        probe=probe,
        every=every,
        name=called,
        watcher=live_run(),
        **options,
    )


def call(
    image: str | BuildReport, command: Sequence[str] | str | None = None, **options: Any
) -> tuple[int, str]:
    """Run a container to its end; returns its exit status and what it printed.

    Args:
        image: a build, or the name of an image.
        command: instead of the image's own.
        options: ``seconds`` it may take, and as for ``run``.
    """
    return workbench().call(name_of(image), command, **options)


def volume() -> Volume:
    """A volume for a ``with`` block: files that outlive a container, and that several share."""
    return workbench().volume()
