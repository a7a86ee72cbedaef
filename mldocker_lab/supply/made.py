"""The layers of the bases made here: kept in the lab's folder, believed only by their hash."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.home import home
from mldocker_lab.supply import rootfs, wheels
from mldocker_lab.supply.archive import LayerFile
from mldocker_lab.supply.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["layers"]

_SAID = {"slim": "Debian 12 with Python 3.11 and pip", "devel": "compilers, headers, git"}
_STEPS_SLIM, _STEPS_DEVEL = 12, 14  # how often mmdebstrap announces something, and packing


def layers(
    architecture: str, files: dict[str, bytes], *, devel: bool
) -> Generator[Progress, None, list[LayerFile]]:
    """The slim layer and, if wanted, the one that makes it the full base.

    Args:
        architecture: "amd64" or "arm64".
        files: put into the slim layer, by their names in the image.
        devel: whether the second layer is wanted.

    Raises:
        SupplyError: they cannot be made here; the message says what to try.
    """
    yield from wheels.fetch(architecture, ("tools",))
    pip = wheels.folder() / wheels.selected(architecture, ("tools",))[0].file
    files = {**files, f"{rootfs.WHEELS}/{pip.name}": pip.read_bytes()}
    recipe = rootfs.Recipe(architecture, files)
    slim = _kept("slim", recipe)
    full = _kept("devel", recipe, below=slim.sha256) if slim and devel else None
    if slim and not devel:
        return [slim]
    if slim and full:
        return [slim, full]
    return (yield from _made(recipe, slim, devel=devel))


def _made(
    recipe: rootfs.Recipe, slim: LayerFile | None, *, devel: bool
) -> Generator[Progress, None, list[LayerFile]]:
    scratch = Path(tempfile.mkdtemp(prefix="mldocker-base-"))
    tree = scratch / "devel" if devel else None
    total = _STEPS_DEVEL if devel else _STEPS_SLIM
    try:
        for done, said in enumerate(rootfs.make(recipe, scratch / "slim", tree)):
            yield Progress(f"base images: {said}", min(done, total - 1), total)
        if not slim:
            yield Progress("base images: packing", total - 1, total)
            rootfs.pack(scratch / "slim", scratch / "layer")
            slim = _keep("slim", recipe, scratch / "layer")
        result = [slim]
        if tree:
            rootfs.pack(tree, scratch / "layer", below=slim.path)
            result.append(_keep("devel", recipe, scratch / "layer", below=slim.sha256))
        yield Progress("base images: made", total, total)
        return result
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _place(name: str, recipe: rootfs.Recipe) -> Path:
    return home("bases") / f"{name}-{recipe.architecture}.tar"


def _keep(name: str, recipe: rootfs.Recipe, tar: Path, below: str = "") -> LayerFile:
    place = _place(name, recipe)
    note = place.with_suffix(".json")
    note.unlink(missing_ok=True)  # a tar without its note does not count
    shutil.move(tar, place.with_suffix(".part"))
    place.with_suffix(".part").replace(place)
    told = {"recipe": rootfs.recipe_id(recipe), "below": below, "sha256": _sha256(place)}
    note.with_suffix(".new").write_text(json.dumps(told), encoding="utf-8")
    note.with_suffix(".new").replace(note)
    return LayerFile(place, told["sha256"], _SAID[name])


def _kept(name: str, recipe: rootfs.Recipe, below: str = "") -> LayerFile | None:
    place = _place(name, recipe)
    try:
        told = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
        same = told["recipe"] == rootfs.recipe_id(recipe) and told["below"] == below
        if same and told["sha256"] == _sha256(place):
            return LayerFile(place, told["sha256"], _SAID[name])
    except (OSError, ValueError, KeyError):
        pass  # nothing kept, or not whole: it is made anew
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
