"""What the audit measures on a real engine: a service that deserves its points, and another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mldocker_lab import lab
from mldocker_lab.audit.service import Service
from mldocker_lab.audit.watched import judgements
from mldocker_lab.audit.watching import Watching
from mldocker_lab.engine.client import LABEL

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent / "audit"


def measured(card) -> dict[str, str]:
    """What was seen, not read, by rule."""
    return {one.id: one.status for one in card.findings if one.evidence.startswith("measured: ")}


def test_a_service_that_deserves_its_points(bench):
    card = lab.audit(HERE / "good", run=True)
    assert measured(card) == {
        "multi-stage": "pass",
        "non-root": "pass",
        "healthcheck": "pass",
        "model-external": "pass",
        "logs-stdout": "pass",
        "exec-form": "pass",
    }
    assert "as user 10001; it gets ready as any user" in card["non-root"].evidence
    assert "with a broken model it answers 503" in card["healthcheck"].evidence
    assert "works within 128m" in card["limits"].evidence
    assert [c for c in bench.engine.containers() if c["Labels"][LABEL] == "container"] == []
    assert bench.engine.our_networks() == []


def test_a_service_with_every_fault(bench):
    card = lab.audit(HERE / "bad", run=True)
    assert measured(card) == {
        "multi-stage": "fail",
        "non-root": "fail",
        "healthcheck": "fail",
        "model-external": "fail",
        "exec-form": "fail",
    }
    assert "wandb" in card["multi-stage"].evidence
    assert "/models/model.onnx" in card["model-external"].evidence
    assert "killed" in card["exec-form"].evidence


def test_lines_that_a_kill_loses_and_memory_that_is_not_enough(bench):
    image = lab.build(HERE / "good", weigh=False).image_id
    asked = {"ready": "/ready", "predict": "/predict", "sample": [1], "grace": 2}
    held = Watching(bench, image, Service(environment={"PYTHONUNBUFFERED": ""}, **asked), None)
    held.first()
    held.killed()
    assert judgements(held.seen)["logs-stdout"].status == "fail"
    greedy = Service(environment={"KEEP": "64000000"}, memory="24m", **asked)
    hungry = Watching(bench, image, greedy, None)
    hungry.first()
    assert hungry.seen.oom
    assert judgements(hungry.seen)["limits"].status == "fail"


def test_without_its_manifest_less_is_judged(bench, tmp_path):
    folder = shutil.copytree(HERE / "good", tmp_path / "mute")
    (folder / "mldocker.yaml").unlink()
    card = lab.audit(folder, build=True)
    assert measured(card) == {"model-external": "pass"}
