"""What rubrics see of an image: every layer's own files, hidden ones too."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

from mldocker_lab.grade.inside import listed
from mldocker_lab.report.savestream import read


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


LOWER = tar_of({"./root/.cache/pip/x": b"12345", "app/app.py": b"1"}, {"app/main.py": "app.py"})
UPPER = tar_of({"root/.cache/.wh.pip": b"", "app/big": b"0" * 100_000})


def test_each_layer_keeps_its_own_files():
    """The third is the first again, which older engines write as a link."""
    ids = [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in (LOWER, UPPER, LOWER)]
    history = [
        {"created_by": "RUN pip"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN rm"},
    ]
    config = json.dumps({"rootfs": {"diff_ids": ids}, "history": history}).encode()
    manifest = [{"Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar", "d/layer.tar"]}]
    files = {
        "a/layer.tar": LOWER,
        "a/VERSION": b"1.0",
        "b/layer.tar": UPPER,
        "c.json": config,
        "manifest.json": json.dumps(manifest).encode(),
    }
    stream = tar_of(files, {"d/layer.tar": "../a/layer.tar"})
    lower, upper, again = listed(read([stream], "img"))
    assert lower.files == {"root/.cache/pip/x": 5, "app/app.py": 1}
    assert upper.files == {"app/big": 100_000}
    assert again.files == lower.files
    assert [lower.created_by, upper.created_by] == ["RUN pip", "RUN rm"]
    assert [lower.diff_id, upper.diff_id] == ids[:2]
