"""Layers as they were before they were compressed, a piece at a time and never without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from zlib_ng import zlib_ng

from mldocker_lab.errors import Corrupted
from mldocker_lab.report.tarread import Truncated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["GZIP_ERROR", "compression", "unpacked", "zstd"]

#: What zlib-ng raises; its types say otherwise.
GZIP_ERROR = cast("type[Exception]", zlib_ng.error)

_PIECE = 1 << 20
_GZIP_WBITS = 31  # zlib's way to say: with gzip header and trailer
_WINDOW_LOG = 27  # 128 MiB: the most that zstd grants a frame unless told otherwise

#: A compressed layer may unpack to so many bytes, or to so many times its size if that is more.
#: The 100 MB of zeros that a lesson writes stay far below; a bomb of terabytes does not.
MOST, TIMES = 4 << 30, 200


_MAGICS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
}


def compression(head: bytes) -> str:
    """What a file is compressed with, by its first bytes; "" for nothing known."""
    return next((name for magic, name in _MAGICS.items() if head.startswith(magic)), "")


def unpacked(
    pieces: Iterable[memoryview], head: bytes, *, most: int = MOST
) -> Iterator[memoryview]:
    """The bytes of a layer: as they are, or what gzip or zstd makes of them.

    Args:
        pieces: the layer's bytes, ``head`` included.
        head: the first of them, enough to know the kind by.
        most: bytes that a compressed layer may unpack to, however small it is.

    Raises:
        Corrupted: it cannot be unpacked, or does not end.
        Truncated: it ends too early.
    """
    kind = compression(head)
    if kind == "gzip":
        return _decoded(pieces, _Gzip, GZIP_ERROR, most)
    if kind == "zstd":
        return _decoded(pieces, _zstd, zstd().ZstdError, most)
    if kind:
        raise Corrupted(f"it is compressed with {kind}, which the lab does not read")
    return iter(pieces)


class _Gzip:
    """One gzip member, with the interface that Python gave its newer decompressors."""

    def __init__(self) -> None:
        self._inner = zlib_ng.decompressobj(_GZIP_WBITS)
        self._full = False

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = bytes(self._inner.decompress(self._inner.unconsumed_tail + data, max_length))
        self._full = len(out) == max_length
        return out

    @property
    def needs_input(self) -> bool:
        return not (self._full or self._inner.unconsumed_tail)

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)


def zstd() -> Any:
    """Python's own module for zstd, or its backport."""
    try:
        from compression import zstd as module  # Python 3.14
    except ImportError:
        from backports import zstd as module
    return module


def _zstd() -> Any:
    options = {zstd().DecompressionParameter.window_log_max: _WINDOW_LOG}
    return zstd().ZstdDecompressor(options=options)


def _decoded(
    pieces: Iterable[memoryview], decoder: Callable[[], Any], error: type[Exception], most: int
) -> Iterator[memoryview]:
    """Unpack one member (or frame) after the other; zeros behind the last are padding."""
    member = decoder()
    taken = made = 0
    for piece in pieces:
        taken += len(piece)
        data = bytes(piece)
        while data or not (member.needs_input or member.eof):
            if member.eof:
                if not data.strip(b"\0"):
                    break
                member = decoder()
            try:
                out = member.decompress(data, _PIECE)
            except error as why:
                raise Corrupted(f"a compressed layer of it is damaged: {why}") from why
            data = member.unused_data if member.eof else b""
            made += len(out)
            if made > max(most, TIMES * taken):
                raise Corrupted(
                    f"a layer of {taken} compressed bytes unpacks to more than {made - 1}",
                    "it looks like a bomb: do not load this image anywhere",
                )
            yield memoryview(out)
    if not member.eof:
        raise Truncated
