"""Runs inside a container: is there a GPU, and does it count as the CPU does?

The text of this module is given to a container's Python; it needs nothing but the standard library.
The driver's library, libcuda.so.1, is there only if somebody passed a GPU into the container.
Prints one line of JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
from pathlib import Path
from typing import Any

__all__ = ["CudaError", "N", "report"]

#: How many numbers card and processor compute.
N = 4096
_BLOCK = 256
_NODES = ("nvidia[0-9]*", "dxg")
_PTX = b"""
.version 6.0
.target sm_50
.address_size 64
.visible .entry square_plus_index(.param .u64 out, .param .u64 in, .param .u32 n)
{
    .reg .pred %p<2>;
    .reg .b32 %r<8>;
    .reg .b64 %rd<8>;
    ld.param.u64 %rd1, [out];
    ld.param.u64 %rd2, [in];
    ld.param.u32 %r1, [n];
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mov.u32 %r4, %tid.x;
    mad.lo.s32 %r5, %r2, %r3, %r4;
    setp.ge.u32 %p1, %r5, %r1;
    @%p1 bra DONE;
    cvta.to.global.u64 %rd3, %rd1;
    cvta.to.global.u64 %rd4, %rd2;
    mul.wide.u32 %rd5, %r5, 4;
    add.s64 %rd6, %rd4, %rd5;
    add.s64 %rd7, %rd3, %rd5;
    ld.global.u32 %r6, [%rd6];
    mad.lo.u32 %r7, %r6, %r6, %r5;
    st.global.u32 [%rd7], %r7;
DONE:
    ret;
}
\0"""


class CudaError(Exception):
    """A call to the driver that failed."""


def _call(cuda: Any, name: str, *arguments: Any) -> None:
    """Call the driver; a result other than 0 is an error with its name."""
    result = getattr(cuda, name)(*arguments)
    if result:
        said = ctypes.c_char_p()
        cuda.cuGetErrorName(result, ctypes.byref(said))
        raise CudaError(f"{name}: {(said.value or b'?').decode()} ({result})")


def _names(cuda: Any) -> list[str]:
    """The cards that the driver lists."""
    count = ctypes.c_int()
    _call(cuda, "cuDeviceGetCount", ctypes.byref(count))
    found = []
    for i in range(count.value):
        device, name = ctypes.c_int(), ctypes.create_string_buffer(128)
        _call(cuda, "cuDeviceGet", ctypes.byref(device), i)
        _call(cuda, "cuDeviceGetName", name, len(name), device)
        found.append(name.value.decode(errors="replace"))
    return found


def _squares(cuda: Any) -> list[int]:
    """The squares of N numbers plus their positions, counted by the first card."""
    device, context = ctypes.c_int(), ctypes.c_void_p()
    _call(cuda, "cuDeviceGet", ctypes.byref(device), 0)
    _call(cuda, "cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    _call(cuda, "cuCtxSetCurrent", context)
    module, kernel = ctypes.c_void_p(), ctypes.c_void_p()
    _call(cuda, "cuModuleLoadData", ctypes.byref(module), _PTX)
    _call(cuda, "cuModuleGetFunction", ctypes.byref(kernel), module, b"square_plus_index")
    numbers = (ctypes.c_uint32 * N)(*range(N))
    size = ctypes.c_size_t(ctypes.sizeof(numbers))
    there, back = ctypes.c_uint64(), ctypes.c_uint64()
    _call(cuda, "cuMemAlloc_v2", ctypes.byref(there), size)
    _call(cuda, "cuMemAlloc_v2", ctypes.byref(back), size)
    _call(cuda, "cuMemcpyHtoD_v2", there, numbers, size)
    count = ctypes.c_uint32(N)
    pointers = [ctypes.cast(ctypes.byref(one), ctypes.c_void_p) for one in (back, there, count)]
    arguments = (ctypes.c_void_p * 3)(*pointers)
    _call(cuda, "cuLaunchKernel", kernel, N // _BLOCK, 1, 1, _BLOCK, 1, 1, 0, None, arguments, None)
    _call(cuda, "cuCtxSynchronize")
    _call(cuda, "cuMemcpyDtoH_v2", numbers, back, size)
    return list(numbers)


def report() -> dict[str, Any]:
    """What is here, and whether card and processor agree."""
    told: dict[str, Any] = {
        "nodes": [str(one) for name in _NODES for one in sorted(Path("/dev").glob(name))],
        "visible": os.environ.get("NVIDIA_VISIBLE_DEVICES"),
        "gpus": [],
        "same": None,
        "error": "",
    }
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return {**told, "error": "no libcuda.so.1: nobody passed a driver into the container"}
    try:
        _call(cuda, "cuInit", 0)
        told["gpus"] = _names(cuda)
        told["same"] = _squares(cuda) == [(n * n + n) % 2**32 for n in range(N)]
    except (CudaError, AttributeError) as error:
        told["error"] = str(error)
    return told


if __name__ == "__main__":
    print(json.dumps(report()))  # noqa: T201 what the container answers
