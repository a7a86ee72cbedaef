"""What one build may know: its secrets, and passwords for the registries it pulls from.

BuildKit asks for them through a session; the classic builder gets registry passwords in a header
and has no secrets. Without either, a build is sent as ever, and the extra package is not needed.
"""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mldocker_lab.build import session
from mldocker_lab.build.secrets import Veil, check_given
from mldocker_lab.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mldocker_lab.build.request import BuildRequest
    from mldocker_lab.dockerfile.parse import Dockerfile
    from mldocker_lab.engine.client import Engine

__all__ = ["Credentials"]

_HUB = "registry-1.docker.io"
_HUB_IN_HEADERS = "https://index.docker.io/v1/"


class Credentials:
    """The secrets and logins of a request, read once.

    Attributes:
        veil: hides them in events.

    Raises:
        UsageError: a secret is missing, cannot be read, or this builder or installation has none.
    """

    def __init__(self, request: BuildRequest, dockerfile: Dockerfile) -> None:
        self._buildkit = request.builder == "buildkit"
        if request.secrets and not self._buildkit:
            raise UsageError(
                "the classic builder has no build secrets", 'build with builder="buildkit"'
            )
        self._asks = self._buildkit and check_given(dockerfile, request.target, request.secrets)
        if self._buildkit and (request.secrets or request.logins):
            session.require()
        self._secrets = {name: secret.value() for name, secret in request.secrets.items()}
        self._logins = {
            host: (user, password.value().decode())
            for host, (user, password) in request.logins.items()
        }
        passwords = (password.encode() for _, password in self._logins.values())
        self.veil = Veil([*self._secrets.values(), *passwords])

    @contextmanager
    def at(
        self, engine: Engine, images: Iterable[str]
    ) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
        """Ready to be asked for: what the request to build needs in its query and its headers.

        Args:
            engine: where the build takes place.
            images: those the Dockerfile names; a session is opened if one must be pulled from
                where a login is kept.
        """
        logins = self._logins | self._kept(engine, images)
        opened = self._session(engine, logins) if self._buildkit else None
        if opened is None:
            yield {}, {} if self._buildkit else _header(logins)
            return
        with opened:
            yield {"session": opened.id}, {}

    def _session(
        self, engine: Engine, logins: dict[str, tuple[str, str]]
    ) -> session.Session | None:
        """The session, if one is of use; only those who asked for one hear why there is none.

        A step that may do without its secret is told so by a session; without one, it fails.
        """
        asked_for = bool(self._secrets or self._logins)
        if not (asked_for or ((logins or self._asks) and session.available())):
            return None
        try:
            return session.Session(engine, self._secrets, logins.get)
        except EngineError as error:
            if not asked_for:
                return None
            raise UsageError(error.what, error.hint) from error

    def _kept(self, engine: Engine, images: Iterable[str]) -> dict[str, tuple[str, str]]:
        """What ``docker login`` keeps for the registries of images that the engine lacks."""
        found: dict[str, tuple[str, str]] = {}
        for image in images:
            host = _host(image)
            if host not in self._logins and host not in found:
                kept = engine.login(host)
                if kept and not engine.has_image(image):
                    found[host] = kept
        return found


def _host(image: str) -> str:
    """The registry that an image's name means, as BuildKit calls it."""
    first, slash, _ = image.partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost")
    return first if named and first != "docker.io" else _HUB


def _header(logins: dict[str, tuple[str, str]]) -> dict[str, str]:
    if not logins:
        return {}
    told = {
        _HUB_IN_HEADERS if host == _HUB else host: {"username": user, "password": password}
        for host, (user, password) in logins.items()
    }
    return {"X-Registry-Config": base64.urlsafe_b64encode(json.dumps(told).encode()).decode()}
