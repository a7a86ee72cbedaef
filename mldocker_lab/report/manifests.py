"""The documents of a saved image: which of its parts is the configuration, and what that says.

Two forms are in use, often side by side: Docker's ``manifest.json``, and the OCI ``index.json``
with manifests below it. Both come from whoever made the image, so every field may be missing, of
another type, or a lie; a document that is named after its hash must have it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import Corrupted, UsageError
from mldocker_lab.report.layers import HistoryEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A configuration: its name, what it says, and the names of its layers.
_Found = tuple[str, dict[str, Any], list[Any]]

__all__ = ["BLOBS", "LARGEST", "Described", "Documents"]

#: Where an OCI layout keeps what is named after its hash.
BLOBS = "blobs/sha256/"
#: Bytes of one document; real ones have some kilobytes.
LARGEST = 4 << 20
_ALL = 32 << 20
_DEEPEST = 4  # indexes of indexes
_MOST_LAYERS = 500  # engines refuse more than 127
_NAMED_BY_HASH = re.compile(r"(?:blobs/sha256/([0-9a-f]{64})|([0-9a-f]{64})\.json)")


@dataclass(frozen=True, slots=True)
class Described:
    """What the documents say of an image.

    Attributes:
        diff_ids: its layers, lowest first.
        history: the instruction of each line of its history, and the layer it made, if any.
        parts: the names of the parts that are said to hold the layers.
    """

    diff_ids: tuple[str, ...]
    history: tuple[HistoryEntry, ...]
    parts: tuple[str, ...]


class Documents:
    """The documents of one saved image, by name.

    Args:
        fetch: gives a document that was not added, for those who can look it up.
    """

    def __init__(self, fetch: Callable[[str], bytes | None] | None = None) -> None:
        self._fetch = fetch
        self._texts: dict[str, bytes] = {}
        self._room = _ALL

    def add(self, name: str, text: bytes) -> None:
        """Keep a document that may be needed.

        Raises:
            Corrupted: there are too many.
        """
        self._room -= len(text)
        if self._room < 0:
            raise Corrupted("it holds more and larger documents than any real image")
        self._texts[name] = text

    def image(self) -> Described | None:
        """The image they describe; None if they describe none.

        Raises:
            UsageError: they describe several.
            Corrupted: they make no sense, or lack the hash they are named after.
        """
        found = list(self._from_docker())
        if not found:
            found = list(self._from_index(self._read("index.json"), _DEEPEST))[:1]
        if len({name for name, _, _ in found}) > 1:
            raise UsageError(
                f"there are {len(found)} images in it", "save one alone: `docker save NAME -o FILE`"
            )
        return _described(*found[0][1:]) if found else None

    def _from_docker(self) -> Iterator[_Found]:
        for manifest in _list(self._read("manifest.json")):
            name = _text(_dict(manifest).get("Config"))
            config = _dict(self._read(name))
            if config:
                yield name, config, _list(manifest.get("Layers"))

    def _from_index(self, index: Any, deepest: int) -> Iterator[_Found]:
        for entry in _list(_dict(index).get("manifests")):
            if _dict(_dict(entry).get("platform")).get("architecture") == "unknown":
                continue  # a build's attestations, stored beside the image
            manifest = _dict(self._read(_blob(entry)))
            if "manifests" in manifest and deepest:
                yield from self._from_index(manifest, deepest - 1)
            name = _blob(manifest.get("config"))
            config = _dict(self._read(name))
            if "rootfs" in config:
                yield name, config, [_blob(layer) for layer in _list(manifest.get("layers"))]

    def _read(self, name: str) -> Any:
        """A document as JSON; None if there is none, or none that can be read."""
        text = self._texts.get(name)
        if text is None and self._fetch and name:
            text = self._fetch(name)
        if text is None:
            return None
        named = _NAMED_BY_HASH.fullmatch(name)
        if named and hashlib.sha256(text).hexdigest() != (named[1] or named[2]):
            raise Corrupted(f"its document {name} does not have the hash that it is named after")
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


def _described(config: dict[str, Any], parts: list[Any]) -> Described:
    diff_ids = _list(_dict(config.get("rootfs")).get("diff_ids"))
    if not all(isinstance(diff_id, str) for diff_id in diff_ids):
        raise Corrupted("its configuration names layers that are no names")
    if len(diff_ids) != len(parts):
        raise Corrupted(
            f"its manifest lists {len(parts)} layers, its configuration {len(diff_ids)}"
        )
    if len(diff_ids) > _MOST_LAYERS:
        raise Corrupted(f"it claims {len(diff_ids)} layers; no engine takes more than 127")
    numbers = iter(range(len(diff_ids)))
    history = tuple(
        HistoryEntry(
            created_by=_text(_dict(entry).get("created_by")),
            layer=None if _dict(entry).get("empty_layer") else next(numbers, None),
        )
        for entry in _list(config.get("history"))
    )
    return Described(tuple(diff_ids), history, tuple(map(_text, parts)))


def _blob(descriptor: Any) -> str:
    """Where the blob that a descriptor means is kept; "" if it means none."""
    digest = _text(_dict(descriptor).get("digest"))
    return BLOBS + digest.removeprefix("sha256:") if digest.startswith("sha256:") else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
