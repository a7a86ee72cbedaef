"""What an image is called: by the engine, and by the digest that pins it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.errors import EngineError
from mldocker_lab.lab.engine import find_engine
from mldocker_lab.report.build import BuildReport
from mldocker_lab.supply import bases

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["digest", "image_digest", "name_of"]


def digest(image: str) -> str:
    """The digest that pins an image in FROM: "name:tag@sha256:…".

    That of the registry it came from; an image that came from none has its own, the id.

    Args:
        image: its name on the engine.

    Raises:
        ImageNotFound: the engine has none of that name.
    """
    facts = find_engine().image(image)
    repository = image.partition("@")[0].rpartition(":")[0] or image
    known = (one.partition("@") for one in facts.digests)
    return next((told for name, _, told in known if name == repository), facts.id)


def image_digest(name: str) -> str | None:
    """The digest that a registry has for an image's name; None if none can be asked.

    The engine asks: it knows the registries, and the logins for them.
    """
    engine = find_engine()
    try:
        if name in (bases.SLIM, bases.DEVEL):  # they come from no registry; see ``digest``
            return engine.image(name).id
        return engine.digest_of(name)
    except EngineError:
        return None


def name_of(image: str | Path | BuildReport) -> str:
    """What to call an image in a request to the engine: a build by its tag, else by its id."""
    return image.tag or image.image_id if isinstance(image, BuildReport) else str(image)
