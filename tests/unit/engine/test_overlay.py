"""Layers from an engine's folder: the same bytes as the engine packs, or none at all."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile

import pytest

from mldocker_lab.engine.overlay import LayersOnDisk


def packed(files):
    """A layer's tar, and the entries that tar-split would keep of it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    whole, entries, at = buffer.getvalue(), [], 0
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        for member in tar:
            segment = whole[at : member.offset_data]
            entries.append({"type": 2, "payload": base64.b64encode(segment).decode()})
            entries.append({"type": 1, "name": member.name, "size": member.size or None})
            at = member.offset_data + member.size
    entries.append({"type": 2, "payload": base64.b64encode(whole[at:]).decode()})
    return whole, entries


@pytest.fixture
def made(tmp_path):
    """An engine's folder with one image of two layers, the second without files."""

    def make(files):
        layers = [packed(files), packed({})]
        diff_ids = [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar, _ in layers]
        chained = hashlib.sha256(" ".join(diff_ids).encode()).hexdigest()
        for i, (name, (_, entries)) in enumerate(
            zip((diff_ids[0].removeprefix("sha256:"), chained), layers, strict=True)
        ):
            place = tmp_path / "image/overlay2/layerdb/sha256" / name
            place.mkdir(parents=True)
            text = "".join(json.dumps(entry) + "\n" for entry in entries)
            (place / "tar-split.json.gz").write_bytes(gzip.compress(text.encode()))
            (place / "cache-id").write_text(f"cache{i}")
            (tmp_path / "overlay2" / f"cache{i}" / "diff").mkdir(parents=True)
        diff = tmp_path / "overlay2" / "cache0" / "diff"
        for path, data in files.items():
            (diff / path).parent.mkdir(parents=True, exist_ok=True)
            (diff / path).write_bytes(data)
        config = json.dumps({"rootfs": {"diff_ids": diff_ids}}).encode()
        image = hashlib.sha256(config).hexdigest()
        kept = tmp_path / "image/overlay2/imagedb/content/sha256"
        kept.mkdir(parents=True)
        (kept / image).write_bytes(config)
        return f"sha256:{image}", [tar for tar, _ in layers], diff

    return make


FILES = {"a": b"small", "deep/er/b": os.urandom(700_000), "empty": b""}


def parts(disk):
    (manifest,) = json.loads(disk.document("manifest.json"))
    return manifest["Layers"]


def test_the_same_bytes(made, tmp_path):
    image, tars, _ = made(FILES)
    disk = LayersOnDisk(tmp_path, image)
    heard = []
    disk.listener = heard.append
    for name, tar in zip(parts(disk), tars, strict=True):
        assert b"".join(disk.part(name)) == tar
    assert heard[-1] == sum(map(len, tars))


def test_another_engines_disk(made, tmp_path):
    made(FILES)
    with pytest.raises(FileNotFoundError):
        LayersOnDisk(tmp_path, "sha256:" + 64 * "0")
    (tmp_path / "image/overlay2/imagedb/content/sha256" / (64 * "0")).write_bytes(b"{}")
    with pytest.raises(ValueError, match="another"):
        LayersOnDisk(tmp_path, "sha256:" + 64 * "0")


def test_a_layer_that_is_gone(made, tmp_path):
    image, _, _ = made(FILES)
    for path in (tmp_path / "image/overlay2/layerdb/sha256").glob("*/tar-split.json.gz"):
        path.unlink()
    with pytest.raises(FileNotFoundError):
        LayersOnDisk(tmp_path, image)


@pytest.mark.parametrize("trick", ["link", "folder that is a link", "pipe", "longer", "gone"])
def test_a_file_that_is_not_as_it_was_is_not_read(made, tmp_path, trick):
    image, _, diff = made(FILES)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b").write_bytes(FILES["deep/er/b"])
    (outside / "a").write_bytes(FILES["a"])
    if trick == "folder that is a link":
        (diff / "deep/er/b").unlink()
        (diff / "deep/er").rmdir()
        (diff / "deep/er").symlink_to(outside)
    else:
        (diff / "a").unlink()
        if trick == "link":
            (diff / "a").symlink_to(outside / "a")
        elif trick == "pipe":
            os.mkfifo(diff / "a")
        elif trick == "longer":
            (diff / "a").write_bytes(b"smaller?")
    disk = LayersOnDisk(tmp_path, image)
    with pytest.raises((OSError, ValueError)):
        b"".join(disk.part(parts(disk)[0]))
