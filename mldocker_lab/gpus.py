"""``lab.gpu``: will this image run on that host, and if not, why not?

In a notebook::

    lab.gpu.check("my-model:latest", "rtx4090-535")   # three gates, each with its reason
    lab.gpu.matrix()                                  # recorded hosts × typical images
    lab.gpu.diagnose(error)                           # which failure this is, and what to do
    lab.gpu.probe()                                   # asks the engine by doing

The rules are pure functions in ``mldocker_lab.gpu``; this module finds what they are asked about.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import ImageNotFound, LabError, UsageError
from mldocker_lab.gpu import badge as badges
from mldocker_lab.gpu import cdi, detect, passthrough, recorded, require
from mldocker_lab.gpu import check as checking
from mldocker_lab.gpu import diagnose as diagnosing
from mldocker_lab.gpu import host as hosts_of
from mldocker_lab.gpu import image as images_of
from mldocker_lab.gpu import matrix as matrices
from mldocker_lab.gpu import probe as probing
from mldocker_lab.gpu import situation as situations
from mldocker_lab.gpu.environment import pairs
from mldocker_lab.gpu.host import Host
from mldocker_lab.gpu.hostfile import from_file
from mldocker_lab.gpu.image import Image
from mldocker_lab.gpu.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.engine.client import Engine
    from mldocker_lab.gpu.badge import Badge
    from mldocker_lab.gpu.check import Check
    from mldocker_lab.gpu.diagnose import Diagnosis
    from mldocker_lab.gpu.gate_image import Way
    from mldocker_lab.gpu.host import Platform
    from mldocker_lab.gpu.matrix import Matrix
    from mldocker_lab.gpu.probe import Probe
    from mldocker_lab.gpu.verdict import Gate
    from mldocker_lab.report.build import BuildReport

    AnyImage = str | Image | BuildReport | Mapping[str, str]
    AnyHost = str | Path | Host | None

__all__ = [
    "badge", "call", "check", "diagnose", "flags", "gpu", "host", "hosts", "image", "images",
    "matrix", "offer", "probe", "requirement", "spec",
]  # fmt: skip

_NAME = re.compile(r"[\w./~-]{1,255}")  # of a container or a file; an error has blanks
_COMPAT = "/compat/libcuda.so"  # of NVIDIA's package cuda-compat, in /usr/local/cuda-X.Y
_TAIL = 2000  # lines of a log

#: This module, as ``lab.gpu``.
gpu = sys.modules[__name__]


def check(
    image: AnyImage,
    host: AnyHost = None,
    *,
    driver: str | None = None,
    cuda: str | None = None,
    brand: str | None = None,
    arch: str | None = None,
    platform: Platform = "linux",
    way: Way = "gpus",
    tables_file: str | Path | None = None,
) -> Check:
    """Ask the three gates: what the image demands, the driver, the kernels.

    Args:
        image: a name on the engine or of ``images()``, a build, an ``Image``, or variables as a
            dictionary.
        host: a name of ``hosts()``, a file (``nvidia-smi -q -x``, TOML, JSON) or a ``Host``; None
            for the facts that follow, and for this machine if none is given.
        driver: the driver's version, "535.104.05".
        cuda: the highest CUDA that the driver knows, "12.2".
        brand: the card's brand, "geforce".
        arch: its compute capability, "8.6".
        platform: "linux", "wsl" or "windows".
        way: how the GPU is asked for: "gpus", "runtime" or "cdi".
        tables_file: facts that replace ours (see ``gpu/data/tables.toml``).

    Raises:
        UsageError: there is no such host, or no such file.
        ImageNotFound: there is no such image.
    """
    if host is None and any((driver, cuda, brand, arch)):
        host = hosts_of.given(driver=driver, cuda=cuda, brand=brand, arch=arch, platform=platform)
    known = tables(Path(tables_file) if tables_file else None)
    return checking.check(_image(image), _host(host), known, way)


def matrix(
    hosts: Iterable[AnyHost] | None = None,
    images: Iterable[AnyImage] | None = None,
    *,
    way: Way = "gpus",
) -> Matrix:
    """Every image on every host: a grid that opens to the reasons.

    Args:
        hosts: as for ``check``; None for all that are recorded.
        images: as for ``check``; None for NVIDIA's and PyTorch's of the last years.
        way: how the GPU is asked for.
    """
    rows = list(recorded.hosts().values()) if hosts is None else [_host(one) for one in hosts]
    columns = (
        list(recorded.images().values()) if images is None else [_image(one) for one in images]
    )
    return matrices.matrix(rows, columns, tables(), way)


def hosts() -> dict[str, Host]:
    """This machine, and the recorded and made-up hosts, by their short names."""
    return {"here": detect.detect(), **recorded.hosts()}


def images() -> dict[str, Image]:
    """The typical images by their names."""
    return dict(recorded.images())


def host(which: AnyHost = None) -> Host:
    """One host: a short name, a file, or None for this machine."""
    return _host(which)


def image(which: AnyImage) -> Image:
    """What is known of an image; one on the engine is read for the CUDA that its wheels bring."""
    return _image(which)


def badge(which: AnyHost = None) -> Badge:
    """What the results about a host rest on; None for this machine."""
    return badges.badge(_host(which))


def requirement(
    text: str,
    *,
    driver: str | None = None,
    cuda: str | None = None,
    brand: str | None = None,
    arch: str | None = None,
) -> Gate:
    """Whether a host with these facts meets one ``NVIDIA_REQUIRE_*``.

    Args:
        text: "cuda>=12.4 brand=tesla,driver>=535,driver<536".
        driver: the driver's version; None if it is not known, as for all that follow.
        cuda: the highest CUDA that it knows.
        brand: the card's brand.
        arch: its compute capability.
    """
    facts = {"driver": driver, "cuda": cuda, "brand": brand, "arch": arch}
    return require.evaluate(text, facts)


def diagnose(what: str | Path) -> Diagnosis:
    """Which failure this is, why, and what to do about it on this host.

    Args:
        what: an error or a log, a file that holds one, or the name or id of a container.
    """
    engine = _engine()
    where = situations.situation()
    if engine is None:
        return diagnosing.diagnose(_read(what), where)
    try:
        where = situations.situation(engine.info(), engine.version())
        if isinstance(what, str) and _NAME.fullmatch(what) and not Path(what).is_file():
            try:
                told = engine.inspect(what)
                log = engine.logs(what, tail=_TAIL) if _has_log(told) else ""
                return diagnosing.of_container(told, log, where)
            except ImageNotFound:
                pass
        return diagnosing.diagnose(_read(what), where)
    finally:
        engine.close()


def probe(*ways: str) -> Probe:
    """Ask the engine by doing: which way brings a GPU into a container.

    Args:
        ways: of "gpus", "runtime", "cdi" and "variable"; all of them if none is given.

    Raises:
        UsageError: there is no such way.
        NoEngine: there is no engine.
    """
    if unknown := set(ways) - set(probing.WAYS):
        known = ", ".join(probing.WAYS)
        raise UsageError(f"there is no way {min(unknown)!r}", f"one of {known}")
    from mldocker_lab import lab
    from mldocker_lab.supply import bases
    from mldocker_lab.widgets.progress import watch

    engine = lab.find_engine()
    try:
        watch(bases.ensure(engine, (bases.SLIM,)))
        where = situations.situation(engine.info(), engine.version())
        return probing.probe(engine, bases.SLIM, where, ways or tuple(probing.WAYS))
    finally:
        engine.close()


def spec(text: str | bytes | Path) -> cdi.Spec:
    """A CDI spec from its text or its file; ``problems`` says what an engine would not take.

    Raises:
        UsageError: it is no YAML, or there is no such file.
    """
    if not isinstance(text, Path):
        return cdi.read(text)
    try:
        return cdi.read(text.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {text}: {error.strerror}") from error


def offer(text: str | bytes | Path | cdi.Spec) -> bool:
    """Put a CDI spec where the lab's own engine looks; a second one of a kind replaces the first.

    Another engine's folders are its owner's: there, and where the engine has no CDI, nothing is
    written.

    Returns:
        Whether the engine finds it now.

    Raises:
        UsageError: the spec has problems.
    """
    from mldocker_lab import lab
    from mldocker_lab.engine import private

    known = _usable(text)
    engine = lab.find_engine()
    try:
        folder = private.cdi_folder()
        if str(folder) not in (engine.info().get("CDISpecDirs") or ()):
            return False
    finally:
        engine.close()
    (folder / f"{known.kind.replace('/', '-')}.json").write_text(json.dumps(known.data))
    return True


def flags(text: str | bytes | Path | cdi.Spec, device: str) -> passthrough.Passthrough:
    """What a device of a CDI spec brings, as plain flags of ``docker run``.

    Raises:
        UsageError: the spec has problems, or no such device.
    """
    return passthrough.compiled(_usable(text), device)


def _usable(text: str | bytes | Path | cdi.Spec) -> cdi.Spec:
    known = text if isinstance(text, cdi.Spec) else spec(text)
    if known.problems:
        raise UsageError(f"the spec cannot be used: {known.problems[0]}")
    return known


def call(
    image: str | BuildReport, command: list[str], brings: passthrough.Passthrough
) -> tuple[int, str]:
    """Run a container that gets what a device brings; its exit status and what it printed.

    This is CDI by hand: the engine is asked with plain flags, so that any engine can do it.

    Args:
        image: a name on the engine, or a build.
        command: what it runs.
        brings: what ``flags`` made of a spec.

    Raises:
        EngineError: the engine refuses, because there is no such device on its host for example.
    """
    from mldocker_lab import lab

    engine = lab.find_engine()
    try:
        ref = image if isinstance(image, str) else image.image_id
        return probing.ended(engine, ref, command, brings.host(), brings.variables())
    finally:
        engine.close()


def _engine() -> Engine | None:
    """The engine, if one answers; none is started for this."""
    from mldocker_lab.engine import find as finding

    try:
        return finding.find(start=False)
    except LabError:
        return None


def _read(what: str | Path) -> str:
    """A text, or the text in a file."""
    try:
        if isinstance(what, Path) or (_NAME.fullmatch(what) and Path(what).is_file()):
            return Path(what).read_text(errors="replace")
    except OSError as error:
        raise UsageError(f"cannot read {what}: {error.strerror}") from error
    return str(what)


def _has_log(told: Mapping[str, Any]) -> bool:
    """A container that never started has none, and some drivers for logs give none back."""
    config = (told.get("HostConfig") or {}).get("LogConfig") or {}
    return config.get("Type") in ("json-file", "local", "journald", "k8s-file")


def _host(which: AnyHost) -> Host:
    if isinstance(which, Host):
        return which
    if which is None or which == "here":
        return detect.detect()
    if isinstance(which, str) and which in recorded.hosts():
        return recorded.hosts()[which]
    path = Path(which)
    if not path.is_file():
        known = ", ".join(recorded.hosts())
        raise UsageError(f"there is no host {str(which)!r}", f"a file, or one of {known}")
    return from_file(path)


def _image(which: AnyImage) -> Image:
    if isinstance(which, Image):
        return which
    if isinstance(which, Mapping):
        return images_of.given(which)
    if isinstance(which, str) and which in recorded.images():
        return recorded.images()[which]
    return _on_the_engine(which)


def _on_the_engine(which: Any) -> Image:
    """An image of the engine: its variables and labels at once, its packages by reading it."""
    from mldocker_lab import lab
    from mldocker_lab.report.filetree import FileTree

    ref = which if isinstance(which, str) else which.image_id
    engine = lab.find_engine()
    try:
        told = engine.image(ref)
        name = engine.name
    finally:
        engine.close()
    found = lab.inspect(which)
    config = told.config
    return images_of.given(
        pairs(config.get("Env") or ()),
        name=which if isinstance(which, str) else "the build",
        packages={one.name: one.version for one in found.packages},
        labels=config.get("Labels") or {},
        compat=bool(FileTree(found.indexes).listing(None).search(_COMPAT, 1).total),
        origin=name,
    )
