"""Images as ``docker save`` writes them, made without an engine."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["file", "folder", "gone", "hard_link", "link", "save"]


def file(name: str, contents: bytes | int, mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    """A file with these contents, or with so many bytes that its name tells."""
    if isinstance(contents, int):
        contents = (name.encode() * (contents // len(name) + 1))[:contents]
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(contents), mode
    return info, contents


def _empty(
    name: str, kind: bytes, target: str = "", mode: int = 0o644
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info, b""


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    """A folder."""
    return _empty(name, tarfile.DIRTYPE, mode=0o755)


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """A symbolic link."""
    return _empty(name, tarfile.SYMTYPE, target)


def hard_link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """Another name of a file in the same layer."""
    return _empty(name, tarfile.LNKTYPE, target)


def gone(name: str) -> tuple[tarfile.TarInfo, bytes]:
    """The mark that a path of lower layers is deleted."""
    parent, slash, last = name.rpartition("/")
    return file(f"{parent}{slash}.wh.{last}", b"")


def save(path: Path, layers: Iterable[tuple[str, list[tuple[tarfile.TarInfo, bytes]]]]) -> Path:
    """Write an image.

    Args:
        path: the file to write.
        layers: for each layer, lowest first, the instruction that made it and what it holds.
    """
    parts, history = {}, []
    for instruction, entries in layers:
        blob = _tar(entries)
        parts[f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"] = blob
        history.append({"created_by": instruction})
    names = list(parts)
    diff_ids = [f"sha256:{name.rpartition('/')[2]}" for name in names]
    config = {"rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history}
    text = json.dumps(config).encode()
    name = f"blobs/sha256/{hashlib.sha256(text).hexdigest()}"
    manifest = [{"Config": name, "RepoTags": ["shop:1"], "Layers": names}]
    parts |= {name: text, "manifest.json": json.dumps(manifest).encode()}
    path.write_bytes(_tar([file(part, contents) for part, contents in parts.items()]))
    return path


def _tar(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for info, contents in entries:
            tar.addfile(info, io.BytesIO(contents))
    return out.getvalue()
