"""Six lines that tell how to ask a service; what makes no sense is told, not guessed."""

from __future__ import annotations

import pytest

from mldocker_lab.audit.watching.adapter import Adapter
from mldocker_lab.errors import UsageError


def test_a_project_without_one(tmp_path):
    assert Adapter.load(tmp_path) == Adapter()


def test_six_lines(tmp_path):
    (tmp_path / "mldocker.yaml").write_text(
        "port: 9000\nready: /ready\npredict: /predict\nsample: [[0.1, 2]]\n"
        "model: /models/a.onnx\nenvironment: {THREADS: 1}\n"
    )
    assert Adapter.load(tmp_path) == Adapter(
        port=9000,
        ready="/ready",
        predict="/predict",
        sample=[[0.1, 2]],
        model="/models/a.onnx",
        environment={"THREADS": "1"},
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port: web", "web"),
        ("ready: 7", "ready is a text"),
        ("pot: 8080", "pot"),
        ("- a\n- b", "no mapping"),
        ("ready: [", "cannot be read"),
        ("environment: 3", "mldocker.yaml"),
    ],
)
def test_what_makes_no_sense(text, words):
    with pytest.raises(UsageError, match=words):
        Adapter.parse(text)


def test_an_empty_one():
    assert Adapter.parse("# nothing yet\n") == Adapter()
