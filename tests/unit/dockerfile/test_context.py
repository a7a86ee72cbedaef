"""Contexts from real folders: what is listed, and the tar that carries it."""

from __future__ import annotations

import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from mldocker_lab.dockerfile.context import scan, tar
from mldocker_lab.errors import LabError, UsageError

unix = pytest.mark.skipif(os.name == "nt", reason="needs a Unix file system")


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    return root


def fill(root: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def names(context):
    return [entry.name for entry in context.entries]


def opened(archive):
    data = b"".join(archive)
    assert len(data) == archive.size
    assert len(data) % tarfile.BLOCKSIZE == 0
    return tarfile.open(fileobj=io.BytesIO(data))


def content(archive):
    with opened(archive) as found:
        return {
            member.name: found.extractfile(member).read() for member in found if member.isfile()
        }


def test_lists_sorted_with_sizes_and_modes(folder):
    fill(folder, {"Dockerfile": "FROM x", "b.py": "12345", "a/run.sh": "#!"})
    (folder / "a/run.sh").chmod(0o700)
    (folder / "empty").mkdir()
    context = scan(folder)
    assert [(e.name, e.kind, e.size, oct(e.mode)) for e in context.entries] == [
        ("Dockerfile", "file", 6, "0o644"),
        ("a", "folder", 0, "0o755"),
        ("a/run.sh", "file", 2, "0o755"),
        ("b.py", "file", 5, "0o644"),
        ("empty", "folder", 0, "0o755"),
    ]
    assert (context.bytes, len(context.left_out), context.ignore_file) == (13, 0, None)


def test_ignored_files_are_counted_and_left_out(folder):
    fill(folder, {"Dockerfile": "", ".dockerignore": "*.bin\ndata\n", "m.bin": "1", "app.py": ""})
    fill(folder, {f"data/{i}": "x" for i in range(5)})
    context = scan(folder)
    assert names(context) == [".dockerignore", "Dockerfile", "app.py"]
    assert context.left_out == ("data", "m.bin")  # data as a whole
    assert context.ignore_file == ".dockerignore"


def test_an_ignored_folder_is_not_looked_into(folder, monkeypatch):
    fill(folder, {"Dockerfile": "", ".dockerignore": "data\nsrc\n!src/keep.py", "data/x/y": ""})
    fill(folder, {"src/keep.py": "", "src/drop.py": ""})
    seen = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: seen.append(Path(path).name) or real(path))
    context = scan(folder)
    assert sorted(seen) == ["project", "src"]
    assert names(context) == [".dockerignore", "Dockerfile", "src", "src/keep.py"]
    assert context.left_out == ("data", "src/drop.py")


def test_a_folder_taken_back_takes_its_own_folders_along(folder):
    fill(folder, {"Dockerfile": "", ".dockerignore": "a\n!a/b/c", "a/b/c/x": "", "a/b/y": ""})
    context = scan(folder)
    assert names(context) == [".dockerignore", "Dockerfile", "a", "a/b", "a/b/c", "a/b/c/x"]
    assert context.left_out == ("a/b/y",)


def test_an_exception_with_a_wildcard_reaches_any_depth(folder):
    fill(
        folder, {"Dockerfile": "", ".dockerignore": "*\n!**/*.py", "a/b/c.py": "", "a/b/c.txt": ""}
    )
    assert names(scan(folder)) == [".dockerignore", "Dockerfile", "a", "a/b", "a/b/c.py"]


def test_the_files_the_builder_reads_are_sent_even_if_ignored(folder):
    fill(folder, {"docker/app.Dockerfile": "FROM x", ".dockerignore": "*", "app.py": ""})
    context = scan(folder, "docker/app.Dockerfile")
    assert [(e.name, e.ignored) for e in context.entries if e.kind == "file"] == [
        (".dockerignore", True),
        ("docker/app.Dockerfile", True),
    ]
    assert set(content(tar(context))) == {".dockerignore", "docker/app.Dockerfile"}


def test_the_ignore_file_of_one_dockerfile_is_preferred(folder):
    fill(folder, {"bad.Dockerfile": "", ".dockerignore": "a", "bad.Dockerfile.dockerignore": "b"})
    fill(folder, {"a": "", "b": ""})
    context = scan(folder, "bad.Dockerfile")
    assert context.ignore_file == "bad.Dockerfile.dockerignore"
    assert "a" in names(context)
    assert "b" not in names(context)


@unix
def test_ignored_files_are_never_touched(folder):
    fill(folder, {"Dockerfile": "", ".dockerignore": "secret*"})
    os.mkfifo(folder / "secret-pipe")  # opening it would hang
    (folder / "secret-loop").symlink_to("secret-loop")
    assert names(scan(folder)) == [".dockerignore", "Dockerfile"]


@unix
def test_symlinks_stay_symlinks(folder):
    fill(folder, {"Dockerfile": "", "real/x": "1"})
    (folder / "link").symlink_to("real")
    (folder / "broken").symlink_to("./no/../where/")
    (folder / "up").symlink_to("..")
    context = scan(folder)
    assert {e.name: e.link for e in context.entries if e.kind == "symlink"} == {
        "link": "real",
        "broken": "./no/../where/",
        "up": "..",
    }
    with opened(tar(context)) as found:
        assert found.getmember("link").issym()
        assert found.getmember("broken").linkname == "./no/../where/"


@unix
def test_a_pipe_is_sent_as_one_and_a_socket_only_named(folder, monkeypatch):
    fill(folder, {"Dockerfile": ""})
    os.mkfifo(folder / "pipe")  # opening it would hang
    monkeypatch.chdir(folder)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("sock")
    context = scan(folder)
    assert {e.name: e.kind for e in context.entries} == {"Dockerfile": "file", "pipe": "pipe"}
    assert context.skipped == ("sock",)
    with opened(tar(context)) as found:
        assert found.getmember("pipe").isfifo()


def test_the_classic_client_takes_nothing_back_by_wildcard_from_an_ignored_folder(folder):
    fill(
        folder, {"Dockerfile": "", ".dockerignore": "*\n!**/*.py\n!b/c", "top.py": "", "a/x.py": ""}
    )
    fill(folder, {"b/c": "", "b/d": ""})
    old, new = (scan(folder, walker=walker) for walker in ("classic", "buildkit"))
    assert names(old) == [".dockerignore", "Dockerfile", "b", "b/c", "top.py"]
    assert sorted({*names(new)} - {*names(old)}) == ["a", "a/x.py"]
    assert old.left_out == ("a", "b/d")


@unix
@pytest.mark.parametrize("what", ["secret.txt", "private"])
def test_what_may_not_be_read_is_named(folder, monkeypatch, what):
    fill(folder, {"Dockerfile": "", "secret.txt": "", "private/x": ""})
    (folder / what).chmod(0)
    monkeypatch.chdir(folder)
    me = os.geteuid()
    try:
        if me == 0:  # root may read everything; be nobody for a moment
            os.seteuid(65534)
        with pytest.raises(UsageError) as caught:
            scan(".")
        assert scan(".", strict=False).unreadable == (what,)
    finally:
        os.seteuid(me)
        (folder / what).chmod(0o700)
    assert caught.value.what.startswith(f"{what} in the build context cannot be read")
    assert ".dockerignore" in caught.value.hint


@unix
def test_names_that_are_not_utf8_or_very_long_survive(folder):
    odd = os.fsdecode(b"caf\xe9.txt")
    deep = "/".join(["d" * 60] * 5) + "/" + "f" * 200
    fill(folder, {"Dockerfile": "", odd: "1", deep: "22"})
    context = scan(folder)
    assert {odd, deep} <= set(names(context))
    data = b"".join(tar(context))
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as found:
        assert found.extractfile(odd).read() == b"1"
        assert found.extractfile(deep).read() == b"22"


def test_the_tar_is_gnu_with_a_plain_dockerfile_header_first(folder):
    fill(folder, {"Dockerfile": "FROM x", "A" * 90 + "/" + "b" * 90: "", "\u00e9": ""})
    data = b"".join(tar(scan(folder)))
    assert data[:10] == b"Dockerfile"
    assert data[257:265] == b"ustar  \0"  # GNU's magic
    assert b"PaxHeader" not in data


def test_the_tar_does_not_depend_on_who_when_and_where(folder, tmp_path):
    other = tmp_path / "elsewhere"
    for root, mode, when in ((folder, 0o640, 1), (other, 0o666, 2_000_000_000)):
        fill(root, {"Dockerfile": "FROM x", "a/b.py": "1"})
        (root / "a/b.py").chmod(mode)
        for path in (root / "a/b.py", root / "a"):
            os.utime(path, (when, when))
    assert b"".join(tar(scan(folder))) == b"".join(tar(scan(other)))
    with opened(tar(scan(folder))) as found:
        assert {(m.uid, m.gid, m.mtime, m.uname) for m in found} == {(0, 0, 0, "")}


def test_the_tar_is_made_anew_on_every_loop(folder):
    fill(folder, {"Dockerfile": "x" * 511, "big": b"\x01" * 3_000_001})
    archive = tar(scan(folder))
    assert b"".join(archive) == b"".join(archive)
    assert max(map(len, archive)) <= 1 << 20  # streamed, not gathered


def test_an_overlay_replaces_and_adds_without_touching_the_folder(folder):
    fill(folder, {"Dockerfile": "FROM x", "app.py": "old", "run.sh": "", ".dockerignore": "*.log"})
    (folder / "run.sh").chmod(0o755)
    before = {p: p.read_bytes() for p in folder.iterdir()}
    overlay = {"app.py": b"new", "pkg/mod.py": b"added", "run.sh": b"#!", "x.log": b"ignored"}
    archive = tar(scan(folder), overlay=overlay, dockerfile_text="FROM y\n")
    assert content(archive) == {
        "Dockerfile": b"FROM y\n",
        "app.py": b"new",
        "pkg/mod.py": b"added",
        "run.sh": b"#!",
        ".dockerignore": b"*.log",
    }
    with opened(archive) as found:
        assert found.getmember("pkg").isdir()
        assert found.getmember("run.sh").mode == 0o755
    assert before == {p: p.read_bytes() for p in folder.iterdir()}


def test_a_dockerfile_that_is_not_on_disk_can_be_sent(folder):
    fill(folder, {"app.py": ""})
    archive = tar(scan(folder), dockerfile_text="FROM x # \udcff", dockerfile_name="in.Dockerfile")
    assert content(archive) == {"in.Dockerfile": b"FROM x # \xff", "app.py": b""}


def test_without_a_dockerfile_there_is_nothing_to_send(folder):
    with pytest.raises(UsageError, match="there is no Dockerfile in"):
        tar(scan(folder))


def test_no_folder_and_a_bad_ignore_file_are_said_plainly(folder):
    with pytest.raises(UsageError, match="is not a folder"):
        scan(folder / "nowhere")
    fill(folder, {".dockerignore": "ok\n[\n"})
    with pytest.raises(UsageError, match=r"\.dockerignore: line 2 "):
        scan(folder)


@pytest.mark.parametrize("text", ["shorter", "very much longer than before"])
def test_a_file_that_changes_while_it_is_sent_is_an_error(folder, text):
    fill(folder, {"Dockerfile": "", "log.txt": "some lines"})
    archive = tar(scan(folder))
    fill(folder, {"log.txt": text})
    with pytest.raises(LabError, match=r"log\.txt changed while it was being sent"):
        b"".join(archive)


def test_the_cost_of_a_large_context_grows_with_its_files_only(folder, monkeypatch):
    """One look at each folder, one stat for each file, and no file opened but the ignore file."""
    fill(folder, {"Dockerfile": "", ".dockerignore": "*.log\n**/__pycache__\n!a/b.log\n"})
    fill(folder, {f"p{i % 20}/q{i % 3}/f{i}.py": "x" for i in range(2000)})
    seen = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: seen.append(path) or real(path))
    monkeypatch.setattr(os, "access", lambda *_, **__: pytest.fail("asked for a right it can see"))
    context = scan(folder)
    assert len([e for e in context.entries if e.kind == "file"]) == 2002
    assert len(seen) == len(set(seen)) == 1 + 20 + 20 * 3
