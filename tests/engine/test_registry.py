"""The registry route, against a real registry that the test starts for itself."""

from __future__ import annotations

import socket
from collections import deque

from mldocker_lab.supply import bases, registry

OURS = "mldocker-lab/test-pulled:3.11-slim"


def answer(steps):
    """Run a generator to its end; what it returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_pull_by_digest_becomes_our_image(engine, served):
    deque(bases.ensure(engine, (bases.SLIM,)), maxlen=0)
    before = engine.image(bases.SLIM)
    there = f"{served}/python"
    engine.tag(bases.SLIM, f"{there}:pushed")
    try:
        said = list(engine.api.push(there, tag="pushed", stream=True, decode=True))
        digest = next(m["aux"]["Digest"] for m in said if "aux" in m)
    finally:
        engine.remove_image(f"{there}:pushed")
    try:
        ref = f"{there}@{digest}"
        files, changes = {"/etc/marked": b"yes"}, ["LABEL mldocker_lab=base mldocker_lab.recipe=t"]
        assert answer(registry.take(engine, ref, OURS, files, changes)) is True
        ours = engine.image(OURS)
        assert ours.diff_ids[:-1] == before.diff_ids  # the pulled layers, and one small one
        assert ours.config["Labels"]["mldocker_lab"] == "base"
        assert ours.config["Cmd"] == before.config["Cmd"]
        assert not engine.has_image(ref)  # no name of the registry's is left behind
    finally:
        engine.remove_image(OURS)


def test_a_registry_that_is_not_there_is_a_quiet_no(engine):
    said = answer(registry.take(engine, f"127.0.0.1:9/python@sha256:{'0' * 64}", OURS, {}, []))
    assert said is False


def test_a_registry_that_never_answers_is_a_quiet_no(engine, monkeypatch):
    monkeypatch.setattr(registry, "_ANSWER_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # accepts, and says nothing
        port = deaf.getsockname()[1]
        said = answer(registry.take(engine, f"127.0.0.1:{port}/p@sha256:{'0' * 64}", OURS, {}, []))
    assert said is False
