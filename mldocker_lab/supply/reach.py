"""How containers, and this machine, reach a server of ours that runs in a container of the engine.

Engines differ in their networks, so there are several ways. Which one works here was found out
when the wheel mirror was started; whatever else serves containers goes the same way.

    gateway        published on the engine's address on its default bridge
    address        the container's own address, on that bridge or on another network
    host-gateway   published on the engine's loopback, under a name Docker Desktop understands
    host           no bridge at all: everybody is on the engine's own network
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from mldocker_lab.engine.client import Engine

__all__ = ["address", "engine_host", "listens_on", "published_on", "reached_from_here"]

_LOOPBACK = "127.0.0.1"
_EVERYWHERE = "0.0.0.0"  # noqa: S104 of a container's own network, or of a remote engine


def published_on(engine: Engine, way: str) -> str | None:
    """The engine's address that a server is published on, so that containers reach it."""
    return {"gateway": engine.gateway(), "host-gateway": _LOOPBACK}.get(way)


def listens_on(way: str) -> str:
    """The address that a server binds inside its container."""
    return _LOOPBACK if way == "host" else _EVERYWHERE


def address(engine: Engine, container: str, way: str, network: str = "") -> str:
    """Where containers find a running server: what stands in their list of hosts.

    Args:
        engine: where it runs.
        container: its id.
        way: the way it was started for.
        network: with "address": the network on which it is asked; "" for its only one.
    """
    if way == "host":
        return _LOOPBACK
    if way == "gateway":
        return engine.gateway() or ""
    if way == "address":
        networks: dict[str, Any] = engine.inspect(container)["NetworkSettings"]["Networks"]
        name = network or next(iter(networks), "")
        return str(networks.get(name, {}).get("IPAddress", ""))
    return "host-gateway"


def engine_host(url: str) -> str:
    """The machine on which an engine publishes ports, as seen from here."""
    parts = urlsplit(url)
    if parts.scheme in ("tcp", "http", "https", "ssh") and parts.hostname:
        return parts.hostname
    return _LOOPBACK


def reached_from_here(url: str) -> str:
    """The address to publish a port on so that we reach it, and nobody else if that is possible."""
    return _LOOPBACK if engine_host(url) in (_LOOPBACK, "localhost") else _EVERYWHERE
