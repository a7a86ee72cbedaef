"""Engines of several versions, each started privately for the tests that ask for one.

A test that takes ``every_engine`` runs once on each engine of ``MLDOCKER_MATRIX_ENGINES``: by
default Debian 12's own and one newer; ``make matrix`` names all four. Each engine has its own home,
data and bridge, is started once for the session, holds the slim base image, and is purged.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from engine_matrix import FetchError
from engine_matrix import engine as fetched

from mldocker_lab.engine import private
from mldocker_lab.engine.client import Engine
from mldocker_lab.supply import bases

if TYPE_CHECKING:
    from collections.abc import Iterator

#: "28.5-containerd" is 28.5 with the containerd image store instead of overlay2.
DEFAULT = "20.10 26.1"
NAMES = os.environ.get("MLDOCKER_MATRIX_ENGINES", DEFAULT).split()
REQUIRED = os.environ.get("MLDOCKER_REQUIRE_ENGINE") == "1"
CONTAINERD = "-containerd"


@dataclass(frozen=True)
class Kept:
    """One engine of the matrix.

    Attributes:
        name: "20.10", "26.1", "28.5" or "28.5-containerd".
        engine: a connection to it.
        cli: its own docker program, None if the machine has none of that version.
        environment: what the program needs to find its plugins.
        log: the file with what its daemon said.
    """

    name: str
    engine: Engine
    cli: Path | None
    environment: dict[str, str]
    log: Path

    @property
    def containerd(self) -> bool:
        """Whether images lie in containerd's store."""
        return self.name.endswith(CONTAINERD)


@pytest.fixture(scope="session", params=NAMES)
def every_engine(request, tmp_path_factory) -> Iterator[Kept]:
    """Each engine of the matrix in turn, with the slim base on it."""
    name = request.param
    obstacle = private.obstacle()
    if obstacle and not obstacle.startswith("no dockerd"):
        pytest.skip(f"no private engine: {obstacle}")
    try:
        dockerd = fetched(name.removesuffix(CONTAINERD))
    except FetchError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no engine {name}: {error}")
    home = tmp_path_factory.mktemp(f"engine-{name}")
    features = {"containerd-snapshotter": True} if name.endswith(CONTAINERD) else {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLDOCKER_HOME", str(home))
        patch.setenv("MLDOCKER_DOCKERD", str(dockerd))
        url, log = private.start(features), private.Places.here().log
    try:
        engine = Engine(url, source=f"the matrix asks for {name}", private=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLDOCKER_REGISTRY", "none")
            for _ in bases.ensure(engine, (bases.SLIM,)):
                pass
        yield Kept(name, engine, _cli(dockerd), _plugins(dockerd, home), log)
        engine.close()
    finally:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLDOCKER_HOME", str(home))
            private.purge()


@pytest.fixture(scope="session")
def each_engine(every_engine) -> Engine:
    """The connection to each engine of the matrix."""
    return every_engine.engine


def _cli(dockerd: Path) -> Path | None:
    """The docker program that came with a daemon."""
    beside = dockerd.parent / "docker"
    if beside.exists():
        return beside
    found = shutil.which("docker", path=f"{dockerd.parent.parent / 'bin'}")
    return Path(found) if found else None


def _plugins(dockerd: Path, home: Path) -> dict[str, str]:
    """An environment in which the program finds the buildx that came with it, and no login."""
    config = home / "config"
    config.mkdir()
    plugins = dockerd.parent.parent / "tree" / "usr" / "libexec" / "docker" / "cli-plugins"
    if plugins.is_dir():
        (config / "cli-plugins").symlink_to(plugins)
    return {**os.environ, "DOCKER_CONFIG": str(config)}


@pytest.fixture
def served(tmp_path):
    """A private registry; skipped where Debian's docker-registry is not installed."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("no docker-registry here (`apt-get install docker-registry`)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{tmp_path / 'data'}'}}}}\n"
    )
    with subprocess.Popen([program, "serve", str(config)], stderr=subprocess.DEVNULL) as running:
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/").close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            running.terminate()
