"""A guard stops what takes too long or writes too much, once, and says why."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from mldocker_lab.run.bounds import Bounds
from mldocker_lab.run.guard import Guard

BOUNDS = Bounds(seconds=600, memory=1 << 30, processes=64, cpus=0.5, network="nowhere")


def test_bounds_survive_their_way_through_an_environment_variable():
    assert Bounds.from_json(BOUNDS.to_json()) == BOUNDS


def test_a_container_in_bounds_has_no_network_few_rights_and_little_room():
    host = BOUNDS.host
    assert host["network_mode"] == "nowhere"
    assert host["mem_limit"] == host["memswap_limit"] == 1 << 30
    assert (host["pids_limit"], host["nano_cpus"]) == (64, 500_000_000)
    assert host["cap_drop"] == ["ALL"]
    assert not {"NET_RAW", "SYS_ADMIN", "MKNOD", "SYS_PTRACE"} & set(host["cap_add"])
    assert "network_mode" not in replace(BOUNDS, network=None).host


def test_time_is_up():
    stopped = threading.Event()
    with Guard(replace(BOUNDS, seconds=0.05), stopped.set) as guard:
        assert stopped.wait(10)
    assert guard.why == "it took longer than the 0.1 s it may take"


def test_too_much_was_written(tmp_path, monkeypatch):
    rooms = iter([1000, 990, 100])
    monkeypatch.setattr(Bounds, "room", lambda _: next(rooms))
    stopped = threading.Event()
    with Guard(replace(BOUNDS, disk_folder=str(tmp_path), disk=500), stopped.set) as guard:
        assert stopped.wait(10)
    assert guard.why == "it wrote more than the 500 B it may write"


@pytest.mark.parametrize("bounds", [None, BOUNDS])
def test_what_ends_in_time_is_left_alone(bounds):
    with Guard(bounds, lambda: pytest.fail("stopped")) as guard:
        pass
    assert guard.why == ""
