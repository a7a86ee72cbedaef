"""What an image's environment asks of NVIDIA's toolkit, read as the toolkit reads it.

The rules are those of nvidia-container-toolkit, ``internal/config/image`` and
``cmd/nvidia-container-runtime-hook`` (v1.20). Nothing here raises an error because of what an image
says: where the toolkit itself stops, a field says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["CAPABILITIES", "Capabilities", "Environment", "major_minor", "pairs"]

#: What ``NVIDIA_DRIVER_CAPABILITIES`` may name, beside ``all``.
CAPABILITIES = ("compat32", "compute", "display", "graphics", "ngx", "utility", "video")

_DEFAULT = ("compute", "utility")
_REQUIRE, _JETPACK = "NVIDIA_REQUIRE_", "NVIDIA_REQUIRE_JETPACK"
_MOUNTS = "/var/run/nvidia-container-devices"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")  # Go's strconv.ParseBool
# Masterminds/semver, the loose form: what the toolkit takes for CUDA_VERSION
_SEMVER = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_LONGEST, _UINT32, _UINT64 = 256, 2**32, 2**64


class Capabilities(NamedTuple):
    """The parts of the driver that a container gets.

    Attributes:
        names: sorted.
        unsupported: what was asked for and is not offered: then the container does not start.
    """

    names: tuple[str, ...]
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """The variables of an image (or of a container), and what they mean.

    Attributes:
        variables: name → value.
    """

    variables: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """A variable; "" if it is not set."""
        return self.variables.get(name, "")

    @property
    def legacy(self) -> bool:
        """``CUDA_VERSION`` without ``NVIDIA_REQUIRE_CUDA``: an image of the first generation."""
        return bool(self.get("CUDA_VERSION")) and not self.get("NVIDIA_REQUIRE_CUDA")

    @property
    def disables_requirements(self) -> bool:
        """``NVIDIA_DISABLE_REQUIRE`` is true as Go reads booleans: ``yes`` and ``on`` are not."""
        return self.get("NVIDIA_DISABLE_REQUIRE") in _TRUE

    @property
    def requirements(self) -> tuple[str, ...]:
        """What is demanded of the host; all of it has to hold. Empty where it is disabled."""
        if self.disables_requirements:
            return ()
        asked = tuple(
            value
            for name, value in self.variables.items()
            if name.startswith(_REQUIRE) and not name.startswith(_JETPACK)
        )
        if not self.legacy or self.problem:
            return asked
        return (*asked, f"cuda>={major_minor(self.get('CUDA_VERSION'))}")

    @property
    def problem(self) -> str:
        """Why the toolkit cannot even say what is demanded; "" if it can."""
        if self.disables_requirements or not self.legacy:
            return ""
        version = self.get("CUDA_VERSION")
        return "" if major_minor(version) else f"CUDA_VERSION={version[:60]} is no version"

    def devices(
        self,
        *,
        preferred: Sequence[str] = (),
        mounts: Iterable[Mapping[str, str]] = (),
        accept_mounts: bool = False,
        privileged: bool = False,
        accept_unprivileged: bool = True,
    ) -> list[str] | None:
        """The GPUs that the NVIDIA runtime gives: names, ``["all"]``, ``[""]`` for none, or None.

        None means that this is no GPU container; ``[""]`` that it gets the driver's files only.

        Args:
            preferred: variables that go before ``NVIDIA_VISIBLE_DEVICES`` (``swarm-resource``).
            mounts: the container's mounts, each with ``Source`` and ``Destination``.
            accept_mounts: whether mounts may ask for devices.
            privileged: whether the container is.
            accept_unprivileged: whether variables count in containers that are not.
        """
        if accept_mounts and (mounted := _mounted(mounts)):
            return mounted
        found = self._asked([name for name in preferred if name in self.variables])
        return found if privileged or accept_unprivileged else None

    def _asked(self, preferred: list[str]) -> list[str] | None:
        names = preferred or ["NVIDIA_VISIBLE_DEVICES"]
        said = [self.variables[name] for name in names if name in self.variables]
        asked = [part.strip() for value in said for part in value.split(",") if part.strip()]
        if not said and self.legacy:
            asked = ["all"]
        if not asked or "void" in asked:
            return None
        special = next((one for one in asked if one in ("all", "none")), None)
        if special:
            return ["all"] if special == "all" else [""]
        last = {name: position for position, name in enumerate(asked)}
        return [name if last[name] == i else "" for i, name in enumerate(asked)]

    def capabilities(self, supported: Iterable[str] = CAPABILITIES) -> Capabilities:
        """The parts of the driver it gets.

        Args:
            supported: what the toolkit's configuration offers.
        """
        offered = tuple(sorted(supported))
        default = tuple(name for name in offered if name in _DEFAULT)
        asked = self.variables.get("NVIDIA_DRIVER_CAPABILITIES")
        if asked is None:
            return Capabilities(offered if self.legacy else default)
        if not asked:
            return Capabilities(default)
        names = {part.strip() for part in asked.split(",") if part.strip()}
        if "all" in names:
            return Capabilities(offered)
        return Capabilities(
            tuple(name for name in offered if name in names),
            tuple(sorted(names.difference(offered))),
        )


def pairs(environment: Iterable[str]) -> dict[str, str]:
    """``["A=1", …]`` as a dictionary; the last of a name counts, what has no ``=`` is left out."""
    return dict(one.split("=", 1) for one in environment if "=" in one)


def major_minor(version: str) -> str:
    """``"12.2.140"`` → ``"12.2"`` as the toolkit reads ``CUDA_VERSION``; "" where it cannot."""
    match = _SEMVER.fullmatch(version) if len(version) <= _LONGEST else None
    if not match:
        return ""
    major, minor, patch = (int(part or 0) for part in match.group(1, 2, 3))
    leading = any(
        p.isdigit() and p[0] == "0" and p != "0" for p in (match[4] or "").split(".") if p
    )
    if leading or patch >= _UINT64 or major >= _UINT32 or minor >= _UINT32:
        return ""
    return f"{major}.{minor}"


def _mounted(mounts: Iterable[Mapping[str, str]]) -> list[str]:
    """Devices asked for by mounting /dev/null below a folder that the toolkit knows."""
    found: dict[str, None] = {}
    for mount in mounts:
        if normpath(mount.get("Source", "")) != "/dev/null":
            continue
        target = normpath(mount.get("Destination", ""))
        if target.startswith(_MOUNTS) and (name := target[len(_MOUNTS) :].strip("/")):
            found[name] = None
    return [said for name in found if (said := _named(name))]


def _named(name: str) -> str:
    """The device of a mount; CDI devices have a form of their own, IMEX channels are none."""
    if name.startswith("imex/"):
        return ""
    if not name.startswith("cdi/"):
        return name
    parts = name.removeprefix("cdi/").split("/", 2)
    if len(parts) == 3:  # noqa: PLR2004 vendor, class, device
        return f"{parts[0]}/{parts[1]}={parts[2]}"
    return "/".join(parts) if "=" in parts[-1] else ""
