"""Tars from anywhere: what programs write is read as Go reads it, what they never write refused."""

from __future__ import annotations

import io
import tarfile
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mldocker_lab.errors import Corrupted
from mldocker_lab.report.tarread import BLOCK, Source, Truncated, entries, is_tar

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def listed(data, size=1000):
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return list(entries(Source(pieces)))


def header(name=b"x", size=b"00000000001\0", flag=b"0", magic=b"ustar\x0000", **fields):
    """A header by hand, with a right checksum."""
    block = bytearray(BLOCK)
    block[: len(name)] = name
    block[100:108] = b"0000644\0"
    block[108:116] = block[116:124] = b"0000000\0"
    block[124 : 124 + len(size)] = size
    block[156:157] = flag
    block[257:265] = magic
    for at, data in fields.items():
        start = int(at.removeprefix("at"))
        block[start : start + len(data)] = data
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def pax(**records):
    """An extended header, and the records it holds."""
    body = b""
    for key, value in records.items():
        rest = b" " + key.replace("__", ".").encode() + b"=" + value + b"\n"
        length = len(rest) + len(str(len(rest) + 2))
        body += str(length).encode() + rest
    return header(b"PaxHeaders/x", b"%011o\0" % len(body), b"x") + padded(body)


END = bytes(2 * BLOCK)


@pytest.mark.parametrize("form", FORMATS)
def test_what_python_writes(form):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=FORMATS[form]) as archive:
        for name, kind, size in [
            ("a", tarfile.REGTYPE, 3),
            ("b/" + "l" * 90 + "/c", tarfile.REGTYPE, 600),
            ("d", tarfile.DIRTYPE, 0),
            ("s", tarfile.SYMTYPE, 0),
            ("h", tarfile.LNKTYPE, 0),
            ("p", tarfile.FIFOTYPE, 0),
            ("n", tarfile.CHRTYPE, 0),
        ]:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.mode, info.uid, info.gid = kind, size, 0o4755, 1000, 7
            info.linkname = {"s": "../t", "h": "./a"}.get(name, "")
            archive.addfile(info, io.BytesIO(b"x" * size))
    found = listed(buffer.getvalue())
    assert [(e.name, e.kind, e.size) for e in found] == [
        (b"a", "file", 3),
        (b"b/" + b"l" * 90 + b"/c", "file", 600),
        (b"d", "folder", 0),
        (b"s", "link", 0),
        (b"h", "hard link", 0),
        (b"p", "other", 0),
        (b"n", "other", 0),
    ]
    assert (found[3].link, found[4].link) == (b"../t", b"a")
    assert {(e.mode, e.uid, e.gid) for e in found} == {(0o4755, 1000, 7)}


def test_names_longer_than_a_header():
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            info = tarfile.TarInfo("n" * 200)
            info.type, info.linkname = tarfile.SYMTYPE, "t" * 300
            archive.addfile(info)
        (found,) = listed(buffer.getvalue())
        assert (found.name, found.link) == (b"n" * 200, b"t" * 300)


def test_a_folder_from_before_there_was_a_flag_for_it():
    (found,) = listed(header(b"d/", b"00000000000\0", b"\0", bytes(8)) + END)
    assert (found.name, found.kind) == (b"d", "folder")


def test_what_is_said_of_all_following_members_is_not_applied():
    body = b"12 path=all\n"
    data = header(b"g", b"%011o\0" % len(body), b"g") + padded(body) + header(b"x") + padded(b"1")
    (found,) = listed(data + END)
    assert found.name == b"x"


def test_sizes_written_in_binary():
    big = (9 << 30).to_bytes(11, "big")
    with pytest.raises(Truncated):
        listed(header(size=b"\x80" + big))
    (found,) = listed(header(size=b"\x80" + (3).to_bytes(11, "big")) + padded(b"abc") + END)
    assert found.size == 3


def test_a_checksum_of_signed_bytes():
    block = bytearray(header(b"\xff\xfe"))
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256 - 512)
    (found,) = listed(bytes(block) + padded(b"1") + END)
    assert found.name == b"\xff\xfe"


def test_a_sparse_file_has_its_size_and_stores_less():
    gnu = header(b"s", b"00000000004\0", b"S", at482=b"\1", at483=b"00000100000\0") + bytes(BLOCK)
    told = {
        "GNU__sparse__major": b"1",
        "GNU__sparse__name": b"real",
        "GNU__sparse__realsize": b"99",
    }
    modern = pax(**told) + header(b"GNUSparseFile/real", b"00000000004\0")
    found = listed(gnu + padded(b"1234") + modern + padded(b"1234") + END)
    assert [(e.name, e.size, e.stored) for e in found] == [(b"s", 32768, 4), (b"real", 99, 4)]


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"5", b"6"])
def test_what_has_no_contents_has_none_whatever_its_header_says(kind):
    found = listed(
        header(b"x", b"00000001000\0", kind, at157=b"a") + header(b"y") + padded(b"1") + END
    )
    assert [e.name for e in found] == [b"x", b"y"]
    assert found[0].size == found[0].stored == 0


def test_contents_not_taken_are_passed_over_and_those_taken_not_twice():
    data = header(b"a", b"00000001130\0") + padded(b"a" * 600) + header(b"b") + padded(b"b") + END
    source = Source([data[:700], data[700:]])
    names = []
    for entry in entries(source):
        names.append(entry.name)
        if entry.name == b"a":
            assert source.exactly(5) == b"aaaaa"
    assert names == [b"a", b"b"]


@pytest.mark.parametrize("size", [1, 511, 512, 513, 5000])
def test_pieces_of_any_size_read_the_same(size):
    data = header(b"a", b"00000001130\0") + padded(b"a" * 600) + header(b"b") + padded(b"b") + END
    assert [e.name for e in listed(data, size)] == [b"a", b"b"]


def test_what_can_begin_a_tar():
    assert is_tar(header())
    assert is_tar(bytes(BLOCK))
    assert not is_tar(b"{" + bytes(BLOCK))
    assert not is_tar(b"short")


# -- what no image may hold ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        (b"./a", b"a"), (b"/a", b"a"), (b"a//b/", b"a/b"), (b"a/./b", b"a/b"), (b"a/../b", b"b"),
        (b"/../a", b"a"), (b".", b""), (b"./", b""), (b"..a", b"..a"), (b"a/..b", b"a/..b"),
    ],
)  # fmt: skip
def test_names_as_the_file_system_knows_them(name, clean):
    assert listed(header(name) + padded(b"1") + END)[0].name == clean


@pytest.mark.parametrize("name", [b"../a", b"a/../../b", b"./../a", b"..", b"a/../.."])
def test_names_that_lead_out_of_the_image(name):
    with pytest.raises(Corrupted, match="leads out"):
        listed(header(name) + padded(b"1") + END)


def test_hard_links_that_lead_out_of_the_image():
    with pytest.raises(Corrupted, match="leads out"):
        listed(header(b"a", flag=b"1", at157=b"../../etc/shadow") + END)


def test_links_may_say_what_they_like_for_nobody_follows_them():
    (found,) = listed(header(b"a", flag=b"2", at157=b"../../etc/shadow") + END)
    assert found.link == b"../../etc/shadow"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pax(path=b"a" * 5000), "name in it has 5000"),
        (pax(path=b"a\0b"), "zero byte"),
        (pax(linkpath=b"a" * 5000), "link in it"),
        (pax(size=b"-1"), "no number"),
        (pax(size=b"9" * 18), "claims"),
        (header(b"L", b"00000400000\0", b"L") + b"a" * 131072, "name in it has"),
        (header(b"x", b"77777777777\0", b"x"), "extended header in it has 8589934591 bytes"),
        (header(b"L", b"77777777777\0", b"L"), "extended header"),
        (header(size=b"\xff" * 12), "negative"),
        (header(size=b"\x80" + b"\xff" * 11), "claims"),
        (header(size=b"00000-00001\0"), "no number"),
        (header(size=b"000_0000001\0"), "no number"),
        (header(b"x", b"%011o\0" % 9, b"x") + padded(b"99 path=a"), "makes no sense"),
        (header(b"x", b"%011o\0" % 9, b"x") + padded(b"0 path=a\n"), "makes no sense"),
        (header(b"x", b"%011o\0" % 9, b"x") + padded(b"hello wor"), "makes no sense"),
        (header()[:148] + b"0000000\0" + header()[156:], "checksum"),
    ],
)
def test_headers_that_no_program_writes(data, words):
    link = header(b"x", flag=b"2", at157=b"y") if b"linkpath" in data else b""
    with pytest.raises(Corrupted, match=words):
        listed(data + link + header() + padded(b"1") + END)


@pytest.mark.parametrize("cut", [1, 511, 513, 1000])
def test_a_tar_that_ends_within_a_member(cut):
    data = header(b"a", b"00000001130\0") + padded(b"a" * 600)
    with pytest.raises(Truncated):
        listed(data[:cut])


def test_headers_without_end_take_no_memory():
    """A thousand extended headers of a megabyte each, for the same member."""
    key = {f"k{n}": b"v" * 900_000 for n in range(1)}

    def pieces():
        for n in range(1000):
            yield pax(**{f"{name}{n}": value for name, value in key.items()})
        yield header() + padded(b"1") + END

    tracemalloc.start()
    try:
        assert len(list(entries(Source(pieces())))) == 1
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(
    flips=st.lists(st.tuples(st.integers(0, 8191), st.integers(0, 255)), min_size=1, max_size=8),
    resum=st.booleans(),
)
def test_no_flipped_byte_gives_anything_but_a_clear_error(flips, resum):
    good = pax(path=b"long") + header(b"a", b"00000001130\0") + padded(b"a" * 600)
    good += (
        header(b"h", flag=b"1", at157=b"a")
        + header(b"L", b"00000000005\0", b"L")
        + padded(b"name\0")
    )
    data = bytearray(good + header(b"s", flag=b"S", at483=b"00000100000\0") + padded(b"1") + END)
    for at, value in flips:
        data[at % len(data)] = value
    if resum:  # as somebody would who means it
        for at in range(0, len(data), BLOCK):
            block = data[at : at + BLOCK]
            if block[257:262] == b"ustar":
                total = sum(block) - sum(block[148:156]) + 256
                data[at + 148 : at + 156] = b"%06o\0 " % total
    try:
        found = listed(bytes(data))
    except (Corrupted, Truncated):
        return
    assert all(b".." not in e.name.split(b"/") and not e.name.startswith(b"/") for e in found)
