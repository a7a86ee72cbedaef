"""A CDI spec for the lab's own engine: written where that looks, and nowhere else."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from mldocker_lab import gpus, lab
from mldocker_lab.engine import private
from mldocker_lab.errors import UsageError

SPEC = """
cdiVersion: 0.5.0
kind: lab.example/gpu
devices:
- name: "0"
  containerEdits: {env: [LAB_GPU=0]}
"""


def looks_into(folders):
    """An engine that looks for specs in these folders."""
    return SimpleNamespace(info=lambda: {"CDISpecDirs": folders}, close=lambda: None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path))
    return private.cdi_folder()


def test_the_lab_s_engine_finds_it(folder, monkeypatch):
    monkeypatch.setattr(lab, "find_engine", lambda: looks_into(["/etc/cdi", str(folder)]))
    assert gpus.offer(SPEC) is True
    (file,) = folder.iterdir()
    assert json.loads(file.read_text())["kind"] == "lab.example/gpu"


@pytest.mark.parametrize("folders", [None, [], ["/etc/cdi", "/var/run/cdi"]])
def test_for_another_engine_or_one_without_cdi_nothing_is_written(folder, monkeypatch, folders):
    monkeypatch.setattr(lab, "find_engine", lambda: looks_into(folders))
    assert gpus.offer(SPEC) is False
    assert list(folder.iterdir()) == []


def test_a_spec_with_problems_is_refused(folder):
    with pytest.raises(UsageError, match="cannot be used"):
        gpus.offer(SPEC.replace('"0"', "0"))
    assert list(folder.iterdir()) == []
