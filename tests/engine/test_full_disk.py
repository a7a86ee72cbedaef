"""An engine whose disk runs full in the middle: one clear message, and it goes on working."""

from __future__ import annotations

import subprocess

import pytest

from mldocker_lab.build.measured import build
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.engine import private
from mldocker_lab.engine.client import Engine
from mldocker_lab.errors import BuildFailed
from mldocker_lab.supply import bases

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(bool(private.obstacle()), reason=f"no private engine: {private.obstacle()}"),
]

ROOM = "600m"  # the slim base and little else
TOO_MUCH = f"FROM {bases.SLIM}\nRUN head -c 900000000 /dev/zero > /big\n"
LITTLE = f"FROM {bases.SLIM}\nRUN head -c 9 /dev/zero > /small\n"


@pytest.fixture
def small(engine, tmp_path, monkeypatch):
    """A private engine with little room, and the slim base on it."""
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", home], check=True)
    monkeypatch.setenv("MLDOCKER_HOME", str(home))
    try:
        found = Engine(private.start(), private=True)
        found.load(engine.save(bases.SLIM))
        yield found
        found.close()
        private.purge()
    finally:
        subprocess.run(["umount", home], check=True)


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_a_step_that_fills_the_disk_is_named_and_the_next_build_works(small, tmp_path, builder):
    folder = tmp_path / "project"
    folder.mkdir()
    for name, text in (("Dockerfile", TOO_MUCH), ("little.Dockerfile", LITTLE)):
        (folder / name).write_text(text)
    request = BuildRequest(folder=folder, builder=builder)
    with pytest.raises(BuildFailed) as met:
        build(small, request)
    assert met.value.line == 2
    assert "no space left on the device" in str(met.value)
    assert "try: " in str(met.value)
    small_one = BuildRequest(folder=folder, dockerfile="little.Dockerfile", builder=builder)
    assert build(small, small_one).image.layers[-1].bytes == 9
