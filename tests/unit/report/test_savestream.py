"""Hand-made ``docker save`` streams and OCI layouts, read to the byte; and broken ones."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import tarfile

import pytest
from backports import zstd
from zlib_ng import zlib_ng

from mldocker_lab.errors import Corrupted, EngineGone, LabError, UsageError
from mldocker_lab.report.layercache import LayerCache, Weight
from mldocker_lab.report.layerindex import FORMAT
from mldocker_lab.report.savestream import read, read_path, remembered

IMAGE_ID = "sha256:" + "1" * 64
MADE_BY = ["the base", None, "WORKDIR /app", "COPY app.py .", None]


def in_two(data):
    return gzip.compress(data[:700]) + gzip.compress(data[700:])


PACKERS = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "gzip in two members": in_two,
    "zstd": zstd.compress,
    "zstd in two frames": lambda data: zstd.compress(data[:700]) + zstd.compress(data[700:]),
}


@pytest.fixture(scope="module")
def layers(make):
    long = "etc/a-" + "long" * 60
    base = make.tar({"bin": None, "bin/python": bytes(range(256)) * 9000, long: b"x" * 10})
    hello = make.entry("app.py", b"print('hello')\n")
    deletion = make.entry("app/.wh.old", b"")
    app = make.tar(hello, deletion, make.entry("hard", hard="app.py"))
    return [base, bytes(1024), app]


@pytest.fixture(scope="module")
def streams(make, layers):
    told = make.config(layers, MADE_BY)
    packed = {f"oci, {how}": make.oci_layout(layers, told, pack=PACKERS[how]) for how in PACKERS}
    return packed | {
        "old": make.old_layout(layers, told),
        "oci with docker's manifest": make.oci_layout(layers, told, docker=True),
        "oci, nested index": make.oci_layout(layers, told, nested=True),
    }


LAYOUTS = [
    "old",
    *(f"oci, {how}" for how in PACKERS),
    "oci with docker's manifest",
    "oci, nested index",
]


def pulled(data):
    """What the lab calls pull bytes of a small layer, computed in one go."""
    packer = zlib_ng.compressobj(6, zlib_ng.DEFLATED, 31)
    return round(len(packer.compress(data) + packer.flush()) * 1.011)  # between two engines


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [700, 4096, 1 << 22])
def test_every_layout_weighs_the_same_to_the_byte(make, streams, layers, layout, size):
    image = read(make.pieces(streams[layout], size), "img").report
    assert [layer.diff_id for layer in image.layers] == make.config(layers)["rootfs"]["diff_ids"]
    assert [layer.bytes for layer in image.layers] == [256 * 9000 + 10, 0, 15]
    assert [layer.files for layer in image.layers] == [2, 0, 2]
    assert [layer.created_by for layer in image.layers] == [
        "the base",
        "WORKDIR /app",
        "COPY app.py .",
    ]
    assert [entry.layer for entry in image.history] == [0, None, 1, 2, None]
    assert [layer.pull_bytes for layer in image.layers] == [pulled(data) for data in layers]
    assert image.bytes == 256 * 9000 + 25


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_same_files(make, streams, layout):
    base, empty, app = read([streams[layout]], "img").indexes()
    assert [(item.path, item.bytes) for item in base] == [
        ("/bin", 0),
        ("/bin/python", 256 * 9000),
        ("/etc/a-" + "long" * 60, 10),
    ]
    assert len(empty) == 0
    assert [(item.path, item.kind.name, item.link) for item in app] == [
        ("/app/old", "DELETION", ""),
        ("/app.py", "FILE", ""),
        ("/hard", "HARD_LINK", "/app.py"),
    ]


def test_what_other_tools_write(make, layers):
    """A flat archive with compressed layers under names of its own, the manifest first."""
    told = make.config(layers)
    names = [f"{make.sha(data)}.tar.gz" for data in layers]
    line = {"Config": "sha256:cafe", "RepoTags": ["img:1"], "Layers": names}
    parts = {
        "manifest.json": json.dumps([line]).encode(),
        "sha256:cafe": json.dumps(told).encode(),
        **{name: gzip.compress(data) for name, data in zip(names, layers, strict=True)},
        "README": b"not a layer",
    }
    assert read([make.tar(parts)], "img").report.bytes == 256 * 9000 + 25


def test_a_layer_that_begins_like_a_document(make):
    layer = make.tar({"{.txt": b"x"})
    assert read([make.old_layout([layer])], "img").report.bytes == 1


def test_a_layer_that_is_listed_twice_counts_once(make):
    layer = make.tar({"a": b"12345"})
    image = read([make.old_layout([layer, layer])], "img").report
    assert (len(image.layers), image.bytes) == (2, 5)


# -- what is known --------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_engines_known_layers_are_not_read_again(make, streams, layers, layout, tmp_path):
    """Wrong numbers under the right hash show where a number came from."""
    first = LayerCache(tmp_path / "layers.sqlite")
    index = read([streams[layout]], "img", first).indexes()[0]
    base = make.config(layers)["rootfs"]["diff_ids"][0]
    first.put([(Weight(base, 1, 2, 3), index, "")])
    again = read([streams[layout]], "img", LayerCache(tmp_path / "layers.sqlite")).report
    assert (again.layers[0].bytes, again.layers[0].pull_bytes) == (1, 2)
    assert again.layers[2].bytes == 15


def test_a_known_image_needs_no_stream(streams, tmp_path):
    cache = LayerCache(tmp_path / "layers.sqlite")
    assert remembered(IMAGE_ID, "img", cache) is None
    first = read([streams["old"]], "img", cache, image_id=IMAGE_ID)
    again = remembered(IMAGE_ID, "img", LayerCache(tmp_path / "layers.sqlite"))
    assert again.report == first.report
    assert [list(index) for index in again.indexes()] == [list(index) for index in first.indexes()]


def test_an_image_with_a_forgotten_layer_is_read_again(streams, tmp_path, monkeypatch):
    monkeypatch.setattr("mldocker_lab.report.layercache._MOST_BYTES", 100)
    cache = LayerCache(tmp_path / "layers.sqlite")
    read([streams["old"]], "img", cache, image_id=IMAGE_ID)
    assert remembered(IMAGE_ID, "img", cache) is None


def test_a_cache_that_is_no_database_is_left_alone(streams, tmp_path):
    path = tmp_path / "layers.sqlite"
    path.write_bytes(b"something else entirely" * 100)
    cache = LayerCache(path)
    assert read([streams["old"]], "img", cache, image_id=IMAGE_ID).report.bytes == 256 * 9000 + 25
    assert remembered(IMAGE_ID, "img", cache).report.bytes == 256 * 9000 + 25
    assert path.read_bytes().startswith(b"something else")


def test_a_damaged_index_in_the_cache_is_read_again(streams, tmp_path):
    path = tmp_path / "layers.sqlite"
    read([streams["old"]], "img", LayerCache(path), image_id=IMAGE_ID)
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE layers_{FORMAT} SET packed = x'00'")
    with pytest.raises(Corrupted, match="ask again"):
        remembered(IMAGE_ID, "img", LayerCache(path)).indexes()
    assert remembered(IMAGE_ID, "img", LayerCache(path)) is None


# -- from a file ------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packed", ["plain", "gzip", "zstd"])
def test_a_file_needs_no_engine(streams, layout, packed, tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(PACKERS[packed](streams[layout]))
    image = read_path(path).report
    assert (image.image, image.bytes) == ("image.tar", 256 * 9000 + 25)


def unpack(parts, folder):
    for name, data in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.mark.parametrize("how", PACKERS)
def test_a_folder_needs_no_engine(make, layers, how, tmp_path):
    folder = unpack(make.oci_parts(layers, pack=PACKERS[how]), tmp_path / "layout")
    known = LayerCache()
    assert read_path(folder, known).report.bytes == 256 * 9000 + 25
    assert read_path(folder, known).report.image == "layout"


def test_links_of_a_folder_lead_nowhere_else(make, layers, tmp_path):
    folder = unpack(make.oci_parts(layers), tmp_path / "layout")
    blob = folder / "blobs" / "sha256" / make.sha(layers[0])
    blob.rename(tmp_path / "elsewhere")
    blob.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Corrupted, match="is not there"):
        read_path(folder)


def test_a_pipe_in_a_folder_is_not_waited_for(make, layers, tmp_path):
    folder = unpack(make.oci_parts(layers), tmp_path / "layout")
    blob = folder / "blobs" / "sha256" / make.sha(layers[0])
    blob.unlink()
    os.mkfifo(blob)
    with pytest.raises(Corrupted, match="is not there"):
        read_path(folder)


def test_names_of_a_folder_lead_nowhere_else(make, layers, tmp_path):
    (tmp_path / "secret").write_bytes(layers[0])
    line = {"Config": "config.json", "Layers": ["../secret"] * 3}
    parts = {
        "config.json": json.dumps(make.config(layers)).encode(),
        "manifest.json": json.dumps([line]).encode(),
    }
    with pytest.raises(Corrupted, match="is not there"):
        read_path(unpack(parts, tmp_path / "layout"))


def test_a_files_known_layers_must_have_the_hash_they_are_named_after(make, layers, tmp_path):
    """What an engine is believed, a file is not: it may have come from anywhere."""
    known = LayerCache()
    read([make.oci_layout(layers)], "img", known)
    bad = make.oci_layout(layers).replace(b"print('hello')", b"print('evil!')")
    (tmp_path / "bad.tar").write_bytes(bad)
    with pytest.raises(Corrupted, match="hash that it is named after"):
        read_path(tmp_path / "bad.tar", known)


def test_no_such_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_path(tmp_path / "nothing.tar")


@pytest.mark.parametrize("data", [b"", b"hello", bytes(1024), b"x" * 5000, gzip.compress(b"")])
def test_a_file_that_is_no_image(data, tmp_path):
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(Corrupted, match=r"x\.tar"):
        read_path(tmp_path / "x.tar")


def test_a_folder_that_is_no_image(tmp_path):
    with pytest.raises(Corrupted, match="holds no image"):
        read_path(tmp_path)


def test_several_images_in_one_file(make, layers, tmp_path):
    parts = {"a.json": make.config(layers[:1]), "b.json": make.config(layers[1:])}
    lines = [{"Config": name, "Layers": []} for name in parts]
    texts = {name: json.dumps(told).encode() for name, told in parts.items()}
    (tmp_path / "x.tar").write_bytes(
        make.tar(texts | {"manifest.json": json.dumps(lines).encode()})
    )
    with pytest.raises(UsageError, match="2 images"):
        read_path(tmp_path / "x.tar")


# -- broken ones ------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["old", "oci, plain", "oci, gzip"])
@pytest.mark.parametrize("cut", [0.0, 0.1, 0.3, 0.5])
def test_a_stream_that_ends_too_early_is_said_so(make, streams, layout, cut):
    stream = streams[layout]
    with pytest.raises(EngineGone, match="ended too early"):
        read(make.pieces(stream[: int(len(stream) * cut)]), "img")


def test_a_stream_cut_at_a_border_is_said_so(make, layers):
    with pytest.raises(EngineGone, match="ended too early"):
        read([make.old_layout(layers, manifest=False)], "img")


def test_a_file_that_ends_too_early_is_said_so(streams, tmp_path):
    (tmp_path / "x.tar").write_bytes(streams["old"][:20_000])
    with pytest.raises(Corrupted, match="only the beginning of one"):
        read_path(tmp_path / "x.tar")


def test_a_layer_that_was_tampered_with_is_noticed(streams):
    stream = streams["old"].replace(b"print('hello')", b"print('evil!')")
    with pytest.raises(Corrupted, match="promises a layer"):
        read([stream], "img")


def test_a_layer_that_is_broken_is_named(make, layers):
    stream = make.oci_layout(layers, pack=lambda data: gzip.compress(data)[:-12])
    with pytest.raises(Corrupted, match=r"promises a layer .*; its part blobs/.* ends too early"):
        read([stream], "img")


@pytest.mark.parametrize("magic", [b"BZh9", b"\xfd7zXZ\0"])
def test_a_compression_that_is_not_read_is_named(make, layers, magic):
    with pytest.raises(Corrupted, match=r"bzip2|xz"):
        read([make.oci_layout(layers, pack=lambda data: magic + data)], "img")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"rootfs": None},
        {"rootfs": {"diff_ids": "sha256:x"}},
        {"rootfs": {"diff_ids": [1, 2]}},
        {"rootfs": {"diff_ids": ["sha256:x"] * 1000}},
        {"rootfs": {"diff_ids": ["sha256:x"]}, "history": [1, None, {"created_by": {}}]},
        {"rootfs": {"diff_ids": []}, "history": "x"},
        [],
    ],
)
def test_configurations_that_make_no_sense(make, layers, told):
    """A clear error, or an image of nothing; never another exception."""
    for stream in (make.old_layout(layers, told), make.oci_layout(layers, told)):
        try:
            assert read([stream], "img").report.bytes == 0
        except LabError as error:
            assert "img" in error.what  # noqa: PT017 one of two right answers


@pytest.mark.parametrize(
    "manifest",
    [
        b"[" * 100_000,
        b"[" + b"1" * 5000 + b"]",
        b'[{"Config": 3}]',
        b'{"a": 1}',
        b"[[]]",
        b"[null]",
    ],
)
def test_manifests_that_make_no_sense(make, layers, manifest):
    stream = make.old_layout(layers, manifest=False, extra={"manifest.json": manifest})
    with pytest.raises(EngineGone, match="ended too early"):
        read([stream], "img")


def test_documents_without_end_are_refused(make, layers):
    extra = {f"{n}.json": b"{" + b" " * (4 << 20) for n in range(3)}
    assert read([make.old_layout(layers, extra=extra)], "img").report.bytes  # too large to be one
    extra = {f"{n}.json": b"{" + b" " * (3 << 20) for n in range(12)}
    with pytest.raises(Corrupted, match="documents"):
        read([make.old_layout(layers, extra=extra)], "img")


def test_an_index_that_leads_back_to_itself(make, layers):
    name = "a" * 64
    loop = json.dumps({"manifests": [{"digest": f"sha256:{name}"}]}).encode()
    stream = make.tar({f"blobs/sha256/{name}": loop, "index.json": loop})
    with pytest.raises(Corrupted, match="does not have the hash"):
        read([stream], "img")


def test_progress_counts_the_bytes_read(make, streams):
    seen = []
    stream = streams["old"]
    read(make.pieces(stream), "img", progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(stream)


def test_whoever_cancels_by_an_error_gets_it(make, streams):
    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(make.pieces(streams["old"]), "img", progress=stop)


def test_gnu_and_old_tars_read_the_same(make):
    files = {"a/" + "long" * 60: b"12", "b": b"3"}
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        layer = make.tar(*[make.entry(name, data) for name, data in files.items()], form=form)
        (index,) = read([make.old_layout([layer])], "img").indexes()
        assert {item.path[1:]: item.bytes for item in index} == {
            n: len(d) for n, d in files.items()
        }
