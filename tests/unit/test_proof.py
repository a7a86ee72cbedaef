"""A proof holds for what was proved, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mldocker_lab import proof
from mldocker_lab.home import home


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "good.Dockerfile").write_text("FROM scratch\n")
    return tmp_path / "context"


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))


def test_what_was_recorded_is_proved(folder):
    claim = proof.claim("engine", "bases", folder)
    assert proof.proved(claim) is None
    proof.record(claim)
    then = proof.proved(proof.claim("engine", "bases", folder))
    assert then is not None
    assert datetime.now(UTC) - then < timedelta(minutes=5)


def test_another_engine_base_or_dockerfile_is_not(folder):
    proof.record(proof.claim("engine", "bases", folder))
    assert proof.proved(proof.claim("another", "bases", folder)) is None
    assert proof.proved(proof.claim("engine", "others", folder)) is None
    (folder / "good.Dockerfile").write_text("FROM scratch\nLABEL a=b\n")
    assert proof.proved(proof.claim("engine", "bases", folder)) is None


@pytest.mark.parametrize(
    "text", ["", "[]", '"text"', '{"claim": "x"}', '{"claim": "x", "date": 7}']
)
def test_a_damaged_record_proves_nothing(text):
    (home() / "proved.json").write_text(text)
    assert proof.proved("x") is None
