"""What images hold, and what it costs to pull them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.build import measured
from mldocker_lab.errors import UsageError
from mldocker_lab.home import home
from mldocker_lab.lab.engine import find_engine
from mldocker_lab.lab.images import name_of
from mldocker_lab.report.build import BuildReport
from mldocker_lab.report.compare import Comparison
from mldocker_lab.report.inspection import inspected
from mldocker_lab.report.layercache import LayerCache
from mldocker_lab.report.pullcost import Pull, PullCost, after_an_edit
from mldocker_lab.report.savestream import Contents, read_path
from mldocker_lab.widgets.explore import Explorable, Exploration, explorable
from mldocker_lab.widgets.progress import counting

if TYPE_CHECKING:
    from mldocker_lab.report.layers import ImageReport

__all__ = ["explore", "inspect", "pull_cost"]


def inspect(image: str | Path | BuildReport, *, top: int = 10) -> Explorable:
    """What is in an image: its layers, what it wastes, where its bytes are, what is no use in it.

    Args:
        image: a name or id that the engine knows, a build, or the path of a file that
            ``docker save`` wrote or of an OCI layout, which needs no engine.
        top: how many rows of each list to show.

    Raises:
        ImageNotFound: the engine has no such image.
        UsageError: there is no such file, or no image in it.
        Corrupted: the image is damaged, or not what it claims to be.
    """
    found = _contents(image)
    return explorable(inspected(found.report, found.indexes()).show(top))


def explore(image: str | Path | BuildReport) -> Exploration:
    """The layers of an image and their files, to click through; tables outside of a notebook.

    Args:
        image: as for ``inspect``.

    Raises:
        ImageNotFound, UsageError, Corrupted: as ``inspect``.
    """
    return inspect(image).explore()


def pull_cost(
    new: str | Path | BuildReport | Comparison, having: str | Path | BuildReport | None = None
) -> PullCost:
    """What a node pulls for an image when it has another one.

    Args:
        new: the image that it pulls, as for ``inspect``; or a pair after an edit, for both sides.
        having: the image that it has; None for an empty node.

    Raises:
        UsageError: a pair that was not edited; otherwise as ``inspect``.
    """
    if isinstance(new, Comparison):
        return after_an_edit(new)
    old = _weighed(having) if having is not None else None
    report = _weighed(new)
    return PullCost((Pull(report.image, report, old),))


def _weighed(image: str | Path | BuildReport) -> ImageReport:
    """An image's layers; those of a build that was weighed are known, wherever it is by now."""
    if isinstance(image, BuildReport) and image.image is not None:
        return replace(image.image, image=name_of(image))
    return _contents(image).report


def _contents(image: str | Path | BuildReport) -> Contents:
    """What an image weighs and holds, wherever it is."""
    path = _archive(image)
    name = path.name if path else name_of(image)
    with counting(f"reading {name}") as tell:
        if path is not None:
            return read_path(path, LayerCache(home() / "layers.sqlite"), progress=tell)
        ref = image.image_id if isinstance(image, BuildReport) else name
        engine = find_engine()
        try:
            found = measured.contents(engine, ref, progress=tell)
        finally:
            engine.close()
    return replace(found, report=replace(found.report, image=name))


def _archive(image: str | Path | BuildReport) -> Path | None:
    """The path that is meant, if it is one; names of images may look like paths."""
    if isinstance(image, BuildReport):
        return None
    path = Path(image).expanduser()
    layout = any((path / name).is_file() for name in ("index.json", "manifest.json"))
    if path.is_file() or layout or isinstance(image, Path):
        return path
    if image.startswith((".", "/", "~")) or path.suffix in (".tar", ".tgz", ".gz", ".zst"):
        raise UsageError(f"there is no image at {image}", "write one: `docker save NAME -o FILE`")
    return None
