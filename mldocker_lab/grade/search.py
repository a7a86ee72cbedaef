"""Words in an image: every file of every layer is searched, hidden ones too, and its settings.

What a later layer deletes is still pulled with the layer below, and anyone can read it there. So
we search each layer's own tar in what ``docker save`` writes; its documents (the environment, the
history with build arguments) are searched as well.
"""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from mldocker_lab.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mldocker_lab.engine.client import Engine

__all__ = ["SETTINGS", "find", "holders"]

#: What a word in the image's own documents is said to be in.
SETTINGS = "the image's settings or history"

_PIECE = 1 << 20


def holders(engine: Engine, image: str, words: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Word → the files of an image that hold it; words that nothing holds are not in it."""
    stream = engine.save(image)
    try:
        return find(stream, words)
    finally:
        stream.cancel()


def find(chunks: Iterable[bytes], words: Collection[str]) -> dict[str, tuple[str, ...]]:
    """As ``holders``, in the bytes of ``docker save``.

    Raises:
        EngineError: it ends too early, or is no image.
    """
    wanted = {word.encode(): word for word in words}
    found: dict[str, list[str]] = {}
    try:
        with tarfile.open(fileobj=_file(chunks), mode="r|") as outer:
            for name, held in _parts(outer, wanted):
                found.setdefault(held, []).append(name)
    except (tarfile.ReadError, EOFError) as error:
        raise EngineError(f"the image came incomplete from the engine: {error}") from error
    return {word: tuple(dict.fromkeys(names)) for word, names in found.items()}


def _parts(outer: tarfile.TarFile, wanted: dict[bytes, str]) -> Iterator[tuple[str, str]]:
    """File and word for every hit; a part of the image is a layer if it is a tar."""
    for entry in outer:
        data = outer.extractfile(entry) if entry.isfile() else None
        if data is None:
            continue
        head = data.read(tarfile.BLOCKSIZE)
        if head.lstrip()[:1] in (b"{", b"["):
            yield from ((SETTINGS, word) for word in _held(_pieces(head, data), wanted))
            continue
        with suppress(tarfile.ReadError):
            yield from _in_layer(_file(_pieces(head, data)), wanted)


def _in_layer(source: IO[bytes], wanted: dict[bytes, str]) -> Iterator[tuple[str, str]]:
    with tarfile.open(fileobj=source, mode="r|*") as layer:
        for entry in layer:
            data = layer.extractfile(entry) if entry.isreg() else None
            if data is not None:
                for word in _held(_pieces(b"", data), wanted):
                    yield entry.name.removeprefix("./"), word


def _held(pieces: Iterable[bytes], wanted: dict[bytes, str]) -> list[str]:
    """The words in a stream of bytes, also those cut by the border of two pieces."""
    overlap = max(map(len, wanted), default=1) - 1
    tail, held = b"", dict.fromkeys(wanted, False)
    for piece in pieces:
        text = tail + piece
        for word in wanted:
            held[word] = held[word] or word in text
        tail = text[-overlap:] if overlap else b""
    return [wanted[word] for word, there in held.items() if there]


def _pieces(head: bytes, data: IO[bytes]) -> Iterator[bytes]:
    yield head
    while piece := data.read(_PIECE):
        yield piece


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a file; each byte is copied once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _file(chunks: Iterable[bytes]) -> IO[bytes]:
    return io.BufferedReader(_Pieces(chunks), _PIECE)
