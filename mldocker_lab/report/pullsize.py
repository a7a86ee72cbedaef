"""Pull bytes: how large a layer's tar is once gzipped, as a registry stores it.

The first 9 MiB are gzipped, so a small layer is not estimated. Gzipping a gigabyte takes longer
than reading it, so the rest is sampled in two steps. How well blocks of 32 KiB compress differs a
lot: one of zstd's fast levels finds that, on every second of them up to 128 MiB, on every fourth
beyond. How much better gzip does than zstd hardly differs: that is found on one block in sixteen,
then one in thirty-two, each beside the 32 KiB before it that gzip can refer to. Against gzip of all
of it that was off by 0.3 to 0.7 % on layers of 140, 430 and 480 MB; zstd's level 1 was as far off
and took a third longer, half the samples were off by up to 1.6 %.

Which block is chosen depends on nothing but its position, so the same layer has the same pull bytes
on every engine. What a push transfers is not the same: Docker Engine 28.5 compresses 2 to 2.6 %
less than 20.10 and 26.1 do. So the middle is given; the tests hold it to within 2 % of a real push.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from zlib_ng import zlib_ng

from mldocker_lab.report.unpack import zstd

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

__all__ = ["Gzipping", "PullSize"]

_LEVEL = 6  # of zlib-ng: within half a percent of what Docker Engine 20.10 and 26.1 push
_BETWEEN = 0.011  # of what can be compressed: as far from those as from 28.5
_COMPRESSIBLE = 0.6  # of the size before; up to there engines differ as much as they ever do
_FAST = -4  # of zstd
_GZIP_WBITS, _RAW_WBITS = 31, -15  # zlib's way to say: with gzip's header and trailer; bare
_BLOCK = _WINDOW = 32 << 10
_EXACT, _DENSE = 9 << 20, 128 << 20
#: Blocks in a group, and one of how many is tried with zstd; one of those is gzipped.
_CLOSE, _WIDE = (16, 2), (32, 4)
_AHEAD = 24  # groups that may wait to be compressed


class Gzipping:
    """Two threads that compress for any number of layers, for a ``with`` block.

    They run beside the reading: all three release the interpreter's lock. One does what must be
    done in order, the other one what need not: together they are quicker than the reading.
    """

    def __init__(self) -> None:
        self._in_order, self._samples = _Worker(), _Worker()
        self._workers = (self._in_order, self._samples)

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait until all that was asked for is compressed."""
        for worker in self._workers:
            worker.jobs.put(None)
        for worker in self._workers:
            worker.thread.join()
        for worker in self._workers:
            if kind is None and worker.error is not None:
                raise worker.error

    def put(self, job: Callable[[], None], *, in_order: bool = True) -> None:
        """Something to compress; waits while too much is waiting already."""
        worker = self._in_order if in_order else self._samples
        if worker.error is not None:
            raise worker.error
        worker.jobs.put(job)


class _Worker:
    """A thread that does one job after the other, until there is None."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(_AHEAD)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._work, name="gzip", daemon=True)

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            if self.error is None:
                try:
                    job()
                except BaseException as error:  # noqa: BLE001 raised where the reading goes on
                    self.error = error


class PullSize:
    """The pull bytes of one layer: ``add`` its tar piece by piece, then ``finish``.

    Args:
        gzipping: does the work; ``total`` is right once its block has been left.
    """

    def __init__(self, gzipping: Gzipping) -> None:
        self._gzipping = gzipping
        self._at = 0  # end of what came
        self._group = 0  # beginning of what was not handed on yet
        self._recent: deque[tuple[int, memoryview]] = deque()
        self._gzip = zlib_ng.compressobj(_LEVEL, zlib_ng.DEFLATED, _GZIP_WBITS)
        self._exact = 0
        self._dense, self._sparse = _Samples(), _Samples()

    @property
    def total(self) -> int:
        """Gzip bytes of the layer, halfway between what engines make of it."""
        gzipped = self._exact + self._dense.estimate() + self._sparse.estimate()
        spared = 1 - gzipped / self._at if self._at else 0.0
        differ = min(max(spared / (1 - _COMPRESSIBLE), 0.0), 1.0)
        return round(gzipped * (1 + _BETWEEN * differ))

    def add(self, piece: memoryview) -> None:
        """The next bytes of the layer; they are kept for a while, not copied."""
        self._recent.append((self._at, piece))
        self._at += len(piece)
        while (end := self._group + _plan(self._group)[0] * _BLOCK) <= self._at:
            self._hand_on(end)
        while self._recent and _end(*self._recent[0]) <= self._group - _WINDOW:
            self._recent.popleft()

    def finish(self) -> None:
        """That was all of it."""
        if self._group < self._at:
            self._hand_on(self._at)
        self._gzipping.put(self._end)

    def _hand_on(self, end: int) -> None:
        """Have the group that ends there compressed, or blocks that stand for it."""
        start, self._group = self._group, end
        if start < _EXACT:
            self._gzipping.put(partial(self._gzip_all, self._cut(start, end)))
            return
        number, (many, step) = start // _BLOCK, _plan(start)
        if end - start < many * _BLOCK:  # the last one: one of its blocks would say too little
            step = 1
        first = start + _spread(number, step) * _BLOCK
        places = range(first if first < end else start, end, step * _BLOCK)
        chosen = _spread(number + 1, len(places))
        window = self._cut(places[chosen] - _WINDOW, places[chosen])
        blocks = [self._cut(at, min(at + _BLOCK, end)) for at in places]
        samples = self._dense if start < _DENSE else self._sparse
        self._gzipping.put(
            partial(samples.take, blocks, chosen, window, end - start), in_order=False
        )

    def _cut(self, start: int, end: int) -> bytes:
        parts = []
        for at, piece in self._recent:
            if at >= end:
                break
            if _end(at, piece) > start:
                parts.append(piece[max(start - at, 0) : end - at])
        return b"".join(parts)

    # -- in the other threads ----------------------------------------------------------------

    def _gzip_all(self, group: bytes) -> None:
        self._exact += len(self._gzip.compress(group))

    def _end(self) -> None:
        self._exact += len(self._gzip.flush())


class _Samples:
    """A part of a layer, known by some of its blocks."""

    def __init__(self) -> None:
        self._zstd = zstd().ZstdCompressor(level=_FAST)
        self._bytes = self._tried = self._light = 0  # of all; of those tried, before and after zstd
        self._chosen = self._full = 0  # of those gzipped: by zstd, by gzip

    def estimate(self) -> int:
        """Gzip bytes of that part."""
        if not self._bytes:
            return 0
        return self._bytes * self._light * self._full // (self._tried * self._chosen)

    def take(self, blocks: list[bytes], chosen: int, window: bytes, length: int) -> None:
        """Blocks that stand for ``length`` bytes: all by zstd, the chosen one by gzip as well."""
        light = [len(self._zstd.compress(block, self._zstd.FLUSH_FRAME)) for block in blocks]
        self._bytes += length
        self._tried += sum(map(len, blocks))
        self._light += sum(light)
        self._chosen += light[chosen]
        self._full += _deflated(blocks[chosen], window)


def _plan(position: int) -> tuple[int, int]:
    return _CLOSE if position < _DENSE else _WIDE


def _spread(number: int, among: int) -> int:
    """One of so many, not always the same: files repeat at regular distances."""
    return (number * 0x9E3779B1 & 0xFFFFFFFF) * among >> 32


def _end(at: int, piece: memoryview) -> int:
    return at + len(piece)


def _deflated(block: bytes, window: bytes) -> int:
    """Bytes that gzip adds for ``block`` when ``window`` came before it."""
    settings = (_LEVEL, zlib_ng.DEFLATED, _RAW_WBITS, zlib_ng.DEF_MEM_LEVEL, 0)
    gzip = zlib_ng.compressobj(*settings, window)
    return len(gzip.compress(block)) + len(gzip.flush())
