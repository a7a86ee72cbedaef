"""Hand-written reports: a service built badly and well, and both again after an edit of its app."""

from __future__ import annotations

import pytest

from mldocker_lab.report.build import BuildReport, Step
from mldocker_lab.report.compare import Comparison
from mldocker_lab.report.layers import ImageReport, Layer

MB = 1_000_000
PIP = "RUN pip install --no-cache-dir -r requirements.txt"


def layer(name: str, file_bytes: int) -> Layer:
    return Layer(f"sha256:{name}", f"made by {name}", file_bytes, file_bytes * 2 // 5, 10)


BASE = layer("base", 120 * MB)


def report(name: str, steps: list[Step], layers: list[Layer], seconds: float) -> BuildReport:
    return BuildReport(
        name=name,
        image_id=f"sha256:{name}",
        tag=f"mldocker_lab/{name}",
        builder="buildkit",
        engine="Docker Engine 20.10.24",
        seconds=seconds,
        context_bytes=5 * MB if name == "bad" else 20_000,
        steps=tuple(steps),
        image=ImageReport(name, tuple(layers)),
    )


def bad(edit: str = "") -> BuildReport:
    steps = [
        Step("0", 0, "FROM mldocker/python:3.11-devel", "metadata", None, None, 1),
        Step("0", 1, "WORKDIR /app", "metadata", None, 0, 2),
        Step("0", 2, "COPY . .", "run", 0.3, 5 * MB, 3),
        Step("0", 3, PIP, "run", 40.0, 400 * MB, 4),
        Step("0", 4, 'CMD ["uvicorn", "app:app"]', "metadata", None, None, 5),
    ]
    layers = [BASE, layer("workdir", 0), layer(f"bad{edit}", 5 * MB), layer(f"pip{edit}", 400 * MB)]
    return report("bad", steps, layers, 45.0 if not edit else 42.0)


def good(edit: str = "") -> BuildReport:
    again = "cached" if edit else "run"
    steps = [
        Step("0", 0, "FROM mldocker/python:3.11-slim", "metadata", None, None, 1),
        Step("0", 1, "WORKDIR /app", "metadata", None, 0, 2),
        Step("0", 2, "COPY requirements.txt .", again, 0.1, 1000, 3),
        Step("0", 3, PIP, again, 20.0 if not edit else 0.0, 100 * MB, 4),
        Step("0", 4, "COPY app.py .", "run", 0.1, 2000, 5),
        Step("0", 5, 'CMD ["uvicorn", "app:app"]', "metadata", None, None, 6),
    ]
    layers = [
        layer("slim", 50 * MB),
        layer("workdir", 0),
        layer("requirements", 1000),
        layer("pip-good", 100 * MB),
        layer(f"app{edit}", 2000),
    ]
    return report("good", steps, layers, 25.0 if not edit else 0.5)


@pytest.fixture
def pair() -> Comparison:
    """Built once, without an edit."""
    return Comparison(bad(), good())


@pytest.fixture
def edited() -> Comparison:
    """Built, app.py edited, built again."""
    return Comparison(bad(), good(), bad("2"), good("2"), edit="app.py")
