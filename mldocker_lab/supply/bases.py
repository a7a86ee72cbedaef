"""The two images every Dockerfile of the lab starts from, by the same name on every engine.

Where a registry answers they are the official python images, taken by digest; where none does
they are made here out of Debian packages. Either way they know the lab's wheel mirror, so that
``RUN pip install -r requirements.txt`` reads as it does in production and works offline.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import ImageNotFound, SupplyError
from mldocker_lab.supply import locks, made, registry, rootfs
from mldocker_lab.supply.archive import Image, archive
from mldocker_lab.supply.locks import ARCHITECTURES
from mldocker_lab.supply.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mldocker_lab.engine.client import Engine

__all__ = [
    "DEVEL",
    "MIRROR_HOST",
    "MIRROR_PORT",
    "PIP_CONF",
    "SLIM",
    "architecture",
    "ensure",
    "fingerprint",
]

SLIM = "mldocker-lab/python:3.11-slim"
DEVEL = "mldocker-lab/python:3.11-devel"

#: Constant, because an address that changes would be a cache key that changes.
MIRROR_HOST = "wheels.mldocker.internal"
MIRROR_PORT = 8411

PIP_CONF = f"""\
[global]
index-url = http://{MIRROR_HOST}:{MIRROR_PORT}/simple
trusted-host = {MIRROR_HOST}
progress-bar = off
disable-pip-version-check = true
root-user-action = ignore
"""

_RECIPE = f"{LABEL}.recipe"
_ENV = {
    "PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}


def architecture(engine: Engine) -> str:
    """The engine's processor: "amd64" or "arm64".

    Raises:
        SupplyError: it is another one, for which there are no wheels.
    """
    told = str(engine.version().get("Arch", ""))
    if told not in ARCHITECTURES:
        raise SupplyError(
            f"the lab has no wheels for the engine's processor ({told or 'unknown'})",
            f"use an engine on one of: {', '.join(ARCHITECTURES)}",
        )
    return told


def ensure(engine: Engine, which: tuple[str, ...] = (SLIM, DEVEL)) -> Iterator[Progress]:
    """Have the bases on the engine; yields nothing if they are there and up to date.

    Raises:
        SupplyError: no registry answers and they cannot be made here either.
    """
    missing = [name for name in (SLIM, DEVEL) if name in which and not _current(engine, name)]
    if not missing:
        return
    while missing and (yield from _from_registry(engine, missing[0])):
        del missing[0]
    if missing:
        yield from _make_and_load(engine, tuple(missing))


def fingerprint() -> str:
    """Changes with anything the bases are made of, and with the wheels the mirror serves."""
    locked = [(wheel.file, wheel.sha256) for name in locks.SETS for wheel in locks.wheels(name)]
    parts = [_label("registry"), _label("made"), sorted(locked)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _current(engine: Engine, name: str) -> bool:
    try:
        labels = engine.image(name).config.get("Labels") or {}
    except ImageNotFound:
        return False
    return labels.get(_RECIPE) in (_label("registry"), _label("made"))


def _label(route: str) -> str:
    """What the image was made by; a newer lab with another recipe makes it anew."""
    if route == "registry":
        parts: tuple[Any, ...] = (sorted(registry.DIGESTS.items()), PIP_CONF, _ENV)
    else:
        pip = locks.wheels("tools")[0].sha256
        parts = (rootfs.fingerprint(), pip, PIP_CONF, _ENV)
    return f"{route}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]}"


def _config(route: str) -> dict[str, Any]:
    return {
        "Env": [f"{name}={value}" for name, value in _ENV.items()],
        "Cmd": ["python3"],
        "Labels": {LABEL: "base", _RECIPE: _label(route)},
    }


def _from_registry(engine: Engine, name: str) -> Generator[Progress, None, bool]:
    ref = registry.reference(name)
    if ref is None:
        return False
    labels = " ".join(f"{key}={value}" for key, value in _config("registry")["Labels"].items())
    changes = [f"LABEL {labels}", "ENV LANG=C.UTF-8", 'CMD ["python3"]']
    files = {"/etc/pip.conf": PIP_CONF.encode()}
    return (yield from registry.take(engine, ref, name, files, changes))


def _make_and_load(engine: Engine, names: tuple[str, ...]) -> Iterator[Progress]:
    arch = architecture(engine)
    layers = yield from made.layers(arch, {"etc/pip.conf": PIP_CONF.encode()}, devel=DEVEL in names)
    for name in names:
        yield Progress(f"{name}: into the engine", 0, 1)
        chain = layers if name == DEVEL else layers[:1]
        engine.load(archive(Image(name, arch, tuple(chain), _config("made"))))
        yield Progress(f"{name}: into the engine", 1, 1)
