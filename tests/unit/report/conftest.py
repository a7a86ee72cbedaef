"""Hand-made images: layers as tars, written down in every layout that engines and tools use."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from types import SimpleNamespace

import pytest

from mldocker_lab.report.inspection import inspected
from mldocker_lab.report.savestream import read


def entry(name, data=None, *, mode=0o644, uid=0, hard=None, link=None, kind=None):
    """One member of a tar: a file, a folder (no data), a hard or a symbolic link."""
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
    info.mode, info.uid, info.size = mode, uid, len(data or b"")
    if hard is not None:
        info.type, info.linkname, info.size = tarfile.LNKTYPE, hard, 0
    if link is not None:
        info.type, info.linkname, info.size = tarfile.SYMTYPE, link, 0
    if kind is not None:
        info.type = kind
    return info, data


def tar(*members, form=tarfile.PAX_FORMAT):
    """A tar of entries, or of a mapping from names to bytes (None for a folder)."""
    buffer = io.BytesIO()
    if len(members) == 1 and isinstance(members[0], dict):
        members = [entry(name, data) for name, data in members[0].items()]
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data) if data and info.size else None)
    return buffer.getvalue()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def config(layers, made_by=None):
    """A configuration; ``made_by`` has one line for each layer, None for one that made none."""
    history = [
        {"created_by": line} if line else {"created_by": "ENV", "empty_layer": True}
        for line in made_by or [f"RUN {n}" for n in range(len(layers))]
    ]
    return {
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha(data)}" for data in layers]},
        "history": history,
    }


def old_layout(layers, told=None, *, manifest=True, extra=None):
    """What Docker Engine 20.10 writes: a folder for each layer, the manifest at the end."""
    told = told if told is not None else config(layers)
    parts, names = {}, []
    for number, data in enumerate(layers):
        folder = f"{number:03}{sha(data)[3:]}"
        names.append(f"{folder}/layer.tar")
        parts |= {f"{folder}/": None, f"{folder}/VERSION": b"1.0", f"{folder}/json": b'{"id":"x"}'}
        parts[names[-1]] = data
    parts["c0ffee.json"] = json.dumps(told).encode()
    parts |= extra or {}
    if manifest:
        line = {"Config": "c0ffee.json", "RepoTags": None, "Layers": names}
        parts["manifest.json"] = json.dumps([line]).encode()
    return tar(parts)


def oci_parts(layers, told=None, *, pack=lambda data: data, docker=False, nested=False):
    """The files of an OCI layout: blobs named by their hash, and an index."""
    told = told if told is not None else config(layers)
    parts = {}

    def blob(data):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        parts[f"blobs/sha256/{sha(data)}"] = data
        return {"digest": f"sha256:{sha(data)}", "size": len(data)}

    blobs = [blob(pack(data)) for data in layers]
    manifest = blob({"config": blob(told), "layers": blobs})
    noise = blob({"config": blob({"architecture": "unknown"}), "layers": []})
    noise["platform"] = {"architecture": "unknown", "os": "unknown"}
    index = {"manifests": [noise, manifest]}
    if nested:
        index = {"manifests": [blob(index)]}
    parts = dict(sorted(parts.items()))
    parts["index.json"] = json.dumps(index).encode()
    if docker:
        name = f"blobs/sha256/{sha(json.dumps(told).encode())}"
        names = [f"blobs/sha256/{one['digest'].removeprefix('sha256:')}" for one in blobs]
        parts["manifest.json"] = json.dumps([{"Config": name, "Layers": names}]).encode()
    parts["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    return parts


def oci_layout(layers, told=None, **how):
    """What newer engines write."""
    return tar(oci_parts(layers, told, **how))


def pieces(stream, size=4096):
    return (stream[at : at + size] for at in range(0, len(stream), size))


def taken_apart(*layers, made_by=None):
    """The inspection of an image with these layers (tars, or what ``tar`` takes)."""
    tars = [data if isinstance(data, bytes) else tar(data) for data in layers]
    found = read([old_layout(tars, config(tars, made_by))], "img")
    return inspected(found.report, found.indexes())


@pytest.fixture(scope="session")
def make():
    """Everything above, by name."""
    return SimpleNamespace(
        entry=entry, tar=tar, sha=sha, config=config, old_layout=old_layout,
        oci_parts=oci_parts, oci_layout=oci_layout, pieces=pieces, taken_apart=taken_apart,
    )  # fmt: skip
