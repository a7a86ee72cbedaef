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

from mldocker_lab.engine.address import LOOPBACK

if TYPE_CHECKING:
    from mldocker_lab.engine.client import Engine

__all__ = ["address", "listens_on", "published_on"]

_EVERYWHERE = "0.0.0.0"  # noqa: S104 of a container's own network


def published_on(engine: Engine, way: str) -> str | None:
    """The engine's address that a server is published on, so that containers reach it."""
    return {"gateway": engine.gateway(), "host-gateway": LOOPBACK}.get(way)


def listens_on(way: str) -> str:
    """The address that a server binds inside its container."""
    return LOOPBACK if way == "host" else _EVERYWHERE


def address(engine: Engine, container: str, way: str, network: str = "") -> str:
    """Where containers find a running server: what stands in their list of hosts.

    Args:
        engine: where it runs.
        container: its id.
        way: the way it was started for.
        network: with "address": the network on which it is asked; "" for its only one.
    """
    if way == "host":
        return LOOPBACK
    if way == "gateway":
        return engine.gateway() or ""
    if way == "address":
        networks: dict[str, Any] = engine.inspect(container)["NetworkSettings"]["Networks"]
        name = network or next(iter(networks), "")
        return str(networks.get(name, {}).get("IPAddress", ""))
    return "host-gateway"
