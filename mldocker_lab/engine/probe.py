"""A whole image in a few hundred bytes, so that an engine can be tried without a download.

It holds two programs, written as machine code for Linux on amd64 and arm64: ``/exit`` ends with
status 42; ``/serve`` listens on TCP port 8080 and tells whoever connects ``mldocker_lab``.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile

from mldocker_lab.engine.client import LABEL

__all__ = ["ARCHITECTURES", "EXIT_STATUS", "GREETING", "PORT", "archive", "tar"]

#: What ``/exit`` ends with.
EXIT_STATUS = 42
#: What ``/serve`` says, and on which port.
GREETING = b"mldocker_lab"
PORT = 8080

# mov $42,%edi; mov $60,%eax (exit); syscall
_EXIT_AMD64 = "bf2a000000 b83c000000 0f05"
# The calls socket, bind to addr, listen; then forever: accept, write msg to the peer, close it.
# addr and msg follow the code.
_SERVE_AMD64 = """
    b829000000 bf02000000 be01000000 31d2 0f05 89c3
    89df 488d3549000000 ba10000000 b831000000 0f05
    89df be08000000 b832000000 0f05
    89df 31f6 31d2 b82b000000 0f05 89c5
    89ef 488d3527000000 ba0c000000 b801000000 0f05
    89ef b803000000 0f05 ebd1
    0200 1f90 00000000 0000000000000000"""
# mov x0,#42; mov x8,#93 (exit); svc #0
_EXIT_ARM64 = "400580d2 a80b80d2 010000d4"
_SERVE_ARM64 = """
    400080d2 210080d2 020080d2 c81880d2 010000d4 f30300aa
    c1020010 020280d2 081980d2 010000d4
    e00313aa 010180d2 281980d2 010000d4
    e00313aa 010080d2 020080d2 481980d2 010000d4 f40300aa
    81010010 820180d2 080880d2 010000d4
    e00314aa 280780d2 010000d4 f3ffff17
    0200 1f90 00000000 0000000000000000"""

#: Architectures the programs are written for: ELF machine number, then the programs.
_PROGRAMS = {"amd64": (62, _EXIT_AMD64, _SERVE_AMD64), "arm64": (183, _EXIT_ARM64, _SERVE_ARM64)}
ARCHITECTURES = tuple(_PROGRAMS)

_ADDRESS = 0x400000
_EXECUTABLE = 0o755


def archive(name: str, arch: str) -> bytes:
    """The image as ``docker load`` takes it; the same bytes every time.

    Args:
        name: "repository:tag".
        arch: one of ``ARCHITECTURES``.
    """
    machine, leave, serve = _PROGRAMS[arch]
    layer = tar(
        {
            "exit": _elf(machine, bytes.fromhex(leave)),
            "serve": _elf(machine, bytes.fromhex(serve) + GREETING),
        }
    )
    config = json.dumps(
        {
            "architecture": arch,
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {"Cmd": ["/exit"], "Labels": {LABEL: "probe"}, "StopSignal": "SIGKILL"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_hash(layer)}"]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "mldocker_lab probe"}],
        }
    ).encode()
    told = [{"Config": f"{_hash(config)}.json", "RepoTags": [name], "Layers": ["probe/layer.tar"]}]
    return tar(
        {
            f"{_hash(config)}.json": config,
            "probe/layer.tar": layer,
            "manifest.json": json.dumps(told).encode(),
        }
    )


def _elf(machine: int, code: bytes) -> bytes:
    """A static ELF-64 program: file header, one loadable segment, the code right after."""
    headers = 64 + 56
    size = headers + len(code)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",  # 64 bit, little-endian, version 1
        2,  # executable
        machine,
        1,
        _ADDRESS + headers,  # entry: the first byte of the code
        64,  # program headers follow this one
        0,
        0,
        64,
        56,
        1,
        0,
        0,
        0,
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x10000)
    return header + segment + code


def tar(files: dict[str, bytes]) -> bytes:
    """A tar of executable files, the same bytes every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archived:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), _EXECUTABLE
            archived.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
