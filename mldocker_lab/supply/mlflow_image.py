"""The image that MLflow runs in: the slim base and a locked set of wheels of its own.

An image, so that MLflow and the course's environment know nothing of each other, and so that it is
where the engine is. It is made without a build: a container installs the wheels with no network,
and is committed. Nothing in it is served to learners' builds.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from importlib import resources
from typing import TYPE_CHECKING

from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import ImageNotFound, SupplyError
from mldocker_lab.supply import bases, locks, wheels
from mldocker_lab.supply.archive import member, pieces
from mldocker_lab.supply.progress import Progress
from mldocker_lab.units import size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.engine.client import Engine

__all__ = ["DATABASE", "FOLDER", "REPOSITORY", "SET", "announcement", "ensure", "name"]

SET = "mlflow"
REPOSITORY = "mldocker-lab/mlflow"
#: Where the server keeps what it is told; its database has all its tables already.
FOLDER = "/srv/mlflow"
DATABASE = f"sqlite:///{FOLDER}/mlflow.db"

_RECIPE = f"{LABEL}.recipe"
_INSTALL_SECONDS = 600
_DISK = 230_000_000
_USER = "65534:65534"
#: The tables are made here once, and so is the bytecode of what a server imports and of nothing
#: else: every start would need seconds for both. Tests of packages are no use to anyone here.
_INSTALL = f"""\
set -e
pip install --no-index --find-links /wheels --no-deps --require-hashes --no-compile \\
    --root-user-action ignore -r /wheels/{SET}.lock
rm -r /wheels /usr/local/lib/python3*/site-packages/*/tests
mkdir -p {FOLDER}
mlflow db upgrade {DATABASE}
python3 -c "import mlflow.server.fastapi_app"
chown -R {_USER} {FOLDER}
"""


def name() -> str:
    """What the image is called: its tag is MLflow's version."""
    version = next(one.version for one in locks.wheels(SET) if one.name == "mlflow-skinny")
    return f"{REPOSITORY}:{version}"


def announcement(engine: Engine) -> str:
    """What having the image will take, in words; "" if it is there already."""
    if _current(engine):
        return ""
    left = wheels.left(bases.architecture(engine), (SET,))
    download = f"{size(left)} to download and " if left else ""
    return f"MLflow gets an image of its own, once: {download}{size(_DISK)} of the engine's disk"


def ensure(engine: Engine) -> Iterator[Progress]:
    """Have the image on the engine; yields nothing if it is there and up to date.

    Raises:
        SupplyError: something it is made of cannot be had.
    """
    if _current(engine):
        return
    yield from bases.ensure(engine, (bases.SLIM,))
    yield from wheels.fetch(bases.architecture(engine), (SET,))
    yield Progress("MLflow's image", 0, 1)
    _make(engine)
    yield Progress("MLflow's image", 1, 1)


def _current(engine: Engine) -> bool:
    try:
        labels = engine.image(name()).config.get("Labels") or {}
        return bool(labels.get(_RECIPE) == _recipe(engine))
    except ImageNotFound:
        return False


def _recipe(engine: Engine) -> str:
    """Changes with anything the image is made of."""
    locked = [(wheel.file, wheel.sha256) for wheel in locks.wheels(SET)]
    parts = [_INSTALL, sorted(locked), engine.image(bases.SLIM).diff_ids]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _make(engine: Engine) -> None:
    container = engine.create(bases.SLIM, ["sh", "-c", _INSTALL], host={"network_mode": "none"})
    try:
        engine.put_archive(container, "/", _parcel(bases.architecture(engine)))
        engine.start(container)
        if engine.wait(container, _INSTALL_SECONDS):
            said = "\n".join(engine.logs(container).strip().splitlines()[-8:])
            raise SupplyError(f"MLflow could not be installed:\n{said}", "`mldocker-lab doctor`")
        labels = f"LABEL {LABEL}=base {_RECIPE}={_recipe(engine)}"
        engine.commit(container, name(), [labels, 'CMD ["mlflow", "--version"]'])
    finally:
        engine.remove(container)


def _parcel(architecture: str) -> Iterator[bytes]:
    """The wheels and their lock, as a tar in pieces."""
    lock = (resources.files(__package__) / "locks" / f"{SET}.lock").read_bytes()
    yield from member(f"wheels/{SET}.lock", len(lock), [lock])
    for wheel in wheels.selected(architecture, (SET,)):
        yield from member(f"wheels/{wheel.file}", wheel.size, pieces(wheels.folder() / wheel.file))
    yield bytes(2 * tarfile.BLOCKSIZE)
