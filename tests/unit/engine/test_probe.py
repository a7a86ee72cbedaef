"""The trial image: the same bytes every time, and programs that run."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import sys
import tarfile

import pytest

from mldocker_lab.engine import probe

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")


def files(tar: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}


@pytest.mark.parametrize("arch", probe.ARCHITECTURES)
def test_hashes_fit_and_bytes_repeat(arch):
    tar = probe.archive("a/b:c", arch)
    assert tar == probe.archive("a/b:c", arch)
    held = files(tar)
    manifest = json.loads(held["manifest.json"])[0]
    config = json.loads(held[manifest["Config"]])
    layer = held[manifest["Layers"][0]]
    assert manifest["RepoTags"] == ["a/b:c"]
    assert config["architecture"] == arch
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert probe.LABEL in config["config"]["Labels"]
    assert all(program.startswith(b"\x7fELF") for program in files(layer).values())


@pytest.mark.skipif(not ARCH or sys.platform != "linux", reason="not written for this machine")
def test_the_program_runs_here(tmp_path):
    layer = files(probe.archive("a:b", ARCH))["probe/layer.tar"]
    program = tmp_path / "exit"
    program.write_bytes(files(layer)["exit"])
    program.chmod(0o755)
    assert subprocess.run([program], check=False).returncode == probe.EXIT_STATUS
