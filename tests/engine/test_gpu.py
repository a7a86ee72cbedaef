"""Asking real engines for a GPU: what each way says, and that nothing is left behind."""

from __future__ import annotations

import json

import pytest

from mldocker_lab.gpu import cdi, probe
from mldocker_lab.gpu.diagnose import of_container
from mldocker_lab.gpu.passthrough import compiled
from mldocker_lab.gpu.situation import situation
from mldocker_lab.supply import bases

pytestmark = pytest.mark.engine

SPEC = """
cdiVersion: "0.6.0"
kind: lab.example/gpu
devices:
  - name: "0"
    containerEdits:
      env: ["LAB_GPU=0"]
      deviceNodes: [{path: /dev/lab0, hostPath: /dev/zero, permissions: r}]
      mounts: [{hostPath: /etc/hostname, containerPath: /opt/lab/driver, options: [ro]}]
"""
SEEN = """
import json, os, stat
print(json.dumps({
    "variable": os.environ.get("LAB_GPU"),
    "bytes": list(open("/dev/lab0", "rb").read(3)),
    "device": stat.S_ISCHR(os.stat("/dev/lab0").st_mode),
    "library": os.access("/opt/lab/driver", os.R_OK),
}))
"""


def where(engine):
    return situation(engine.info(), engine.version())


def test_what_each_way_says(each_engine):
    """Rows 1, 4, 3 and 20 of the table, provoked for real; with a GPU, the real thing."""
    before = {one["Id"] for one in each_engine.containers(None)}
    found = probe.probe(each_engine, bases.SLIM, where(each_engine))
    assert {one["Id"] for one in each_engine.containers(None)} == before
    if found.way is not None:
        assert found[found.way].same is True
        assert found.badge.basis == "real GPU"
        return
    no_spec = 16 if each_engine.info().get("CDISpecDirs") else 3
    rows = {one.way: one.diagnosis.row for one in found.attempts}
    assert rows == {"gpus": 1, "runtime": 4, "cdi": no_spec, "variable": 20}
    outcomes = [one.outcome for one in found.attempts]
    assert outcomes == ["refused", "refused", "refused", "no GPU"]
    assert {one.to_dict()["computed"] for one in found.attempts} == {"not attempted"}
    assert found.badge.basis == "no GPU"


def test_a_container_with_the_variable_alone_is_row_20(each_engine):
    container = each_engine.create(
        bases.SLIM, ["true"], environment={"NVIDIA_VISIBLE_DEVICES": "all"}
    )
    try:
        each_engine.start(container)
        assert each_engine.wait(container, 30) == 0
        found = of_container(
            each_engine.inspect(container), each_engine.logs(container), where(each_engine)
        )
    finally:
        each_engine.remove(container)
    assert found.row == 20
    assert "no device request" in found.seen


def test_a_spec_as_plain_flags_passes_the_device(each_engine):
    """What CDI does, on engines that have never heard of it."""
    flags = compiled(cdi.read(SPEC), "lab.example/gpu=0")
    status, said = probe.ended(
        each_engine, bases.SLIM, ["python3", "-c", SEEN], flags.host(), flags.variables()
    )
    assert (status, json.loads(said)) == (
        0, {"variable": "0", "bytes": [0, 0, 0], "device": True, "library": True}
    )  # fmt: skip
