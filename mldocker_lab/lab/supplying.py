"""What builds and services take from: registries, model stores, and wheels made up for them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mldocker_lab.lab.announce import announce
from mldocker_lab.lab.engine import workbench
from mldocker_lab.supply import mlflow_image
from mldocker_lab.supply import wheel as wheel_making
from mldocker_lab.supply.model_registry import ModelRegistry
from mldocker_lab.supply.registries import Registry
from mldocker_lab.widgets.progress import watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.supply.artifact_store import ArtifactStore

__all__ = ["artifact_store", "ensure_mlflow", "model_registry", "registry", "wheel"]


def registry() -> Registry:
    """A registry for images on the engine, empty; it goes with this program, or with ``close``."""
    bench = workbench()
    return Registry(bench.engine)


def model_registry() -> ModelRegistry:
    """MLflow on the engine, empty: runs, model versions and their files, with SQLite behind it.

    It runs in an image of its own, which is made when it is first needed. It goes with this
    program, or with ``close``.

    Raises:
        SupplyError: its image could not be made, or it did not start.
    """
    bench = workbench()
    ensure_mlflow(bench.engine)
    return ModelRegistry(bench.mirror)


def artifact_store() -> ArtifactStore:
    """A store for model files on the engine, empty: the one that exercises are graded with."""
    return workbench().store()


def ensure_mlflow(engine: Engine) -> None:
    """MLflow's image on this engine; making it takes minutes, so that is said first."""
    if said := mlflow_image.announcement(engine):
        announce(said)
        watch(mlflow_image.ensure(engine))


def wheel(
    name: str, version: str, code: str, *, needs: Iterable[str] = (), into: str = ""
) -> dict[str, bytes]:
    """A wheel that nobody ever released, by its file name: for ``build(files=…)``.

    Args:
        name: the package; its one module is called alike, with underscores.
        version: the package's version.
        code: the module's source.
        needs: the packages that it requires.
        into: the folder of the build context to put it into.
    """
    file = (PurePosixPath(into) / wheel_making.file_name(name, version)).as_posix()
    return {file: wheel_making.make(name, version, code, needs=needs)}
