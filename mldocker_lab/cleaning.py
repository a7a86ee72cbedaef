"""Putting the machine back: what the lab made, found by its label, and nothing else.

``clean`` removes what lessons and exercises left: containers, images, volumes and networks of runs.
``everything`` also removes what was prepared for them: base images, mirror, wheels, the lab's own
engine and the grader's. A gradebook stays, and your versions of lessons: nobody can make them
again. The build cache of an engine that is not the lab's own is left to that engine: its entries
carry no label, so nobody can tell ours from yours.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine import private
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import EngineError
from mldocker_lab.home import GRADEBOOK, KEPT, home

if TYPE_CHECKING:
    from pathlib import Path

    from mldocker_lab.engine.client import Engine

__all__ = ["Cleaning", "plan"]

#: Label values of what was prepared once and is kept by a simple ``clean``.
_SUPPLIES = ("base", "mirror")
_PREPARED = ("mldocker-lab/python:", "mldocker-lab/mlflow:")


@dataclass
class Cleaning:
    """What would be removed, or was.

    Attributes:
        containers: their names.
        images: their names, or ids if they have none.
        volumes: their names.
        networks: their names.
        folders: of the lab's cache.
        engine_too: whether the lab's own engine goes as well.
        done: whether it was carried out.
        left: what could not be removed, and why.
    """

    containers: dict[str, str] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    engine_too: bool = False
    done: bool = False
    left: list[str] = field(default_factory=list)
    _engine: Engine | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        on_engine = self.containers or self.images or self.volumes or self.networks
        return bool(on_engine or self.folders or self.engine_too)

    def carry_out(self) -> None:
        """Remove it all; what resists is told in ``left``."""
        if self._engine is not None:
            for container in self.containers:
                self._try(self._engine.remove, container)
            self._remove_images(self._engine)
            for volume in self.volumes:
                self._try(self._engine.remove_volume, volume)
            for network in self.networks:
                self._try(self._engine.remove_network, network)
        if self.engine_too:
            self._try(private.purge)
        for folder in self.folders:
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)
            else:
                folder.unlink(missing_ok=True)
        self.done = True

    def _remove_images(self, engine: Engine) -> None:
        """Each image after those that stand on it: the classic builder makes such chains."""
        waiting, left = list(self.images), list(self.left)
        while waiting:
            self.left = []
            again = [one for one in waiting if not self._try(engine.remove_image, one, force=True)]
            if len(again) == len(waiting):
                break
            waiting = again
        self.left = left + (self.left if waiting else [])

    def _try(self, remove: Any, *what: Any, **how: Any) -> bool:
        try:
            remove(*what, **how)
        except EngineError as error:
            self.left.append(error.what)
            return False
        return True

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON sees it."""
        return {
            "containers": sorted(self.containers.values()),
            "images": sorted(self.images.values()),
            "volumes": sorted(self.volumes),
            "networks": sorted(self.networks),
            "folders": [folder.name for folder in self.folders],
            "engine": self.engine_too,
            "done": self.done,
            "left": self.left,
        }

    def __str__(self) -> str:
        if not self:
            return "nothing of the lab is left on this engine"
        verb = "removed" if self.done else "to remove"
        lines = [f"{verb}:"]
        lines += [f"  container  {name}" for name in sorted(self.containers.values())]
        lines += [f"  image      {name}" for name in sorted(self.images.values())]
        lines += [f"  volume     {name}" for name in sorted(self.volumes)]
        lines += [f"  network    {name}" for name in sorted(self.networks)]
        lines += ["  engine     the lab's own, with all it holds"] if self.engine_too else []
        lines += [f"  folder     {folder.name}" for folder in self.folders]
        lines += [f"left: {why}" for why in self.left]
        return "\n".join(lines)


def plan(engine: Engine | None, *, everything: bool = False) -> Cleaning:
    """What there is to clean.

    Args:
        engine: the engine in use; None if there is none.
        everything: what was prepared for the lessons as well, and the lab's cache folder.
    """
    cleaning = Cleaning(_engine=engine)
    if engine is not None:
        for container in engine.containers():
            if everything or container["Labels"].get(LABEL) not in _SUPPLIES:
                name = (container["Names"] or [container["Id"][:12]])[0]
                cleaning.containers[container["Id"]] = name.lstrip("/")
        for image in engine.images():
            tags = image.get("RepoTags") or []
            if everything or not _supply(image, tags):
                cleaning.images[image["Id"]] = ", ".join(tags) or f"untagged {image['Id'][7:19]}"
        cleaning.volumes = engine.our_volumes()
        cleaning.networks = engine.our_networks()
    if everything:
        cleaning.engine_too = private.status().root.exists()
        kept = ("engine", GRADEBOOK, KEPT)
        cleaning.folders = [one for one in home().iterdir() if one.name not in kept]
    return cleaning


def _supply(image: dict[str, Any], tags: list[str]) -> bool:
    """What was prepared; the cold bases of runs carry a base's label too, but another name."""
    prepared = (image.get("Labels") or {}).get(LABEL) in _SUPPLIES
    return prepared and any(tag.startswith(_PREPARED) for tag in tags)
