"""Limits are written where each version of control groups wants them; what fails is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mldocker_lab.engine import limits
from mldocker_lab.engine.limits import Group, Limits

LIMITS = Limits(memory=1 << 30, processes=64, cpus=1.5, disk=1 << 30)


@pytest.fixture
def unified(tmp_path, monkeypatch):
    """A folder that makes control files in new folders, as the kernel's version 2 does."""
    made = Path.mkdir

    def mkdir(self, *args, **kwargs):
        made(self, *args, **kwargs)
        if tmp_path in self.parents and not (self / "cgroup.subtree_control").exists():
            (self / "cgroup.subtree_control").write_text("")

    for name in ("cgroup.controllers", "cgroup.subtree_control"):
        (tmp_path / name).write_text("memory pids" if "subtree" in name else "cpu memory pids")
    monkeypatch.setattr(limits, "_ROOT", tmp_path)
    monkeypatch.setattr(Path, "mkdir", mkdir)
    return tmp_path


def test_version_2(unified):
    (unified / "lab").mkdir()
    group = Group("/lab/work")
    group.make(LIMITS)
    assert group.missing == ()
    written = {p.name: p.read_text() for p in (unified / "lab" / "work").iterdir()}
    assert written == {
        "memory.max": str(1 << 30),
        "memory.swap.max": "0",
        "pids.max": "64",
        "cpu.max": "150000 100000",
        "cgroup.subtree_control": "",
    }
    assert (unified / "cgroup.subtree_control").read_text() == "+cpu"  # the kernel would add it
    assert (unified / "lab" / "cgroup.subtree_control").read_text() == "+cpu"


def test_what_cannot_be_limited_is_told(unified):
    (unified / "cgroup.subtree_control").unlink()
    group = Group("/lab/work")
    group.make(LIMITS)
    assert [one.partition(" ")[0] for one in group.missing] == ["memory", "pids", "cpu"]


def test_a_share_of_the_machine_is_neither_too_much_nor_too_little():
    whole, part = Limits.share(1), Limits.share(1000)
    assert part.memory == 1 << 30 <= whole.memory <= 4 << 30
    assert part.cpus == 0.5 <= whole.cpus
    assert whole.to_dict()["disk"] == whole.disk
