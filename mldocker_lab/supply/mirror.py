"""The wheel mirror: a container on the engine that builds install from, online or not.

A container, so that it is where the builds are: on this machine, in Docker Desktop, on a remote
engine. Builds find it under a constant name (an address that changes would be a cache key that
changes) which is given to them as an extra host. It is published on the bridge's gateway address
only: containers reach it, the network this machine is in does not.

Firewalls and virtual machines differ, so there are several ways, tried in order; a small
container fetches the index before a way counts.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import tarfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import EngineError, SupplyError
from mldocker_lab.supply import bases, locks, reach, wheels
from mldocker_lab.supply.archive import member, pieces
from mldocker_lab.supply.bases import MIRROR_HOST, MIRROR_PORT
from mldocker_lab.supply.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.engine.client import Engine

__all__ = ["Mirror", "ensure", "find", "remove"]

_CONTENT = f"{LABEL}.content"
_WAY = f"{LABEL}.way"
_ROLE = f"{LABEL}=mirror"
_FOLDER = "/srv"
_STALE_SECONDS = 600

#: The ways in where there is a bridge, the best one first; see ``supply.reach``.
_BRIDGED = ("gateway", "address", "host-gateway")

_PROBE = (
    "import sys, time, urllib.request\n"
    "for _ in range(20):\n"
    "    try:\n"
    f"        urllib.request.urlopen('http://{MIRROR_HOST}:{MIRROR_PORT}/simple/', timeout=2)\n"
    "        sys.exit(0)\n"
    "    except OSError as error:\n"
    "        said = error\n"
    "        time.sleep(0.1)\n"
    "sys.exit(f'{said}')\n"
)
_PROBE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror that runs.

    Attributes:
        container: its id.
        extra_hosts: what a build or container needs to find it, as name → address.
        network: the network mode a build must use: None for the engine's default, or "host".
        way: how containers reach it (see ``supply.reach``).
    """

    engine: Engine = field(repr=False)
    container: str
    extra_hosts: dict[str, str]
    network: str | None = None
    way: str = ""

    def served(self, since: float | None = None) -> tuple[str, ...]:
        """The wheels it sent, in order, since a moment on the engine's clock (see ``now``).

        Raises:
            SupplyError: the log was cut in the meantime (a build that asks a hundred thousand
                times can bring that about), so nobody knows.
        """
        lines = [line.split() for line in self.engine.logs(self.container).splitlines()]
        told = [(float(w[0]), w[1]) for w in lines if len(w) == 2]  # noqa: PLR2004
        if since is not None and not (told and told[0][0] <= since):
            raise SupplyError("the wheel mirror's log was cut: too much was asked of it")
        sent = [(moment, file) for moment, file in told if file.endswith(".whl")]
        return tuple(file for moment, file in sent if since is None or moment >= since)

    def now(self) -> float:
        """The engine's clock, in seconds since 1970: a virtual machine's may differ from ours."""
        told = str(self.engine.info()["SystemTime"])
        return datetime.fromisoformat(re.sub(r"\.(\d{6})\d*", r".\1", told)).timestamp()


def ensure(
    engine: Engine, *, ways: tuple[str, ...] | None = None, cgroup: str = ""
) -> Iterator[Progress]:
    """Have the mirror running, with its base image and wheels; yields nothing if it is.

    Args:
        engine: where.
        ways: the ways in that may be tried ("gateway", "address", …); None for all.
        cgroup: its cgroup-parent, where it must not share the limits of what it serves.

    Raises:
        SupplyError: something it is made of cannot be had, or no build could reach it.
    """
    content = _content(bases.architecture(engine))
    if _running(engine, content):
        return
    yield from bases.ensure(engine, (bases.SLIM,))
    yield from wheels.fetch(bases.architecture(engine))
    yield Progress("wheel mirror", 0, 1)
    if not _restart(engine, content):
        _anew(engine, content, ways, cgroup)
    _tidy(engine, content)
    yield Progress("wheel mirror", 1, 1)


def find(engine: Engine) -> Mirror:
    """The running mirror.

    Raises:
        SupplyError: there is none; ``ensure`` starts it.
    """
    found = _running(engine, _content(bases.architecture(engine)))
    if found is None:
        raise SupplyError("the wheel mirror does not run on this engine", "run `mldocker-lab up`")
    return found


def remove(engine: Engine) -> None:
    """Remove every mirror from the engine, running or not."""
    for told in engine.containers(_ROLE):
        engine.remove(told["Id"])


def _content(architecture: str) -> str:
    """What a mirror for this architecture holds, short: files, server, way of starting."""
    told = hashlib.sha256(_server())
    for wheel in _wheels(architecture):
        told.update(f"{wheel.file} {wheel.sha256}\n".encode())
    return told.hexdigest()[:12]


def _wheels(architecture: str) -> tuple[locks.Wheel, ...]:
    return wheels.selected(architecture, (*locks.SETS, "tools"))


def _server() -> bytes:
    return (resources.files(__package__) / "mirror_server.py").read_bytes()


def _mine(engine: Engine, content: str) -> list[dict[str, Any]]:
    return [c for c in engine.containers(_ROLE) if c["Labels"].get(_CONTENT) == content]


def _running(engine: Engine, content: str) -> Mirror | None:
    for told in _mine(engine, content):
        if told["State"] == "running":
            return _seen(engine, told["Id"], told["Labels"].get(_WAY, ""))
    return None


def _seen(engine: Engine, container: str, way: str) -> Mirror:
    """How builds see a running mirror, by the way it was started."""
    hosts = {MIRROR_HOST: reach.address(engine, container, way)}
    return Mirror(engine, container, hosts, "host" if way == "host" else None, way)


def _restart(engine: Engine, content: str) -> bool:
    """Start a mirror that was stopped (the machine went down, say)."""
    for told in _mine(engine, content):
        if told["State"] == "exited":
            try:
                engine.start(told["Id"])
                _probe(_seen(engine, told["Id"], told["Labels"].get(_WAY, "")))
            except EngineError:
                engine.remove(told["Id"])  # it cannot any more; a new one may
            else:
                return True
    return False


def _anew(
    engine: Engine, content: str, allowed: tuple[str, ...] | None = None, cgroup: str = ""
) -> None:
    """Make a mirror, by the first way that a container can really use."""
    for told in engine.containers(_ROLE):
        if told["Labels"].get(_CONTENT) != content:
            engine.remove(told["Id"])  # an older one holds the port
    ways = allowed or (_BRIDGED if engine.gateway() else ("host",))
    failures = []
    for way in ways:
        container = ""
        try:
            container = _create(engine, content, way, cgroup)
            engine.put_archive(container, _FOLDER, _archive(bases.architecture(engine)))
            engine.start(container)
            _probe(_seen(engine, container, way))
        except EngineError as error:
            engine.remove(container)
            if _running(engine, content):
                return  # somebody else was faster, and has the port
            failures.append(f"{way}: {error.what}")
        except BaseException:
            engine.remove(container)
            raise
        else:
            return
    raise SupplyError(
        "the wheel mirror runs, but no container can reach it:\n" + "\n".join(failures),
        f"is port {MIRROR_PORT} taken, or does a firewall keep containers from this machine? "
        "`mldocker-lab doctor` tells",
    )


def _create(engine: Engine, content: str, way: str, cgroup: str = "") -> str:
    published = reach.published_on(engine, way)
    host: dict[str, Any] = {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": "512m",
        "log_config": {"Type": "json-file", "Config": {"max-size": "10m"}},
    }
    if cgroup:
        host["cgroup_parent"] = cgroup
    if published:
        host["port_bindings"] = {MIRROR_PORT: (published, MIRROR_PORT)}
    if way == "host":
        host["network_mode"] = "host"
    place = [reach.listens_on(way), str(MIRROR_PORT)]
    server = [f"{_FOLDER}/mirror_server.py", f"{_FOLDER}/wheels", *place]
    return engine.create(
        bases.SLIM,
        ["python3", *server],
        host=host,
        name=f"mldocker-lab-wheels-{content}-{secrets.token_hex(2)}",
        ports=[MIRROR_PORT] if published else None,
        user="65534:65534",
        labels={LABEL: "mirror", _CONTENT: content, _WAY: way},
    )


def _archive(architecture: str) -> Iterator[bytes]:
    """The server and its wheels, as a tar in pieces."""
    served = _wheels(architecture)
    index = json.dumps({wheel.file: wheel.sha256 for wheel in served}).encode()
    yield from member("mirror_server.py", len(_server()), [_server()])
    yield from member("wheels/index.json", len(index), [index])
    for wheel in served:
        yield from member(f"wheels/{wheel.file}", wheel.size, pieces(wheels.folder() / wheel.file))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _probe(mirror: Mirror) -> None:
    """Fetch the index from inside a container, as a build would.

    Raises:
        EngineError: it could not.
    """
    engine = mirror.engine
    host: dict[str, Any] = {"extra_hosts": mirror.extra_hosts}
    if mirror.network:
        host["network_mode"] = mirror.network
    container = engine.create(bases.SLIM, ["python3", "-c", _PROBE], host=host)
    try:
        engine.start(container)
        if engine.wait(container, _PROBE_SECONDS):
            said = engine.logs(container).strip().splitlines() or ["no word"]
            raise EngineError(f"a container could not fetch the index ({said[-1]})")
    finally:
        engine.remove(container)


def _tidy(engine: Engine, content: str) -> None:
    """Remove what an interrupted start left: old enough not to be another one at work."""
    for told in _mine(engine, content):
        if told["State"] != "running" and time.time() - told["Created"] > _STALE_SECONDS:
            engine.remove(told["Id"])
