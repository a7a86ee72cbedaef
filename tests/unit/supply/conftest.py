"""What the tests of this folder share."""

from __future__ import annotations

import hashlib
import zipfile

import pytest

from mldocker_lab.supply import locks

TAGS = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture
def build_wheel():
    """A function that makes a wheel, as small as pip accepts, and tells what a lock says of it."""
    return _build_wheel


def _build_wheel(folder, name, filler=b""):
    """A wheel that pip accepts, as small as one can be; returns what a lock says of it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", filler)
        info = f"{name}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", TAGS)
        archive.writestr(f"{info}/RECORD", "")
    data = path.read_bytes()
    return locks.Wheel(name, "1.0", path.name, len(data), hashlib.sha256(data).hexdigest())
