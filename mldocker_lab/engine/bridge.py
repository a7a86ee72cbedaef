"""A network bridge for the lab's own engine, made with the kernel's oldest calls.

``ip`` may not be installed and netlink is long; four ioctls do. The numbers are those of
``linux/sockios.h`` and ``linux/if.h``. Linux only, as root; nothing here is imported elsewhere.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
import zlib
from pathlib import Path

from mldocker_lab.errors import EngineError

__all__ = ["NotAllowed", "create", "delete", "exists", "free_network", "raise_loopback"]

_ADD, _DELETE = 0x89A0, 0x89A1  # SIOCBRADDBR, SIOCBRDELBR
_GET_FLAGS, _SET_FLAGS = 0x8913, 0x8914  # SIOCGIFFLAGS, SIOCSIFFLAGS
_SET_ADDRESS, _SET_MASK = 0x8916, 0x891C  # SIOCSIFADDR, SIOCSIFNETMASK
_SET_HARDWARE = 0x8924  # SIOCSIFHWADDR
_UP = 1  # IFF_UP
_ETHERNET = 1  # ARPHRD_ETHER

_POOLS = ("10.213.0.0/16", "172.29.0.0/16", "192.168.0.0/16")
_MISSING = (errno.ENOPKG, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.ENOSYS)


class NotAllowed(EngineError):
    """Bridges cannot be made here, by anyone like us."""


def exists(name: str) -> bool:
    """Whether the machine has a network interface of that name."""
    return name in {found for _, found in socket.if_nameindex()}


def create(name: str, network: ipaddress.IPv4Network) -> None:
    """Make a bridge and give it the network's first address.

    It gets a hardware address of its own, as Docker gives its bridge. Left alone, a bridge takes
    the lowest of its ports': with each container that comes or goes, the others would for seconds
    send to an address that is no more.

    Args:
        name: at most 15 characters.
        network: a private network nothing else uses (``free_network``).

    Raises:
        NotAllowed: no permission to make bridges, or a kernel without them.
        EngineError: it failed for another reason; nothing is left.
    """
    try:
        _ioctl(_ADD, _name(name))
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EACCES, *_MISSING):
            raise NotAllowed(f"network bridges cannot be made here ({error.strerror})") from error
        raise EngineError(f"the bridge {name} cannot be made: {error.strerror}") from error
    try:
        _ioctl(_SET_HARDWARE, _name(name) + _hardware(network[1]))
        _ioctl(_SET_ADDRESS, _name(name) + _address(network[1]))
        _ioctl(_SET_MASK, _name(name) + _address(network.netmask))
        _flags(name, up=True)
    except OSError as error:
        delete(name)
        raise EngineError(f"the bridge {name} cannot be set up: {error.strerror}") from error


def delete(name: str) -> None:
    """Take a bridge down and away; nothing happens if it is gone or cannot be touched."""
    if not exists(name):
        return
    try:
        _flags(name, up=False)
        _ioctl(_DELETE, _name(name))
    except OSError:
        return


def raise_loopback() -> None:
    """Bring up ``lo``, which is down in a new network namespace."""
    _flags("lo", up=True)


def free_network(seed: str) -> ipaddress.IPv4Network:
    """A private /24 that no route of this machine and no name server lies in.

    Args:
        seed: where to begin looking, so that two labs begin at different places.

    Raises:
        EngineError: all of them are taken.
    """
    taken = [*_routes(), *_name_servers()]
    for pool in _POOLS:
        networks = list(ipaddress.IPv4Network(pool).subnets(new_prefix=24))
        start = zlib.crc32(seed.encode()) % len(networks)
        for network in networks[start:] + networks[:start]:
            if not any(network.overlaps(other) for other in taken):
                return network
    raise EngineError("no private network is free for the lab's engine", "set MLDOCKER_ENGINE")


def _routes() -> list[ipaddress.IPv4Network]:
    """What ``/proc/net/route`` knows, without the default route."""
    found = []
    for line in Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        destination, mask = (_hex(fields[1]), _hex(fields[7]))
        if int(mask):
            found.append(ipaddress.IPv4Network(f"{destination}/{mask}", strict=False))
    return found


def _name_servers() -> list[ipaddress.IPv4Network]:
    try:
        text = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    words = [line.split() for line in text.splitlines()]
    found = []
    for server in (w[1] for w in words if len(w) > 1 and w[0] == "nameserver"):
        try:
            found.append(ipaddress.IPv4Network(server))
        except ValueError:
            continue  # IPv6: never in our way
    return found


def _hex(text: str) -> ipaddress.IPv4Address:
    """Addresses in ``/proc/net/route`` are the machine's own byte order in hexadecimal."""
    return ipaddress.IPv4Address(struct.pack("=I", int(text, 16)))


def _name(name: str) -> bytes:
    return os.fsencode(name).ljust(16, b"\0")


def _address(address: ipaddress.IPv4Address) -> bytes:
    """A ``sockaddr_in`` without port, as long as the kernel's ``ifreq`` wants it."""
    return struct.pack("=HH4s", socket.AF_INET, 0, address.packed).ljust(24, b"\0")


def _hardware(address: ipaddress.IPv4Address) -> bytes:
    """A ``sockaddr`` with an Ethernet address for local use: 02:42 and the IPv4 address."""
    return struct.pack("=H6s", _ETHERNET, b"\x02\x42" + address.packed).ljust(24, b"\0")


def _flags(name: str, *, up: bool) -> None:
    told = _ioctl(_GET_FLAGS, _name(name).ljust(40, b"\0"))
    flags = struct.unpack_from("=H", told, 16)[0]
    flags = flags | _UP if up else flags & ~_UP
    _ioctl(_SET_FLAGS, (_name(name) + struct.pack("=H", flags)).ljust(40, b"\0"))


def _ioctl(call: int, argument: bytes) -> bytes:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        return fcntl.ioctl(channel.fileno(), call, argument)
