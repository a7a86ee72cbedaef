"""One engine, spoken to through its API. Nothing outside this package imports the docker SDK.

The SDK's errors are translated here, once, into ``mldocker_lab.errors``; what comes back is plain
dictionaries as the engine said them, or small records of ours. No command line is ever needed.
"""

from __future__ import annotations

import io
import ipaddress
import re
import socket
import tarfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException, InvalidVersion, NotFound
from docker.transport import unixconn
from docker.types import CancellableStream

from mldocker_lab.engine.hijack import Channel
from mldocker_lab.errors import (
    DiskFull,
    EngineError,
    EngineGone,
    EngineTooOld,
    ImageNotFound,
    NoPermission,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["LABEL", "Engine", "ImageFacts", "Stream"]

#: Everything the lab creates on an engine carries this label; cleaning goes by it.
LABEL = "mldocker_lab"

_CONNECT_SECONDS = 60
_HEADERS = 1 << 14  # bytes of a tar before its first file's content
_REWRITES_SINCE = 26
_HUB = "registry-1.docker.io"  # what BuildKit calls the registry that needs no name
_PUSHED = re.compile(r"\bdigest: (sha256:[0-9a-f]{64})\b")  # both image stores say this
_GONE = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,  # streams are read below requests
)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an engine knows about an image.

    Attributes:
        id: "sha256:…".
        tags: the names it has.
        digests: "name@sha256:…" for each registry it came from.
        diff_ids: its layers, lowest first.
        config: its run-time configuration as the engine prints it (Env, User, Labels, …).
        architecture: "amd64", "arm64", …
    """

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    diff_ids: tuple[str, ...]
    config: dict[str, Any] = field(repr=False)
    architecture: str = ""


class Stream:
    """Messages from the engine, one after the other; ``cancel`` ends it from any thread."""

    def __init__(self, messages: Iterator[Any], response: requests.Response) -> None:
        self._messages = messages
        self._cancellable = CancellableStream(messages, response)
        self.cancelled = False

    def __iter__(self) -> Iterator[Any]:
        try:
            with _translated():
                yield from self._messages
        except EngineGone:
            if not self.cancelled:
                raise
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Hang up: the engine stops what it was doing for us."""
        self.cancelled = True
        with suppress(OSError, AttributeError, DockerException):  # hung up already
            self._cancellable.close()


class Engine:
    """A Docker engine at one address.

    Args:
        url: ``unix://…``, ``tcp://…``, ``npipe://…`` or ``ssh://…``.
        source: how it was found, in words ("MLDOCKER_ENGINE", "docker context 'x'", …).
        private: True if it is the lab's own daemon.
        tls: a ``docker.tls.TLSConfig``, or None.
    """

    def __init__(
        self, url: str, *, source: str = "", private: bool = False, tls: Any = None
    ) -> None:
        self.url = url
        self.source = source
        self.private = private
        self._tls = tls
        with _translated(url):
            self.api = _Client(
                base_url=url, version="auto", timeout=_CONNECT_SECONDS, tls=tls or False
            )

    def __repr__(self) -> str:
        return f"Engine({self.url!r}, source={self.source!r})"

    def again(self) -> Engine:
        """A second connection to the same engine, for another thread."""
        return Engine(self.url, source=self.source, private=self.private, tls=self._tls)

    def close(self) -> None:
        """Close the connection (the engine itself goes on)."""
        self.api.close()

    # -- what it is --------------------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """``docker info`` as the API gives it."""
        with _translated(self.url):
            return dict(self.api.info())

    def version(self) -> dict[str, Any]:
        """``docker version`` as the API gives it."""
        with _translated(self.url):
            return dict(self.api.version())

    @property
    def name(self) -> str:
        """Its kind and version for tables and recordings: "Docker Engine 20.10.24"."""
        told = self.version()
        components = told.get("Components") or [{}]
        kind = "Podman" if "podman" in components[0].get("Name", "").lower() else "Docker"
        return f"{kind} Engine {told.get('Version', '?').split('+')[0]}"

    @property
    def rewrites_times(self) -> bool:
        """Whether its BuildKit can give files the time of SOURCE_DATE_EPOCH.

        That is the exporter of containerd's image store, since BuildKit 0.13 (Engine 26). The one
        for overlay2 takes the option and does nothing.
        """
        told = self.info()
        containerd = any("io.containerd" in str(line) for line in told.get("DriverStatus") or ())
        major = str(told.get("ServerVersion", "")).partition(".")[0]
        return containerd and major.isdecimal() and int(major) >= _REWRITES_SINCE

    # -- images ------------------------------------------------------------------------------

    def image(self, ref: str) -> ImageFacts:
        """What the engine knows about an image.

        Raises:
            ImageNotFound: it has none of that name.
        """
        with _translated(ref):
            told = self.api.inspect_image(ref)
        diff_ids = tuple(told.get("RootFS", {}).get("Layers") or ())
        return ImageFacts(
            id=told["Id"],
            tags=tuple(told.get("RepoTags") or ()),
            digests=tuple(told.get("RepoDigests") or ()),
            diff_ids=diff_ids,
            config=dict(told.get("Config") or {}),
            architecture=told.get("Architecture", ""),
        )

    def has_image(self, ref: str) -> bool:
        """Whether the engine has an image of that name or id."""
        try:
            with _translated(ref):
                self.api.inspect_image(ref)
        except ImageNotFound:
            return False
        return True

    def images(self, label: str | None = LABEL) -> list[dict[str, Any]]:
        """The images that carry a label, untagged ones included; None for all there are."""
        with _translated(self.url):
            return list(self.api.images(all=True, filters={"label": label} if label else None))

    def tag(self, ref: str, name: str) -> None:
        """Give an image a further name ("repository:tag")."""
        repository, _, tag = name.rpartition(":")
        with _translated(ref):
            self.api.tag(ref, repository, tag)

    def remove_image(self, ref: str, *, force: bool = False) -> None:
        """Remove a name, and the image with its last name; nothing happens if it is gone."""
        try:
            with _translated(ref):
                self.api.remove_image(ref, force=force)
        except ImageNotFound:
            return

    def save(self, ref: str) -> Stream:
        """The image as ``docker save`` writes it: the bytes of a tar, in pieces."""
        with _translated(ref):
            url = f"{self.api.base_url}/v{self.api.api_version}/images/{ref}/get"
            response = self.api.get(url, stream=True, timeout=None)
            self.api._raise_for_status(response)  # noqa: SLF001 the SDK has no public way in for a cancellable stream
        return Stream(response.iter_content(1 << 20), response)

    def load(self, tar: bytes | Iterable[bytes]) -> None:
        """Take in an archive in the form ``save`` writes: all at once or in pieces."""
        data = tar if isinstance(tar, bytes) else iter(tar)
        with _translated(self.url):
            for message in self.api.load_image(data):
                if "error" in message:
                    raise EngineError(f"the engine refused the image: {message['error']}")

    def pull(self, ref: str, platform: str | None = None) -> Iterator[dict[str, Any]]:
        """Pull an image; yields the engine's progress messages.

        Raises:
            EngineError: a message carried an error (no such image, no registry).
        """
        with _translated(ref):
            for message in self.api.pull(ref, stream=True, decode=True, platform=platform):
                if "error" in message:
                    raise EngineError(f"cannot pull {ref}: {message['error']}")
                yield message

    def digest_of(self, ref: str) -> str:
        """The digest that the registry in an image's name has for it; nothing is pulled.

        Raises:
            EngineError: the registry does not answer, or has no such image.
        """
        with _translated(ref):
            found = self.api.inspect_distribution(ref)
        return str(found["Descriptor"]["digest"])

    def push(self, ref: str) -> str:
        """Push an image to the registry in its name ("host:port/name:tag"); returns its digest.

        Raises:
            EngineError: the registry does not answer, or does not take it.
        """
        repository, _, tag = ref.rpartition(":")
        digest = None
        with _translated(ref):
            for message in self.api.push(repository, tag=tag, stream=True, decode=True):
                if "error" in message:
                    raise EngineError(f"cannot push {ref}: {message['error']}")
                digest = _PUSHED.search(message.get("status", "")) or digest
        if digest is None:
            raise EngineError(f"cannot push {ref}: the engine tells no digest")
        return digest[1]

    def post_build(
        self, params: dict[str, Any], tar: Any, headers: dict[str, str] | None = None
    ) -> Stream:
        """``POST /build``: the raw messages of either builder.

        Args:
            params: query parameters as the API names them (dockerfile, t, version, …).
            tar: the context as a tar: bytes, an open file, or an iterable of bytes.
            headers: further request headers (X-Registry-Config).
        """
        url = f"{self.api.base_url}/v{self.api.api_version}/build"
        with _translated(self.url):
            response = self.api.post(
                url,
                params=params,
                data=tar,
                headers={"Content-Type": "application/x-tar", **(headers or {})},
                stream=True,
                timeout=None,
            )
            self.api._raise_for_status(response)  # noqa: SLF001 as in save
        return Stream(self.api._stream_helper(response, decode=True), response)  # noqa: SLF001 as in save

    def session(self, name: str, methods: Sequence[str]) -> Channel:
        """``POST /session``: a connection on which BuildKit asks, and we answer.

        Args:
            name: what ``POST /build`` will call it.
            methods: the gRPC methods that are answered, the most important first.

        Raises:
            EngineError: the engine has no sessions, or the connection cannot be taken over.
        """
        with _translated(self.url):
            response = self.api.post(
                f"{self.api.base_url}/v{self.api.api_version}/session",
                headers={
                    "Connection": "Upgrade",
                    "Upgrade": "h2c",
                    "X-Docker-Expose-Session-Uuid": name,
                    "X-Docker-Expose-Session-Name": LABEL,
                    "X-Docker-Expose-Session-Sharedkey": "",
                    "X-Docker-Expose-Session-Grpc-Method": methods[0],
                },
                stream=True,
            )
        return Channel(response)

    def login(self, registry: str) -> tuple[str, str] | None:
        """User and password that ``docker login`` keeps for a registry; None if it keeps none.

        Args:
            registry: its host, and port if it has one.
        """
        host = None if registry == _HUB else registry
        with suppress(DockerException, OSError, ValueError):
            found = docker.auth.resolve_authconfig(self.api._auth_configs, host)  # noqa: SLF001 as in save
            if found:
                user, password = _either(found, "username"), _either(found, "password")
                token = _either(found, "identitytoken")
                return ("", token) if token else (user, password)
        return None

    # -- containers --------------------------------------------------------------------------

    def create(
        self, image: str, command: Any = None, *, host: dict[str, Any] | None = None, **config: Any
    ) -> str:
        """Create a labelled container, not started; returns its id.

        Args:
            image: what it is made from.
            command: what it runs; None for the image's own.
            host: arguments of the SDK's ``create_host_config`` (binds, port_bindings, …).
            config: further arguments of the SDK's ``create_container`` (name, ports, user, …).
        """
        labels = {LABEL: "container", **(config.pop("labels", None) or {})}
        with _translated(image):
            made = self.api.create_container(
                image,
                command,
                labels=labels,
                host_config=self.api.create_host_config(**(host or {})),
                **config,
            )
        return str(made["Id"])

    def start(self, container: str) -> None:
        """Start a container."""
        with _translated(container):
            self.api.start(container)

    def stop(self, container: str, seconds: int = 10) -> None:
        """Ask it to stop (SIGTERM), kill it after ``seconds``."""
        with _translated(container):
            self.api.stop(container, timeout=seconds)

    def wait(self, container: str, seconds: float | None = None) -> int:
        """Wait until it ends; returns its exit status.

        Raises:
            EngineGone: it did not end within ``seconds``.
        """
        with _translated(container):
            return int(self.api.wait(container, timeout=seconds)["StatusCode"])

    def inspect(self, container: str) -> dict[str, Any]:
        """``docker inspect`` of a container."""
        with _translated(container):
            return dict(self.api.inspect_container(container))

    def logs(self, container: str, **options: Any) -> str:
        """What it printed, stdout and stderr together."""
        with _translated(container):
            return bytes(self.api.logs(container, **options)).decode(errors="replace")

    def kill(self, container: str, signal: str = "KILL") -> None:
        """Send a signal ("TERM", "KILL", …) to its process 1."""
        with _translated(container):
            self.api.kill(container, signal=f"SIG{signal.removeprefix('SIG')}")

    @contextmanager
    def paused(self, container: str) -> Iterator[None]:
        """While the block runs, freeze a container's processes: it answers nobody."""
        with _translated(container):
            self.api.pause(container)
        try:
            yield
        finally:
            with _translated(container):
                self.api.unpause(container)

    def written(self, container: str) -> int:
        """The bytes of a container's own layer: what it wrote, but for volumes."""
        with _translated(container):
            (told,) = self.api.containers(all=True, size=True, filters={"id": container})
        return int(told.get("SizeRw") or 0)

    def log_lines(self, container: str) -> list[tuple[str, str, str]]:
        """What it printed, line by line: the engine's time (RFC 3339), the stream, the text."""
        told = []
        for stream in ("stdout", "stderr"):
            wanted = {"stdout": stream == "stdout", "stderr": stream == "stderr"}
            for line in self.logs(container, timestamps=True, **wanted).splitlines():
                moment, _, text = line.partition(" ")
                told.append((moment, stream, text))
        return sorted(told, key=lambda line: line[0])

    def stats(self, container: str) -> dict[str, Any]:
        """Memory, processor time and throttling at this moment, as the API gives them."""
        with _translated(container):
            try:
                return dict(self.api.stats(container, stream=False, one_shot=True))
            except ValueError as error:  # nothing at all, if it ended at this moment
                raise EngineError(
                    f"the engine said nothing about the use of {container}"
                ) from error

    def execute(self, container: str, command: list[str], **options: Any) -> tuple[int, str]:
        """Run a command inside a running container; returns exit status and output."""
        with _translated(container):
            made = self.api.exec_create(container, command, **options)
            # The SDK's exec_start reads the socket past the buffer that the head came in with,
            # and loses what a quick command says in the same packet.
            url = self.api._url("/exec/{0}/start", made["Id"])  # noqa: SLF001
            answer = self.api._post_json(url, data={"Detach": False, "Tty": False})  # noqa: SLF001
            output = b"".join(self.api._multiplexed_buffer_helper(answer))  # noqa: SLF001
            status = self.api.exec_inspect(made["Id"])["ExitCode"]
        return int(status or 0), output.decode(errors="replace")

    def put_files(self, container: str, folder: str, files: dict[str, bytes]) -> None:
        """Write files into a container (running or not); names are relative to ``folder``."""
        with _translated(container):
            self.api.put_archive(container, folder, _tar_of(files))

    def head(self, container: str, path: str, most: int) -> bytes:
        """The first bytes of a file in a container, running or not; links are followed by it.

        Raises:
            ImageNotFound: there is no such file.
        """
        with _translated(path):
            pieces, _ = self.api.get_archive(container, path)
            return _first_file(pieces, most)

    def processes(self, container: str) -> list[dict[str, str]]:
        """What runs in it, by the columns of ``docker top``: UID, PID, CMD and others."""
        with _translated(container):
            told = self.api.top(container)
        return [dict(zip(told["Titles"], row, strict=False)) for row in told["Processes"] or ()]

    def put_archive(self, container: str, folder: str, tar: Any) -> None:
        """Unpack a tar (bytes, an open file, an iterable of bytes) into a container."""
        with _translated(container):
            self.api.put_archive(container, folder, tar)

    def commit(
        self,
        container: str,
        name: str,
        changes: list[str] | None = None,
        config: dict[str, Any] | None = None,
    ) -> str:
        """Make an image "repository:tag" of a container; returns its id.

        Args:
            container: its id or name.
            name: the image's name.
            changes: Dockerfile instructions (CMD, ENV, LABEL, …) applied to its configuration.
            config: parts of the configuration, as ``inspect`` prints them; the rest is kept.
        """
        repository, _, tag = name.rpartition(":")
        with _translated(container):
            made = self.api.commit(container, repository, tag, changes=changes, conf=config)
        return str(made["Id"])

    def remove(self, container: str) -> None:
        """Remove a container, running or not; nothing happens if it is gone, or just going."""
        try:
            with _translated(container):
                self.api.remove_container(container, force=True, v=True)
        except ImageNotFound:
            return
        except EngineError as error:
            if "already in progress" not in str(error):  # another process is removing it
                raise

    def containers(self, label: str | None = LABEL) -> list[dict[str, Any]]:
        """The containers that carry a label, stopped ones included; None for all there are."""
        with _translated(self.url):
            return list(self.api.containers(all=True, filters={"label": label} if label else None))

    # -- the rest ----------------------------------------------------------------------------

    def networks(self, driver: str) -> list[dict[str, Any]]:
        """The networks a driver ("bridge", "host", …) made, as the API lists them."""
        with _translated(self.url):
            return list(self.api.networks(filters={"driver": driver}))

    def make_network(self, name: str) -> None:
        """Make a bridge network that has no way out."""
        with _translated(name):
            self.api.create_network(name, driver="bridge", internal=True, labels={LABEL: "network"})

    def our_networks(self) -> list[str]:
        """The names of the networks that carry the lab's label."""
        with _translated(self.url):
            found = self.api.networks(filters={"label": LABEL})
        return [str(network["Name"]) for network in found]

    def remove_network(self, name: str) -> None:
        """Remove a network; nothing happens if it is gone.

        Raises:
            EngineError: a container is on it.
        """
        try:
            with _translated(name):
                self.api.remove_network(name)
        except ImageNotFound:
            return

    def make_volume(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Make a labelled volume, empty; ``labels`` are further ones."""
        with _translated(name):
            self.api.create_volume(name, labels={LABEL: "volume", **(labels or {})})

    def our_volumes(self, label: str = LABEL) -> list[str]:
        """The names of the volumes that carry a label, the lab's own if none is named."""
        with _translated(self.url):
            found = self.api.volumes(filters={"label": label})["Volumes"]
        return [str(volume["Name"]) for volume in found or ()]

    def remove_volume(self, name: str) -> None:
        """Remove a volume with what is in it; nothing happens if it is gone.

        Raises:
            EngineError: a container has it.
        """
        try:
            with _translated(name):
                self.api.remove_volume(name)
        except ImageNotFound:
            return

    def empty_build_cache(self) -> None:
        """Throw the whole build cache away: only for an engine that is nobody else's."""
        with _translated(self.url):
            self.api._post(  # noqa: SLF001 the SDK's own call cannot ask for all of it
                f"{self.api.base_url}/v{self.api.api_version}/build/prune", params={"all": "1"}
            )

    def gateway(self) -> str | None:
        """Address of the engine's host on its default bridge, where published ports answer."""
        try:
            with _translated("bridge"):
                told = self.api.inspect_network("bridge")
        except EngineError:
            return None
        for config in told.get("IPAM", {}).get("Config") or ():
            if config.get("Gateway"):
                return str(config["Gateway"])
            if config.get("Subnet"):  # 20.10 keeps quiet about the gateway of a bridge it made
                return str(ipaddress.ip_network(config["Subnet"])[1])
        return None


class _Connection(unixconn.UnixHTTPConnection):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's, except that it closes its socket when nobody answers there."""

    def connect(self) -> None:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        channel.settimeout(self.timeout)
        try:
            channel.connect(self.unix_socket)
        except OSError:
            channel.close()
            raise
        self.sock = channel


unixconn.UnixHTTPConnection = _Connection  # there is no parameter for it


class _Client(docker.APIClient):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's client, which believes in the engine's own certificate authority.

    Without this, requests prefers ``REQUESTS_CA_BUNDLE``, which many companies set for the web.
    """

    def merge_environment_settings(
        self, url: str, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        chosen = self.verify if verify is None else verify
        return super().merge_environment_settings(url, proxies, stream, chosen, cert)


def _either(found: dict[str, Any], key: str) -> str:
    """A value of a login whatever the case of its key: the SDK knows two spellings."""
    return next((str(value or "") for name, value in found.items() if name.lower() == key), "")


def _first_file(pieces: Iterable[bytes], most: int) -> bytes:
    """The beginning of the first file of a tar; the rest of the tar is not read."""
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) >= most + _HEADERS:
            break
    with tarfile.open(fileobj=io.BytesIO(bytes(data)), mode="r|") as tar:
        for entry in tar:
            if entry.isfile():
                at = entry.offset_data
                return bytes(data[at : at + min(entry.size, most)])
    return b""


def _tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o644
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@contextmanager
def _translated(about: str = "") -> Iterator[None]:
    """Turn the SDK's errors into ours."""
    try:
        yield
    except NotFound as error:
        raise ImageNotFound(f"the engine has no {about or 'such thing'}: {_said(error)}") from error
    except APIError as error:
        said = _said(error)
        if "no space left on device" in said.lower():
            raise DiskFull(
                "the engine's disk is full", "run `mldocker-lab clean`, or free some room"
            ) from error
        raise EngineError(f"the engine refused: {said}") from error
    except PermissionError as error:
        raise _no_permission(about) from error
    except _GONE as error:
        if "permission denied" in str(error).lower():
            raise _no_permission(about) from error
        raise EngineGone(
            f"the engine does not answer{f' at {about}' if '://' in about else ''} ({_why(error)})",
            "run `mldocker-lab doctor` to see which engine is meant and whether it runs",
        ) from error
    except InvalidVersion as error:
        raise EngineTooOld(
            f"the engine at {about} is too old ({_short(error)})", "update it to 20.10 or newer"
        ) from error
    except DockerException as error:
        if "permission denied" in str(error).lower():
            raise _no_permission(about) from error
        raise EngineGone(
            f"no engine answers at {about or 'that address'} ({_why(error)})",
            "start it, or run `mldocker-lab doctor`",
        ) from error


def _no_permission(about: str) -> NoPermission:
    return NoPermission(
        f"you may not use the engine's socket {about}".rstrip(),
        "join the group that owns it (`sudo usermod -aG docker $USER`, then log in again), "
        "or start a lab of your own as root",
    )


def _said(error: APIError) -> str:
    return str(error.explanation or error)


def _why(error: BaseException) -> str:
    """The operating system's own words, which the libraries wrap several times, or theirs."""
    seen: list[BaseException] = []
    inner: Any = error
    while isinstance(inner, BaseException) and inner not in seen:
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        seen.append(inner)
        reason = getattr(inner, "reason", None) or next(iter(inner.args), None)
        wrapped = reason if isinstance(reason, BaseException) else None
        inner = wrapped or inner.__cause__ or inner.__context__
    return _short(error)


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
