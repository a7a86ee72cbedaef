"""A registry in a container, and what can be built from it, on every engine of the matrix."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from mldocker_lab.build.measured import build
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import EngineError
from mldocker_lab.supply import bases
from mldocker_lab.supply.registries import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

TAG = "mldocker-lab/test-registries:1"
EPOCH = 1_748_736_000


@pytest.fixture(scope="module")
def registry(each_engine) -> Iterator[Registry]:
    with Registry(each_engine) as made:
        yield made
    for _ in range(50):  # the engine removes it in its own time
        if not each_engine.containers(f"{LABEL}=registry"):
            return
        time.sleep(0.1)
    pytest.fail("the registry is still there")


@pytest.fixture(scope="module")
def digest(registry):
    return registry.push(bases.SLIM, "python:3.11")


@pytest.fixture
def built(each_engine, tmp_path):
    """Build a Dockerfile as it stands; the image goes with the test."""
    tags = []

    def made(text, **options):
        folder = tmp_path / "context"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "Dockerfile").write_text(text)
        (folder / "app.py").write_text("VALUE = 1\n")
        tag = f"{TAG}-{len(tags)}"
        tags.append(tag)
        request = BuildRequest(folder=folder, tag=tag, pull=True, **options)
        return each_engine.image(build(each_engine, request).image_id)

    yield made
    for tag in tags:
        each_engine.remove_image(tag, force=True)


def moved_base(engine, name):
    """The base with one more file, under another name."""
    container = engine.create(bases.SLIM, ["true"])
    try:
        engine.put_files(container, "/", {"moved": b"yes"})
        engine.commit(container, name)
    finally:
        engine.remove(container)


def test_a_tag_moves_and_a_digest_does_not(each_engine, registry, digest, built):
    by_tag = f"FROM {registry.address}/python:3.11\nRUN ls /moved || true\n"
    by_digest = by_tag.replace("3.11", f"3.11@{digest}")
    before = built(by_tag)
    try:
        moved_base(each_engine, f"{TAG}-moved")
        assert registry.push(f"{TAG}-moved", "python:3.11") != digest
        after, pinned = built(by_tag), built(by_digest)
    finally:
        each_engine.remove_image(f"{TAG}-moved", force=True)
        assert registry.push(bases.SLIM, "python:3.11") == digest  # and back again
    base = each_engine.image(bases.SLIM).diff_ids
    assert before.diff_ids[: len(base)] == after.diff_ids[: len(base)] == base
    assert len(after.diff_ids) == len(before.diff_ids) + 1
    assert pinned.diff_ids == before.diff_ids


def test_it_tells_what_it_holds(each_engine, registry, digest):
    """A layer that it has already costs nothing; a new one costs its compressed bytes."""
    held = registry.held
    registry.push(bases.SLIM, "again:1")
    assert registry.held == held
    moved_base(each_engine, f"{TAG}-more")
    try:
        registry.push(f"{TAG}-more", "more:1")
    finally:
        each_engine.remove_image(f"{TAG}-more", force=True)
    assert 0 < registry.held - held < 20_000


def test_what_is_pushed_leaves_no_name_behind(each_engine, registry, digest):
    tags = [tag for one in each_engine.images(None) for tag in one.get("RepoTags") or ()]
    assert [tag for tag in tags if registry.address in tag] == []


def test_an_image_that_is_not_there_cannot_be_pushed(registry):
    with pytest.raises(EngineError, match="no-such-thing"):
        registry.push("mldocker-lab/no-such-thing:1", "python:3.11")


def test_an_epoch_makes_the_same_image_twice_where_times_are_rewritten(
    each_engine, registry, digest, built
):
    text = (
        f"FROM {registry.address}/python:3.11@{digest}\nENV SOURCE_DATE_EPOCH={EPOCH}\n"
        "WORKDIR /app\nCOPY app.py .\nRUN python -m compileall -q app.py\n"
    )
    first = built(text, no_cache=True, epoch=EPOCH)
    time.sleep(1.1)  # layers hold times in whole seconds: two builds in one of them are alike
    second = built(text, no_cache=True, epoch=EPOCH)
    assert (first.id == second.id) == each_engine.rewrites_times
    assert (first.diff_ids == second.diff_ids) == each_engine.rewrites_times
