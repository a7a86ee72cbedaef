"""Cold starts that leave the user's cache alone: bases that no cache has ever seen.

Both builders find a step's result by what came before it. A base with one more, empty file of a
unique name has nothing built on it yet, so everything on top has to run; the cache of other builds
is neither read nor emptied, and a rebuild on the same base finds what the first left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldocker_lab.dockerfile.rewrite import external_images
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import EngineError, ImageNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.dockerfile.parse import Dockerfile
    from mldocker_lab.engine.client import Engine

__all__ = ["RUN_LABEL", "cold_bases", "remove_run", "run_repository"]

#: Label of a run's bases, and so of everything built from them: its value is the run's id.
RUN_LABEL = f"{LABEL}.run"

_CREATED_BY = ["mldocker-lab:", "a fresh start"]  # never runs: it is what the history will say


def run_repository(run_id: str) -> str:
    """Where the images of one run live on an engine: "mldocker-lab/run-ID"."""
    return f"mldocker-lab/run-{run_id}"


def cold_bases(
    engine: Engine, dockerfile: Dockerfile, run_id: str, args: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Make a fresh base for every image the Dockerfile takes from outside.

    Args:
        engine: has the images already.
        dockerfile: whose bases.
        run_id: lower-case letters and digits; builds of one run share their bases.
        args: build arguments that FROM lines may use.

    Returns:
        Old name to new name, as ``BuildRequest.bases`` wants it.

    Raises:
        ImageNotFound: the engine has no such image.
    """
    return {name: _cold(engine, name, run_id) for name in external_images(dockerfile, args)}


def remove_run(engine: Engine, run_id: str) -> None:
    """Remove what a run left on an engine, except images that got a name outside of the run.

    Layers that other images use stay. Images in use are left for `mldocker-lab clean`.
    """
    label = f"{RUN_LABEL}={run_id}"
    prefix = f"{run_repository(run_id)}/"
    for container in engine.containers(label):
        engine.remove(container["Id"])
    names = {image["Id"]: _names(image) for image in engine.images(label)}
    for image in engine.images():  # built in the run's name, but not on its bases
        if any(name.startswith(prefix) for name in _names(image)):
            names[image["Id"]] = _names(image)
    for name in (name for own in names.values() for name in own if name.startswith(prefix)):
        engine.remove_image(name, force=True)
    left = [image for image, own in names.items() if all(n.startswith(prefix) for n in own)]
    while left:
        still = [image for image in left if not _removed(engine, image)]
        if len(still) == len(left):
            return
        left = still


def _names(image: dict[str, Any]) -> list[str]:
    return [name for name in image.get("RepoTags") or () if name != "<none>:<none>"]


def _removed(engine: Engine, image: str) -> bool:
    """Whether an image is gone now; one with children goes after them."""
    try:
        engine.remove_image(image)
    except EngineError:
        return False
    return True


def _cold(engine: Engine, name: str, run_id: str) -> str:
    made = f"{run_repository(run_id)}/{_spelled(name)}"
    if engine.has_image(made):
        return made
    try:
        found = _unpinned(engine, name)
        config = engine.image(found).config
    except _OtherDigest:
        raise
    except ImageNotFound as error:
        raise ImageNotFound(
            f"the engine has no image {name} to start from",
            "check the spelling, or let `mldocker-lab up` prepare the lab's bases first",
        ) from error
    command = _CREATED_BY if config.get("Cmd") else ["true"]
    container = engine.create(found, command, labels={RUN_LABEL: run_id})
    try:
        engine.put_files(container, "/", {f".mldocker-lab-run-{run_id}": b""})
        engine.commit(container, made, config=_restored(config, run_id))
    finally:
        engine.remove(container)
    return made


def _unpinned(engine: Engine, name: str) -> str:
    """The name by which the engine finds a base that FROM pins.

    The lab's bases come from no registry, so no manifest's digest names them: the digest after "@"
    is that of the image itself, its id. It pins as well: an image that is any other is refused.

    Raises:
        ImageNotFound: there is none, or it is another one than FROM pins.
    """
    path, _, digest = name.partition("@")
    if not digest or engine.has_image(name):
        return name
    there = engine.image(path).id
    if there != digest:
        raise _OtherDigest(
            f"FROM pins {path} to {digest[:19]}…, and the engine's {path} is {there[:19]}…",
            f'lab.digest("{path}") tells the digest of the one that is there',
        )
    return there


class _OtherDigest(ImageNotFound):
    """The image of that name is not the one that is meant."""


def _restored(config: dict[str, Any], run_id: str) -> dict[str, Any]:
    """The parts of an image's configuration that ``commit`` would take from the container or lose.

    It keeps environment, user, folder, ports, volumes, entry point and health check. (An image
    without a command ends up with ``true``: no container is made, and so committed, without one.)
    """
    labels = config.get("Labels") or {}
    kept = {name: config[name] for name in ("Cmd", "OnBuild", "Shell") if config.get(name)}
    return {**kept, "Labels": {LABEL: "base", **labels, RUN_LABEL: run_id}}


def _spelled(name: str) -> str:
    """An image's name as the end of another name: registry and digest folded into it."""
    path, _, digest = name.partition("@")
    head, slash, last = path.rpartition("/")
    repository, _, tag = last.partition(":")
    if digest:
        tag = digest.partition(":")[2]
    return f"{head.replace(':', '-')}{slash}{repository}:{tag or 'latest'}".lower()
