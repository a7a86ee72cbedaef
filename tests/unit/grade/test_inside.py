"""Reading every layer's file names out of what ``docker save`` writes, in both layouts."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest

from mldocker_lab.errors import EngineError
from mldocker_lab.grade.inside import read


def tar_of(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return buffer.getvalue()


LOWER = tar_of({"./root/.cache/pip/x": b"12345", "app/app.py": b"1"})
UPPER = tar_of({"root/.cache/.wh.pip": b"", "app/big": b"0" * 100_000})
CONFIG = json.dumps(
    {
        "rootfs": {"diff_ids": ["sha256:lower", "sha256:upper", "sha256:lower2"]},
        "history": [
            {"created_by": "RUN pip"},
            {"created_by": "ENV A=1", "empty_layer": True},
            {"created_by": "RUN rm"},
        ],
    }
).encode()


def manifest(config: str, *layers: str) -> bytes:
    return json.dumps([{"Config": config, "Layers": layers}]).encode()


def old_layout() -> bytes:
    files = {
        "a/layer.tar": LOWER,
        "a/VERSION": b"1.0",
        "b/layer.tar": UPPER,
        "c.json": CONFIG,
        "manifest.json": manifest("c.json", "a/layer.tar", "b/layer.tar", "d/layer.tar"),
    }
    return tar_of(files, {"d/layer.tar": "../a/layer.tar"})


def oci_layout() -> bytes:
    blobs = [gzip.compress(LOWER), UPPER, CONFIG]
    lower, upper, config = (f"blobs/sha256/{hashlib.sha256(b).hexdigest()}" for b in blobs)
    files = dict(zip((lower, upper, config), blobs, strict=True))
    return tar_of(files | {"manifest.json": manifest(config, lower, upper, lower)})


@pytest.mark.parametrize("layout", [old_layout, oci_layout])
@pytest.mark.parametrize("piece", [1000, 1 << 20])
def test_each_layer_keeps_its_own_files(layout, piece):
    data = layout()
    lower, upper, again = read(data[at : at + piece] for at in range(0, len(data), piece))
    assert lower.files == {"root/.cache/pip/x": 5, "app/app.py": 1}
    assert upper.files == {"app/big": 100_000}
    assert again.files == lower.files
    assert [lower.created_by, upper.created_by] == ["RUN pip", "RUN rm"]
    assert [lower.diff_id, upper.diff_id] == ["sha256:lower", "sha256:upper"]


def test_a_stream_that_ends_early_is_no_image():
    with pytest.raises(EngineError, match="incomplete"):
        read([old_layout()[:20_000]])
