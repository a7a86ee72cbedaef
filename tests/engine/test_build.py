"""Real builds on a real engine, with both builders. Tiny ones: seconds, a few kilobytes."""

from __future__ import annotations

import _thread
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from mldocker_lab.build import measured
from mldocker_lab.build.cold import cold_bases, remove_run, run_repository
from mldocker_lab.build.measured import build, weigh
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.build.run import read, start
from mldocker_lab.engine.client import Engine
from mldocker_lab.errors import BuildFailed, EngineGone, ImageNotFound, LabError
from mldocker_lab.report.events import Built, Failed, Finished, Output
from mldocker_lab.report.layercache import LayerCache
from mldocker_lab.supply import bases

BUILDERS = ("buildkit", "classic")
BASE = bases.SLIM

PIP = (
    "ERROR: Could not find a version that satisfies the requirement torch==9 "
    "(from versions: 1.0, 2.0)"
)
FETCH = 'import urllib.request as u; u.urlopen("http://no-such-host.invalid")'

SERVICE = f"""\
FROM {BASE} AS builder
WORKDIR /app
COPY requirements.txt .
RUN echo installing && head -c 20000 /dev/zero > model
FROM {BASE} AS notebooks
RUN echo nobody needs this
FROM {BASE}
WORKDIR /app
COPY requirements.txt .
COPY --from=builder /app/model .
RUN echo ready > /ready
COPY app.py .
RUN cat app.py > /copy
CMD ["python3", "app.py"]
"""


@pytest.fixture(scope="module")
def base(engine):
    """The lab's slim base image, on the engine."""
    for _ in bases.ensure(engine, (bases.SLIM,)):
        pass


@pytest.fixture
def run(engine, base):
    """A run's id; what the run leaves on the engine is removed."""
    name = uuid.uuid4().hex[:8]
    yield name
    remove_run(engine, name)
    assert not engine.images(f"mldocker_lab.run={name}")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    (tmp_path / "app.py").write_text("print('hello')\n")
    return tmp_path


@pytest.fixture
def request_for(engine, run, folder):
    """A request for a Dockerfile's text, from cold bases."""

    def made(text, builder="buildkit", **options):
        (folder / "Dockerfile").write_text(text)
        tag = f"{run_repository(run)}/{builder}:1"
        request = BuildRequest(folder=folder, builder=builder, tag=tag, **options)
        return replace(request, bases=cold_bases(engine, read(request), run))

    made.folder = folder
    return made


def statuses(report):
    return {s.instruction: s.status for s in report.steps if s.status != "metadata"}


def both(engine, request, **options):
    """The same request on both builders."""
    return [
        build(engine, replace(request, builder=name), name=name, sizes=False, **options)
        for name in BUILDERS
    ]


def test_cold_then_again_then_an_edit(engine, request_for):
    request = request_for(SERVICE)
    assert [report.cache_hits for report in both(engine, request)] == [0, 0]

    for report in both(engine, request):
        assert report.cache_hits == report.cache_steps > 0

    edited = both(engine, replace(request, overlay={"app.py": b"print('edited')\n"}))
    for report in edited:
        ran = [text for text, status in statuses(report).items() if status == "run"]
        assert ran == ["COPY app.py .", "RUN cat app.py > /copy"]
    buildkit, classic = map(statuses, edited)
    assert buildkit.pop("RUN echo nobody needs this") == "skipped"
    assert classic.pop("RUN echo nobody needs this") == "cached"
    assert buildkit == classic


def test_a_stage_of_more_than_ten_steps(engine, request_for):
    """BuildKit pads the numbers of its steps then."""
    request = request_for(f"FROM {BASE}\n" + "".join(f"RUN echo {n}\n" for n in range(11)))
    for report in both(engine, request):
        assert (report.cache_hits, report.cache_steps) == (0, 11)
    for report in both(engine, request):
        assert (report.cache_hits, report.cache_steps) == (11, 11)


def test_another_run_is_cold_again_and_leaves_the_first_ones_cache_alone(engine, request_for, run):
    request = request_for(SERVICE)
    build(engine, request, sizes=False)
    other = f"{run}b"
    try:
        cold = replace(request, tag="", bases=cold_bases(engine, read(request), other))
        assert build(engine, cold, sizes=False).cache_hits == 0
    finally:
        remove_run(engine, other)
    again = build(engine, request, sizes=False)
    assert again.cache_hits == again.cache_steps


def test_the_learners_folder_is_never_touched(engine, request_for, folder):
    request = request_for(SERVICE)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    build(engine, replace(request, overlay={"app.py": b"x", "new.txt": b"y"}), sizes=False)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_cold_base_keeps_its_images_configuration(engine, request_for, run, builder, folder):
    text = f"""\
FROM {BASE}
ENV GREETING="hello you" PATH=/opt/bin:$PATH
WORKDIR /srv
USER 1000:1000
EXPOSE 8080
VOLUME /data
LABEL colour="light green"
HEALTHCHECK --interval=7s CMD true
SHELL ["/bin/bash", "-c"]
ENTRYPOINT ["/usr/bin/env"]
CMD ["python3", "-c", "print(\\"hi\\")"]
ONBUILD RUN echo triggered
"""
    tag = f"{run_repository(run)}/odd:1"
    build(engine, replace(request_for(text, builder), tag=tag), sizes=False)
    (folder / "Dockerfile").write_text(f"FROM {tag}\n")
    made = cold_bases(engine, read(BuildRequest(folder=folder)), run)[tag]
    was, now = engine.image(tag), engine.image(made)
    assert now.diff_ids[:-1] == was.diff_ids
    keys = (
        "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "OnBuild", "Shell",
        "StopSignal", "User", "Volumes", "WorkingDir",
    )  # fmt: skip
    assert {k: now.config.get(k) for k in keys} == {k: was.config.get(k) for k in keys}
    assert now.config["Labels"] == was.config["Labels"]
    assert now.config["Labels"]["mldocker_lab.run"] == run


def test_a_base_the_engine_does_not_have(engine, folder):
    (folder / "Dockerfile").write_text("FROM mldocker-lab/no-such-image:1\n")
    with pytest.raises(ImageNotFound, match="no image mldocker-lab/no-such-image:1"):
        cold_bases(engine, read(BuildRequest(folder=folder)), "x")


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_image_carries_the_lab_label(engine, request_for, builder):
    report = build(engine, request_for(f"FROM {BASE}\nRUN true\n", builder), sizes=False)
    assert engine.image(report.image_id).config["Labels"]["mldocker_lab"] == "image"


def test_both_builders_images_weigh_the_same(engine, request_for):
    request = request_for(SERVICE)
    buildkit, classic = (build(engine, replace(request, builder=name)) for name in BUILDERS)
    assert buildkit.bytes == classic.bytes
    assert {s.index: s.bytes for s in buildkit.steps} == {s.index: s.bytes for s in classic.steps}
    assert buildkit["COPY app.py"].bytes == len("print('hello')\n")
    assert buildkit["COPY --from=builder"].bytes == 20_000
    assert abs(buildkit.pull_bytes - classic.pull_bytes) < buildkit.pull_bytes / 1000


def test_weights_agree_with_the_engines_layers(engine, base):
    cache = LayerCache()
    image = weigh(engine, BASE, known=cache)
    assert tuple(layer.diff_id for layer in image.layers) == engine.image(BASE).diff_ids
    assert all(0 < layer.pull_bytes < layer.bytes for layer in image.layers)
    assert weigh(engine, BASE, known=cache) == image


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_run_that_fails(engine, request_for, builder):
    text = (
        f"FROM {BASE}\n\n# a comment\nRUN echo before && \\\n    no-such-program --help\nRUN no\n"
    )
    with pytest.raises(BuildFailed) as caught:
        build(engine, request_for(text, builder))
    error = caught.value
    assert (error.line, error.instruction[:15]) == (4, "RUN echo before")
    if builder == "buildkit":
        assert "before" in error.log
    else:  # it mixes both outputs of a step, sometimes in the middle of a line
        assert "before" in "".join(error.log)
    assert "no command no-such-program" in error.what
    assert not leftovers(engine)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("FROM mldocker-lab/nosuch:1\n", 1, "no image mldocker-lab/nosuch:1"),
        (f"FROM {BASE}\nCOPY nope.txt /\n", 2, "no nope.txt in the build context"),
        (f"FROM {BASE}\nCOPY secret.txt /\n", 2, "no secret.txt in the build context"),
        (f"FROM {BASE}\nRUN head -c 1 /dev/zero > /dev/full\n", 2, "no space left"),
        (f"FROM {BASE}\nRUN exit 3\n", 2, "RUN ended with exit status 3"),
        (f"FROM {BASE}\nRUN echo '{PIP}'; exit 1\n", 2, "torch==9: its index offers 1.0, 2.0"),
        (f"FROM {BASE}\nRUN python3 -c '{FETCH}'\n", 2, "could not reach the network"),
    ],
)
def test_common_mistakes_are_explained(engine, request_for, text, line, words):
    folder = request_for.folder
    (folder / "Dockerfile").write_text(text)
    request = request_for(text) if BASE in text else BuildRequest(folder=folder)
    (folder / "secret.txt").write_text("x")
    (folder / ".dockerignore").write_text("secret.txt\n")
    for builder in BUILDERS:
        with pytest.raises(BuildFailed, match=words) as caught:
            build(engine, replace(request, builder=builder), sizes=False)
        assert caught.value.line == line
        assert caught.value.hint


def test_a_dockerfile_frontend_from_a_registry_is_explained(engine, base, folder):
    (folder / "Dockerfile").write_text(f"# syntax=registry.invalid/frontend:1\nFROM {BASE}\n")
    with pytest.raises(BuildFailed, match="# syntax="):
        build(engine, BuildRequest(folder=folder), sizes=False)


def leftovers(engine):
    """Containers on the engine that a build may have left; a moment's grace for the engine."""
    for _ in range(50):
        found = engine.api.containers(all=True, filters={"label": "mldocker_lab"})
        found = [
            one for one in found if "no-such-program" in one["Command"] or SLEEP in one["Command"]
        ]
        if not found:
            return []
        time.sleep(0.2)
    return found


SLEEP = "sleep 86.31"


def sleeping():
    """Processes of the step that sleeps, if the engine runs on this machine."""
    for _ in range(50):
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
            except OSError:
                continue
            found += [path] if words[:2] == SLEEP.encode().split() else []
        if not found:
            return []
        time.sleep(0.2)
    return found


@pytest.mark.parametrize("builder", BUILDERS)
def test_cancel_in_the_middle_of_a_run(engine, request_for, builder):
    building = start(engine, request_for(f"FROM {BASE}\nRUN echo going; {SLEEP}\n", builder))
    events = []
    for event in building:
        events.append(event)
        if isinstance(event, Output) and "going" in event.text:
            threading.Thread(target=building.cancel).start()
    assert isinstance(events[-1], Failed)
    assert building.cancelled
    assert not leftovers(engine)
    assert not sleeping()
    assert build(engine, request_for(f"FROM {BASE}\n", builder), sizes=False).image_id


@pytest.mark.parametrize("builder", BUILDERS)
def test_ctrl_c_stops_the_build_on_the_engine(engine, request_for, builder):
    def interrupt(event):
        if isinstance(event, Output) and "going" in event.text:
            _thread.interrupt_main()

    request = request_for(f"FROM {BASE}\nRUN echo going; {SLEEP}\n", builder)
    with pytest.raises(KeyboardInterrupt):
        build(engine, request, on_event=interrupt, sizes=False)
    assert not leftovers(engine)
    assert not sleeping()


def test_two_builds_at_the_same_time(engine, request_for):
    request = request_for(SERVICE)
    reports = {}

    def work(builder):
        reports[builder] = build(engine, replace(request, builder=builder), sizes=False)

    threads = [threading.Thread(target=work, args=(builder,)) for builder in BUILDERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: report.cache_hits for name, report in reports.items()} == dict.fromkeys(
        BUILDERS, 0
    )


def test_target_args_and_edited_dockerfile(engine, request_for):
    text = f"FROM {BASE} AS first\nARG WHO=nobody\nRUN echo for $WHO > /who\nFROM first\nRUN no\n"
    request = request_for(text, target="first", args={"WHO": "you"})
    seen = []
    other = text.replace("/who", "/who && cat /who").encode()
    build(
        engine, replace(request, overlay={"Dockerfile": other}), on_event=seen.append, sizes=False
    )
    assert "for you\n" in "".join(e.text for e in seen if isinstance(e, Output))


def test_a_host_name_that_only_this_build_knows(engine, request_for):
    request = request_for(
        f"FROM {BASE}\nRUN grep mirror.lab /etc/hosts\n", extra_hosts={"mirror.lab": "10.9.8.7"}
    )
    for builder in BUILDERS:
        seen = []
        again = replace(request, builder=builder)
        build(engine, again, on_event=seen.append, sizes=False)
        assert "10.9.8.7" in "".join(e.text for e in seen if isinstance(e, Output))


def test_cache_mounts_are_a_runs_own(engine, request_for, run):
    text = f"FROM {BASE}\nRUN --mount=type=cache,target=/c echo x >> /c/f && wc -l < /c/f\n"
    request = request_for(text)

    def lines(prefix, salt):
        seen = []
        edited = f"{text.strip()} # {salt}\n".encode()
        wanted = replace(request, cache_prefix=prefix, overlay={"Dockerfile": edited})
        build(engine, wanted, on_event=seen.append, sizes=False)
        return "".join(e.text for e in seen if isinstance(e, Output)).strip()

    assert [lines(f"{run}a", 1), lines(f"{run}a", 2), lines(f"{run}b", 3)] == ["1", "2", "1"]


def test_a_cache_mount_stays_whole_while_the_engine_measures_its_disk(engine, request_for, run):
    """Many files make the measuring long: without the lock, a step gets an empty mount."""
    mount, steps = "RUN --mount=type=cache,target=/c", 20
    touched = "\n".join(f"{mount} touch /c/step{n}" for n in range(steps))
    text = (
        f"FROM {BASE}\n{mount} cd /c && seq 30000 | xargs touch\n{touched}\n{mount} ls /c | wc -l\n"
    )
    seen, over, sizes = [], threading.Event(), []

    def measure():
        other = engine.again()
        while not over.is_set():
            sizes.append(other.api.df())

    measuring = threading.Thread(target=measure)
    measuring.start()
    try:
        request = request_for(text, cache_prefix=run)
        build(engine, request, on_event=seen.append, sizes=False)
    finally:
        over.set()
        measuring.join()
    told = "".join(e.text for e in seen if isinstance(e, Output)).split()
    assert told == [str(30000 + steps)]
    assert len(sizes) > steps  # else nothing was in the way


class Relay:
    """A socket that passes everything on to an engine's, until it is cut."""

    def __init__(self, target: str, path: Path) -> None:
        self.url = f"unix://{path}"
        self._target = target
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._open += [near, far]
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    @staticmethod
    def _pass(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def cut(self):
        """As if the engine had died."""
        for one in [self._listener, *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def relay(engine, tmp_path_factory):
    if not engine.url.startswith("unix://"):
        pytest.skip("the relay stands in front of a local socket only")
    made = Relay(engine.url.removeprefix("unix://"), tmp_path_factory.mktemp("r") / "s")
    yield made
    made.cut()


@pytest.mark.parametrize("builder", BUILDERS)
def test_an_engine_that_dies_in_the_middle(engine, request_for, builder, relay):
    request = request_for(f"FROM {BASE}\nRUN echo going; {SLEEP}\n", builder)

    def die(event):
        if isinstance(event, Output) and "going" in event.text:
            relay.cut()

    through = Engine(relay.url)
    with pytest.raises(EngineGone):
        build(through, request, on_event=die, sizes=False)
    through.close()
    assert not leftovers(engine)


def test_an_engine_that_dies_while_an_image_is_weighed(base, relay, monkeypatch):
    monkeypatch.setattr(measured, "on_disk", lambda *_: None)  # its disk would outlive it
    through = Engine(relay.url)
    with pytest.raises(LabError) as caught:
        weigh(through, BASE, known=LayerCache(), progress=lambda n: relay.cut() if n else None)
    through.close()
    assert isinstance(caught.value, EngineGone)


def test_events_of_a_good_build(engine, request_for):
    building = start(engine, request_for(SERVICE))
    events = list(building)
    assert isinstance(events[-1], Built)
    finished = [e for e in events if isinstance(e, Finished)]
    assert all(e.seconds is not None for e in finished)
    assert building.context_bytes > 0
    assert building.context_bytes % 512 == 0
