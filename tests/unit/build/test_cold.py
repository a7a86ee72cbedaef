from __future__ import annotations

import pytest

from mldocker_lab.build.cold import _restored, _spelled


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("python", "python:latest"),
        ("python:3.11-slim", "python:3.11-slim"),
        ("mldocker-lab/python:3.11-slim", "mldocker-lab/python:3.11-slim"),
        ("registry.example:5000/team/python:3", "registry.example-5000/team/python:3"),
        (f"python:3.11@sha256:{'ab' * 32}", "python:" + 32 * "ab"),
        (f"python@sha256:{'cd' * 32}", "python:" + 32 * "cd"),
    ],
)
def test_any_image_name_fits_at_the_end_of_another(name, spelled):
    assert _spelled(name) == spelled


def test_an_image_without_labels_becomes_ours():
    assert _restored({"Labels": None, "Cmd": None}, "r1") == {
        "Labels": {"mldocker_lab": "base", "mldocker_lab.run": "r1"}
    }


def test_what_the_image_says_stays():
    config = {"Labels": {"mldocker_lab": "x", "a": "b"}, "Cmd": ["c"], "OnBuild": ["RUN d"]}
    assert _restored(config, "r1") == {
        "Cmd": ["c"],
        "OnBuild": ["RUN d"],
        "Labels": {"mldocker_lab": "x", "a": "b", "mldocker_lab.run": "r1"},
    }
