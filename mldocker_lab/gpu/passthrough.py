"""What passing a device through really is: device nodes, mounts and variables.

A CDI spec lists them; an engine that reads CDI adds them to the container. On any other engine the
same can be had with plain flags of ``docker run``, which is what this module makes of a spec.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.gpu.cdi import Spec

__all__ = ["Passthrough", "compiled"]


@dataclass(frozen=True)
class Passthrough:
    """The edits of a device, as an engine without CDI takes them.

    Attributes:
        devices: "host:container:permissions".
        mounts: "host:container:options".
        environment: the variables.
        groups: further group ids of the process.
        left_out: what plain flags cannot do (hooks), in words.
    """

    devices: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    groups: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()

    def flags(self) -> list[str]:
        """The flags of ``docker run``."""
        return [
            *(f"--device={one}" for one in self.devices),
            *(f"--volume={one}" for one in self.mounts),
            *(f"--env={name}={value}" for name, value in self.environment),
            *(f"--group-add={one}" for one in self.groups),
        ]

    def host(self) -> dict[str, Any]:
        """The same for the engine's API: arguments of the SDK's ``create_host_config``."""
        asked = {"devices": self.devices, "binds": self.mounts, "group_add": self.groups}
        return {key: list(value) for key, value in asked.items() if value}

    def variables(self) -> dict[str, str]:
        """The variables as a dictionary."""
        return dict(self.environment)

    def __str__(self) -> str:
        lines = [shlex.quote(flag) for flag in self.flags()]
        return "\n".join([*lines, *(f"# left out: {one}" for one in self.left_out)])


def compiled(spec: Spec, name: str) -> Passthrough:
    """The edits of one device of a spec as plain flags.

    Args:
        spec: a spec without problems.
        name: "vendor.com/class=name", or the last part alone.

    Raises:
        UsageError: the spec defines no such device.
    """
    every = spec.edits(name)
    nodes = [one for edits in every for one in edits.get("deviceNodes") or ()]
    mounts = [one for edits in every for one in edits.get("mounts") or ()]
    env = [one.partition("=") for edits in every for one in edits.get("env") or ()]
    groups = [int(one) for edits in every for one in edits.get("additionalGids") or () if one]
    return Passthrough(
        devices=tuple(map(_device, nodes)),
        mounts=tuple(map(_mount, mounts)),
        environment=tuple((key, value) for key, _, value in env),
        groups=tuple(dict.fromkeys(groups)),
        left_out=tuple(_left_out(every)),
    )


def _device(node: Mapping[str, Any]) -> str:
    path = str(node["path"])
    return f"{node.get('hostPath') or path}:{path}:{node.get('permissions') or 'rwm'}"


def _mount(mount: Mapping[str, Any]) -> str:
    """``ro``, ``rw`` and how mounts spread are flags; bind and nosuid come by themselves."""
    known = ("ro", "rw", "rprivate", "private", "rshared", "shared", "rslave", "slave")
    options = [one for one in mount.get("options") or () if one in known]
    return ":".join(
        [
            str(mount["hostPath"]),
            str(mount["containerPath"]),
            *([",".join(options)] * bool(options)),
        ]
    )


def _left_out(every: list[Mapping[str, Any]]) -> list[str]:
    hooks = [one for edits in every for one in edits.get("hooks") or ()]
    said = [f"the hook {one.get('hookName')} ({one.get('path')})" for one in hooks]
    said += ["intelRdt" for edits in every if edits.get("intelRdt")]
    return said + ["network devices" for edits in every if edits.get("netDevices")]
