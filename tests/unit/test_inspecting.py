"""Looking into images from the command line, without an engine."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile

import pytest
from click.testing import CliRunner

from mldocker_lab.cli import main
from mldocker_lab.errors import UsageError
from mldocker_lab.lab import weighing
from mldocker_lab.widgets.progress import counting


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(weighing, "find_engine", lambda: pytest.fail("no engine is needed here"))


def saved(path, *files):
    """A file as ``docker save`` writes it, one layer for each mapping."""
    import hashlib

    def packed(parts):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, data in parts.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        return buffer.getvalue()

    layers = {f"{n}/layer.tar": packed(parts) for n, parts in enumerate(files)}
    ids = [f"sha256:{hashlib.sha256(data).hexdigest()}" for data in layers.values()]
    manifest = [{"Config": "c.json", "Layers": list(layers)}]
    documents = {"c.json": {"rootfs": {"diff_ids": ids}}, "manifest.json": manifest}
    path.write_bytes(packed(layers | {n: json.dumps(d).encode() for n, d in documents.items()}))
    return path


@pytest.fixture
def image(tmp_path):
    return saved(tmp_path / "image.tar", {"a": b"12345", "b": b"1"}, {".wh.a": b""})


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def test_a_file_is_taken_apart_without_an_engine(image):
    told = json.loads(run("inspect", image, "--json").output)
    assert (told["bytes"], told["wasted_bytes"]) == (6, 5)
    assert "5 B of it wasted" in run("inspect", image).output


def test_what_a_node_pulls(image, tmp_path):
    newer = saved(tmp_path / "newer.tar", {"a": b"12345", "b": b"1"}, {"c": b"new"})
    told = json.loads(run("pull-cost", newer, "--having", image, "--nodes", 3, "--json").output)
    assert [layer["pulled"] for layer in told["layers"]] == [False, True]
    assert told["total_bytes"] == 3 * told["pull_bytes"]


def test_a_damaged_file_is_one_message(image):
    image.write_bytes(image.read_bytes()[:2000])
    done = run("inspect", image)
    assert done.exit_code == 1
    assert "image.tar holds no image, or only the beginning of one" in done.stderr


def test_a_file_that_is_not_there(tmp_path):
    done = run("inspect", tmp_path / "nothing.tar")
    assert done.exit_code == 2
    assert "there is no image at" in done.stderr


@pytest.mark.parametrize("name", ["python:3.11", "mldocker-lab/python:3.11-slim", "sha256:abc"])
def test_names_of_images_are_no_paths(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mldocker-lab").mkdir()
    assert weighing._archive(name) is None


def test_paths_are_paths(image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "index.json").write_text("{}")
    for path in (image, str(image), "image.tar", "layout", "./layout"):
        assert weighing._archive(path) is not None
    with pytest.raises(UsageError, match=r"no image at \./nothing"):
        weighing._archive("./nothing")


@pytest.mark.parametrize("command", ["inspect", "pull-cost"])
def test_help_has_an_example(command):
    assert f"mldocker-lab {command}" in run(command, "--help").output


SLOW = """
import time
from mldocker_lab.widgets.progress import counting
with counting("reading") as tell:
    tell(1)
    time.sleep({})
print("done")
"""


@pytest.mark.parametrize(("seconds", "said"), [(0, []), (2.2, ["reading …", "  reading: 2.2 s"])])
def test_only_what_takes_long_is_announced(seconds, said):
    done = subprocess.run(
        [sys.executable, "-c", SLOW.format(seconds)], capture_output=True, text=True, check=True
    )
    assert [line.replace("2.3", "2.2") for line in done.stderr.splitlines()] == said
    assert done.stdout == "done\n"


def test_an_error_ends_the_announcement():
    with pytest.raises(KeyError), counting("reading"):
        raise KeyError
