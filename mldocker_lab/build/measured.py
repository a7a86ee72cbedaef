"""A build from start to report: follow its events, then weigh what it made."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mldocker_lab.build.run import Building, start
from mldocker_lab.engine.overlay import on_disk
from mldocker_lab.errors import Corrupted
from mldocker_lab.home import home
from mldocker_lab.report.fold import Folding
from mldocker_lab.report.layercache import LayerCache
from mldocker_lab.report.layers import ImageReport
from mldocker_lab.report.savestream import Contents, read, read_unpacked, remembered
from mldocker_lab.report.sizes import with_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mldocker_lab.build.request import BuildRequest
    from mldocker_lab.build.tape import Recorder
    from mldocker_lab.engine.client import Engine
    from mldocker_lab.report.build import BuildReport
    from mldocker_lab.report.events import Event

__all__ = ["build", "contents", "follow", "weigh"]

_HANG_UP_SECONDS = 10.0


def build(
    engine: Engine,
    request: BuildRequest,
    *,
    name: str = "build",
    on_event: Callable[[Event], None] | None = None,
    sizes: bool = True,
    on_start: Callable[[Building], None] | None = None,
    tape: Recorder | None = None,
    side: str = "",
) -> BuildReport:
    """Build an image and report on it.

    Args:
        engine: where.
        request: what and how.
        name: what to call the build in tables ("bad", "good").
        on_event: sees every event as it happens.
        sizes: weigh the image afterwards (takes at most about as long as ``docker save``).
        on_start: gets the build under way, for whoever wants to cancel it or to know its rows.
        tape: where to record it.
        side: what it is filed under on the tape; "" for its name.

    Raises:
        UsageError: no such folder or Dockerfile.
        DockerfileError: the Dockerfile cannot be read as one.
        BuildFailed: an instruction failed.
        EngineGone: the engine stopped answering.
        KeyboardInterrupt: Ctrl-C; the engine has stopped the build by then.
    """
    side = side or name
    building = start(engine, request)
    listeners = [on_event] if on_event else []
    if on_start:
        on_start(building)
    if tape:
        tape.begin(side, building)
        listeners.append(partial(tape.event, side))
    report = follow(building, engine=engine.name, name=name, listeners=listeners)
    if sizes:
        image = replace(weigh(engine, report.image_id), image=request.tag or report.image_id)
        report = with_sizes(report, building.dockerfile, image, target=request.target)
    if tape:
        tape.report(side, report)
    return report


def follow(
    building: Building,
    *,
    engine: str,
    name: str,
    listeners: Iterable[Callable[[Event], None]] = (),
) -> BuildReport:
    """See a build through to its report; whatever interrupts us cancels it on the engine.

    Args:
        building: what ``start`` returned.
        engine: the engine's name, for the report.
        name: what to call the build.
        listeners: each sees every event as it happens.

    Raises:
        BuildFailed, EngineGone, KeyboardInterrupt: as ``build``.
    """
    request = building.request
    folding = Folding(building.dockerfile, target=request.target, builder=request.builder)
    try:
        for event in building:
            folding.add(event)
            for listener in listeners:
                listener(event)
    except BaseException:
        building.cancel(wait=_HANG_UP_SECONDS)
        raise
    return folding.report(
        name=name, tag=request.tag, engine=engine, context_bytes=building.context_bytes
    )


def weigh(
    engine: Engine,
    ref: str,
    *,
    known: LayerCache | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImageReport:
    """Weigh an image on an engine; arguments and errors as for ``contents``."""
    return contents(engine, ref, known=known, progress=progress).report


def contents(
    engine: Engine,
    ref: str,
    *,
    known: LayerCache | None = None,
    progress: Callable[[int], None] | None = None,
) -> Contents:
    """What an image on an engine weighs and holds; what was read before is not read again.

    Args:
        engine: has the image.
        ref: its name or id.
        known: layers from earlier; None uses the lab's own file.
        progress: called now and then with the bytes read so far.

    Raises:
        ImageNotFound: no such image.
        EngineGone: the engine stopped in the middle.
        Corrupted: the image is not what it claims to be.
    """
    known = known or LayerCache(home() / "layers.sqlite")
    facts = engine.image(ref)
    found = remembered(facts.id, ref, known) or _from_disk(engine, facts.id, ref, known, progress)
    if found is not None:
        return found
    if not facts.diff_ids:  # Docker 20.10 refuses to save an image that holds nothing
        return Contents(ImageReport(ref, (), ()), known)
    connection = engine.again()
    try:
        stream = connection.save(ref)
        try:
            return read(stream, ref, known, image_id=facts.id, progress=progress)
        finally:
            stream.cancel()
    finally:
        connection.close()


def _from_disk(
    engine: Engine,
    image_id: str,
    ref: str,
    known: LayerCache,
    progress: Callable[[int], None] | None,
) -> Contents | None:
    """The same, without asking the engine to pack it; None where its disk cannot be read so."""
    layers = on_disk(engine, image_id)
    if layers is None:
        return None
    layers.listener = progress
    try:
        return read_unpacked(layers, ref, known, image_id=image_id)
    except (Corrupted, OSError, ValueError, LookupError):
        return None  # the engine itself can tell what is wrong, if anything is
