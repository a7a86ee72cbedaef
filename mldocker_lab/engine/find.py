"""Which engine is meant, and why: the order of the docker CLI, then the lab's own.

    MLDOCKER_ENGINE            an address, or "private" for the lab's own
    DOCKER_HOST                with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH
    the docker context         DOCKER_CONTEXT, or the current one of config.json, with its TLS
    the default sockets        the system's; rootless, Docker Desktop's, Colima's, … in the home
    the lab's own              ``private.start()``

Who is named and does not answer is an error; only an unnamed default may be passed over.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.context import ContextAPI
from docker.context.config import get_current_context_name
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from mldocker_lab.engine import private
from mldocker_lab.engine.client import Engine
from mldocker_lab.errors import EngineError, EngineGone, EngineTooOld, NoEngine, NoPermission

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["OLDEST_API", "Candidate", "default_sockets", "find", "named"]

#: API 1.41 came with Docker Engine 20.10, the first whose BuildKit answers without the CLI.
OLDEST_API = (1, 41)

_WHAT_TO_INSTALL = """\
one of these, then run the same command again:
    Debian, Ubuntu   sudo apt-get install docker.io   (as root, `mldocker-lab up` does it for you)
    other Linux      your distribution's docker or docker-ce package, and start its service
    macOS            Docker Desktop, Colima or OrbStack, and start it
    Windows          Docker Desktop with WSL 2, and start it
    elsewhere        an engine on another machine: MLDOCKER_ENGINE=tcp://host:2376
  Every lesson can be read without an engine: its stored outputs are real ones."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An engine that may be meant.

    Attributes:
        url: its address.
        source: why it is meant, in words.
        tls: a ``docker.tls.TLSConfig``, or None.
    """

    url: str
    source: str
    tls: Any = None


def find(*, start: bool = True) -> Engine:
    """The engine to use; its ``source`` says why this one.

    Args:
        start: whether the lab's own engine may be started if no other is there.

    Raises:
        NoEngine: a named one does not answer, or there is none and none can be started.
        NoPermission: the default socket is there and may not be used.
        EngineTooOld: it is older than 20.10.
        EngineError: the lab's own engine did not come up.
    """
    if os.environ.get("MLDOCKER_ENGINE") == "private":
        return _own("MLDOCKER_ENGINE asks for the lab's own", start=start)
    candidate = named()
    if candidate:
        return _named_engine(candidate)
    refused: NoPermission | None = None
    for url, source in default_sockets():
        try:
            return _new_enough(Engine(url, source=source))
        except NoPermission as error:
            refused = refused or error
        except EngineGone:
            continue
    why = "you may not use the system's" if refused else "no other engine answers"
    try:
        return _own(f"the lab's own, as {why}", start=start)
    except NoEngine as error:
        if refused:
            raise refused from error
        raise


def named(environ: Mapping[str, str] | None = None) -> Candidate | None:
    """The engine somebody named, by environment or docker context; None if nobody did.

    Args:
        environ: environment variables, those of the process by default.

    Raises:
        NoEngine: the named docker context does not exist or cannot be read.
    """
    env = os.environ if environ is None else environ
    for variable in ("MLDOCKER_ENGINE", "DOCKER_HOST"):
        value = env.get(variable)
        if value:
            return Candidate(_address(value), f"{variable} names {value}", _tls(env))
    context = env.get("DOCKER_CONTEXT") or get_current_context_name()
    return None if context in ("default", "") else _from_context(context)


def default_sockets(
    user: Path | None = None, runtime: str | None = None, platform: str = sys.platform
) -> Iterator[tuple[str, str]]:
    """The sockets that are there where engines put them by default, with what they are.

    Args:
        user: the user's home folder.
        runtime: ``XDG_RUNTIME_DIR``, where a rootless engine listens.
        platform: ``sys.platform``.
    """
    if platform == "win32":
        yield "npipe:////./pipe/docker_engine", "the default named pipe answers"
        yield "npipe:////./pipe/dockerDesktopLinuxEngine", "Docker Desktop's named pipe answers"
        return
    user = user or Path.home()
    runtime = runtime or os.environ.get("XDG_RUNTIME_DIR")
    places = [
        (Path("/var/run/docker.sock"), "the default socket answers"),
        (Path(runtime or "/nowhere") / "docker.sock", "your rootless engine answers"),
        (user / ".docker/run/docker.sock", "Docker Desktop's socket answers"),
        (user / ".docker/desktop/docker.sock", "Docker Desktop's socket answers"),
        (user / ".orbstack/run/docker.sock", "OrbStack's socket answers"),
        (user / ".colima/default/docker.sock", "Colima's socket answers"),
        (user / ".rd/docker.sock", "Rancher Desktop's socket answers"),
    ]
    for path, source in places:
        if os.path.lexists(path):
            yield f"unix://{path}", source


def _named_engine(candidate: Candidate) -> Engine:
    try:
        engine = Engine(candidate.url, source=candidate.source, tls=candidate.tls)
    except EngineGone as error:
        raise NoEngine(
            f"{candidate.source}, but {error.what}",
            "start it, correct the name, or unset it to let the lab look for another",
        ) from error
    except ValueError as error:
        raise NoEngine(
            f"{candidate.source}, which is no address ({error})",
            "write it like unix:///var/run/docker.sock or tcp://host:2376",
        ) from error
    return _new_enough(engine)


def _own(source: str, *, start: bool) -> Engine:
    url = private.running()
    if url is None:
        reason = private.obstacle() or ("" if start else "it is not running")
        if reason:
            raise NoEngine(
                f"no Docker engine answers here, and of the lab's own: {reason}", _WHAT_TO_INSTALL
            )
        url = private.start()
    return _new_enough(Engine(url, source=source, private=True))


def _new_enough(engine: Engine) -> Engine:
    told = engine.version()
    api = told.get("ApiVersion", "0.0")
    try:
        number = tuple(int(part) for part in api.split(".")[:2])
    except ValueError as error:
        raise EngineError(f"{engine.url} answers, but not as a Docker engine does") from error
    if number < OLDEST_API:
        engine.close()
        raise EngineTooOld(
            f"{engine.name} at {engine.url} is older than 20.10, the oldest the lab can teach with",
            "update it, or let the lab run its own: MLDOCKER_ENGINE=private",
        )
    return engine


def _from_context(name: str) -> Candidate:
    try:
        context = ContextAPI.get_context(name)
    except Exception as error:
        raise NoEngine(
            f"the docker context {name!r} cannot be read: {error}", _CONTEXT_HINT
        ) from error
    if context is None or not context.Host:
        raise NoEngine(f"there is no docker context {name!r}", _CONTEXT_HINT)
    return Candidate(
        _address(context.Host), f"the docker context {name!r} is current", context.TLSConfig
    )


_CONTEXT_HINT = "`docker context ls` shows those there are; `docker context use default` goes back"


def _tls(env: Mapping[str, str]) -> Any:
    if not (env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_CERT_PATH")):
        return None
    try:
        return kwargs_from_env(dict(env)).get("tls")
    except DockerException as error:
        raise NoEngine(
            f"the certificates for the engine cannot be read: {error}",
            "check DOCKER_CERT_PATH: ca.pem, cert.pem and key.pem belong there",
        ) from error


def _address(text: str) -> str:
    """A bare path is a Unix socket."""
    return f"unix://{text}" if text.startswith("/") else text
