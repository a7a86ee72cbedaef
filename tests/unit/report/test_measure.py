"""Hand-made ``docker save`` streams, in both layouts, weighed to the byte."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest
from zlib_ng import zlib_ng

from mldocker_lab.errors import Corrupted, EngineGone
from mldocker_lab.report.layercache import LayerCache, Weight
from mldocker_lab.report.measure import measure


def tar(files, **links):
    """A tar of files (None for a folder); ``links`` are hard links."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            info.size = len(data or b"")
            archive.addfile(info, io.BytesIO(data or b""))
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.LNKTYPE, target
            archive.addfile(info)
    return buffer.getvalue()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def pulled(data):
    """What the lab calls pull bytes, computed in one go."""
    packer = zlib_ng.compressobj(6, zlib_ng.DEFLATED, 31)
    return len(packer.compress(data) + packer.flush())


BASE = tar({"bin": None, "bin/python": bytes(range(256)) * 9000, "etc/a-" + "long" * 60: b"x" * 10})
APP = tar({"app.py": b"print('hello')\n", "app/.wh.old": b""}, hard="app.py")
EMPTY = bytes(1024)
LAYERS = [BASE, EMPTY, APP]
CONFIG = {
    "architecture": "amd64",
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha(data)}" for data in LAYERS]},
    "history": [
        {"created_by": "the base"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "WORKDIR /app"},
        {"created_by": "COPY app.py ."},
        {"created_by": "CMD", "empty_layer": True},
    ],
}


def old_layout(layers=LAYERS, config=CONFIG, *, manifest=True):
    """What Docker Engine 20.10 writes: a folder for each layer, the manifest at the end."""
    parts, names = {}, []
    for number, data in enumerate(layers):
        folder = f"{number}{sha(data)[1:]}"
        names.append(f"{folder}/layer.tar")
        parts |= {f"{folder}/": None, f"{folder}/VERSION": b"1.0", f"{folder}/json": b'{"id":"x"}'}
        parts[names[-1]] = data
    parts["c0ffee.json"] = json.dumps(config).encode()
    if manifest:
        told = [{"Config": "c0ffee.json", "RepoTags": None, "Layers": names}]
        parts["manifest.json"] = json.dumps(told).encode()
    return tar(parts)


def oci_layout(layers=LAYERS, config=CONFIG, *, pack=lambda data: data, docker=False, nested=False):
    """What newer engines write: blobs named by their hash, an index."""
    parts = {}

    def blob(data):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        parts[f"blobs/sha256/{sha(data)}"] = data
        return {"digest": f"sha256:{sha(data)}", "size": len(data)}

    manifest = blob({"config": blob(config), "layers": [blob(pack(data)) for data in layers]})
    noise = blob({"config": blob({"architecture": "unknown"}), "layers": []})
    noise["platform"] = {"architecture": "unknown", "os": "unknown"}
    index = {"manifests": [noise, manifest]}
    if nested:
        index = {"manifests": [blob(index)]}
    parts = dict(sorted(parts.items()))
    parts["index.json"] = json.dumps(index).encode()
    if docker:
        told = [{"Config": f"blobs/sha256/{sha(json.dumps(config).encode())}", "Layers": []}]
        parts["manifest.json"] = json.dumps(told).encode()
    parts["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    return tar(parts)


def pieces(stream, size=4096):
    return (stream[at : at + size] for at in range(0, len(stream), size))


STREAMS = {
    "old": old_layout(),
    "oci": oci_layout(),
    "oci with docker's manifest": oci_layout(docker=True),
    "oci, nested index": oci_layout(nested=True),
    "oci, gzipped": oci_layout(pack=gzip.compress),
    "oci, gzipped in two members": oci_layout(
        pack=lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:])
    ),
}


@pytest.mark.parametrize("layout", STREAMS)
@pytest.mark.parametrize("size", [700, 4096, 1 << 22])
def test_every_layout_weighs_the_same_to_the_byte(layout, size):
    image = measure(pieces(STREAMS[layout], size), "img")
    assert [layer.diff_id for layer in image.layers] == CONFIG["rootfs"]["diff_ids"]
    assert [layer.bytes for layer in image.layers] == [256 * 9000 + 10, 0, 15]
    assert [layer.files for layer in image.layers] == [3, 0, 3]
    assert [layer.created_by for layer in image.layers] == [
        "the base",
        "WORKDIR /app",
        "COPY app.py .",
    ]
    assert [entry.layer for entry in image.history] == [0, None, 1, 2, None]
    assert image.bytes == 256 * 9000 + 25
    for layer, data in zip(image.layers, LAYERS, strict=True):
        assert layer.pull_bytes == pytest.approx(pulled(data), abs=len(data) // 1000 + 8)


def test_pull_bytes_do_not_depend_on_how_the_stream_is_cut():
    weights = {measure(pieces(STREAMS["old"], n), "img").pull_bytes for n in (513, 65536, 1 << 22)}
    assert len(weights) == 1


def test_a_layer_listed_twice_counts_once():
    config = {**CONFIG, "rootfs": {"diff_ids": [CONFIG["rootfs"]["diff_ids"][0]] * 2}}
    image = measure([old_layout([BASE], config)], "img")
    assert len(image.layers) == 2
    assert image.bytes == 256 * 9000 + 10


@pytest.mark.parametrize("layout", STREAMS)
def test_known_layers_are_not_weighed_again(layout, tmp_path):
    """Wrong numbers under the right hash show where a number came from."""
    first = LayerCache(tmp_path / "layers.sqlite")
    measure([STREAMS[layout]], "img", first)
    base = CONFIG["rootfs"]["diff_ids"][0]
    first.put(Weight(base, 1, 2, 3))
    again = measure([STREAMS[layout]], "img", LayerCache(tmp_path / "layers.sqlite"))
    assert (again.layers[0].bytes, again.layers[0].pull_bytes) == (1, 2)
    assert again.layers[2].bytes == 15


def test_a_cache_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "layers.sqlite"
    path.write_bytes(b"something else entirely" * 100)
    cache = LayerCache(path)
    assert measure([STREAMS["old"]], "img", cache).bytes == 256 * 9000 + 25
    assert path.read_bytes().startswith(b"something else")


@pytest.mark.parametrize("layout", STREAMS)
@pytest.mark.parametrize("cut", [0.0, 0.1, 0.3, 0.5])
def test_a_stream_that_ends_too_early_is_said_so(layout, cut):
    stream = STREAMS[layout]
    with pytest.raises(EngineGone, match=r"incomplete|too early"):
        measure(pieces(stream[: int(len(stream) * cut)]), "img")


def test_a_stream_cut_at_a_border_is_said_so():
    with pytest.raises(EngineGone, match="too early"):
        measure([old_layout(manifest=False)], "img")


def test_a_layer_that_was_tampered_with_is_noticed():
    stream = STREAMS["old"].replace(b"print('hello')", b"print('evil!')")
    with pytest.raises(Corrupted, match="promises a layer"):
        measure([stream], "img")


def test_zstd_is_named():
    with pytest.raises(Corrupted, match="zstd"):
        measure([oci_layout(pack=lambda data: b"\x28\xb5\x2f\xfd" + data)], "img")


def test_progress_counts_the_bytes_read():
    seen = []
    measure(pieces(STREAMS["oci"]), "img", progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(STREAMS["oci"])
