"""Layers out of trees: what is new, what is gone, and the same bytes every time."""

from __future__ import annotations

import io
import tarfile

import pytest

from mldocker_lab.supply import bases, registry, rootfs


def tree(path, files, mtime=1, links=()):
    """A tar as mmdebstrap's hooks leave it."""
    with tarfile.open(path, "w") as tar:
        folders = {f"{n.rpartition('/')[0]}" for n in files if "/" in n}
        for name in [".", *(f"./{f}" for f in sorted(folders))]:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o751, mtime
            tar.addfile(entry)
        for name, data in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size, entry.mtime = len(data), mtime
            tar.addfile(entry, io.BytesIO(data))
        for name, target in links:
            entry = tarfile.TarInfo(f"./{name}")
            entry.type, entry.linkname = tarfile.LNKTYPE, f"./{target}"
            tar.addfile(entry)
    return path


def content(path):
    with tarfile.open(path) as tar:
        return {e.name: tar.extractfile(e).read() if e.isfile() else None for e in tar}


def test_same_tree_same_bytes_whenever_it_was_made(tmp_path):
    files = {"usr/a": b"1", "usr/b": b"2"}
    for number in (1, 2):
        made = tree(tmp_path / "tree", files, mtime=number)
        rootfs.pack(made, tmp_path / f"layer{number}")
    assert (tmp_path / "layer1").read_bytes() == (tmp_path / "layer2").read_bytes()


def test_a_second_layer_holds_the_difference_and_its_folders(tmp_path):
    rootfs.pack(tree(tmp_path / "a", {"usr/a": b"1", "usr/b": b"2", "opt/o": b""}), tmp_path / "l1")
    upper = tree(tmp_path / "b", {"usr/a": b"1", "usr/b": b"changed", "usr/c": b"3"}, mtime=9)
    rootfs.pack(upper, tmp_path / "l2", below=tmp_path / "l1")
    assert content(tmp_path / "l2") == {
        "usr": None, "usr/b": b"changed", "usr/c": b"3", ".wh.opt": b"",
    }  # fmt: skip
    with tarfile.open(tmp_path / "l2") as tar:
        assert tar.getmember("usr").mode == 0o751


def test_a_hard_link_to_a_file_below_becomes_a_file(tmp_path):
    rootfs.pack(tree(tmp_path / "a", {"usr/a": b"1"}), tmp_path / "l1")
    upper = tree(tmp_path / "b", {"usr/a": b"1"}, links=[("usr/twin", "usr/a")])
    rootfs.pack(upper, tmp_path / "l2", below=tmp_path / "l1")
    assert content(tmp_path / "l2") == {"usr": None, "usr/twin": b"1"}


@pytest.mark.parametrize("name", ["etc/hostname", "etc/resolv.conf", "var/log/x", "proc/x"])
def test_nothing_of_the_machine_that_made_it(tmp_path, name):
    rootfs.pack(tree(tmp_path / "a", {name: b"secret", "usr/a": b""}), tmp_path / "l")
    assert name not in content(tmp_path / "l")


def test_another_recipe_has_another_id():
    recipe = rootfs.Recipe("amd64", {"etc/pip.conf": b"x"})
    assert rootfs.recipe_id(recipe) == rootfs.recipe_id(recipe)
    assert rootfs.recipe_id(recipe) != rootfs.recipe_id(recipe._replace(architecture="arm64"))
    assert rootfs.recipe_id(recipe) != rootfs.recipe_id(recipe._replace(files={}))


def test_the_prefix_and_the_switch(monkeypatch):
    monkeypatch.setenv("MLDOCKER_REGISTRY", "mirror.example:5000/hub/")
    assert registry.reference(bases.SLIM).startswith("mirror.example:5000/hub/python@sha256:")
    monkeypatch.setenv("MLDOCKER_REGISTRY", "none")
    assert registry.reference(bases.DEVEL) is None
    monkeypatch.delenv("MLDOCKER_REGISTRY")
    assert registry.reference(bases.DEVEL).startswith("python@sha256:")
