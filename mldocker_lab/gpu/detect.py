"""The GPUs of this machine, asked in every way there is; each fact says which way answered.

In this order: NVML through the optional package ``nvidia-ml-py``, ``nvidia-smi -q -x``, the files
in /proc/driver/nvidia. Nothing is installed or changed, and nothing here needs a GPU to be there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.gpu.host import Fact, Gpu, Host, brand, capability
from mldocker_lab.gpu.smi import from_xml

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["detect", "from_nvml", "from_proc", "from_smi", "is_wsl"]

_SECONDS = 20
_NAME = "this machine"
_WSL_SMI = "usr/lib/wsl/lib/nvidia-smi"
_VERSION = re.compile(r"NVRM version:.*?Kernel Module(?: for \S+)?\s+([0-9][0-9.]+)")
_BRANDS = {
    1: "Quadro", 2: "Tesla", 3: "NVS", 4: "GRID", 5: "GeForce", 6: "Titan", 7: "vapps", 8: "vpc",
    9: "vcs", 10: "vws", 11: "cloudgaming", 12: "Quadro RTX", 13: "NVIDIA RTX", 14: "NVIDIA",
    15: "GeForce RTX", 16: "Titan RTX",
}  # fmt: skip


def detect(
    root: Path = Path("/"),
    ways: tuple[Callable[[Path], Host | None], ...] | None = None,
) -> Host:
    """What this machine is to the gates.

    Args:
        root: where its files are.
        ways: what to ask, best first; None for all there is.
    """
    found = [host for way in ways or (from_nvml, from_smi, from_proc) if (host := way(root))]
    wsl = is_wsl(root)
    if not found:
        return Host(
            name=_NAME,
            origin=_NAME,
            source="NVML, nvidia-smi, /proc/driver/nvidia",
            platform="wsl" if wsl else "linux",
            no_driver="neither NVML nor nvidia-smi answers, and there is no /proc/driver/nvidia",
        )
    best, *others = found
    for other in others:
        best = _completed(best, other)
    return replace(best, name=_NAME, origin=_NAME, platform="wsl" if wsl else best.platform)


def from_nvml(root: Path = Path("/")) -> Host | None:  # noqa: ARG001 every way is asked alike
    """What NVML says; None without the package ``nvidia-ml-py``, or without a driver."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    try:
        return _of_nvml(pynvml)
    except pynvml.NVMLError as error:
        return Host(name=_NAME, source="NVML", problems=(f"NVML: {error}",))
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def from_smi(root: Path = Path("/")) -> Host | None:
    """What ``nvidia-smi -q -x`` prints; None if there is no such program, or it fails."""
    inside = root / _WSL_SMI
    program = str(inside) if inside.exists() else shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-q", "-x"], capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return from_xml(done.stdout, name=_NAME) if done.returncode == 0 else None


def from_proc(root: Path = Path("/")) -> Host | None:
    """What the driver's files in /proc say; None if there are none."""
    folder = root / "proc/driver/nvidia"
    try:
        version = _VERSION.search((folder / "version").read_text(errors="replace"))
    except OSError:
        return None
    source = "/proc/driver/nvidia/version"
    return Host(
        name=_NAME,
        source="/proc/driver/nvidia",
        driver=Fact(version[1], source) if version else None,
        gpus=tuple(_of_proc(file) for file in sorted(folder.glob("gpus/*/information"))),
        problems=() if version else (f"{source} tells no version",),
    )


def is_wsl(root: Path = Path("/")) -> bool:
    """Whether this is Linux inside of Windows, with Windows' driver."""
    with suppress(OSError):
        return "microsoft" in (root / "proc/sys/kernel/osrelease").read_text().lower()
    return False


def _of_nvml(nvml: Any) -> Host:
    cuda = int(nvml.nvmlSystemGetCudaDriverVersion_v2())
    cards = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
    return Host(
        name=_NAME,
        source="NVML",
        driver=Fact(_text(nvml.nvmlSystemGetDriverVersion()), "NVML: nvmlSystemGetDriverVersion"),
        cuda=Fact(f"{cuda // 1000}.{cuda % 1000 // 10}", "NVML: nvmlSystemGetCudaDriverVersion"),
        gpus=tuple(_card_of_nvml(nvml, card) for card in cards),
    )


def _card_of_nvml(nvml: Any, card: Any) -> Gpu:
    major, minor = nvml.nvmlDeviceGetCudaComputeCapability(card)
    told = _BRANDS.get(int(nvml.nvmlDeviceGetBrand(card)))
    mig = None
    with suppress(nvml.NVMLError):  # most cards have no MIG
        mig = bool(nvml.nvmlDeviceGetMigMode(card)[0])
    return Gpu(
        _text(nvml.nvmlDeviceGetName(card)),
        Fact(brand(told), "NVML: nvmlDeviceGetBrand") if told else None,
        Fact(f"{major}.{minor}", "NVML: nvmlDeviceGetCudaComputeCapability"),
        mig,
    )


def _of_proc(file: Path) -> Gpu:
    with suppress(OSError):
        for line in file.read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "Model":
                return Gpu(value.strip(), None, capability(value.strip()))
    return Gpu()


def _completed(best: Host, other: Host) -> Host:
    """What the better way does not know, from the other."""
    cards = best.gpus or other.gpus
    if len(best.gpus) == len(other.gpus):
        pairs = zip(best.gpus, other.gpus, strict=True)
        cards = tuple(
            Gpu(
                a.name or b.name,
                a.brand or b.brand,
                a.arch or b.arch,
                a.mig if a.mig is not None else b.mig,
            )
            for a, b in pairs
        )
    return replace(
        best,
        driver=best.driver or other.driver,
        cuda=best.cuda or other.cuda,
        gpus=cards,
        platform=best.platform if best.platform != "linux" else other.platform,
    )


def _text(value: Any) -> str:
    """Older versions of the package answer in bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
