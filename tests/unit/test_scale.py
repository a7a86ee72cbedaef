"""Full scale changes where Dockerfiles start and what is installed, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mldocker_lab import scale
from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import UsageError
from mldocker_lab.pair import SIDES, edited

CONTEXTS = Path(__file__).resolve().parents[2] / "notebooks" / "contexts"
FULL = sorted(CONTEXTS.glob("*.full.toml"))
DOCKERFILE = """\
from lab/python:3.11-slim AS one
RUN echo FROM lab/python:3.11-slim
FROM lab/python:3.11-slim-other
FROM lab/python:3.11-slim
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv(scale.SWITCH, raising=False)
    project = tmp_path / "project"
    project.mkdir()
    (project / "good.Dockerfile").write_text(DOCKERFILE)
    (project / "requirements.txt").write_text("numpy==2.4.6\n")
    return project


def write(folder, text):
    scale.settings(folder).write_text(text)


BOTH = """
disk_gb = 1.5
[bases]
"lab/python:3.11-slim" = "python:3.11"
[add]
"requirements.txt" = ["torch==2.4.0"]
"""


def test_only_from_lines_with_exactly_that_base_change(folder):
    write(folder, BOTH)
    found = scale.full(folder, ["good.Dockerfile"])
    assert found.overlay["good.Dockerfile"].decode().splitlines() == [
        "from python:3.11 AS one",
        "RUN echo FROM lab/python:3.11-slim",
        "FROM lab/python:3.11-slim-other",
        "FROM python:3.11",
    ]
    assert found.overlay["requirements.txt"] == b"numpy==2.4.6\ntorch==2.4.0\n"
    assert (found.bases, found.disk) == (("python:3.11",), 1_500_000_000)


def test_mini_is_what_nobody_asked_for(folder):
    write(folder, BOTH)
    assert scale.chosen(folder, ["good.Dockerfile"]) == scale.Scale()
    assert scale.chosen(folder, ["good.Dockerfile"], "mini") == scale.Scale()


def test_the_switch_counts_where_there_is_a_full_scale(folder, monkeypatch):
    monkeypatch.setenv(scale.SWITCH, "full")
    assert scale.chosen(folder, ["good.Dockerfile"]) == scale.Scale()
    write(folder, BOTH)
    assert scale.chosen(folder, ["good.Dockerfile"]).bases == ("python:3.11",)
    assert scale.chosen(folder, ["good.Dockerfile"], "mini") == scale.Scale()


def test_what_cannot_be_is_said(folder):
    with pytest.raises(UsageError, match="there is no scale 'huge'"):
        scale.chosen(folder, [], "huge")
    with pytest.raises(UsageError, match="project has no full scale"):
        scale.chosen(folder, [], "full")
    write(folder, "disk_gb = ")
    with pytest.raises(UsageError, match=r"project\.full\.toml cannot be read"):
        scale.chosen(folder, [], "full")


def test_an_edit_comes_on_top(folder):
    write(folder, BOTH)
    at_scale = scale.full(folder, [])
    text = edited(
        folder, "requirements.txt", 1, "wandb==0.17.9", at_scale.overlay["requirements.txt"]
    )
    assert text == b"numpy==2.4.6\ntorch==2.4.0\nwandb==0.17.9\n"


@pytest.mark.parametrize("path", FULL, ids=lambda path: path.name)
def test_the_lessons_full_scale_starts_from_nothing_of_the_labs(path):
    folder = path.with_name(path.name.removesuffix(".full.toml"))
    found = scale.full(folder, SIDES.values())
    for name in SIDES.values():
        stages = parse(found.overlay[name].decode()).stages
        assert {stage.base for stage in stages} <= set(found.bases)
        assert len(stages) == len(parse((folder / name).read_text()).stages)
    assert found.disk >= 30_000_000_000
