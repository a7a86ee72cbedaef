"""What is known about a machine with GPUs, each fact with where it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mldocker_lab.gpu.tables import read

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Fact",
    "Gpu",
    "Host",
    "Platform",
    "brand",
    "capability",
    "fact",
    "from_dict",
    "given",
]

#: WSL2 has the driver of Windows, and so its numbers.
Platform = Literal["linux", "wsl", "windows"]

_WINDOWS = ("wsl", "windows")
# What nvidia-smi prints, less blanks and case -> what images write
_BRANDS = {
    "nvidiavirtualapplications": "vapps",
    "nvidiavirtualapplication": "vapps",
    "nvidiavirtualpc": "vpc",
    "nvidiavirtualcomputeserver": "vcs",
    "nvidiavirtualcomputerserver": "vcs",
    "nvidiartxvirtualworkstation": "vws",
    "nvidiacloudgaming": "cloudgaming",
}
# What nvidia-smi calls our keys
_ALSO = {
    "driver_version": "driver",
    "cuda_version": "cuda",
    "cuda_driver": "cuda",
    "product_name": "gpu",
    "product": "gpu",
    "product_brand": "brand",
    "compute_cap": "arch",
    "compute_capability": "arch",
}
_NOTHING = (
    "",
    "n/a",
    "[n/a]",
    "unknown error",
    "not available",
    "requested functionality has been deprecated",
)


class Fact(NamedTuple):
    """A fact about a host, and where it comes from."""

    value: str
    source: str


@dataclass(frozen=True)
class Gpu:
    """A card.

    Attributes:
        name: as NVIDIA calls it; "" if it is not known.
        brand: in the words of ``NVIDIA_REQUIRE_*``: "geforce", "tesla", "nvidiartx", …
        arch: its compute capability, "8.6".
        mig: whether it is cut into MIG slices; None if it is not known.
    """

    name: str = ""
    brand: Fact | None = None
    arch: Fact | None = None
    mig: bool | None = None

    def __str__(self) -> str:
        said = self.name or "a card"
        return f"{said} (sm_{self.arch.value.replace('.', '')})" if self.arch else said


@dataclass(frozen=True)
class Host:
    """A machine: what the gates need to know about it.

    Attributes:
        name: how to call it.
        origin: "this machine", "recorded", "made-up", or "given".
        source: where the facts come from, in words.
        platform: "linux", "wsl" or "windows"; the last two have Windows' driver numbers.
        driver: the driver's version.
        cuda: the highest CUDA version that the driver knows.
        gpus: the cards; empty if none is known.
        no_driver: why we know that there is no driver; "" if there is one, or it is not known.
        problems: what could not be read, in words.
    """

    name: str = "the host"
    origin: str = "given"
    source: str = ""
    platform: Platform = "linux"
    driver: Fact | None = None
    cuda: Fact | None = None
    gpus: tuple[Gpu, ...] = ()
    no_driver: str = ""
    problems: tuple[str, ...] = ()

    @property
    def windows(self) -> bool:
        """Whether its driver has Windows' numbers."""
        return self.platform in _WINDOWS

    def facts(self, gpu: Gpu | None = None) -> dict[str, str | None]:
        """What ``NVIDIA_REQUIRE_*`` is compared with, for one of its cards."""
        card = gpu or Gpu()
        found = {"cuda": self.cuda, "driver": self.driver, "arch": card.arch, "brand": card.brand}
        return {key: fact.value if fact else None for key, fact in found.items()}

    def to_dict(self) -> dict[str, Any]:
        """The host as JSON sees it; ``from_dict`` reads it back."""
        return {
            "name": self.name,
            "origin": self.origin,
            "source": self.source,
            "platform": self.platform,
            "driver": _said(self.driver),
            "cuda": _said(self.cuda),
            "gpus": [
                {"name": g.name, "brand": _said(g.brand), "arch": _said(g.arch), "mig": g.mig}
                for g in self.gpus
            ],
            "no_driver": self.no_driver,
            "problems": list(self.problems),
        }

    def __str__(self) -> str:
        """One line: what it is, and what the gates know about it."""
        if self.no_driver:
            return f"{self.name}: no NVIDIA driver ({self.no_driver})"
        driver = f"driver {self.driver.value}" if self.driver else "driver not known"
        cuda = f"CUDA {self.cuda.value}" if self.cuda else "its CUDA not known"
        cards = ", ".join(map(str, self.gpus)) or "cards not known"
        return f"{self.name}: {cards}, {driver}, {cuda} [{self.origin}]"


def given(
    *,
    driver: str | None = None,
    cuda: str | None = None,
    brand: str | None = None,
    arch: str | None = None,
    platform: Platform = "linux",
    name: str = "the host",
) -> Host:
    """A host of which somebody tells us a few facts; what is None is not known."""
    return from_dict(
        {
            "name": name,
            "platform": platform,
            "driver": driver,
            "cuda": cuda,
            "gpus": [{"brand": brand, "arch": arch}] if brand or arch else [],
        },
        source="given",
    )


def from_dict(said: Mapping[str, Any], *, source: str = "") -> Host:
    """A host from our own form: name, origin, source, platform, driver, cuda, gpus.

    A ``brand``, ``arch`` or ``gpu`` beside them describes the only card. The words of nvidia-smi
    (``driver_version``, ``compute_cap``, …) are understood, too. What is of the wrong kind is a
    problem of the host, no error.
    """
    said = _renamed(said)
    problems = [str(one) for one in _listed(said.get("problems"))]
    platform = said.get("platform", "linux")
    if platform not in ("linux", "wsl", "windows"):
        problems.append(f"platform {platform!r} is none of linux, wsl, windows")
        platform = "linux"
    known = str(said.get("source") or source or "given")
    cards = [one for one in _listed(said.get("gpus")) if isinstance(one, dict)]
    alone = {"name": said.get("gpu"), "brand": said.get("brand"), "arch": said.get("arch")}
    if not cards and any(alone.values()):
        cards = [alone]
    problems += [
        f"{key} is not told in a form we can read"
        for key in ("driver", "cuda")
        if said.get(key) is not None and fact(said.get(key), known) is None
    ]
    return Host(
        name=str(said.get("name") or "the host"),
        origin=str(said.get("origin") or "given"),
        source=known,
        platform=platform,
        driver=fact(said.get("driver"), known),
        cuda=fact(said.get("cuda"), known),
        gpus=tuple(_card(one, known) for one in cards),
        no_driver=str(said.get("no_driver") or ""),
        problems=tuple(problems),
    )


def brand(text: str) -> str:
    """``"NVIDIA RTX"`` → ``"nvidiartx"``: a brand as images spell it."""
    plain = "".join(text.lower().split())
    return _BRANDS.get(plain, plain)


def capability(name: str, architecture: str = "") -> Fact | None:
    """A card's compute capability from its name; None where that is not sure.

    Args:
        name: "NVIDIA GeForce RTX 3090".
        architecture: "Ampere", where it is told.
    """
    cards = read("cards.toml")
    for row in cards["cards"]:
        if re.search(row["name"], name, re.IGNORECASE):
            return Fact(row["arch"], f"looked up by name: {cards['source']}")
    alike = cards["architectures"].get(architecture)
    return Fact(alike, f"all {architecture} cards: {cards['source']}") if alike else None


def fact(value: object, source: str) -> Fact | None:
    """A fact, unless the value says that there is none ("N/A")."""
    if isinstance(value, dict):  # as to_dict writes it
        return fact(value.get("value"), str(value.get("source") or source))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return None if text.lower() in _NOTHING else Fact(text, source)


def _renamed(said: Mapping[str, Any]) -> dict[str, Any]:
    return {_ALSO.get(str(key), str(key)): value for key, value in said.items()}


def _card(said: Mapping[str, Any], source: str) -> Gpu:
    said = _renamed(said)
    name = str(said.get("name") or said.get("gpu") or "")
    told = fact(said.get("brand"), source)
    arch = fact(said.get("arch"), source) or (capability(name) if name else None)
    mig = said.get("mig")
    return Gpu(
        name,
        Fact(brand(told.value), told.source) if told else None,
        arch,
        mig if isinstance(mig, bool) else None,
    )


def _said(one: Fact | None) -> dict[str, str] | None:
    return one._asdict() if one else None


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
