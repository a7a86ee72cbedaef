"""The official python images, by digest, from a registry: soon, or not at all.

The digests are those of Python 3.11.15 on Debian 12, as multi-architecture indexes. Looked up in
November 2026 in public repositories that pin the same tags; for either image several agree,
among them users on amd64 and on arm64. The images themselves could not be pulled then.

``MLDOCKER_REGISTRY`` puts another registry (an organisation's mirror, "host:port/path") before
the names; "none" means not to ask any.
"""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import EngineError
from mldocker_lab.supply.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Generator

    from mldocker_lab.engine.client import Engine

__all__ = ["DIGESTS", "reference", "take"]

#: The lab's tag → the official image.
DIGESTS = {
    "3.11-slim": "python@sha256:d29f48a31a8b408ed19272ca1e7b10ebae13b240a27e862d3d4217c528e2e0c3",
    "3.11-devel": "python@sha256:a8f8fbe1a0edc9e4dddafa64ba73f7e04be7be5ebc23f332362e779e0a2e4e52",
}

_ANSWER_SECONDS = 8
_STALL_SECONDS = 60
_SHOWN_EVERY = 1_000_000


def reference(name: str) -> str | None:
    """Where the official image behind one of our names is; None if none is to be asked."""
    prefix = os.environ.get("MLDOCKER_REGISTRY", "").strip("/")
    if prefix.lower() == "none":
        return None
    digest = DIGESTS[name.rpartition(":")[2]]
    return f"{prefix}/{digest}" if prefix else digest


def take(
    engine: Engine, ref: str, name: str, files: dict[str, bytes], changes: list[str]
) -> Generator[Progress, None, bool]:
    """Pull ``ref`` and make our image ``name`` of it; returns whether that went well.

    No registry, no such image, no word from it for a while: all of that is a quiet no, because
    there is another way to have a base. A pull that goes on for a while is not held against it.

    Args:
        engine: where.
        ref: what to pull, by digest.
        name: what it is called afterwards.
        files: written into it, by absolute path.
        changes: Dockerfile instructions applied on top (LABEL, ENV).
    """
    known = engine.has_image(ref)
    if not known and not (yield from _pulled(engine, ref, name)):
        return False
    container = engine.create(ref)
    try:
        engine.put_files(container, "/", {path.lstrip("/"): data for path, data in files.items()})
        engine.commit(container, name, changes)
    finally:
        engine.remove(container)
        if not known:
            engine.remove_image(ref)  # only its name goes: our image stands on its layers
    return True


def _pulled(engine: Engine, ref: str, name: str) -> Generator[Progress, None, bool]:
    messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
    failed: list[EngineError] = []
    line = engine.again()

    def listen() -> None:
        try:
            for message in line.pull(ref):
                messages.put(message)
        except EngineError as error:
            failed.append(error)
        finally:
            messages.put(None)

    threading.Thread(target=listen, daemon=True, name="registry").start()
    sizes: dict[str, tuple[int, int]] = {}
    shown, patience = 0, _ANSWER_SECONDS
    yield Progress(f"{name}: asking the registry", 0)
    try:
        while (message := messages.get(timeout=patience)) is not None:
            patience = _STALL_SECONDS
            detail = message.get("progressDetail") or {}
            if message.get("status") == "Downloading" and detail.get("total"):
                sizes[message["id"]] = (detail["current"], detail["total"])
            done = sum(current for current, _ in sizes.values())
            if done - shown >= _SHOWN_EVERY:
                shown = done
                total = sum(total for _, total in sizes.values())
                yield Progress(f"{name}: from the registry", done, total, "bytes")
    except queue.Empty:
        return False  # it hangs; the engine gives up when its own patience ends
    return not failed
