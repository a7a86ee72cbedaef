"""CDI, the Container Device Interface: a file that says what a device brings into a container.

The rules are those of CDI 1.1, as the Go library of the specification checks them: names of
devices (``vendor.com/class=name``), and the files that define them
(https://github.com/cncf-tags/container-device-interface, ``SPEC.md``).
"""

from __future__ import annotations

import re
import reprlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["VERSIONS", "Name", "Spec", "edit_problems", "qualified", "read", "split"]

#: The versions of the specification, oldest first; 0.3.0 is the first that engines still read.
VERSIONS = (
    "0.1.0",
    "0.2.0",
    "0.3.0",
    "0.4.0",
    "0.5.0",
    "0.6.0",
    "0.7.0",
    "0.8.0",
    "1.0.0",
    "1.1.0",
)

_PART = re.compile(r"[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_DEVICE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?")
_HOOKS = (
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
)  # fmt: skip
_LONGEST_CLOS = 4096
_LISTS = ("env", "deviceNodes", "netDevices", "hooks", "mounts", "additionalGids")
_KEYS = {
    "the spec": {"cdiVersion", "kind", "annotations", "devices", "containerEdits"},
    "device": {"name", "annotations", "containerEdits"},
    "edits": {*_LISTS, "intelRdt"},
    "deviceNodes": {
        "path", "hostPath", "type", "major", "minor", "fileMode", "permissions", "uid", "gid",
    },
    "mounts": {"hostPath", "containerPath", "options", "type"},
    "hooks": {"hookName", "path", "args", "env", "timeout"},
    "netDevices": {"hostInterfaceName", "name"},
}  # fmt: skip


class Name(NamedTuple):
    """The parts of ``vendor.com/class=name``; an unqualified name has only the last."""

    vendor: str
    kind: str
    device: str


def split(name: str) -> Name:
    """The parts of a device's name, not yet looked at; no vendor if it does not have the form."""
    whole, _, device = name.partition("=")
    vendor, _, kind = whole.partition("/")
    if name.startswith("/") or not (vendor and kind and device):
        return Name("", "", name)
    return Name(vendor, kind, device)


def qualified(name: str) -> Name | None:
    """The parts of a device's full name; None if it is not one."""
    parts = split(name)
    sound = (
        _PART.fullmatch(parts.vendor)
        and _PART.fullmatch(parts.kind)
        and _DEVICE.fullmatch(parts.device)
    )
    return parts if sound else None


@dataclass(frozen=True)
class Spec:
    """A file that defines devices.

    Attributes:
        data: what it says.
    """

    data: Mapping[str, Any] = field(repr=False)

    @property
    def kind(self) -> str:
        """``vendor.com/class``."""
        return _word(self.data.get("kind", ""))

    @property
    def devices(self) -> tuple[str, ...]:
        """The full names of its devices."""
        return tuple(
            f"{self.kind}={_word(one['name'])}" for one in self._devices() if one.get("name")
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """Why an engine would not take it, in words; empty if it would."""
        return tuple(_spec_problems(self.data))

    def edits(self, name: str) -> list[Mapping[str, Any]]:
        """What a device brings along: the spec's own edits first, then the device's.

        Raises:
            UsageError: the spec defines no such device.
        """
        for one in self._devices():
            if name in (one.get("name"), f"{self.kind}={_word(one.get('name'))}"):
                both = (self.data.get("containerEdits"), one.get("containerEdits"))
                return [edits for edits in both if isinstance(edits, dict)]
        known = ", ".join(self.devices) or "none"
        raise UsageError(f"unresolvable CDI devices {name}", f"the spec defines {known}")

    def _devices(self) -> list[dict[str, Any]]:
        listed = self.data.get("devices")
        return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def read(text: str | bytes) -> Spec:
    """A spec from YAML or JSON; what is wrong with its content is in ``problems``.

    Raises:
        UsageError: it is neither.
    """
    import yaml

    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = "" if line is None else f" at line {line + 1}"
        raise UsageError(f"this is no YAML{where}", "a CDI spec is a YAML or JSON file") from error
    if not isinstance(data, dict):
        raise UsageError("a CDI spec is a mapping with cdiVersion, kind and devices")
    return Spec(data)


def edit_problems(edits: Any, where: str = "containerEdits") -> list[str]:
    """What is wrong with the edits of a device or of a spec, in words."""
    if edits is None:
        return []
    if not isinstance(edits, dict):
        return [f"{where} is no mapping"]
    found = list(_unknown(edits, "edits", where))
    found += [
        f"{where}.{key} is no list"
        for key in _LISTS
        if edits.get(key) is not None and not isinstance(edits[key], list)
    ]
    found += _env_problems(_list(edits, "env"), f"{where}.env")
    checks = {
        "deviceNodes": _node, "hooks": _hook, "mounts": _mount, "netDevices": _interface,
    }  # fmt: skip
    for key, check in checks.items():
        for number, one in enumerate(_list(edits, key)):
            place = f"{where}.{key}[{number}]"
            if not isinstance(one, dict):
                found.append(f"{place} is no mapping")
                continue
            found += [*_unknown(one, key, place), *(f"{place}: {said}" for said in check(one))]
    for key in ("hostInterfaceName", "name"):
        seen = Counter(
            _word(one.get(key)) for one in _list(edits, "netDevices") if isinstance(one, dict)
        )
        found += [f"{where}.netDevices: {key} {n} twice" for n, times in seen.items() if times > 1]
    return found + list(_rdt(edits.get("intelRdt"), where))


def _spec_problems(data: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(data, "the spec", "the spec")
    version = data.get("cdiVersion")
    if version is None:
        yield "cdiVersion is missing"
    elif not isinstance(version, str) or version.removeprefix("v") not in VERSIONS:
        yield f"cdiVersion {_shown(version)} is none of {', '.join(VERSIONS[2:])}"
    elif _at(version) < _at(needed := _needed(data)):
        yield f"cdiVersion has to be {needed} at least: it uses what came with that version"
    kind = data.get("kind")
    if kind is None:
        yield "kind is missing: vendor.com/class"
    else:
        vendor, _, name = _word(kind).partition("/")
        if not (_PART.fullmatch(vendor) and _PART.fullmatch(name)):
            yield f"kind {_shown(kind)} is not of the form vendor.com/class"
    yield from edit_problems(data.get("containerEdits"))
    devices = data.get("devices")
    if not isinstance(devices, list) or not devices:
        yield "devices is no list, or an empty one"
        return
    for number, one in enumerate(devices):
        yield from _device(one, f"devices[{number}]")
    names = Counter(_word(one.get("name")) for one in devices if isinstance(one, dict))
    yield from (f"device {name} is defined {n} times" for name, n in names.items() if n > 1)


def _device(one: Any, where: str) -> Iterator[str]:
    if not isinstance(one, dict):
        yield f"{where} is no mapping"
        return
    yield from _unknown(one, "device", where)
    name = one.get("name")
    if not isinstance(name, str) or not _DEVICE.fullmatch(name):
        yield f"{where}: {_shown(name)} is no name of a device (a name in quotes, 0 is a number)"
    edits = one.get("containerEdits")
    if not isinstance(edits, dict) or not any(edits.values()):
        yield f"{where} has no containerEdits: it would bring nothing"
    yield from edit_problems(edits, f"{where}.containerEdits")


def _unknown(one: Mapping[str, Any], kind: str, where: str) -> Iterator[str]:
    yield from (f"{where}: unknown key {_shown(key)}" for key in one if key not in _KEYS[kind])


def _node(one: Mapping[str, Any]) -> Iterator[str]:
    if not one.get("path"):
        yield "path is missing"
    if (one.get("type") or "") not in ("", "b", "c", "u", "p"):
        yield f"type {_shown(one['type'])} is none of b, c, u, p"
    if set(_word(one.get("permissions") or "")) - set("rwm"):
        yield f"permissions {_shown(one['permissions'])} are not made of r, w, m"


def _mount(one: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} is missing" for key in ("hostPath", "containerPath") if not one.get(key))


def _hook(one: Mapping[str, Any]) -> Iterator[str]:
    if one.get("hookName") not in _HOOKS:
        yield f"hookName {_shown(one.get('hookName'))} is none of {', '.join(_HOOKS)}"
    if not one.get("path"):
        yield "path is missing"
    yield from _env_problems(_list(one, "env"), "env")


def _interface(one: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} is missing" for key in ("hostInterfaceName", "name") if not one.get(key))


def _rdt(one: Any, where: str) -> Iterator[str]:
    if one is None:
        return
    clos = _word(one.get("closID") or "") if isinstance(one, dict) else "."
    if clos != "/" and (
        len(clos) >= _LONGEST_CLOS or clos in (".", "..") or re.search(r"[/\n]", clos)
    ):
        yield f"{where}.intelRdt: invalid closID"


def _env_problems(env: list[Any], where: str) -> list[str]:
    return [
        f"{where}: {_shown(one)} is not NAME=VALUE"
        for one in env
        if not isinstance(one, str) or one.find("=") <= 0
    ]


def _list(one: Mapping[str, Any], key: str) -> list[Any]:
    listed = one.get(key)
    return listed if isinstance(listed, list) else []


def _at(version: str) -> int:
    return VERSIONS.index(version.removeprefix("v"))


def _needed(data: Mapping[str, Any]) -> str:
    """The oldest version that has everything the spec uses."""
    devices = [one for one in _list(data, "devices") if isinstance(one, dict)]
    every = [one.get("containerEdits") for one in (data, *devices)]
    edits = [one for one in every if isinstance(one, dict)]
    rdt = [one["intelRdt"] for one in edits if isinstance(one.get("intelRdt"), dict)]
    nodes = [node for one in edits for node in _list(one, "deviceNodes") if isinstance(node, dict)]
    mounts = [mount for one in edits for mount in _list(one, "mounts") if isinstance(mount, dict)]
    if any(_list(one, "netDevices") for one in edits) or any(
        one.get("schemata") is not None or one.get("enableMonitoring") for one in rdt
    ):
        return "1.1.0"
    if rdt or any(_list(one, "additionalGids") for one in edits):
        return "0.7.0"
    dotted = "." in _word(data.get("kind", "")).partition("/")[2]
    if dotted or any(one.get("annotations") for one in (data, *devices)):
        return "0.6.0"
    if any(_word(one.get("name", ""))[:1].isdigit() for one in devices) or any(
        node.get("hostPath") for node in nodes
    ):
        return "0.5.0"
    return "0.4.0" if any(mount.get("type") for mount in mounts) else "0.3.0"


def _word(value: Any) -> str:
    """A value as text: strangers' YAML can hold itself many times over, so not more than a bit."""
    return value if isinstance(value, str) else _shown(value)


def _shown(value: Any) -> str:
    short = reprlib.Repr()
    short.maxlevel, short.maxstring = 1, 80
    return short.repr(value)
