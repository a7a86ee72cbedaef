"""The store that graded containers download from: found by them, slow or down when it should be."""

from __future__ import annotations

import time

import pytest

from mldocker_lab.engine.client import LABEL
from mldocker_lab.supply import bases, mirror
from mldocker_lab.workbench import Workbench

PATH = "eta/3"
DATA = b"w" * 10_000

#: Asks for a file, says how much has come so far, and in the end how much there was.
ASK = """\
import sys, urllib.request
answer = urllib.request.urlopen(sys.argv[1], timeout=30)
print(len(answer.read(5000)), flush=True)
print(len(answer.read()), flush=True)
"""


@pytest.fixture(scope="module")
def bench(engine):
    for steps in (bases.ensure(engine, (bases.SLIM,)), mirror.ensure(engine)):
        for _ in steps:
            pass
    return Workbench(engine, mirror.find(engine))


@pytest.fixture(scope="module")
def store(bench):
    with bench.store() as made:
        made.put(PATH, DATA)
        yield made
    deadline = time.monotonic() + 20
    while bench.engine.containers(f"{LABEL}=artifact-store"):
        assert time.monotonic() < deadline, "the store is still there"
        time.sleep(0.1)


def asking(bench, store, path=PATH):
    """A container that asks for a file."""
    command = ["python3", "-c", ASK, f"{store.address}/{path}"]
    return bench.run(bases.SLIM, command, hosts=store.hosts, every=0)


def test_a_container_gets_a_file(bench, store):
    with asking(bench, store) as container:
        assert container.finished().status == 0
        assert container.logs().split() == ["5000", "5000"]
    assert (store.seen("asked", PATH), store.seen("sent", PATH)) == (1, 1)


def test_it_can_be_slow(bench, store):
    with store.hold(PATH), asking(bench, store) as container:
        container.until(lambda: store.seen("half", PATH) == 1, "half of it is there")
        container.until(lambda: container.logs().split() == ["5000"], "half has arrived")
        assert container.state.running
    assert store.seen("half", PATH) == 1


def test_it_can_be_down(bench, store):
    with store.down(), asking(bench, store) as container:
        assert container.finished().status == 1
        assert "RemoteDisconnected" in container.logs()
    with asking(bench, store) as container:
        assert container.finished().status == 0


def test_a_bench_that_is_tidied_knows_its_store(bench, store):
    """What a killed run leaves goes by the run's id."""
    (told,) = bench.engine.containers(f"{LABEL}=artifact-store")
    assert bench.run_id in told["Labels"].values()


def test_what_a_container_wrote_is_its_own(bench):
    command = ["sh", "-c", "head -c 3000000 /dev/zero > /kept; head -c 9000000 /dev/zero > /v/lent"]
    with bench.volume() as volume, bench.run(bases.SLIM, command, volumes={volume: "/v"}) as one:
        one.finished()
        assert 3_000_000 <= one.written < 4_000_000
