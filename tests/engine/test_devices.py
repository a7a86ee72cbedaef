"""Devices in containers: flags made of a CDI spec, and CDI itself where an engine has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mldocker_lab.errors import EngineError
from mldocker_lab.gpu import cdi, passthrough, probe
from mldocker_lab.run.container import call
from mldocker_lab.supply.bases import SLIM

pytestmark = [pytest.mark.engine, pytest.mark.matrix]

SPEC = """
cdiVersion: 0.5.0
kind: lab.example/test
devices:
- name: "0"
  containerEdits:
    deviceNodes: [{path: /dev/labgpu0, hostPath: /dev/zero}]
    mounts: [{hostPath: /etc/os-release, containerPath: /usr/lib/liblab.so.1, options: [ro, bind]}]
    env: [LAB_GPU=0]
"""
LOOK = ["sh", "-c", "stat -c %t:%T /dev/labgpu0; wc -c < /usr/lib/liblab.so.1; echo $LAB_GPU"]


def test_a_spec_and_its_flags_bring_the_same(each_engine):
    """An engine that lists folders of specs finds ours in the one that the lab gave it."""
    spec = cdi.read(SPEC)
    flags = passthrough.compiled(spec, "0")
    plain = probe.ended(each_engine, SLIM, LOOK, flags.host(), flags.variables())
    assert plain[0] == 0
    assert plain[1].startswith("1:5\n")
    folders = [one for one in each_engine.info().get("CDISpecDirs") or () if one.endswith("/cdi")]
    if not folders:
        with pytest.raises(EngineError, match='device driver "cdi"'):
            call(each_engine, SLIM, LOOK, devices=["lab.example/test=0"])
        return
    file = Path(folders[-1], "lab.example-test.json")
    file.write_text(json.dumps(spec.data))
    try:
        assert call(each_engine, SLIM, LOOK, devices=["lab.example/test=0"]) == plain
    finally:
        file.unlink()
