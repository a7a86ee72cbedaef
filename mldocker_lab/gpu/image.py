"""What is known about an image that wants a GPU: its variables, and the CUDA it brings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mldocker_lab.gpu.environment import Environment, major_minor
from mldocker_lab.gpu.require import parse
from mldocker_lab.gpu.tables import Kernels, capabilities
from mldocker_lab.gpu.versions import as_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mldocker_lab.gpu.tables import Tables
    from mldocker_lab.gpu.versions import Version

__all__ = ["Image", "Toolkit", "given", "normal"]

_RUNTIME = re.compile(r"nvidia-cuda-runtime(-cu\d+)?")
_TAG = re.compile(r"cu(\d+)(\d)")
_CPU = ("cpu", "rocm", "xpu")


class Toolkit(NamedTuple):
    """The CUDA that the programs of an image use.

    Attributes:
        version: "12.4".
        source: where that is known from.
    """

    version: str
    source: str


@dataclass(frozen=True)
class Image:
    """An image, as far as it is known.

    Attributes:
        name: how to call it.
        environment: its variables.
        labels: its labels.
        packages: installed Python distributions, name → version; None if nobody looked.
        compat: whether it holds NVIDIA's forward-compatibility libraries; None if not known.
        origin: "given", "recorded", "made-up", or the engine it was read from.
    """

    name: str = "the image"
    environment: Environment = field(default_factory=Environment)
    labels: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] | None = None
    compat: bool | None = None
    origin: str = "given"

    @property
    def has_compat(self) -> bool | None:
        """Whether ``cuda-compat`` is in it; NVIDIA's own images say so in a variable."""
        if self.compat is not None:
            return self.compat
        return True if self.environment.get("NV_CUDA_COMPAT_PACKAGE") else None

    @property
    def torch(self) -> tuple[str, str] | None:
        """PyTorch's version and the tag of its build ("2.8.0", "cu126"); None without PyTorch."""
        found = (self.packages or {}).get("torch")
        if not found:
            return None
        version, _, tag = found.partition("+")
        return version, tag or self._torch_tag()

    def _torch_tag(self) -> str:
        """The build that the package index gives carries no tag; the CUDA wheels beside it tell."""
        runtime = self._runtime()
        numbers = as_version(runtime[1]) if runtime else None
        return f"cu{numbers[0]}{numbers[1]}" if numbers and len(numbers) > 1 else ""

    @property
    def cpu_only(self) -> bool:
        """Whether its PyTorch was built without CUDA."""
        return bool(self.torch and self.torch[1].startswith(_CPU))

    @property
    def toolkit(self) -> Toolkit | None:
        """The CUDA that its programs use: that of the wheels, which goes before the base's.

        ``NVIDIA_REQUIRE_CUDA`` is documented as the toolkit's version, so it counts last.
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
        """
        return next(self._toolkits(), None)

    def _toolkits(self) -> Iterator[Toolkit]:
        if self.torch and (match := _TAG.fullmatch(self.torch[1])):
            yield Toolkit(f"{match[1]}.{match[2]}", f"torch {self.torch[0]}+{self.torch[1]}")
        if runtime := self._runtime():
            yield Toolkit(major_minor(runtime[1]) or runtime[1], f"the wheel {runtime[0]}")
        if version := self.environment.get("CUDA_VERSION"):
            yield Toolkit(major_minor(version) or version, f"CUDA_VERSION={version[:40]}")
        for requirement in self.environment.requirements:
            for conditions in parse(requirement)[:1]:
                for one in conditions:
                    if one.name == "cuda" and one.operator in (">=", "=") and not one.problem:
                        yield Toolkit(one.value, f"its demand {one.text}")

    def _runtime(self) -> tuple[str, str] | None:
        for name, version in (self.packages or {}).items():
            if _RUNTIME.fullmatch(name):
                return name, version
        return None

    def kernels(self, tables: Tables) -> Kernels | None:
        """The cards it has kernels for; None if that is not known."""
        listed = self.environment.get("TORCH_CUDA_ARCH_LIST")
        if self.torch:
            known = tables.torch_kernels(*self.torch)
            if known or not listed:
                return known
        if listed:
            native, ptx = capabilities(listed)
            return Kernels(native, ptx, "TORCH_CUDA_ARCH_LIST") if native else None
        cuda = as_version(self.toolkit.version) if self.toolkit else None
        return tables.toolkit_kernels(cuda) if cuda and len(cuda) > 1 else None

    def to_dict(self) -> dict[str, Any]:
        """The image as JSON sees it."""
        toolkit = self.toolkit
        return {
            "name": self.name,
            "origin": self.origin,
            "legacy": self.environment.legacy,
            "requirements": list(self.environment.requirements),
            "visible_devices": self.environment.devices(),
            "driver_capabilities": list(self.environment.capabilities().names),
            "cuda": toolkit._asdict() if toolkit else None,
            "torch": "+".join(filter(None, self.torch)) if self.torch else None,
            "compat": self.has_compat,
        }

    def __str__(self) -> str:
        toolkit = self.toolkit
        said = f"CUDA {toolkit.version} ({toolkit.source})" if toolkit else "its CUDA not known"
        return f"{self.name}: {said}"


def given(
    environment: Mapping[str, str],
    *,
    name: str = "the image",
    packages: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    compat: bool | None = None,
    origin: str = "given",
) -> Image:
    """An image of which we know the variables, and perhaps more."""
    known = None if packages is None else {normal(key): value for key, value in packages.items()}
    return Image(name, Environment(dict(environment)), labels or {}, known, compat, origin)


def normal(name: str) -> str:
    """A distribution's name as indexes spell it: ``a_b.c`` → ``a-b-c``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def cuda_of(image: Image) -> Version | None:
    """The image's CUDA as numbers; None if it is not known, or no version."""
    return as_version(image.toolkit.version) if image.toolkit else None
