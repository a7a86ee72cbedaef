"""Build an image, or a pair side by side; and what a build sends."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab import scale as scaling
from mldocker_lab.build.secrets import as_logins, as_secrets
from mldocker_lab.errors import NoEngine, UsageError
from mldocker_lab.lab.announce import announce
from mldocker_lab.lab.engine import workbench
from mldocker_lab.pair import SIDES, Pair
from mldocker_lab.replay import RecordedPair, recording_of
from mldocker_lab.report.context import context_report
from mldocker_lab.units import size
from mldocker_lab.widgets.choose import view as choose_view
from mldocker_lab.widgets.progress import watch
from mldocker_lab.widgets.view import showing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.build.request import Builder
    from mldocker_lab.build.secrets import Secret
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.contextreport import ContextReport
    from mldocker_lab.workbench import Workbench

__all__ = ["build", "build_pair", "built_pair", "context", "replay"]

_PATIENCE_SECONDS = 2.0


def build_pair(
    folder: str | Path,
    *,
    builder: Builder = "buildkit",
    repeats: int = 1,
    scale: str | None = None,
) -> Pair:
    """Build ``bad.Dockerfile`` and ``good.Dockerfile`` of a folder side by side, from cold.

    Neither your images nor your build cache are touched: each side begins on a base layer of its
    own that no cache has seen.

    Args:
        folder: the build context that both share.
        builder: "buildkit" or "classic".
        repeats: more than 1 lets them take turns and keeps the middle time.
        scale: "mini", or "full" for real CUDA bases and frameworks: tens of gigabytes. By default
            what ``MLDOCKER_SCALE`` says, where the folder has a full scale.

    Raises:
        UsageError: the folder lacks one of the two Dockerfiles, or has no full scale.
        DiskFull: the engine has no room for a full scale.
        SupplyError: an image of the full scale cannot be pulled.
        BuildFailed: an instruction failed.
        NoEngine: no engine can run here, and the folder has no recording to show instead.
    """
    folder = Path(folder)
    missing = [name for name in SIDES.values() if not (folder / name).is_file()]
    if missing:
        raise UsageError(
            f"{folder} has no {' and no '.join(missing)}",
            "a pair is a folder with bad.Dockerfile, good.Dockerfile and the files they share",
        )
    try:
        bench = workbench()
    except NoEngine as error:
        if not recording_of(folder).is_file():
            raise
        announce(
            f"{error.what}\nshowing the recording instead; `mldocker-lab doctor` says what to do"
        )
        return replay(folder)
    changes = scaling.chosen(folder, SIDES.values(), scale)
    if changes.bases:
        announce(f"full scale: {folder.name} needs up to {size(changes.disk)} of the engine's disk")
        scaling.check_room(bench, changes)
        watch(scaling.pulled(bench.engine, changes))
    return built_pair(bench, folder, builder=builder, repeats=repeats, overlay=changes.overlay)


def replay(folder: str | Path) -> Pair:
    """The recorded pair of a folder; every result says when and where it was recorded.

    Raises:
        UsageError: the folder has no recording.
        Corrupted: the recording is damaged.
    """
    pair = RecordedPair(Path(folder), recording_of(Path(folder)))
    pair.build()
    return pair


def built_pair(
    bench: Workbench,
    folder: Path,
    *,
    builder: Builder = "buildkit",
    repeats: int = 1,
    overlay: Mapping[str, bytes] | None = None,
) -> Pair:
    """A pair, built from cold; earlier images of this folder are forgotten."""
    bench.forget_others(folder)
    pair = Pair(folder, bench, builder, overlay=overlay or {})
    pair.build(repeats)
    return pair


def build(
    folder: str | Path,
    dockerfile: str = "Dockerfile",
    *,
    text: str | None = None,
    builder: Builder = "buildkit",
    target: str | None = None,
    files: Mapping[str, str | bytes] | None = None,
    pull: bool = False,
    no_cache: bool = False,
    epoch: int | None = None,
    weigh: bool = True,
    secrets: Mapping[str, str | Path | Secret] | None = None,
    logins: Mapping[str, tuple[str, str | Path | Secret]] | None = None,
) -> BuildReport:
    """Build one image from cold and weigh it.

    Args:
        folder: the build context.
        dockerfile: its Dockerfile, relative to the folder.
        text: a Dockerfile to use instead of the folder's; nothing is written.
        builder: "buildkit" or "classic".
        target: build up to this stage.
        files: files that replace or join those of the folder, by their names in it; nothing is
            written.
        pull: take the bases from their registries, as they are there now (``--pull``), and steps
            from the engine's layer cache. Without it the bases must be on the engine.
        no_cache: with ``pull``, take no step from that cache (``--no-cache``).
        epoch: seconds since 1970 that stand for "now": SOURCE_DATE_EPOCH, and the time of new files
            where the engine's builder can rewrite it (Engine 26 and newer, containerd's store).
        weigh: weigh the image, too; that means to read all of it.
        secrets: what ``RUN --mount=type=secret,id=NAME`` may ask for, by id: a ``Secret.env`` or
            ``Secret.file``, a Path of a file, or the text itself. They are shown nowhere.
        logins: user and password for registries by host; ``docker login`` is known without.

    Raises:
        BuildFailed: an instruction failed.
        UsageError: a secret that the Dockerfile requires was not given, or cannot be.
    """
    bench, folder = workbench(), Path(folder)
    bench.forget_others(folder)
    overlay = {name: _bytes(data) for name, data in (files or {}).items()}
    if text is not None:
        overlay[dockerfile] = text.encode()
    job = bench.job(
        folder,
        dockerfile,
        name="image",
        builder=builder,
        overlay=overlay,
        target=target,
        pull=pull,
        no_cache=no_cache,
        epoch=epoch,
        sizes=weigh,
        secrets=as_secrets(secrets),
        logins=as_logins(logins),
    )
    with showing(choose_view(), {"image": job.rows}) as view:
        return job.run(partial(view.event, "image"))


def context(folder: str | Path, dockerfile: str | Path = "Dockerfile") -> ContextReport:
    """What a build sends of a folder, what is large in it, and what need not be sent.

    Needs no engine, and opens no file but the Dockerfile and the ignore file.

    Args:
        folder: the build context.
        dockerfile: its Dockerfile, relative to the folder, or else to where you are.

    Raises:
        UsageError: no such folder, or a bad ignore file.
    """
    patience = threading.Timer(
        _PATIENCE_SECONDS, announce, [f"{folder} is large, still listing it …"]
    )
    patience.daemon = True
    patience.start()
    try:
        return context_report(folder, _dockerfile_in(Path(folder), Path(dockerfile)))
    finally:
        patience.cancel()


def _dockerfile_in(folder: Path, dockerfile: Path) -> str:
    """The Dockerfile as the context calls it: relative to it, or absolute if it is outside."""
    if (folder / dockerfile).exists() or not dockerfile.is_file():
        return dockerfile.as_posix()
    found = dockerfile.resolve()
    inside = found.is_relative_to(folder.resolve())
    return (found.relative_to(folder.resolve()) if inside else found).as_posix()


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data
