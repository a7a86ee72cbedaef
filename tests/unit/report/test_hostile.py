"""Whole images that mean harm, or were damaged: a clear error, little memory, nothing on disk."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from mldocker_lab.errors import Corrupted, LabError
from mldocker_lab.report import layerindex, pullsize, savestream, unpack
from mldocker_lab.report.inspection import inspected
from mldocker_lab.report.savestream import read, read_path

ZEROS = bytes(1 << 20)


def gzip_bomb(megabytes):
    return b"".join(gzip.compress(ZEROS, 9) for _ in range(megabytes))


def zstd_bomb(megabytes):
    return zstd.compress(ZEROS * 8, 19) * (megabytes // 8)


@pytest.mark.parametrize("bomb", [gzip_bomb, zstd_bomb])
def test_a_bomb_is_stopped(make, bomb, monkeypatch):
    monkeypatch.setattr(savestream, "unpacked", lambda p, h: unpack.unpacked(p, h, most=20_000_000))
    layer = make.tar({"zeros": ZEROS * 200})
    stream = make.oci_layout([layer], pack=lambda _: bomb(200))
    tracemalloc.start()
    try:
        with pytest.raises(Corrupted, match="unpacks to more than 2"):
            read(make.pieces(stream, 1 << 16), "img")
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packer", [gzip.compress, zstd.compress])
def test_what_a_lesson_writes_is_no_bomb(make, packer):
    """100 MB of zeros shrink a thousandfold, and are what somebody wanted."""
    layer = make.tar({"zeros": ZEROS * 100})
    found = read(make.pieces(make.oci_layout([layer], pack=packer), 1 << 16), "img")
    assert found.report.bytes == 100 << 20


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("damage", ["cut", "flip", "tail"])
def test_a_compressed_layer_that_is_damaged(make, pack, damage):
    layer = make.tar({"a": os.urandom(50_000)})

    def damaged(data):
        packed = bytearray(pack(data))
        if damage == "flip":
            packed[1000] ^= 0xFF
        return bytes(packed[:-9] if damage == "cut" else packed + b"tail" * (damage == "tail"))

    with pytest.raises(Corrupted, match="promises a layer"):
        read([make.oci_layout([layer], pack=damaged)], "img")


def test_more_names_than_any_image_has(make, monkeypatch):
    monkeypatch.setattr(savestream, "MOST_BYTES", 50_000)
    layer = make.tar({f"file-{n}": b"" for n in range(2000)})
    with pytest.raises(Corrupted, match="more names"):
        read([make.old_layout([layer])], "img")


def test_one_layer_listed_many_times(make, monkeypatch):
    monkeypatch.setattr(savestream, "_MOST_ENTRIES", 1000)
    layer = make.tar({f"file-{n}": b"" for n in range(300)})
    with pytest.raises(Corrupted, match="more files than any real image"):
        read([make.old_layout([layer] * 4)], "img").indexes()


def test_a_file_that_claims_to_be_larger_than_the_layer(make):
    layer = bytearray(make.tar({"a": b"x"}))
    layer[124:136] = b"77777777777\0"
    layer[148:156] = b" " * 8
    layer[148:156] = b"%06o\0 " % sum(layer[:512])
    with pytest.raises(Corrupted, match="ends too early"):
        read([make.old_layout([bytes(layer)])], "img")


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "a/../../x"])
def test_names_that_lead_out_of_the_image(make, name):
    with pytest.raises(Corrupted, match="leads out of the image"):
        read([make.old_layout([make.tar({name: b"x"})])], "img")


@pytest.mark.parametrize("name", [".wh.", "a/.wh..", ".wh..."])
def test_deletion_marks_for_what_is_no_file(make, name):
    with pytest.raises(Corrupted, match="deletes what is no file"):
        read([make.old_layout([make.tar({name: b""})])], "img")


def test_nothing_is_written_to_disk(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lead = tmp_path / "image.tar"
    layer = make.tar(
        make.entry("/etc/passwd-x", b"x"),
        make.entry("link", b"", link="/"),
        make.entry("link/tmp/pwned", b"x"),
    )
    lead.write_bytes(make.old_layout([layer]))
    found = read_path(lead)
    assert inspected(found.report, found.indexes()).bytes == 2
    assert [path.name for path in tmp_path.iterdir()] == ["image.tar"]
    assert not Path("/tmp/pwned").exists()
    assert not Path("/etc/passwd-x").exists()


def test_memory_stays_flat_whatever_a_layer_weighs(make):
    """300 MB through a tenth of that."""
    layer = make.tar({"a": os.urandom(1 << 20) * 300})
    stream = make.old_layout([layer])
    del layer
    tracemalloc.start()
    try:
        read(make.pieces(stream, 1 << 15), "img")
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_a_file_takes_less_than_300_bytes(make, monkeypatch):
    """Names as long as those of packages, in no order at all; from the tar to the last table."""
    monkeypatch.setattr(pullsize, "_AHEAD", 1)  # what waits for gzip depends on the machine's load

    def peak(files):
        names = [f"usr/lib/python3/site-packages/pkg{n % 97}/module_{n}.py" for n in range(files)]
        stream = make.old_layout([make.tar(dict.fromkeys(names, b"x"))])
        del names
        tracemalloc.start()
        try:
            found = read(make.pieces(stream, 1 << 15), "img")
            assert inspected(found.report, found.indexes()).layers[0].files == files
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = 5_000, 30_000
    grown = peak(many) - peak(few)
    assert grown < 300 * (many - few), f"{grown / (many - few):.0f} bytes a file"


# -- damage at random ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(make):
    """Small valid images in three layouts."""
    layers = [
        make.tar({"a": b"1" * 700, "d": None, "d/b": b"2", "p-1.dist-info/RECORD": b"a,,\n"}),
        make.tar(make.entry("d/.wh.b", b""), make.entry("c", b"", hard="a"), make.entry("a", b"3")),
    ]
    images = [
        make.old_layout(layers),
        make.oci_layout(layers, pack=gzip.compress),
        make.oci_layout(layers, pack=zstd.compress, docker=True),
    ]
    return lambda number: images[number]


@settings(max_examples=600, deadline=None, database=None, derandomize=True)
@given(
    which=st.integers(0, 2),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    cut=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_whatever_happens_to_an_image_it_is_read_or_refused(make, small, which, flips, cut):
    data = bytearray(small(which))
    for at, value in flips:
        data[int(at * (len(data) - 1))] = value
    try:
        found = read(make.pieces(bytes(data[: int(cut * len(data))]), 1000), "img")
        image = inspected(found.report, found.indexes())
    except LabError as error:
        assert "img" in error.what  # noqa: PT017 one of two right answers
    else:
        assert (image.bytes, image.wasted_bytes) == (706, 1)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4))
def test_whatever_happens_to_a_remembered_layer_it_is_read_or_refused(make, flips):
    (index,) = read([make.old_layout([make.tar({"a": b"1", "b/c": b"2"})])], "img").indexes()
    packed = bytearray(index.pack())
    for at, value in flips:
        packed[int(at * (len(packed) - 1))] = value
    try:
        again = layerindex.LayerIndex.unpack(bytes(packed))
    except ValueError:
        return
    assert list(again) == list(index)
