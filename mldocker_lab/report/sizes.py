"""Which layer belongs to which instruction, so that a step can say what it weighs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.parse import Dockerfile
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.layers import ImageReport

__all__ = ["with_sizes"]

_LAB_LABEL = "LABEL mldocker_lab="


def with_sizes(
    report: BuildReport, dockerfile: Dockerfile, image: ImageReport, *, target: str | None = None
) -> BuildReport:
    """The report with its image, and with the bytes of every step that left a layer in it.

    Both builders write one line of history for each instruction, so the last lines of an image's
    history are the instructions that lead to its final stage.
    """
    history = list(image.history)
    if report.builder == "classic" and history and _LAB_LABEL in history[-1].created_by:
        history.pop()  # the label that we asked for, which no instruction stands for
    chain = dockerfile.chain(target)
    weights = {
        one.index: image.layers[entry.layer].bytes
        for one, entry in zip(reversed(chain), reversed(history), strict=False)
        if entry.layer is not None
    }
    steps = tuple(replace(step, bytes=weights.get(step.index)) for step in report.steps)
    return replace(report, steps=steps, image=image)
