"""Vectors and recorded hosts that lie beside the repository; tests that need them skip without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mldocker_lab.gpu.tables import OVERRIDE


@pytest.fixture(autouse=True)
def _own_tables(monkeypatch):
    monkeypatch.delenv(OVERRIDE, raising=False)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder shared/data, wherever above us it is."""
    found = (one / "shared" / "data" for one in Path(__file__).resolve().parents)
    folder = next((one for one in found if one.is_dir()), None)
    if folder is None:
        pytest.skip("no shared data beside the repository")
    return folder


@pytest.fixture(scope="session")
def vectors(shared):
    """A file of vectors by its name."""

    def read(name: str) -> dict:
        path = shared / "vectors" / f"{name}.json"
        if not path.is_file():
            pytest.skip(f"no {path.name} beside the repository")
        return json.loads(path.read_text())

    return read
