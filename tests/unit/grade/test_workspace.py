"""Only declared answer files, and only harmless ones, get into the pristine copy."""

from __future__ import annotations

import os

import pytest

from mldocker_lab.grade.workspace import MOST_BYTES, Refused, collect, prepare


@pytest.fixture
def handed_in(tmp_path):
    folder = tmp_path / "alice" / "00_toy"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM mine\n")
    return folder


def test_nothing_but_answer_files_is_taken(toy, handed_in, tmp_path):
    for name in ("conftest.py", "rubric.py", "app.py", "docker.py", "exercise.ipynb"):
        (handed_in / name).write_text("raise SystemExit")
    (handed_in / "extra-1.txt").write_text("more")
    files = collect(handed_in, toy)
    assert files == {"Dockerfile": b"FROM mine\n", "extra-1.txt": b"more"}

    prepare(toy, files, tmp_path / "copy")
    copied = {path.name for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert copied == {
        "exercise.toml", "exercise.ipynb", "rubric.py", "Dockerfile", "extra-1.txt", "app.py"
    }  # fmt: skip
    assert (tmp_path / "copy" / "answer" / "app.py").read_text() == "given = True\n"
    assert (tmp_path / "copy" / "answer" / "Dockerfile").read_text() == "FROM mine\n"


def test_files_not_handed_in_stay_as_the_exercise_has_them(toy, handed_in, tmp_path):
    (toy.answer / "extra-2.txt").write_text("ours")
    prepare(toy, collect(handed_in, toy), tmp_path / "copy")
    assert (tmp_path / "copy" / "answer" / "extra-2.txt").read_text() == "ours"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_links_pipes_and_odd_files_are_refused_by_name(toy, handed_in, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    file = handed_in / "extra-1.txt"

    file.symlink_to(secret)
    with pytest.raises(Refused, match=r"extra-1.txt is a symbolic link"):
        collect(handed_in, toy)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(Refused, match=r"extra-1.txt is not a plain file"):
        collect(handed_in, toy)
    file.unlink()
    file.mkdir()
    with pytest.raises(Refused, match=r"extra-1.txt is not a plain file"):
        collect(handed_in, toy)


def test_a_linked_folder_is_refused(toy, handed_in, tmp_path):
    (tmp_path / "linked").symlink_to(handed_in)
    with pytest.raises(Refused, match="symbolic link"):
        collect(tmp_path / "linked", toy)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"x" * (MOST_BYTES + 1), "more than"),
        (b"FROM \xff\xfe", "not UTF-8"),
        (b"FROM\0x", "not UTF-8"),
    ],
)
def test_big_or_binary_files_are_refused(toy, handed_in, data, says):
    (handed_in / "Dockerfile").write_bytes(data)
    with pytest.raises(Refused, match=says):
        collect(handed_in, toy)


def test_no_answer_file_and_too_many(toy, handed_in):
    for number in range(30):
        (handed_in / f"extra{number}.txt").write_text("")
    with pytest.raises(Refused, match="31 answer files"):
        collect(handed_in, toy)
    for path in handed_in.iterdir():
        path.unlink()
    with pytest.raises(Refused, match="no answer file"):
        collect(handed_in, toy)


@pytest.mark.parametrize("name", ["../rubric.py", "/etc/passwd", "..", "a/extra1.txt", "rubric.py"])
def test_a_name_that_leads_elsewhere_is_refused(toy, tmp_path, name):
    with pytest.raises(Refused, match="is not an answer file"):
        prepare(toy, {name: b"mine"}, tmp_path / "copy")
    assert "mine" not in (tmp_path / "copy" / "rubric.py").read_text()
