"""Two submissions after one another on one engine: the second finds nothing of the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from mldocker_lab.engine import private
from mldocker_lab.engine.pen import ASKED, Pen
from mldocker_lab.grade.exercise import Exercise
from mldocker_lab.grade.runner import Options, grade, grade_all
from mldocker_lab.grade.station import PenStation, nowhere
from mldocker_lab.grade.station import pens as in_pens
from mldocker_lab.supply import bases

from .attacks import answer
from .conftest import BASE, GOOD, WRONG, fill, write_exercise

DOCKERD = private.dockerd() or "dockerd"
MOUNT = "--mount=type=cache,id=shared,target=/shared"
PIP = "--mount=type=cache,target=/root/.cache/pip"
POISON = (
    BASE
    + f"RUN {MOUNT} {PIP} echo poison | tee /shared/x /root/.cache/pip/x /tmp/x\n"
    + 'RUN echo slow\nCOPY . .\nCMD ["sh", "-c", "trap : TERM INT; python3 app.py & wait; wait"]\n'
)
VICTIM = (
    BASE
    + f"RUN {MOUNT} {PIP} cat /shared/x /root/.cache/pip/x /tmp/x; true\n"
    + 'RUN echo slow\nCOPY . .\nCMD ["python3", "app.py"]\n'
)


def graded(book) -> dict[str, dict[str, object]]:
    return {
        one.name: {c.id: c.verdict for e in one.exercises for c in e.checks}
        for one in book.submissions
    }


def test_caches_files_and_containers_of_the_one_before_are_gone(pens, exercises, tmp_path):
    fill(tmp_path / "a-poisoner", answer(POISON))
    fill(tmp_path / "b-victim", answer(VICTIM))
    fill(tmp_path / "c-broken", answer(BASE + "RUN false\n"))
    fill(tmp_path / "d-good", answer(GOOD))
    order: list[str] = []

    class Station(PenStation):
        def tidy(self, run_id):
            super().tidy(run_id)
            engine = self._opened.engine
            names = [name for one in engine.containers(None) for name in one["Names"]]
            tags = [tag for one in engine.images(None) for tag in one["RepoTags"] or ["untagged"]]
            order.append(f"{len(names)} {' '.join(sorted(set(tags)))}")

    kind = in_pens(pens, 1, print)
    options = Options(exercises=exercises, kind=lambda _: _with(kind, lambda: Station(pens, print)))
    found = graded(grade_all([tmp_path], options))
    assert {check.status for check in found["d-good"].values()} == {"passed", "failed"}
    victim = found["b-victim"]
    assert victim["word"].status == victim["reused"].status == "passed"
    assert "poison" in found["a-poisoner"]["witness"].seen
    assert "poison" not in victim["witness"].seen
    assert "No such file" in victim["witness"].seen
    assert set(order) == {f"1 {bases.SLIM}"}  # the mirror, and the base image
    assert len(order) == 4


def _with(kind, make):
    from dataclasses import replace

    return replace(kind, make=make)


def test_a_pen_is_shut_off_and_limited_and_leaves_nothing(pens):
    with Pen(pens) as one, Pen(pens) as other:
        assert one.missing == other.missing == ()
        for _ in bases.ensure(one.engine, (bases.SLIM,)):
            pass
        container = one.engine.create(
            bases.SLIM, ["cat", "/proc/self/cgroup"], host={"network_mode": ASKED}
        )
        one.engine.start(container)
        one.engine.wait(container, 20)
        assert container not in [told["Id"] for told in other.engine.containers(None)]
        assert one._group.name in one.engine.logs(container)
        root, sockets = one.root, [one._socket, other._socket]
        assert one.root != other.root
    assert not any(path.exists() for path in sockets)
    assert (root / "disk.img").exists()


def test_a_broken_disk_is_made_anew(pens):
    with Pen(pens) as one:
        root = one.root
    with (root / "disk.img").open("r+b") as disk:
        disk.write(bytes(1 << 20))
    with Pen(pens) as one:
        assert one.root == root
        assert one.engine.images(None) == []


def test_a_base_that_is_not_needed_is_not_loaded(pens, exercises, tmp_path):
    """The big base costs seconds and half a gigabyte; it comes when an answer names it."""
    devel = GOOD.replace(bases.SLIM, bases.DEVEL, 1)
    station = PenStation(pens, print)
    try:
        tiny = Exercise.load(exercises / "90_tiny")
        station.open(tiny, {"Dockerfile": GOOD.encode()})
        assert not station._opened.engine.has_image(bases.DEVEL)
        needs_it = Exercise.load(write_exercise(tmp_path) / "90_tiny")
        (needs_it.answer / "Dockerfile").write_text(devel)  # its checks may build this
        station.open(needs_it, {"Dockerfile": GOOD.encode()})
        assert station._opened.engine.has_image(bases.DEVEL)
        station.tidy("")
        assert station._opened.engine.has_image(bases.DEVEL)
    finally:
        station.close()


def test_where_there_is_no_engine_nothing_is_attempted(exercises, tmp_path):
    fill(tmp_path / "alice", answer(GOOD))
    options = Options(exercises=exercises, kind=lambda _: nowhere("no engine answers here"))
    (verdicts,) = graded(grade_all([tmp_path / "alice"], options)).values()
    assert {check.status for check in verdicts.values()} == {"not-attempted"}
    assert {check.seen for check in verdicts.values()} == {"no engine answers here"}


@pytest.mark.parametrize("need", ["gpu", "network"])
def test_what_a_pen_lacks_is_not_attempted_whatever_the_answer_pretends(need, pens, tmp_path):
    from .conftest import SETTINGS

    settings = SETTINGS.replace('needs = ["engine"]', f'needs = ["engine", "{need}"]')
    exercises = write_exercise(tmp_path / "exercises", settings)
    fake = GOOD.replace("COPY . .", "COPY smi.sh /usr/bin/nvidia-smi\nCOPY . .")
    fill(tmp_path / "room" / "alice", answer(fake, smi__sh="#!/bin/sh\necho H100"))
    options = Options(exercises=exercises, kind=lambda _: in_pens(pens, 1, print))
    (verdicts,) = graded(grade_all([tmp_path / "room"], options)).values()
    assert {check.status for check in verdicts.values()} == {"not-attempted"}


def test_on_an_engine_that_was_found_the_same_words_and_bounds_hold(bench, exercises, tmp_path):
    """Weaker, and said to be: but what is refused is refused, and services have their bounds."""
    fill(tmp_path / "alice", answer(GOOD))
    fill(tmp_path / "eve", answer("FROM mldocker-lab/90_tiny-answer:run-1-0\n"))
    fill(tmp_path / "mallory", answer(WRONG + "LABEL mldocker_lab.run=other\n"))
    before = {one["Id"] for one in bench.engine.containers(None)}
    found = graded(grade([tmp_path], bench, exercises=exercises))
    assert {check.status for check in found["alice"].values()} == {"passed", "failed"}
    assert "not one of the lab's bases" in found["eve"]["builds"].seen
    assert found["mallory"]["builds"].status == "passed"
    assert found["mallory"]["word"].status == "failed"
    assert {one["Id"] for one in bench.engine.containers(None)} == before
    tags = [tag for one in bench.engine.images() for tag in one.get("RepoTags") or ()]
    assert [tag for tag in tags if "90_tiny" in tag] == []


def test_where_the_disk_cannot_be_limited_it_is_watched_and_the_results_say_so(
    pens, exercises, tmp_path, monkeypatch
):
    from mldocker_lab.engine import pen

    monkeypatch.setattr(pen.shutil, "which", lambda *_, **__: None)  # as if there was no mke2fs
    monkeypatch.setattr(pen.private, "dockerd", lambda: Path(DOCKERD))
    fill(
        tmp_path / "filler", answer(BASE + "RUN dd if=/dev/zero of=/x bs=1M count=3000; sleep 9\n")
    )
    fill(tmp_path / "good", answer(GOOD))
    options = Options(exercises=exercises, kind=lambda _: in_pens(pens, 1, print))
    book = grade_all([tmp_path], options)
    assert any("disk space cannot be limited" in note for note in book.notes)
    found = graded(book)
    assert "it wrote more than the 524 MB" in found["filler"]["builds"].seen
    assert found["good"]["word"].status == "passed"
