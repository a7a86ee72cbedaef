"""How close the estimate of pull bytes comes, and that nothing but the bytes decides it."""

from __future__ import annotations

import random
import threading

import pytest
from zlib_ng import zlib_ng

from mldocker_lab.report.pullsize import Gzipping, PullSize

MB = 1 << 20
WORDS = [random.Random(7).randbytes(n % 9 + 2) for n in range(3000)]


def estimated(data, size=1 << 16):
    with Gzipping() as gzipping:
        pull = PullSize(gzipping)
        for at in range(0, len(data), size):
            pull.add(memoryview(data)[at : at + size])
        pull.finish()
    return pull.total


def gzipped(data):
    """All of it, and the little that lies between one engine's compressor and the next one's."""
    packer = zlib_ng.compressobj(6, zlib_ng.DEFLATED, 31)
    return between(len(packer.compress(data) + packer.flush()), len(data))


def between(size, whole):
    """Engines differ by 2 % where there is much to compress, and not at all where there is not."""
    return size * (1 + 0.011 * min(max((1 - size / whole) / 0.4, 0), 1)) if whole else size


def text(length, seed=1):
    """Something that compresses as code does: words, drawn with some preference."""
    draw = random.Random(seed)
    few = [b"".join(draw.choices(WORDS[:n], k=4000)) for n in (30, 300, 3000)]
    parts = []
    while sum(map(len, parts)) < length:
        at = draw.randrange(10_000)
        parts.append(draw.choice(few)[at : at + draw.randrange(100, 60_000)])
    return b"".join(parts)[:length]


def noise(length, seed=2):
    return random.Random(seed).randbytes(length)


@pytest.mark.parametrize("length", [0, 1, 1000, 32 << 10, 3 * MB, 9 * MB])
def test_small_layers_are_gzipped_as_a_whole(length):
    data = text(length)
    assert estimated(data) == pytest.approx(
        gzipped(data), rel=0.001, abs=1
    )  # zlib-ng minds the pieces


@pytest.mark.parametrize(
    "data",
    [
        text(9 * MB + 1),
        text(9 * MB + (32 << 10) + 5),
        text(40 * MB),
        noise(30 * MB),
        bytes(30 * MB),
        text(12 * MB) + noise(12 * MB) + text(12 * MB, 3),
        b"".join(text(300_000, n) + noise(200_000, n) for n in range(60)),
        (text(1 << 19) + noise(1 << 19)) * 150,  # as regular as the groups are
    ],
    ids=["a byte more", "a block more", "text", "noise", "zeros", "mixed", "turns", "regular"],
)
def test_large_layers_are_close(data):
    assert estimated(data) == pytest.approx(gzipped(data), rel=0.02, abs=len(data) / 1000)


def test_beyond_128_mib_fewer_blocks_stand_for_more():
    one = b"".join(text(900_000, n) + noise(500_000, n) for n in range(20))
    data = one * 8  # 220 MB
    assert estimated(data, MB) == pytest.approx(gzipped(data), rel=0.02)


@pytest.mark.parametrize("size", [4093, 1 << 15, 3 * MB])
def test_the_size_of_the_pieces_does_not_matter(size):
    data = text(10 * MB) + noise(3 * MB)
    assert estimated(data, size) == estimated(data, MB)


def test_an_error_while_compressing_ends_the_reading():
    def fail():
        raise MemoryError

    threads = threading.active_count()
    gzipping = Gzipping()

    def feed():
        with gzipping:
            for _ in range(1000):
                gzipping.put(fail)

    with pytest.raises(MemoryError):
        feed()
    assert threading.active_count() == threads
