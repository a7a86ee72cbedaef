"""Fetching: real pip, a real index on this machine, real interruptions."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest

from mldocker_lab.errors import Corrupted, DownloadFailed
from mldocker_lab.supply import locks, mirror_server, wheels


class Shop:
    """An index with three wheels, and the lab's home beside it."""

    def __init__(self, tmp_path, build_wheel):
        self.build = build_wheel
        self.folder = tmp_path / "index"
        self.folder.mkdir()
        self.wheels = [self.build(self.folder, name) for name in ("aa", "bb", "cc")]
        self.write_index()

    def write_index(self):
        """What the index knows."""
        hashes = {w.file: w.sha256 for w in self.wheels if (self.folder / w.file).exists()}
        (self.folder / "index.json").write_text(json.dumps(hashes))

    def open(self):
        """Start serving it."""
        server = mirror_server.serve(self.folder, "127.0.0.1", 0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


@pytest.fixture
def shop(tmp_path, monkeypatch, build_wheel):
    made = Shop(tmp_path, build_wheel)
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(locks, "wheels", lambda _: tuple(made.wheels))
    monkeypatch.setattr(wheels, "_BATCH_FILES", 1)
    monkeypatch.setattr(wheels, "_AT_ONCE", 1)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_RETRIES", "0")
    return made


@pytest.fixture
def index(shop, monkeypatch):
    server = shop.open()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield server
    server.shutdown()
    server.server_close()


def names():
    return sorted(path.name for path in wheels.folder().iterdir())


def test_fetches_everything_and_then_has_nothing_to_do(shop, index):
    steps = list(wheels.fetch("amd64"))
    assert names() == [w.file for w in shop.wheels]
    assert steps[0].done == 0
    assert steps[-1].done == steps[-1].total == sum(w.size for w in shop.wheels)
    assert list(wheels.fetch("amd64")) == []


def test_resumes_where_it_was_interrupted(shop, index, capfd):
    for step in wheels.fetch("amd64"):
        if step.done:
            break  # as Ctrl-C between two steps
    kept = set(names())
    assert kept
    assert not any(name.startswith(".") for name in kept)
    capfd.readouterr()
    list(wheels.fetch("amd64"))
    sent = {line.split()[1] for line in capfd.readouterr().out.splitlines()}
    assert sent == {w.file for w in shop.wheels} - kept


def test_a_half_written_file_is_fetched_again(shop, index):
    list(wheels.fetch("amd64"))
    first = wheels.folder() / shop.wheels[0].file
    first.write_bytes(first.read_bytes()[:100])
    list(wheels.fetch("amd64"))
    assert hashlib.sha256(first.read_bytes()).hexdigest() == shop.wheels[0].sha256


def test_a_wheel_with_another_hash_is_named_and_not_kept(shop, index):
    shop.build(shop.folder, "bb", b"altered = True")
    with pytest.raises(Corrupted, match="bb"):
        list(wheels.fetch("amd64"))
    assert shop.wheels[1].file not in names()


def test_no_index_says_what_to_try(shop, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(DownloadFailed) as caught:
        list(wheels.fetch("amd64"))
    assert "pip config list" in caught.value.hint
    assert names() == []


def test_an_index_without_a_wheel_keeps_the_others(shop, index):
    index.RequestHandlerClass.index.projects.pop("cc")
    with pytest.raises(DownloadFailed, match="cc"):
        list(wheels.fetch("amd64"))
    assert names() == [w.file for w in shop.wheels[:2]]
