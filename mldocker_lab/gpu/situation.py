"""Where a failure happened, as far as the remedy depends on it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.gpu.detect import is_wsl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Situation", "situation"]

_GUIDE = (
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
)
_DRIVERS = "https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/"
_CDI_ALWAYS, _CDI_OPTION = (28, 2), (25, 0)
_INSTALL = {
    "apt": "sudo apt-get update && sudo apt-get install -y nvidia-container-toolkit",
    "dnf": "sudo dnf install -y nvidia-container-toolkit",
    "zypper": "sudo zypper install nvidia-container-toolkit",
    "pacman": "sudo pacman -S nvidia-container-toolkit",
}
_PACKAGES = {
    "debian": "apt", "ubuntu": "apt", "fedora": "dnf", "rhel": "dnf", "centos": "dnf",
    "rocky": "dnf", "almalinux": "dnf", "amzn": "dnf", "suse": "zypper", "opensuse": "zypper",
    "sles": "zypper", "arch": "pacman",
}  # fmt: skip


@dataclass(frozen=True)
class Situation:
    """The host and the engine.

    Attributes:
        distribution: "debian", "ubuntu", "fedora", …; "" if it is not known.
        like: the distributions it resembles.
        engine: "docker" or "podman".
        version: the engine's version; "" if it is not known.
        wsl: whether this is Linux inside of Windows.
        rootless: whether the engine runs without root.
        snap: whether Docker comes from a snap.
        desktop: whether it is Docker Desktop.
        systemd: whether systemd runs services here.
    """

    distribution: str = ""
    like: tuple[str, ...] = ()
    engine: str = "docker"
    version: str = ""
    wsl: bool = False
    rootless: bool = False
    snap: bool = False
    desktop: bool = False
    systemd: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The situation as JSON sees it."""
        return {**asdict(self), "like": list(self.like)}

    def __str__(self) -> str:
        kind = "Podman" if self.engine == "podman" else "Docker"
        parts = [self.distribution or "an unknown distribution", f"{kind} {self.version}".strip()]
        words = {
            "WSL2": self.wsl,
            "rootless": self.rootless,
            "snap": self.snap,
            "Desktop": self.desktop,
        }
        return ", ".join([*parts, *(word for word, yes in words.items() if yes)])

    @property
    def numbers(self) -> tuple[int, ...]:
        """The engine's major and minor version; empty if it is not known."""
        match = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(match[1]), int(match[2])) if match else ()

    def step(self, template: str) -> list[str]:
        """A step of a remedy for this place: ``{install}`` and the like become what to type."""
        match = re.fullmatch(r"\{(\w+)\}", template)
        if not match:
            return [template]
        steps: dict[str, Callable[[], list[str]]] = {
            "install": self._install, "configure": self._configure, "restart": self._restart,
            "spec": self._spec, "enable_cdi": self._enable_cdi, "no_cgroups": self._no_cgroups,
            "driver": self._driver, "try": self._try,
        }  # fmt: skip
        return steps[match[1]]()

    def _install(self) -> list[str]:
        if self.desktop:
            return ["Docker Desktop brings the toolkit: switch to the WSL2 backend and update it"]
        package = next(
            (_PACKAGES[one] for one in (self.distribution, *self.like) if one in _PACKAGES), ""
        )
        if not package:
            return [f"install nvidia-container-toolkit: {_GUIDE}"]
        source = [] if package == "pacman" else [f"add NVIDIA's package source: {_GUIDE}"]
        return [*source, _INSTALL[package]]

    def _configure(self) -> list[str]:
        if self.desktop or self.engine == "podman":
            return []
        if self.rootless:
            config = "--config=$HOME/.config/docker/daemon.json"
            return [f"nvidia-ctk runtime configure --runtime=docker {config}", *self._no_cgroups()]
        return ["sudo nvidia-ctk runtime configure --runtime=docker"]

    def _restart(self) -> list[str]:
        if self.engine == "podman":
            return []
        if self.desktop:
            return ["restart Docker Desktop"]
        if self.rootless:
            return ["systemctl --user restart docker"]
        if self.snap:
            return ["sudo snap restart docker"]
        return ["sudo systemctl restart docker" if self.systemd else "sudo service docker restart"]

    def _spec(self) -> list[str]:
        return [
            "toolkit 1.18 and newer: sudo systemctl restart nvidia-cdi-refresh.service",
            "older: sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
            "and again after each update of the driver",
        ]

    def _enable_cdi(self) -> list[str]:
        if self.engine == "podman":
            return ["update Podman to 4.1 or newer"]
        if self.numbers >= _CDI_ALWAYS:
            has = f"Docker {self.version} has CDI on"
            return [f"{has}: see that daemon.json does not set features.cdi to false"]
        if self.numbers >= _CDI_OPTION:
            option = '"features": {"cdi": true} in daemon.json'
            return [f"Docker {self.version} needs it switched on: {option}", *self._restart()]
        known = f"Docker {self.version} knows no CDI: " if self.numbers else ""
        return [
            f"{known}update to 28.2 or newer (25 to 28.1 need features.cdi=true), or use --gpus"
        ]

    def _no_cgroups(self) -> list[str]:
        return ["sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups=true --in-place"]

    def _driver(self) -> list[str]:
        if self.wsl:
            return ["on Windows: install the current NVIDIA driver (none inside of WSL)"]
        if self.distribution == "ubuntu":
            return ["sudo ubuntu-drivers install"]
        return [
            "install NVIDIA's driver: https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/"
        ]

    def _try(self) -> list[str]:
        if self.engine == "podman":
            return ["podman run --rm --device nvidia.com/gpu=all ubuntu nvidia-smi"]
        return ["docker run --rm --gpus all ubuntu nvidia-smi"]


def situation(
    info: Mapping[str, Any] | None = None,
    version: Mapping[str, Any] | None = None,
    root: Path = Path("/"),
) -> Situation:
    """Where we are.

    Args:
        info: what the engine says of itself (``docker info``); None without an engine.
        version: ``docker version``; None without an engine.
        root: where this machine's files are.
    """
    told, info = _os_release(root), info or {}
    components = (version or {}).get("Components") or [{}]
    podman = "podman" in str(components[0].get("Name", "")).lower()
    where = str(info.get("DockerRootDir", ""))
    system = str(info.get("OperatingSystem", ""))
    options = [str(one) for one in info.get("SecurityOptions") or ()]
    return Situation(
        distribution=told.get("ID", ""),
        like=tuple(told.get("ID_LIKE", "").split()),
        engine="podman" if podman else "docker",
        version=str((version or {}).get("Version", "")).partition("+")[0],
        wsl=is_wsl(root),
        rootless=any("rootless" in one for one in options),
        snap=where.startswith("/var/snap/"),
        desktop="Docker Desktop" in system,
        systemd=(root / "run/systemd/system").is_dir(),
    )


def _os_release(root: Path) -> dict[str, str]:
    """/etc/os-release as a dictionary; empty where there is none."""
    for name in ("etc/os-release", "usr/lib/os-release"):
        try:
            lines = (root / name).read_text(errors="replace").splitlines()
        except OSError:
            continue
        split = (line.partition("=") for line in lines if "=" in line)
        return {key: value.strip().strip("\"'") for key, _, value in split}
    return {}
