"""Where the bytes of an image are: its largest files and folders, its packages, its rubbish.

*packages*   for each installed Python distribution, the bytes of the files that its own record
             (``RECORD``, or ``installed-files.txt`` of older ones) lists and the image shows.
             Distributions without a record, as Debian's, are not in the table.
*folders*    each file counts once, in the deepest folder listed that holds it; a folder is listed
             if that makes at least 4 % of what the image shows.
*unwanted*   what rarely belongs into an image that serves: caches, histories, bytecode, weights,
             credentials. In any layer, shown or hidden: what a later layer hides is pulled as well.
"""

from __future__ import annotations

import csv
import heapq
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from mldocker_lab.report.layerindex import key_of, shown
from mldocker_lab.report.secrets import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mldocker_lab.report.layerindex import LayerIndex
    from mldocker_lab.report.waste import Seen

__all__ = ["Folder", "Large", "Package", "Survey", "Unwanted"]

_LISTED_SHARE = 25  # a folder is listed from one twenty-fifth on
_MOST_LARGE = 100
_WEIGHTS_FROM = 1_000_000  # bytes; smaller ones are samples


class Large(NamedTuple):
    """A large file that the image shows; ``layer`` is the number of the layer it comes from."""

    path: str
    bytes: int
    layer: int


class Folder(NamedTuple):
    """A folder, and the bytes of the files in it that count there."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Package:
    """An installed Python distribution.

    Attributes:
        name: as an index would spell it.
        version: what it says of itself.
        bytes: file bytes of what its record lists, as far as the image shows it.
        files: how many files that are.
        path: the folder it is installed in.
    """

    name: str
    version: str
    bytes: int
    files: int
    path: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Files that rarely belong into an image.

    Attributes:
        kind: what they are, in a word or two: one of a few.
        what: the same, and for a secret which.
        path: the file, or the folder they are in.
        bytes: their file bytes, in all layers.
        hidden: how many of these a later layer hides; they are pulled nevertheless.
        files: how many files there are.
        advice: what to do about it.
    """

    kind: str
    what: str
    path: str
    bytes: int
    hidden: int
    files: int
    advice: str


_MOUNT = "a cache mount keeps it out of the image"


class _What(NamedTuple):
    """What something is, where it counts, and what to do about it; fields as in ``Unwanted``."""

    kind: str
    what: str
    path: str
    advice: str


#: What a folder is, how to know it (what matches is the folder to name), and what to do about it.
_FOLDERS = tuple(
    (kind, re.compile(shape), advice)
    for kind, shape, advice in (
        ("pip cache", r"(?:.*/)?\.cache/pip(?=/|$)", f"pip install --no-cache-dir, or {_MOUNT}"),
        (
            "pip cache",  # wherever PIP_CACHE_DIR put it
            r".+?(?=/(?:http|http-v2|wheels)/[0-9a-f]/[0-9a-f]/)",
            f"pip install --no-cache-dir, or {_MOUNT}",
        ),
        ("uv cache", r"(?:.*/)?\.cache/uv(?=/|$)", f"uv --no-cache, or {_MOUNT}"),
        ("conda cache", r".*conda[^/]*/pkgs(?=/|$)", "conda clean --all in the same RUN"),
        ("npm cache", r"(?:.*/)?\.npm/_cacache(?=/|$)", _MOUNT),
        ("apt cache", r"var/cache/apt(?=/|$)", f"apt-get clean in the same RUN, or {_MOUNT}"),
        ("apt lists", r"var/lib/apt/lists(?=/|$)", "rm -rf them in the RUN that updates them"),
        ("apk cache", r"var/cache/apk(?=/|$)", "apk add --no-cache"),
        ("dnf cache", r"var/cache/(?:dnf|yum|libdnf5)(?=/|$)", "dnf clean all in the same RUN"),
        (".git", r"(?:.*/)?\.git(?=/|$)", "name it in .dockerignore"),
    )
)
_BYTECODE = (
    "bytecode",
    "bytecode",
    "**/__pycache__",
    "pip install --no-compile, if a slower first start is fine",
)
_WHEEL = "install from a cache mount or another stage"
_WEIGHTS = "here on purpose? whenever they change, every node pulls them"
_LEAK = "take it out and change it: whoever has the image has it"
_IS_WHEEL = re.compile(r"(?!.*(?:ensurepip/_bundled|share/python-wheels)/).*\.whl")
_IS_WEIGHTS = re.compile(
    r"(?!.*(?:site|dist)-packages/)"
    r".*(?:\.(?:safetensors|pt|pth|ckpt|gguf|ggml|h5|hdf5|keras|onnx|tflite|pkl|pickle|joblib)"
    r"|/(?:pytorch_|tf_|flax_)?model[^/]*\.bin)"
)


class Survey:
    """Counts while it is shown every entry of an image once.

    Args:
        layers: the image's layers, lowest first.
    """

    def __init__(self, layers: Sequence[LayerIndex]) -> None:
        self.shown_bytes = 0
        self._layers = layers
        self._packages = _Packages(layers)
        self._large: list[tuple[int, bytes, int]] = []
        self._folders: dict[bytes, int] = {}
        self._rubbish = _Rubbish()

    def add(self, seen: Seen) -> None:
        """The next entry."""
        layer = self._layers[seen.layer]
        if seen.position in layer.kept:
            self._packages.record(seen)
        if not seen.size:
            return
        folder = seen.key.rpartition(b"\0")[0]
        self._rubbish.add(seen, folder, layer.marks[seen.position])
        if seen.hidden_by is not None:
            return
        self.shown_bytes += seen.size
        self._packages.add(seen)
        self._folders[folder] = self._folders.get(folder, 0) + seen.size
        large = (seen.size, seen.key, seen.layer)
        if len(self._large) < _MOST_LARGE:
            heapq.heappush(self._large, large)
        elif large > self._large[0]:
            heapq.heapreplace(self._large, large)

    def largest(self) -> tuple[Large, ...]:
        """The largest files, at most a hundred."""
        ranked = sorted(self._large, key=lambda one: (-one[0], one[1]))
        return tuple(Large(shown(key), size, layer) for size, key, layer in ranked)

    def folders(self) -> tuple[Folder, ...]:
        """Where the bytes are: disjoint folders, the largest first."""
        rest = dict(self._folders)
        for folder in self._folders:
            while folder:
                folder = folder.rpartition(b"\0")[0]  # noqa: PLW2901 up to the root
                rest.setdefault(folder, 0)
        found = []
        for folder in sorted(rest, reverse=True):  # what is below comes before what is above
            if rest[folder] and rest[folder] * _LISTED_SHARE >= self.shown_bytes:
                found.append(Folder(shown(folder), rest[folder]))
            elif folder:
                rest[folder.rpartition(b"\0")[0]] += rest[folder]
        return tuple(sorted(found, key=lambda one: (-one.bytes, one.path)))

    def packages(self) -> tuple[Package, ...]:
        """The installed distributions, the largest first."""
        return self._packages.found()

    def unwanted(self) -> tuple[Unwanted, ...]:
        """What should not be there: credentials first, then the largest."""
        return self._rubbish.found()


class _Packages:
    """Adds up the files that the records of packages list."""

    def __init__(self, layers: Sequence[LayerIndex]) -> None:
        self._owner: dict[bytes, tuple[int, int]] = {}
        self._count: dict[tuple[int, int], list[int]] = {}
        self._found: list[tuple[tuple[int, int], bytes]] = []
        for number, layer in enumerate(layers):
            for position, data in layer.kept.items():
                key = layer.key(position)
                self._owner.update(dict.fromkeys(_listed(key, data), (number, position)))

    def record(self, seen: Seen) -> None:
        """A record; what it lists counts if the image shows it."""
        if seen.hidden_by is None:
            self._found.append(((seen.layer, seen.position), seen.key))

    def add(self, seen: Seen) -> None:
        """A file that the image shows."""
        owner = self._owner.get(seen.key)
        if owner is not None:
            count = self._count.setdefault(owner, [0, 0])
            count[0] += seen.size
            count[1] += 1

    def found(self) -> tuple[Package, ...]:
        packages = []
        for owner, key in self._found:
            size, files = self._count.get(owner, (0, 0))
            place, _, told = key.rpartition(b"\0")[0].rpartition(b"\0")
            name, _, version = shown(told)[1:].partition("-")
            version = version.removesuffix(".dist-info").removesuffix(".egg-info")
            version = re.sub(r"-py\d.*", "", version)
            plain = re.sub(r"[-_.]+", "-", name).lower()
            packages.append(Package(plain, version, size, files, shown(place)))
        return tuple(sorted(packages, key=lambda one: (-one.bytes, one.name)))


def _listed(key: bytes, data: bytes) -> Iterator[bytes]:
    """The keys of the files that a package's record lists."""
    info = posixpath.dirname(b"/" + key.replace(b"\0", b"/"))
    record = key.endswith(b"RECORD")
    base = posixpath.dirname(info) if record else info
    lines = data.decode("utf-8", "surrogateescape").splitlines()
    try:
        names = [row[0] for row in csv.reader(lines) if row] if record else lines
    except csv.Error:
        return
    for name in names:
        path = posixpath.join(base, name.encode("utf-8", "surrogateescape"))
        if b"/." in path:
            path = posixpath.normpath(path)
        yield key_of(path.lstrip(b"/"))


class _Rubbish:
    """Collects what rarely belongs into an image, by kind and place."""

    def __init__(self) -> None:
        self._places: dict[bytes, _What | None] = {}
        self._found: dict[_What, list[int]] = {}

    def add(self, seen: Seen, folder: bytes, mark: int) -> None:
        """A file in any layer."""
        if folder not in self._places:
            self._places[folder] = _known_place(shown(folder)[1:])
        found = self._places[folder] or _known_file(seen)
        if mark:
            found = _What("secret", SHAPES[mark], shown(seen.key), _LEAK)
        if found is None:
            return
        count = self._found.setdefault(found, [0, 0, 0])
        count[0] += seen.size
        count[1] += seen.size if seen.hidden_by is not None else 0
        count[2] += 1

    def found(self) -> tuple[Unwanted, ...]:
        """All of it: credentials first, then the largest."""
        rows = [
            Unwanted(found.kind, found.what, found.path, size, hidden, files, found.advice)
            for found, (size, hidden, files) in self._found.items()
        ]
        return tuple(sorted(rows, key=lambda one: (one.kind != "secret", -one.bytes, one.path)))


def _known_place(path: str) -> _What | None:
    """What a folder is; ``path`` is without a leading slash."""
    for kind, shape, advice in _FOLDERS:
        match = shape.match(path)
        if match:
            return _What(kind, kind, f"/{match[0]}", advice)
    return _What(*_BYTECODE) if path.endswith("__pycache__") else None


def _known_file(seen: Seen) -> _What | None:
    name = seen.key.rpartition(b"\0")[2]
    if b"." not in name or not (seen.size >= _WEIGHTS_FROM or name.endswith(b".whl")):
        return None
    path = shown(seen.key)
    if _IS_WHEEL.fullmatch(path):
        return _What("wheel", "wheel", path, _WHEEL)
    if _IS_WEIGHTS.fullmatch(path):
        return _What("model weights", "model weights", path, _WEIGHTS)
    return None
