"""Where the parts are put together: what notebooks, magics and the command line call.

Every function here finds the engine by itself, prepares what is missing, and says so.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import webbrowser
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mldocker_lab import proof as proofs
from mldocker_lab import scale as scaling
from mldocker_lab.build import measured
from mldocker_lab.build.secrets import as_logins, as_secrets
from mldocker_lab.cleaning import Cleaning, plan
from mldocker_lab.engine import find as finding
from mldocker_lab.engine import install as installing
from mldocker_lab.engine import private
from mldocker_lab.errors import EngineError, NoEngine, UsageError
from mldocker_lab.home import GRADEBOOK, home
from mldocker_lab.pair import SIDES, Pair
from mldocker_lab.replay import RecordedPair, recording_of
from mldocker_lab.report.build import BuildReport
from mldocker_lab.report.compare import Comparison
from mldocker_lab.report.context import ContextReport, context_report
from mldocker_lab.report.inspection import inspected
from mldocker_lab.report.layercache import LayerCache
from mldocker_lab.report.pullcost import Pull, PullCost, after_an_edit
from mldocker_lab.report.savestream import Contents, read_path
from mldocker_lab.supply import bases, mirror, mlflow_image, wheels
from mldocker_lab.supply import wheel as wheel_making
from mldocker_lab.supply.model_registry import ModelRegistry
from mldocker_lab.supply.registries import Registry
from mldocker_lab.units import size, took
from mldocker_lab.widgets.choose import view as choose_view
from mldocker_lab.widgets.explore import Explorable, Exploration, explorable
from mldocker_lab.widgets.line import line as a_line
from mldocker_lab.widgets.progress import counting, watch
from mldocker_lab.widgets.running import live_run
from mldocker_lab.widgets.view import showing
from mldocker_lab.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mldocker_lab.audit.model import Target
    from mldocker_lab.audit.scorecard import Scorecard
    from mldocker_lab.build.request import Builder
    from mldocker_lab.build.secrets import Secret
    from mldocker_lab.engine.client import Engine
    from mldocker_lab.grade.runner import Watcher
    from mldocker_lab.grade.score import Gradebook
    from mldocker_lab.grade.station import Kind
    from mldocker_lab.report.layers import ImageReport
    from mldocker_lab.run.container import Container
    from mldocker_lab.run.volume import Volume
    from mldocker_lab.supply.artifact_store import ArtifactStore

__all__ = [
    "artifact_store",
    "audit",
    "audit_run",
    "build",
    "build_pair",
    "call",
    "clean",
    "cleaning",
    "context",
    "digest",
    "doctor",
    "engine_start",
    "engine_status",
    "engine_stop",
    "exercise",
    "explore",
    "find_engine",
    "grade",
    "gradebook_file",
    "image_digest",
    "inspect",
    "jupyter_arguments",
    "model_registry",
    "pull_cost",
    "registry",
    "replay",
    "run",
    "up",
    "volume",
    "wheel",
    "workbench",
]

_MOST_JOBS = 4
_SHARED = (
    "So builds had that engine's network, no limits on memory, processors, processes and disk, "
    "and the images on it were in their reach: grade no strangers' answers like this."
)
ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 2.0
_FIRST_LESSON = "notebooks/00_preflight.ipynb"
_PROOF = ROOT / "notebooks" / "contexts" / "00_preflight"


@dataclass(frozen=True)
class Ready:
    """The lab is ready: which engine, why, and the tiny pair that proves it, or when one did."""

    engine: str
    source: str
    seconds: float
    proof: Pair | None
    proved: datetime | None = None

    def __str__(self) -> str:
        lines = [f"ready after {took(self.seconds)}: {self.engine} ({self.source})"]
        if self.proof:
            lines += ["", repr(self.proof)]
        elif self.proved:
            day = self.proved.astimezone().date()
            lines += [f"proved with a pair on {day}; `mldocker-lab up --proof` builds it again"]
        return "\n".join(lines)

    __repr__ = __str__


def up(*, proof: bool | None = None, models: bool = False) -> Ready:
    """Find or start an engine, prepare base images, wheels and mirror, prove it with a tiny pair.

    Does nothing that is done already; can be interrupted and called again.

    Args:
        proof: build the tiny pair at the end; None builds it once for each engine.
        models: make MLflow's image, too, which is otherwise made when a lesson first needs it.

    Raises:
        NoEngine: there is none and none can be started here.
        SupplyError: a base image or a wheel could not be had.
    """
    began = time.monotonic()
    engine = find_engine()
    bench = _supplied(engine)
    # Not needed before lesson 06, but then there may be no network.
    watch(wheels.fetch(bases.architecture(engine), (mlflow_image.SET,)))
    if models:
        _with_mlflow(engine)
    pair, proved = None, None
    if proof is not False and _PROOF.is_dir():
        claim = proofs.claim(str(engine.info().get("ID", "")), bases.fingerprint(), _PROOF)
        proved = None if proof else proofs.proved(claim)
        if proved is None:
            pair = _pair(bench, _PROOF)
            proofs.record(claim)
    return Ready(engine.name, engine.source, time.monotonic() - began, pair, proved)


def find_engine() -> Engine:
    """The engine to use; on Debian and Ubuntu as root one is installed if there is none.

    Raises:
        NoEngine: there is none and none can be started here.
    """
    try:
        return finding.find()
    except NoEngine:
        if not installing.possible():
            raise
        installing.install(_say)
        return finding.find()


def workbench() -> Workbench:
    """A new run on the engine, with base images, wheels and mirror in place."""
    return _supplied(find_engine())


def _supplied(engine: Engine) -> Workbench:
    watch(bases.ensure(engine))
    watch(wheels.fetch(str(engine.version().get("Arch", "amd64"))))
    watch(mirror.ensure(engine))
    return Workbench(engine, mirror.find(engine))


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
        _say(f"{error.what}\nshowing the recording instead; `mldocker-lab doctor` says what to do")
        return replay(folder)
    changes = scaling.chosen(folder, SIDES.values(), scale)
    if changes.bases:
        _say(f"full scale: {folder.name} needs up to {size(changes.disk)} of the engine's disk")
        scaling.check_room(bench, changes)
        watch(scaling.pulled(bench.engine, changes))
    return _pair(bench, folder, builder=builder, repeats=repeats, overlay=changes.overlay)


def replay(folder: str | Path) -> Pair:
    """The recorded pair of a folder; every result says when and where it was recorded.

    Raises:
        UsageError: the folder has no recording.
        Corrupted: the recording is damaged.
    """
    pair = RecordedPair(Path(folder), recording_of(Path(folder)))
    pair.build()
    return pair


def _pair(
    bench: Workbench,
    folder: Path,
    *,
    builder: Builder = "buildkit",
    repeats: int = 1,
    overlay: Mapping[str, bytes] | None = None,
) -> Pair:
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
    patience = threading.Timer(_PATIENCE_SECONDS, _say, [f"{folder} is large, still listing it …"])
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


def run(
    image: str | BuildReport,
    command: Sequence[str] | str | None = None,
    *,
    port: int = 8080,
    ready: str | None = None,
    seconds: float = 30,
    probe: Sequence[str] = (),
    every: float = 0.25,
    name: str = "",
    **options: Any,
) -> Container:
    """A container under test: it runs for a ``with`` block, is watched, and is always removed.

    Args:
        image: a build, or the name of an image.
        command: instead of the image's own.
        port: the port it listens on inside the container.
        ready: a path; the block begins once it answers 2xx. None: once it was started.
        seconds: how long ready, waits and answers may take.
        probe: paths that are asked from outside again and again, for the report.
        every: seconds between two looks at its state, health, answers and memory.
        name: what the report calls it.
        options: what ``docker run`` takes as flags: environment, user, memory, cpus, health, …
            (see ``run.options.Options``).
    """
    called = name or (image.name if isinstance(image, BuildReport) else "")
    return workbench().run(
        _ref(image),
        command,
        port=port,
        ready=ready,
        seconds=seconds,
        probe=probe,
        every=every,
        name=called,
        watcher=live_run(),
        **options,
    )


def call(
    image: str | BuildReport, command: Sequence[str] | str | None = None, **options: Any
) -> tuple[int, str]:
    """Run a container to its end; returns its exit status and what it printed.

    Args:
        image: a build, or the name of an image.
        command: instead of the image's own.
        options: ``seconds`` it may take, and as for ``run``.
    """
    return workbench().call(_ref(image), command, **options)


def volume() -> Volume:
    """A volume for a ``with`` block: files that outlive a container, and that several share."""
    return workbench().volume()


def registry() -> Registry:
    """A registry for images on the engine, empty; it goes with this program, or with ``close``."""
    bench = workbench()
    return Registry(bench.engine)


def digest(image: str) -> str:
    """The digest that pins an image in FROM: "name:tag@sha256:…".

    That of the registry it came from; an image that came from none has its own, the id.

    Args:
        image: its name on the engine.

    Raises:
        ImageNotFound: the engine has none of that name.
    """
    facts = find_engine().image(image)
    repository = image.partition("@")[0].rpartition(":")[0] or image
    known = (one.partition("@") for one in facts.digests)
    return next((told for name, _, told in known if name == repository), facts.id)


def model_registry() -> ModelRegistry:
    """MLflow on the engine, empty: runs, model versions and their files, with SQLite behind it.

    It runs in an image of its own, which is made when it is first needed. It goes with this
    program, or with ``close``.

    Raises:
        SupplyError: its image could not be made, or it did not start.
    """
    bench = workbench()
    _with_mlflow(bench.engine)
    return ModelRegistry(bench.mirror)


def artifact_store() -> ArtifactStore:
    """A store for model files on the engine, empty: the one that exercises are graded with."""
    return workbench().store()


def _with_mlflow(engine: Engine) -> None:
    if said := mlflow_image.announcement(engine):
        _say(said)
        watch(mlflow_image.ensure(engine))


def wheel(
    name: str, version: str, code: str, *, needs: Iterable[str] = (), into: str = ""
) -> dict[str, bytes]:
    """A wheel that nobody ever released, by its file name: for ``build(files=…)``.

    Args:
        name: the package; its one module is called alike, with underscores.
        version: the package's version.
        code: the module's source.
        needs: the packages that it requires.
        into: the folder of the build context to put it into.
    """
    file = (PurePosixPath(into) / wheel_making.file_name(name, version)).as_posix()
    return {file: wheel_making.make(name, version, code, needs=needs)}


def inspect(image: str | Path | BuildReport, *, top: int = 10) -> Explorable:
    """What is in an image: its layers, what it wastes, where its bytes are, what is no use in it.

    Args:
        image: a name or id that the engine knows, a build, or the path of a file that
            ``docker save`` wrote or of an OCI layout, which needs no engine.
        top: how many rows of each list to show.

    Raises:
        ImageNotFound: the engine has no such image.
        UsageError: there is no such file, or no image in it.
        Corrupted: the image is damaged, or not what it claims to be.
    """
    found = _contents(image)
    return explorable(inspected(found.report, found.indexes()).show(top))


def image_digest(name: str) -> str | None:
    """The digest that a registry has for an image's name; None if none can be asked.

    The engine asks: it knows the registries, and the logins for them.
    """
    engine = find_engine()
    try:
        if name in (bases.SLIM, bases.DEVEL):  # they come from no registry; see ``digest``
            return engine.image(name).id
        return engine.digest_of(name)
    except EngineError:
        return None


def explore(image: str | Path | BuildReport) -> Exploration:
    """The layers of an image and their files, to click through; tables outside of a notebook.

    Args:
        image: as for ``inspect``.

    Raises:
        ImageNotFound, UsageError, Corrupted: as ``inspect``.
    """
    return inspect(image).explore()


def pull_cost(
    new: str | Path | BuildReport | Comparison, having: str | Path | BuildReport | None = None
) -> PullCost:
    """What a node pulls for an image when it has another one.

    Args:
        new: the image that it pulls, as for ``inspect``; or a pair after an edit, for both sides.
        having: the image that it has; None for an empty node.

    Raises:
        UsageError: a pair that was not edited; otherwise as ``inspect``.
    """
    if isinstance(new, Comparison):
        return after_an_edit(new)
    old = _weighed(having) if having is not None else None
    report = _weighed(new)
    return PullCost((Pull(report.image, report, old),))


def _weighed(image: str | Path | BuildReport) -> ImageReport:
    """An image's layers; those of a build that was weighed are known, wherever it is by now."""
    if isinstance(image, BuildReport) and image.image is not None:
        return replace(image.image, image=_ref(image))
    return _contents(image).report


def _contents(image: str | Path | BuildReport) -> Contents:
    """What an image weighs and holds, wherever it is."""
    path = _archive(image)
    name = path.name if path else _ref(image)
    with counting(f"reading {name}") as tell:
        if path is not None:
            return read_path(path, LayerCache(home() / "layers.sqlite"), progress=tell)
        ref = image.image_id if isinstance(image, BuildReport) else name
        engine = find_engine()
        try:
            found = measured.contents(engine, ref, progress=tell)
        finally:
            engine.close()
    return replace(found, report=replace(found.report, image=name))


def _archive(image: str | Path | BuildReport) -> Path | None:
    """The path that is meant, if it is one; names of images may look like paths."""
    if isinstance(image, BuildReport):
        return None
    path = Path(image).expanduser()
    layout = any((path / name).is_file() for name in ("index.json", "manifest.json"))
    if path.is_file() or layout or isinstance(image, Path):
        return path
    if image.startswith((".", "/", "~")) or path.suffix in (".tar", ".tgz", ".gz", ".zst"):
        raise UsageError(f"there is no image at {image}", "write one: `docker save NAME -o FILE`")
    return None


def _ref(image: str | Path | BuildReport) -> str:
    return image.tag or image.image_id if isinstance(image, BuildReport) else str(image)


def audit(
    path: str | Path = ".",
    *,
    build: bool = False,
    run: bool = False,
    dockerfile: str | None = None,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
) -> Scorecard:
    """Hold a project to the ten points of the production checklist.

    Without ``build`` and ``run`` only its files are read, which takes a moment. What they promise
    is not always what happens: with ``run``, the image is built on the lab's engine, taken apart,
    and watched while it lives four short lives.

    Args:
        path: the project's folder, or a Dockerfile.
        build: build the image and look what is in it.
        run: and watch the service, as the project's ``mldocker.yaml`` says.
        dockerfile: which Dockerfile of the folder; the one at the top if not given.
        target: the stage that is shipped; the last one if not given.
        args: build arguments.
        baseline: a file that accepts known failures; ``.mldocker-audit.json`` if there is one.

    Raises:
        UsageError: no such path, no Dockerfile, no such stage, a bad baseline or mldocker.yaml.
        DockerfileError: the file has no stage at all.
        BuildFailed: an instruction failed.
    """
    from mldocker_lab.audit import auditing

    found = auditing.open_project(path, dockerfile)
    (card, aim), *_ = auditing.audit_all(found, target=target, args=args, baseline=baseline)
    return audit_run(found.folder, card, aim, run=run) if build or run else card


def audit_run(folder: Path, card: Scorecard, aim: Target, *, run: bool = True) -> Scorecard:
    """A scorecard together with what its project's image holds and does; errors as ``audit``.

    Args:
        folder: the project's.
        card: what the files say.
        aim: what was judged.
        run: watch the service, too.
    """
    from mldocker_lab.audit.adapter import Adapter
    from mldocker_lab.audit.dynamic import tried
    from mldocker_lab.audit.seen import joined

    exposed = (step.words[0][0] for step in aim.chain if step.keyword == "EXPOSE")
    port = next((int(one.partition("/")[0]) for one in exposed if one[:1].isdecimal()), 8080)
    adapter = Adapter.load(folder, port)
    context = folder / aim.project.context
    file = Path(os.path.relpath(folder / aim.file, context)).as_posix()
    if aim.stage.index < len(aim.dockerfile.stages) - 1:
        adapter = replace(adapter, target=aim.stage.label)
    line = a_line()
    try:
        with workbench() as bench:
            seen = tried(bench, context, file, adapter, run=run, tell=line.say).seen
    finally:
        line.end()
    return replace(card, findings=joined(card.findings, seen))


def grade(
    paths: Iterable[Path],
    *,
    gradebook: Path | None = None,
    exercises: tuple[str, ...] = (),
    engine: str | None = None,
    jobs: int | None = None,
    regrade: bool = False,
    due: datetime | None = None,
    quiet: bool = False,
    watcher: Watcher | None = None,
    known: Path | None = None,
) -> Gradebook:
    """Grade answers: build and run them where they can harm nobody, and keep every attempt.

    Args:
        paths: exercises, folders of exercises, submissions, or folders of submissions.
        gradebook: the SQLite file that keeps the attempts; None keeps them in the lab's home.
        exercises: ids of the exercises every submission is held to; none for those it holds.
        engine: None for engines of the grader's own; "found" for the one lessons use, or its
            address: then what is graded shares it with everything else.
        jobs: how many answers at a time; None for what the machine has room for.
        regrade: grade anew what is known already.
        due: when it had to be handed in: later ones are marked.
        quiet: show no progress.
        watcher: hears how it goes, instead of whoever reads standard error.
        known: the folder of the exercises we trust; None for the lab's own.

    Raises:
        UsageError: a path holds nothing that can be graded.
        DiskFull: the gradebook has no room; what it holds is whole, and a rerun does the rest.
    """
    from mldocker_lab.grade import live, runner
    from mldocker_lab.grade.ledger import Ledger

    jobs = jobs or min(os.cpu_count() or 1, _MOST_JOBS)
    watcher = watcher or live.watcher(quiet=quiet)
    with Ledger(gradebook or gradebook_file()) as ledger:
        options = runner.Options(
            exercises=known,
            only=exercises,
            kind=partial(_place, engine, watcher),
            jobs=jobs,
            ledger=ledger,
            regrade=regrade,
            due=due,
            watcher=watcher,
        )
        return runner.grade_all(list(paths), options)


def gradebook_file() -> Path:
    """Where the gradebook is, unless another one is named."""
    return home() / GRADEBOOK


def _place(engine: str | None, watcher: Watcher, jobs: int) -> Kind:
    """Where to grade: in pens, else on whatever engine there is, saying what that means."""
    from mldocker_lab.engine import pen
    from mldocker_lab.engine.limits import Limits
    from mldocker_lab.grade import station

    why = "as you asked"
    if engine is None:
        try:
            if private.dockerd() is None and installing.possible():
                installing.install(_say)
            if not (reason := pen.obstacle()):
                return station.pens(Limits.share(jobs), jobs, watcher.preparing)
            why = f"since the grader cannot have one of its own: {reason}"
        except EngineError as error:
            why = f"since the grader cannot have one of its own: {error.what}"
    elif engine != "found":
        os.environ["MLDOCKER_ENGINE"] = engine  # the graded kernels look there, too
    try:
        bench = workbench()
    except NoEngine as error:
        return station.nowhere(error.what, (error.hint,))
    return station.found(bench, (f"graded on {bench.engine.name}, {why}. {_SHARED}",))


def exercise(folder: str | Path | None = None) -> Any:
    """The exercise of this folder, with its checks.

    Args:
        folder: where it lies; the current folder if not given.
    """
    from mldocker_lab.grade.practice import open_exercise

    return open_exercise(folder, workbench)


def cleaning(*, everything: bool = False) -> Cleaning:
    """What there is to clean; ``carry_out`` does it.

    Args:
        everything: base images, wheels and the lab's own engine as well.
    """
    try:
        engine = finding.find(start=False)
    except EngineError:
        engine = None
    return plan(engine, everything=everything)


def clean(*, everything: bool = False) -> Cleaning:
    """Remove what the lab made on the engine; see ``cleaning``."""
    found = cleaning(everything=everything)
    found.carry_out()
    return found


def doctor() -> Any:
    """What works on this machine, what does not, and what to do about it."""
    from mldocker_lab.engine import doctor as examining

    return examining.examine()


def engine_status() -> dict[str, Any]:
    """Which engine the lab uses, and why."""
    engine = finding.find(start=False)
    return {"engine": engine.name, "why": engine.source, "address": engine.url}


def engine_start() -> str:
    """Start the lab's own engine; returns its address."""
    return private.start()


def engine_stop() -> None:
    """Stop the lab's own engine; what it holds stays."""
    private.stop()


def jupyter_arguments() -> list[str]:
    """Arguments that open JupyterLab on the first lesson."""
    arguments = [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{_FIRST_LESSON}"]
    arguments.append("--ContentsManager.allow_hidden=True")  # .dockerignore is a file to edit
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    try:
        webbrowser.get()
    except webbrowser.Error:
        arguments.append("--no-browser")
    return arguments


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 announcements go to the user
