"""What all tests share: a real engine, or a clear word why there is none."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from mldocker_lab.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.workbench import Workbench

REQUIRED = os.environ.get("MLDOCKER_REQUIRE_ENGINE") == "1"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine the lab itself would use; started if it is the lab's own."""
    from mldocker_lab.engine.find import find

    try:
        found = find(start=REQUIRED)
    except LabError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no Docker engine here: {error.what}")
    yield found
    found.close()


def pytest_configure() -> None:
    """A shell that starts us in the background has us, and all we start, ignore Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for an engine is an engine test; nobody has to remember the marker."""
    for item in items:
        asked = getattr(item, "fixturenames", ())
        if "engine" in asked or "every_engine" in asked:
            item.add_marker(pytest.mark.engine)
        if "every_engine" in asked:
            item.add_marker(pytest.mark.matrix)


@pytest.fixture(scope="session")
def bench(engine: Engine) -> Iterator[Workbench]:
    """A run on that engine, with base images, wheels and mirror in place; forgotten at the end."""
    from mldocker_lab import lab

    with lab.workbench() as made:
        yield made
