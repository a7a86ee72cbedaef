"""What a build sends of a folder, told with two numbers that say which they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from mldocker_lab import lab
from mldocker_lab.dockerfile.context import scan, tar
from mldocker_lab.errors import UsageError
from mldocker_lab.lab import building
from mldocker_lab.report import context as module
from mldocker_lab.report.context import context_report
from mldocker_lab.report.contextreport import Amount, Part

unix = pytest.mark.skipif(os.name == "nt", reason="needs a Unix file system")


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "project"
    files = {
        "Dockerfile": "FROM x\nCOPY app.py .\nCOPY conf /conf\n",
        ".dockerignore": "*.md\nraw\n",
        "app.py": "12345",
        "conf/a.yaml": "123",
        "weights.bin": "1" * 1000,
        "README.md": "22",
        "raw/one": "333",
        "raw/deep/two": "4444",
        "wandb/run.txt": "1" * 50,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_the_two_numbers(folder):
    report = context_report(folder)
    names = (".dockerignore", "Dockerfile", "app.py", "conf/a.yaml", "wandb/run.txt", "weights.bin")
    assert report.files == names
    assert report.bytes == sum((folder / name).stat().st_size for name in names)
    assert report.copied == Amount(2, 8)
    assert report.ignored == Amount(3, 9)
    assert report.ignored_all
    assert (report.saves, report.suggested.splitlines()[1]) == (Amount(1, 50), "wandb")


def test_the_parts_are_the_names_at_the_top_and_add_up(folder):
    report = context_report(folder)
    assert [part.path for part in report.parts[:2]] == ["weights.bin", "wandb"]
    assert sum(part.bytes for part in report.parts) == report.bytes
    assert report.copied_parts == (Part("app.py", 1, 5), Part("conf", 1, 3))


def test_the_picture_says_both_numbers_and_what_is_heaviest(folder):
    alt = context_report(folder).plot().alt
    assert "What a build of Dockerfile sends" in alt
    assert "all that is not ignored: 1.1 kB in 6 files" in alt
    assert "the largest weights.bin (1 kB); what COPY names: 8 B in 2 files" in alt
    assert "the largest app.py (5 B)" in alt


def test_the_picture_of_nothing_copied_and_of_odd_names(folder):
    (folder / "Dockerfile").write_text("FROM x\n")
    (folder / "$a_$b").write_text("1" * 5000)
    alt = context_report(folder).plot().alt
    assert "the largest $a_$b (5 kB); what COPY names: 0 B in 0 files · docker build" in alt


def test_no_picture_of_what_cannot_be_told(folder):
    (folder / "Dockerfile").write_text("FROM x\nARG A\nCOPY $A /\n")
    with pytest.raises(UsageError, match="cannot be told: line 3"):
        context_report(folder).plot()


def test_the_files_are_those_of_the_tar(folder):
    import io
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(b"".join(tar(scan(folder))))) as found:
        assert {m.name for m in found if not m.isdir()} == set(context_report(folder).files)


def test_what_the_builder_reads_is_told_apart_from_what_copy_takes(folder):
    (folder / ".dockerignore").write_text("*\n!app.py\n")
    report = context_report(folder)
    assert report.files == ("app.py",)
    assert report.also_sent == (".dockerignore", "Dockerfile")
    assert "Ignored and sent all the same" in str(report)


def test_json_has_the_keys_that_others_rely_on(folder):
    told = json.loads(json.dumps(context_report(folder).to_dict()))
    assert (len(told["files"]), told["bytes"], told["ignored"]) == (6, 1104, 3)
    assert told["copied"] == {"files": 2, "bytes": 8}
    assert told["largest_files"][0] == {"path": "weights.bin", "files": 1, "bytes": 1000}
    assert told["suggested"]["bytes"] == 50


def test_a_folder_that_only_leads_to_another_is_not_listed(folder):
    (folder / "a/b/c").mkdir(parents=True)
    for i in range(3):
        (folder / f"a/b/c/{i}").write_text("1" * 500)
    (folder / "a/small").write_text("1")
    found = [(part.path, part.files, part.bytes) for part in context_report(folder).largest_folders]
    assert found == [("a/b/c", 3, 1500), ("wandb", 1, 50), ("conf", 1, 3)]


@pytest.mark.parametrize(
    ("dockerfile", "why"),
    [
        ("FROM x\nCOPY $UNKNOWN /\n", "line 2 takes what a variable"),
        ("FROM x\nCPOY a b\n", "line 2: unknown instruction CPOY"),
        (None, "there is no Dockerfile"),
    ],
)
def test_what_cannot_be_told_says_so(folder, dockerfile, why):
    (folder / "Dockerfile").unlink()
    if dockerfile:
        (folder / "Dockerfile").write_text(dockerfile)
    report = context_report(folder)
    assert report.copied is None
    assert report.copied_why.startswith(why)
    assert f"cannot be told: {why}" in str(report)
    assert report.bytes > 1000


def test_so_many_ignored_files_that_not_all_are_counted(folder, monkeypatch):
    monkeypatch.setattr(module, "_MOST_COUNTED", 2)
    report = context_report(folder)
    assert not report.ignored_all
    assert "over 1" in str(report)


@unix
def test_no_file_is_opened_but_the_dockerfile_and_the_ignore_file(folder):
    (folder / "raw/secret").write_text("ignored")
    os.mkfifo(folder / "raw/pipe")  # opening one of these would hang
    os.mkfifo(folder / "pipe")
    code = (
        "import sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda name, args: name == 'open' and seen.append(args[0]))\n"
        "from mldocker_lab.report.context import context_report\n"
        "report = context_report(sys.argv[1]); str(report); report.to_dict()\n"
        "print(*sorted({s for s in map(str, seen) if s.startswith(sys.argv[1])}), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    names = (".dockerignore", "Dockerfile", "Dockerfile.dockerignore")
    assert done.stdout.split() == [str(folder / name) for name in names]


@unix
def test_odd_files_are_listed_or_said(folder, monkeypatch):
    odd = os.fsdecode(b"caf\xe9.txt")
    deep = "/".join(["d" * 60] * 5) + "/" + "f" * 200
    (folder / deep).parent.mkdir(parents=True)
    (folder / deep).write_text("1")
    (folder / odd).write_text("1")
    (folder / "link").symlink_to("nowhere")
    (folder / "closed").mkdir()
    (folder / "closed").chmod(0)
    monkeypatch.chdir(folder)
    me = os.geteuid()
    try:
        if me == 0:  # root may read everything; be nobody for a moment
            os.seteuid(65534)
        report = context_report(".")
    finally:
        os.seteuid(me)
        (folder / "closed").chmod(0o700)
    assert {odd, deep, "link"} <= set(report.files)
    assert report.unreadable == ("closed",)
    assert "a build stops there: closed" in str(report)
    assert "caf\\udce9.txt" in json.dumps(report.to_dict())
    str(report).encode()


def test_files_that_only_buildkit_takes_back(folder):
    (folder / ".dockerignore").write_text("raw\n!**/two\n")
    report = context_report(folder)
    assert report.left_by_classic == ("raw/deep/two",)
    assert "takes 1 of these files back" in str(report)


def test_who_waits_is_told_why(folder, monkeypatch, capsys):
    monkeypatch.setattr(building, "_PATIENCE_SECONDS", 0.0)
    real = building.context_report
    monkeypatch.setattr(building, "context_report", lambda *args: time.sleep(0.3) or real(*args))
    lab.context(folder)
    assert "is large, still listing it" in capsys.readouterr().err


def test_the_html_says_the_same_and_escapes(folder):
    (folder / "<b>.bin").write_text("1" * 5000)
    forms = context_report(folder)._repr_mimebundle_()
    assert "&lt;b&gt;.bin" in forms["text/html"]
    assert forms["text/html"].count("<table>") == 3
    assert max(map(len, forms["text/plain"].splitlines())) <= 100


def test_the_dockerfile_may_be_named_from_where_you_are_or_lie_elsewhere(
    folder, tmp_path, monkeypatch
):
    (folder / "docker").mkdir()
    (folder / "docker/prod.Dockerfile").write_text("FROM x\nCOPY weights.bin /\n")
    (folder / "docker/prod.Dockerfile.dockerignore").write_text("app.py\n")
    monkeypatch.chdir(tmp_path)
    for name in ("docker/prod.Dockerfile", "project/docker/prod.Dockerfile"):
        report = lab.context("project", name)
        assert (report.dockerfile, report.copied) == (
            "docker/prod.Dockerfile",
            Amount(1, 1000),
        )
        assert report.ignore_file == "docker/prod.Dockerfile.dockerignore"
    (tmp_path / "other.Dockerfile").write_text("FROM x\nCOPY app.py /\n")
    assert lab.context("project", "other.Dockerfile").copied == Amount(1, 5)
    with pytest.raises(UsageError, match="is not a folder"):
        lab.context("nowhere")
