"""A pair at another scale: pulled bases, more to install, the same instructions."""

from __future__ import annotations

import pytest

from mldocker_lab import lab, scale
from mldocker_lab.errors import DiskFull, SupplyError
from mldocker_lab.lab import building
from mldocker_lab.supply import bases

TEXT = f"FROM {bases.SLIM}\nCOPY words.txt /\nRUN cat /words.txt /etc/scale > /made\n"


@pytest.fixture
def folder(tmp_path, bench, monkeypatch):
    monkeypatch.setattr(building, "workbench", lambda: bench)
    project = tmp_path / "project"
    project.mkdir()
    for side in ("bad", "good"):
        (project / f"{side}.Dockerfile").write_text(TEXT)
    (project / "words.txt").write_text("small\n")
    return project


def settings(folder, base, disk=0.001):
    scale.settings(folder).write_text(
        f'disk_gb = {disk}\n[bases]\n"{bases.SLIM}" = "{base}"\n[add]\n"words.txt" = ["large"]\n'
    )


def test_bases_are_pulled_and_files_grow(engine, bench, served, folder, tmp_path):
    name = f"{served}/cuda:12"
    (tmp_path / "Dockerfile").write_text(f"FROM {bases.SLIM}\nRUN echo cuda > /etc/scale\n")
    built = bench.build(tmp_path, name="cuda", sizes=False)
    engine.tag(built.image_id, name)
    for message in engine.api.push(name, stream=True, decode=True):
        assert "error" not in message
    engine.remove_image(name)
    settings(folder, name)
    try:
        pair = lab.build_pair(folder, scale="full")
        assert bench.call(pair.good.tag, ["cat", "/made"]) == (0, "small\nlarge\ncuda\n")
        more = pair.edit("words.txt", add="larger")
        assert more.good_rebuild["COPY words.txt"].status == "run"
        assert bench.call(more.good_rebuild.tag, ["cat", "/made"])[1].split() == [
            "small", "large", "larger", "cuda"
        ]  # fmt: skip
        assert (folder / "words.txt").read_text() == "small\n"
    finally:
        engine.remove_image(name, force=True)


def test_without_a_registry_it_says_so(folder):
    settings(folder, "127.0.0.1:9/cuda:12")
    with pytest.raises(SupplyError, match=r"full scale needs 127\.0\.0\.1:9/cuda:12") as error:
        lab.build_pair(folder, scale="full")
    assert "MLDOCKER_SCALE" in error.value.hint


def test_without_room_nothing_is_pulled(folder):
    settings(folder, "127.0.0.1:9/cuda:12", disk=1_000_000)
    with pytest.raises(DiskFull, match="1000 TB"):
        lab.build_pair(folder, scale="full")
