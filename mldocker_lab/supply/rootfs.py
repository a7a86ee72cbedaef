"""Make base images' file systems out of Debian packages, where no registry answers.

mmdebstrap does the work, as root or, for everybody else, in a user namespace. The result is one
tar per base. The official images are followed in what a Dockerfile can notice: Python is at home
in ``/usr/local`` (``/usr/local/lib/python3.11/site-packages``, ``pip install --prefix``), there is
no system package manager to quarrel with, no documentation, no package lists. That is done with
a virtual environment that *is* ``/usr/local``: Debian's Python in ``/usr/bin``, unchanged, behind
it.

The full base is the slim one with more packages installed, as in the official images: one run
makes both trees, and the second layer is what the second tree has and the first has not.
"""

from __future__ import annotations

import copy
import hashlib
import io
import os
import platform
import shutil
import subprocess
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from mldocker_lab.errors import SupplyError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "DEVEL_PACKAGES",
    "EPOCH",
    "SLIM_PACKAGES",
    "WHEELS",
    "Recipe",
    "fingerprint",
    "make",
    "pack",
    "recipe_id",
]

#: Every time stamp in a base: the image is the same whenever it is made. 2025-06-01.
EPOCH = 1_748_736_000

#: usr-is-merged keeps out usrmerge, which would bring 55 MB of Perl.
SLIM_PACKAGES = (
    *("ca-certificates", "libstdc++6", "media-types", "netbase", "python3", "python3-venv"),
    *("tzdata", "usr-is-merged"),
)

#: What "python:3.11" without "-slim" stands for: everything to compile everything.
DEVEL_PACKAGES = (
    *("build-essential", "curl", "gfortran", "git", "libbz2-dev", "libffi-dev"),
    *("libgomp1", "libjpeg-dev", "libpng-dev", "libsqlite3-dev", "libssl-dev", "openssh-client"),
    *("pkg-config", "procps", "python3-dev", "unzip", "wget", "zlib1g-dev"),
)

_EXCLUDED = (
    *("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/lintian/*", "/usr/share/locale/*"),
    *(
        "/usr/share/man/*",
        "/usr/lib/python3.11/EXTERNALLY-MANAGED",
        "/usr/share/python-wheels/pip-*",
    ),
)

#: The file names of what mmdebstrap leaves of the host, of logs and of copies, as tar names.
_LEFT_OUT = frozenset(
    {"etc/hostname", "etc/hosts", "etc/resolv.conf"}
    | {"var/cache/debconf/config.dat-old", "var/cache/debconf/templates.dat-old"}
    | {"var/lib/dpkg/lock", "var/lib/dpkg/lock-frontend"}
    | {"var/lib/dpkg/status-old", "etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"}
)

#: What an engine mounts by itself, package lists, logs of the making, a cache full of inodes.
_LEFT_OUT_UNDER = (
    *("dev/", "proc/", "run/", "sys/", "tmp/", "var/cache/apt/", "var/cache/ldconfig/"),
    *("var/lib/apt/lists/", "var/log/"),
)

_END_SECONDS = 30
_HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")
#: Where Debian's `python -m venv` looks for pip, as a name in a tar.
WHEELS = "usr/share/python-wheels"
_SITE = "/usr/local/lib/python3.11/site-packages"

_CHROOT = 'chroot "$1"'
_PYTHON_IN_USR_LOCAL = (
    f"{_CHROOT} /usr/bin/python3 -m venv --without-pip --system-site-packages /usr/local",
    (
        f"{_CHROOT} sh -c 'PYTHONPATH=$(echo /{WHEELS}/pip-*.whl) /usr/local/bin/python3 -m pip "
        f"install --quiet --no-index --no-cache-dir --no-compile --find-links /{WHEELS} pip'"
    ),
    # byte code that does not hold the time of its making
    f"{_CHROOT} /usr/local/bin/python3 -m compileall -q --invalidation-mode unchecked-hash {_SITE}",
    'rm -rf "$1"/usr/local/bin/[aA]ctivate* "$1"/root/.cache',
)


#: mmdebstrap's own configuration of apt, at work on the tree from outside.
_APT_INSTALL = (
    'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --quiet=2 '
    '-oDPkg::Chroot-Directory="$1" install'
)


class Recipe(NamedTuple):
    """How the bases are made.

    Attributes:
        architecture: "amd64" or "arm64".
        files: files put in, by their name in the image.
    """

    architecture: str
    files: dict[str, bytes]


def fingerprint() -> str:
    """What this module puts into a base, short: another one means the bases must be made anew."""
    parts = (*SLIM_PACKAGES, "|", *DEVEL_PACKAGES, *_EXCLUDED, *sorted(_LEFT_OUT), *_LEFT_OUT_UNDER)
    return _digest([*parts, *_PYTHON_IN_USR_LOCAL, str(EPOCH)])


def recipe_id(recipe: Recipe) -> str:
    """The same for one recipe: with its processor and its files."""
    files = [f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in recipe.files.items()]
    return _digest([fingerprint(), recipe.architecture, *sorted(files)])


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def make(recipe: Recipe, slim: Path, devel: Path | None = None) -> Iterator[str]:
    """Run mmdebstrap, leave a tar of the slim tree and perhaps of the full one.

    Yields what it is doing, in its words. Whoever stops listening stops it.

    Raises:
        SupplyError: mmdebstrap is missing, or failed (its last words are in the message).
    """
    tool = shutil.which("mmdebstrap")
    if tool is None:
        raise SupplyError(
            "no registry answers, and mmdebstrap, which makes base images here, is not installed",
            "`apt-get install mmdebstrap` (Debian, Ubuntu); or set MLDOCKER_REGISTRY to a registry "
            "that has the official python images",
        )
    files = slim.with_suffix(".files")
    files.write_bytes(_tar(recipe.files))
    said: list[str] = []
    process = subprocess.Popen(
        _command(tool, recipe, files, slim, devel),
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        for line in process.stdout or ():
            said.append(line.rstrip())
            if said[-1].startswith("I: ") and said[-1].endswith("..."):
                yield said[-1][3:].rstrip(".")
        if process.wait():
            raise _failed(said)
    finally:
        _end(process)


def _command(tool: str, recipe: Recipe, files: Path, slim: Path, devel: Path | None) -> list[str]:
    hooks = [f"tar-in {files} /", *_PYTHON_IN_USR_LOCAL, _tree_to(slim)]
    if devel:
        hooks += [
            "echo 'I: installing compilers, headers and git...'",
            f"{_APT_INSTALL} {' '.join(DEVEL_PACKAGES)}",
            _tree_to(devel),
        ]
    return [
        *(tool, "--variant=minbase", f"--mode={_mode()}", "--format=null"),
        *(f"--architectures={recipe.architecture}", f"--include={','.join(SLIM_PACKAGES)}"),
        *(f"--dpkgopt=path-exclude={path}" for path in _EXCLUDED),
        *((f"--hook-dir={_HOOKS}",) if _HOOKS.is_dir() else ()),
        *(f"--customize-hook={hook}" for hook in hooks),
        *("bookworm", "-", *_sources()),
    ]


def _tree_to(tar: Path) -> str:
    return (
        "echo 'I: keeping the tree...'; "
        f'tar --create --sort=name --one-file-system --numeric-owner -C "$1" . >{tar}'
    )


def _end(process: subprocess.Popen[str]) -> None:
    """Stop it if it runs; it cleans up after itself when it is asked to end."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()


def pack(tree: Path, layer: Path, below: Path | None = None) -> None:
    """Write a tree's tar as an image layer: everything, or what the tree ``below`` has not.

    Times and names are fixed, so the same packages give the same bytes. Directories above a
    changed file come along (an engine would invent their mode otherwise); what only ``below``
    has is marked as deleted.
    """
    known = _table(below) if below else {}
    folders: dict[str, tarfile.TarInfo] = {}
    seen: set[str] = set()
    written: set[str] = set()
    with tarfile.open(tree) as source, tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as out:

        def write(entry: tarfile.TarInfo, data: bytes = b"") -> None:
            for parent in reversed(PurePosixPath(entry.name).parents):
                if str(parent) in folders and str(parent) not in written:
                    write(folders[str(parent)])
            written.add(entry.name)
            out.addfile(entry, io.BytesIO(data))

        for entry, data in _entries(source):
            seen.add(entry.name)
            if entry.isdir():
                folders[entry.name] = entry
            if known.get(entry.name) == _mark(entry, data):
                continue
            if entry.islnk() and entry.linkname not in written:  # its twin is in the layer below
                twin = _content(source, source.getmember(f"./{entry.linkname}"))
                entry.type, entry.size, entry.linkname = tarfile.REGTYPE, len(twin), ""
                write(entry, twin)
            else:
                write(entry, data)
        for name in sorted(known.keys() - seen):
            parent = str(PurePosixPath(name).parent)
            if parent in seen or parent == ".":
                gone = PurePosixPath(parent, f".wh.{PurePosixPath(name).name}")
                write(_stamped(tarfile.TarInfo(str(gone))))


def _entries(source: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    for original in source:
        entry = copy.copy(original)
        entry.name = entry.name.removeprefix("./")
        if entry.name in (".", "") or entry.name in _LEFT_OUT:
            continue
        if entry.name.startswith(_LEFT_OUT_UNDER):
            continue
        if entry.islnk():
            entry.linkname = entry.linkname.removeprefix("./")
        yield _stamped(entry), _content(source, original)


def _content(source: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    opened = source.extractfile(entry) if entry.isreg() else None
    return opened.read() if opened else b""


def _stamped(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime = EPOCH
    entry.uname = entry.gname = ""
    entry.pax_headers = {k: v for k, v in entry.pax_headers.items() if k.startswith("SCHILY.xattr")}
    return entry


def _table(tree: Path) -> dict[str, tuple[object, ...]]:
    with tarfile.open(tree) as source:
        return {entry.name: _mark(entry, data) for entry, data in _entries(source)}


def _mark(entry: tarfile.TarInfo, data: bytes) -> tuple[object, ...]:
    digest = hashlib.sha256(data).digest()
    return (entry.type, entry.mode, entry.uid, entry.gid, entry.linkname, digest)


def _tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in sorted(files.items()):
            entry = _stamped(tarfile.TarInfo(name))
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _mode() -> str:
    return "root" if hasattr(os, "geteuid") and os.geteuid() == 0 else "unshare"


def _sources() -> list[str]:
    """The host's own Debian 12 sources (they may name a mirror nearby), else mmdebstrap's."""
    try:
        if platform.freedesktop_os_release().get("VERSION_CODENAME") != "bookworm":
            return []
    except OSError:
        return []
    folder = Path("/etc/apt")
    for path in (folder / "sources.list.d" / "debian.sources", folder / "sources.list"):
        if path.is_file() and "bookworm" in path.read_text(errors="replace"):
            return [str(path)]
    return []


def _failed(said: list[str]) -> SupplyError:
    lines = [line for line in said if not line.startswith("I: ")]
    return SupplyError(
        "mmdebstrap could not make a base image:\n" + "\n".join(lines[-8:]),
        "is a Debian mirror reachable (`apt-get update`)? Without root it also needs the package "
        "uidmap and user namespaces. Or put MLDOCKER_REGISTRY to a registry that has the official "
        "python images",
    )
