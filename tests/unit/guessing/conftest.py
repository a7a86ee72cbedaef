"""Somebody to guess, and a home to keep guesses in."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def person(home, monkeypatch):
    """Somebody at a prompt of plain Python."""
    monkeypatch.delenv("MLDOCKER_LIVE", raising=False)
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    return home
