"""Gate C: whether there is code for the card, asked when the first kernel starts.

Machine code runs on cards of the same generation that are not older: what was compiled for 8.0 runs
on 8.6, not on 7.5 or 9.0. PTX can be compiled for any newer card, by a driver that is new enough.
https://docs.nvidia.com/cuda/cuda-c-programming-guide/#binary-compatibility
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.gpu.gate_image import because, no_driver
from mldocker_lab.gpu.image import cuda_of
from mldocker_lab.gpu.verdict import REFUSED, RUNS, Gate, cannot_tell
from mldocker_lab.gpu.versions import as_version, compared, plausible, sm

if TYPE_CHECKING:
    from mldocker_lab.gpu.host import Gpu, Host
    from mldocker_lab.gpu.image import Image
    from mldocker_lab.gpu.tables import Kernels, Tables
    from mldocker_lab.gpu.versions import Version

__all__ = ["kernels_gate"]


def kernels_gate(image: Image, host: Host, tables: Tables) -> Gate:
    """C: whether there are kernels for the host's card."""
    if refused := no_driver(host):
        return refused
    if image.cpu_only:
        return cannot_tell("its PyTorch was built without CUDA: it has no kernels for any GPU")
    if not any(gpu.arch for gpu in host.gpus):
        return cannot_tell(because(host, "the card's compute capability is not known"))
    kernels = image.kernels(tables)
    if kernels is None:
        return cannot_tell("which cards the image has kernels for is not known")
    newest = _driver_cuda(host, tables)
    answers = [_for_card(kernels, gpu, cuda_of(image), newest) for gpu in host.gpus]
    if len({one.verdict for one in answers}) == 1:
        return answers[0]
    return cannot_tell("it depends on the card: " + "; ".join(one.reason for one in answers))


def _for_card(kernels: Kernels, gpu: Gpu, cuda: Version | None, newest: Version | None) -> Gate:
    arch = plausible("arch", gpu.arch.value) if gpu.arch else None
    if arch is None or len(arch) != 2:  # noqa: PLR2004 major and minor
        told = f"“{gpu.arch.value[:40]}” is no" if gpu.arch else "one card does not tell its"
        return cannot_tell(f"{told} compute capability")
    card = f"sm_{sm(arch)}"
    if any(one[0] == arch[0] and compared(one, arch) <= 0 for one in kernels.native):
        return Gate(RUNS, f"kernels for {card} are in {kernels.source}")
    if any(compared(one, arch) <= 0 for one in kernels.ptx):
        return _compiled(f"only PTX for {card} in {kernels.source}", cuda, newest)
    return _none(kernels, arch)


def _none(kernels: Kernels, arch: Version) -> Gate:
    oldest, latest = min(kernels.native), max(kernels.native)
    told = f"no kernel for sm_{sm(arch)} in {kernels.source}"
    if compared(arch, oldest) < 0:
        return Gate(REFUSED, f"{told}: the oldest is for sm_{sm(oldest)}")
    if kernels.closed:
        return Gate(REFUSED, f"{told}, up to sm_{sm(latest)}, and no PTX to compile for it")
    ptx = "whether the programs of the image bring PTX to compile for it is not known"
    return cannot_tell(f"{told}, up to sm_{sm(latest)}; {ptx}")


def _compiled(told: str, cuda: Version | None, newest: Version | None) -> Gate:
    """PTX is compiled by the driver, if the driver is as new as the CUDA that wrote it."""
    if cuda is None or newest is None:
        return cannot_tell(f"{told}; whether the driver can compile it is not known")
    if compared(newest[:2], cuda[:2]) < 0:
        return Gate(REFUSED, f"{told}, and the driver is too old to compile it")
    return Gate(RUNS, f"{told}, which the driver compiles")


def _driver_cuda(host: Host, tables: Tables) -> Version | None:
    """The highest CUDA that the driver knows, told or looked up."""
    if host.cuda:
        return plausible("cuda", host.cuda.value)
    driver = plausible("driver", host.driver.value) if host.driver else None
    if driver is None:
        return None
    rows = {cuda for row in tables.data["releases"] if (cuda := as_version(row[0]))}
    came = {cuda: tables.toolkit_driver(cuda, windows=host.windows) for cuda in rows}
    return max((cuda for cuda, own in came.items() if own and own <= driver), default=None)
