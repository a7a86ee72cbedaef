"""Words are found wherever an image holds them: in any layer, in settings, across borders."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from mldocker_lab.errors import EngineError
from mldocker_lab.grade import search
from mldocker_lab.grade.inside import LayerFiles
from mldocker_lab.grade.naive import file_bytes


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def image(*layers: bytes, settings: str = "{}") -> bytes:
    parts = {f"l{number}/layer.tar": layer for number, layer in enumerate(layers)}
    return tar({**parts, "config.json": settings.encode()})


def pieces(data: bytes, size: int = 1000) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


LOWER = tar({"./app/.env": b"TOKEN=canary\n", "app/app.py": b"print()"})
UPPER = tar({"app/.wh..env": b"", "srv/notes": b"nothing"})


def test_a_file_that_a_later_layer_deletes_is_found():
    found = search.find(pieces(image(LOWER, UPPER)), ["canary", "other"])
    assert found == {"canary": ("app/.env",)}


def test_the_settings_are_searched_too():
    settings = json.dumps({"config": {"Env": ["TOKEN=canary"]}})
    found = search.find(pieces(image(UPPER, settings=settings)), ["canary"])
    assert found == {"canary": (search.SETTINGS,)}


def test_compressed_layers_are_read():
    found = search.find(pieces(image(gzip.compress(LOWER))), ["canary"])
    assert found == {"canary": ("app/.env",)}


@pytest.mark.parametrize("shift", range(8))
def test_a_word_on_the_border_of_two_pieces_is_found(shift):
    """Pieces have a mebibyte: lay the word over each of the borders inside of it."""
    data = bytes((1 << 20) - shift) + b"canary" + bytes(100)
    found = search.find(pieces(image(tar({"big": data})), 1 << 16), ["canary"])
    assert found == {"canary": ("big",)}


def test_every_word_is_looked_for_in_every_file():
    both = tar({"a": b"one two", "b": b"two", "c": b"three"})
    found = search.find(pieces(image(both)), ["one", "two"])
    assert found == {"one": ("a",), "two": ("a", "b")}


def test_an_image_that_ends_too_early_is_an_error():
    whole = image(tar({"big": bytes(100_000)}))
    with pytest.raises(EngineError, match="incomplete"):
        search.find(pieces(whole[:50_000]), ["canary"])


def test_a_layer_that_is_listed_twice_weighs_once():
    one = LayerFiles("sha256:a", "RUN x", {"f": 3, "g": 4})
    two = LayerFiles("sha256:b", "RUN y", {"f": 5})
    assert file_bytes([one, two, one]) == 12
