from __future__ import annotations

from types import SimpleNamespace

import pytest
from docker.errors import APIError

from mldocker_lab.engine.client import Engine
from mldocker_lab.errors import EngineError


def engine(**api):
    made = object.__new__(Engine)
    made.api = SimpleNamespace(**api)
    return made


def refuses(words):
    def remove(container, **_):
        raise APIError(words, explanation=words)

    return remove


def test_a_container_that_another_process_removes_is_as_good_as_gone():
    words = "removal of container 1f2e is already in progress"
    engine(remove_container=refuses(words)).remove("1f2e")


def test_any_other_refusal_is_told():
    with pytest.raises(EngineError, match="driver failed"):
        engine(remove_container=refuses("driver failed")).remove("1f2e")


def test_no_statistics_of_a_container_that_has_just_ended():
    def stats(container, **_):
        raise ValueError("Expecting value: line 1 column 1 (char 0)")

    with pytest.raises(EngineError, match="use of 1f2e"):
        engine(stats=stats).stats("1f2e")
