"""Gate B: whether the host's driver runs the CUDA that the image brings, asked when CUDA starts.

A driver runs every CUDA up to the highest it knows. From CUDA 11 on, the first driver of a
generation runs all of that generation (minor-version compatibility). And ``cuda-compat`` in the
image brings newer driver libraries, for data-centre cards and some drivers (forward compatibility).
https://docs.nvidia.com/deploy/cuda-compatibility/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mldocker_lab.gpu.gate_image import because, cards, no_driver
from mldocker_lab.gpu.require import evaluate
from mldocker_lab.gpu.verdict import REFUSED, RUNS, Gate, cannot_tell
from mldocker_lab.gpu.versions import as_version, compared, plausible, said, sm

if TYPE_CHECKING:
    from mldocker_lab.gpu.host import Host
    from mldocker_lab.gpu.image import Image
    from mldocker_lab.gpu.tables import Tables
    from mldocker_lab.gpu.versions import Version

__all__ = ["cuda_gate"]

_IN_TABLE = 10  # older releases are not in the table
_MINOR_SINCE = 11  # minor-version compatibility begins with CUDA 11
_FORWARD = (
    "only forward compatibility could help: cuda-compat in the image, a data-centre card, "
    "and a driver branch that this cuda-compat allows"
)
# Brands that NVIDIA's forward-compatibility libraries never serve
_CONSUMER = ("geforce", "geforcertx", "titan", "titanrtx", "nvs")


def cuda_gate(image: Image, host: Host, tables: Tables) -> Gate:
    """B: whether the driver runs the image's CUDA."""
    return (
        no_driver(host)
        or _no_cuda(image, tables)
        or _no_facts(host)
        or _judged(image, host, tables)
    )


def _no_cuda(image: Image, tables: Tables) -> Gate | None:
    """Why there is no question to answer."""
    if image.cpu_only:
        return cannot_tell("its PyTorch was built without CUDA: it runs on the CPU anywhere")
    toolkit = image.toolkit
    if toolkit is None:
        looked = image.packages is not None
        return cannot_tell(
            "nothing that uses CUDA was found in the image"
            if looked
            else "which CUDA the image uses is not known"
        )
    wanted = plausible("cuda", toolkit.version)
    if wanted is None or len(wanted) < 2:  # noqa: PLR2004 major and minor
        return cannot_tell(f"“{toolkit.version[:40]}” ({toolkit.source}) is no version of CUDA")
    listed = wanted[0] >= _IN_TABLE and compared(wanted[:2], tables.newest) <= 0
    if listed and not tables.knows(wanted):
        return cannot_tell(f"there is no CUDA {said(wanted)} ({toolkit.source})")
    return None


def _no_facts(host: Host) -> Gate | None:
    for kind, fact in (("driver", host.driver), ("cuda", host.cuda)):
        if fact and plausible(kind, fact.value) is None:
            told = fact.value[:40]
            return cannot_tell(f"the host's {kind} “{told}” is no version that NVIDIA has released")
    if host.driver or host.cuda:
        return None
    return cannot_tell(because(host, "neither the host's driver nor its CUDA is known"))


def _judged(image: Image, host: Host, tables: Tables) -> Gate:
    toolkit = image.toolkit
    wanted = as_version(toolkit.version) if toolkit else None
    if toolkit is None or wanted is None:  # _no_cuda has answered
        return cannot_tell("which CUDA the image uses is not known")
    rules = _Rules(
        wanted,
        as_version(host.cuda.value) if host.cuda else None,
        as_version(host.driver.value) if host.driver else None,
        host.windows,
        tables,
    )
    dropped = _dropped(host, tables)
    answer = dropped or rules.answer()
    if answer.verdict == REFUSED and not dropped:
        answer = _forward(image, host, answer)
    return Gate(answer.verdict, f"{answer.reason} (CUDA {said(wanted)} from {toolkit.source})")


class _Rule(NamedTuple):
    """What a rule says: yes, no, or None where it cannot tell."""

    holds: bool | None
    reason: str


@dataclass(frozen=True)
class _Rules:
    """The driver's rules for one CUDA.

    Attributes:
        wanted: the image's CUDA.
        cuda: the highest that the driver knows; None if not told.
        driver: its version; None if not told.
        windows: whether it has Windows' numbers.
        tables: which CUDA came with which driver.
    """

    wanted: Version
    cuda: Version | None
    driver: Version | None
    windows: bool
    tables: Tables

    def answer(self) -> Gate:
        """Known by the driver, or of its generation."""
        if contradiction := self.contradiction():
            return cannot_tell(contradiction)
        rules = (self.knows(), self.minor())
        if yes := next((one for one in rules if one.holds), None):
            return Gate(RUNS, yes.reason)
        if unknown := next((one for one in rules if one.holds is None), None):
            return cannot_tell(unknown.reason)
        return Gate(REFUSED, f"{rules[0].reason}, and {rules[1].reason}")

    def knows(self) -> _Rule:
        """A driver runs every CUDA up to the highest it knows."""
        if self.cuda is not None:
            enough = compared(self.cuda[:2], self.wanted[:2]) >= 0
            only = "" if enough else " only"
            return _Rule(enough, f"the driver knows CUDA up to {said(self.cuda)}{only}")
        needed = self.came_with(self.wanted)
        if needed is None or self.driver is None:
            told = f"which driver CUDA {said(self.wanted)} came with is not in the table"
            return _Rule(None, f"{told} of {self.tables.as_of}")
        enough = compared(self.driver, needed) >= 0
        told = f"driver {said(self.driver)} is {'not ' if enough else ''}older than {said(needed)}"
        return _Rule(enough, f"{told}, which came with it")

    def minor(self) -> _Rule:
        """Minor-version compatibility."""
        major = f"CUDA {self.wanted[0]}.x"
        if self.wanted[0] < _MINOR_SINCE:
            return _Rule(holds=False, reason=f"{major} has no minor-version compatibility")
        floor = self.tables.floor(self.wanted, windows=self.windows)
        if floor is None or not self.tables.knows(self.wanted):
            told = f"CUDA {said(self.wanted)} is newer than the table of {self.tables.as_of}"
            return _Rule(None, told)
        needs = f"{major} needs driver {said(floor)} at least"
        if self.driver is None and self.cuda is not None and self.cuda[0] < self.wanted[0]:
            return _Rule(holds=False, reason=needs)
        driver = self.driver or (self.came_with(self.cuda) if self.cuda else None)
        if driver is None or (self.driver is None and compared(driver, floor) < 0):
            return _Rule(None, f"the driver is not known, and {needs}")
        if compared(driver, floor) < 0:
            return _Rule(holds=False, reason=needs)
        told = f"minor-version compatibility: from driver {said(floor)} on all of {major} runs"
        return _Rule(holds=True, reason=f"{told}, though its PTX cannot be compiled")

    def contradiction(self) -> str:
        """A driver too old for the CUDA it is said to know, where the answer hangs on that."""
        if self.cuda is None or self.driver is None:
            return ""
        needed, own = self.came_with(self.cuda), self.came_with(self.wanted)
        if needed is None or self.driver[0] >= needed[0]:
            return ""
        if compared(self.cuda[:2], self.wanted[:2]) < 0:
            return ""
        if own is not None and compared(self.driver, own) >= 0:
            return ""
        told = f"driver {said(self.driver)} does not know CUDA {said(self.cuda)}"
        return f"the facts contradict each other: {told}"

    def came_with(self, cuda: Version) -> Version | None:
        """The driver that a CUDA came with."""
        return self.tables.toolkit_driver(cuda, windows=self.windows)


def _dropped(host: Host, tables: Tables) -> Gate | None:
    """Drivers leave old cards behind."""
    driver = as_version(host.driver.value) if host.driver else None
    if driver is None or host.windows or len(host.gpus) != 1:
        return None
    arch = as_version(host.gpus[0].arch.value) if host.gpus[0].arch else None
    last = tables.last_driver(arch) if arch else None
    if arch is None or last is None or driver[0] <= last:
        return None
    told = f"driver {said(driver)} does not drive this card (sm_{sm(arch)}) any more"
    return Gate(REFUSED, f"{told}: R{last} is the last branch that does")


def _forward(image: Image, host: Host, refused: Gate) -> Gate:
    """Forward compatibility: the image brings newer driver libraries, for some cards only."""
    brands = {gpu.brand.value.lower() for gpu in host.gpus if gpu.brand}
    if host.windows or image.has_compat is False or (brands and brands.issubset(_CONSUMER)):
        return refused
    if brands and image.has_compat and _listed(image, host):
        told = "but the image brings cuda-compat and lists this driver's branch for it"
        return Gate(RUNS, f"forward compatibility: {refused.reason}, {told}")
    return cannot_tell(f"{refused.reason}; {_FORWARD}")


def _listed(image: Image, host: Host) -> bool:
    """Whether NVIDIA's image lists the branch of this driver beside the CUDA it brings.

    The alternatives after ``cuda>=X.Y`` are the branches that its cuda-compat was made for.
    """
    for requirement in image.environment.requirements:
        first, _, others = requirement.strip().partition(" ")
        if first.startswith("cuda>=") and others:
            answers = [evaluate(others, host.facts(gpu)) for gpu in cards(host)]
            return all(one.verdict == RUNS for one in answers)
    return False
