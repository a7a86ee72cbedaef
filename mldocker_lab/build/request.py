"""What to build, and how: plain data, no engine in sight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mldocker_lab.build.secrets import Secret

__all__ = ["BuildRequest", "Builder"]

Builder = Literal["buildkit", "classic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """One build.

    Attributes:
        folder: the build context.
        dockerfile: the Dockerfile's name, relative to the folder.
        tag: name of the image ("repository:tag"); "" leaves it unnamed.
        builder: which of the engine's builders; see ``docs.docker.com/build/buildkit``.
        target: build up to this stage; None builds the last one.
        args: values for the Dockerfile's ``ARG`` instructions.
        extra_hosts: further lines of ``/etc/hosts`` during RUN, name to address.
        network: network of RUN steps ("host", "none"); None for the engine's default.
        overlay: files that replace or join those of the folder, by their name in the context.
            An edit to be tried: the folder itself is never touched.
        bases: images to put in place of the ones that FROM names (see ``build.cold``).
        cache_prefix: put before the id of every cache mount, so that a run has its own; None
            leaves them as they are.
        secrets: what RUN --mount=type=secret may ask for, by id; BuildKit only.
        logins: user and password for registries, by host ("registry.example:5000"); what
            ``docker login`` keeps is known without.
        pull: ask the registry for every base anew, as ``docker build --pull`` does; an engine may
            otherwise take one of that name that it has.
        epoch: seconds since 1970 that stand for "now": the build argument SOURCE_DATE_EPOCH, and,
            where the engine's builder can (``Engine.rewrites_times``), the time of every file that
            would be newer. BuildKit only.
        no_cache: look nothing up in the layer cache, and start cache mounts empty. Prefer
            ``bases``: this also fills the cache for the next build.
    """

    folder: Path
    dockerfile: str = "Dockerfile"
    tag: str = ""
    builder: Builder = "buildkit"
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    overlay: Mapping[str, bytes] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    cache_prefix: str | None = None
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    logins: Mapping[str, tuple[str, Secret]] = field(default_factory=dict)
    pull: bool = False
    epoch: int | None = None
    no_cache: bool = False
