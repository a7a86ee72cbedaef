"""Our list of the build context against what the real docker command line sends.

What was sent is seen in the image: ``COPY . /ctx`` on nothing, read back with ``docker cp``. Trees
and ignore files are made by chance, the same at every run, out of hard names and patterns. Docker
20.10 has an older matcher: a ``!`` pattern that matches a folder overrules what earlier patterns
say about files in it, even if the folder was not ignored. There, chance makes no ``!`` patterns.
"""

from __future__ import annotations

import io
import os
import random
import re
import socket
import subprocess
import tarfile
import uuid

import pytest

from mldocker_lab.dockerfile.context import scan
from mldocker_lab.errors import UsageError
from mldocker_lab.report.context import context_report

TREES = 12
NAMES = [
    "a", "b", "ab", "A", "data", "src", "x.py", "y.pyc", "z.txt", ".git", "__pycache__", "keep.md",
    "foo bar", "a[b]", "é", "-x", "#h", "!n", "n" * 200,
]  # fmt: skip
PATTERNS = [
    "*", "**", "a", "b", "a*", "*.py", "**/*.py", "!**/*.py", "!*.py", "!a", "!a/b", "!src",
    "!src/**", "src/**", "data/", "!data/keep.md", "**/keep.md", "!**/keep.md", "**/__pycache__",
    "?", "[ab]", "[^a]b", "!keep*", "a/b", "a/*/x.py", "!a/*/x.py", "/a", "./b", "a/../b", "# c",
    " # d", "!n", "\\!n", "\\#h", "foo bar", "a\\[b\\]", "**/a/**", "!**/a", "*/b", "!*/b/x.py",
    "data|src*", "A", "é", "a/**/b", "!b/**/x.py", "**/*b*", "..", "!Dockerfile", "Dockerfile",
    ".dockerignore", ".*", "*.p?", "{a,b}", "", "n*", "  b  ", "a/", "**/src/", "!/src/",
]  # fmt: skip


class Cli:
    """The docker program of one engine, with one of its builders."""

    def __init__(self, kept, builder):
        if kept.cli is None:
            pytest.skip(f"no docker program of version {kept.name} here")
        self._command = [str(kept.cli), "-H", kept.engine.url]
        self._environment = {
            **kept.environment, "DOCKER_BUILDKIT": "1" if builder == "buildkit" else "0",
        }  # fmt: skip
        old = builder == "classic" or kept.name.startswith("20.10")
        self.walker = "classic" if old else "buildkit"
        self.old_matcher = kept.name.startswith("20.10")

    def run(self, *words):
        """One command of the program."""
        return subprocess.run(
            [*self._command, *words], env=self._environment, capture_output=True, check=False
        )

    def build(self, folder, *options):
        """The image's name, and how the build went."""
        tag = f"mldocker-lab-test-{uuid.uuid4().hex[:8]}"
        return tag, self.run("build", "--no-cache", "-t", tag, *options, str(folder))

    def sent(self, folder):
        """Names in the image, without folders' slashes; None if the build was refused."""
        tag, done = self.build(folder)
        if done.returncode:
            return None
        container = self.run("create", tag, "none").stdout.decode().strip()
        try:
            data = self.run("cp", f"{container}:/ctx", "-").stdout
        finally:
            self.run("rm", container)
            self.run("rmi", tag)
        with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as tar:
            return {member.name.removeprefix("ctx").strip("/") for member in tar} - {""}


@pytest.fixture(params=["buildkit", "classic"])
def cli(every_engine, request):
    return Cli(every_engine, request.param)


def ours(folder, walker):
    try:
        context = scan(folder, walker=walker)
    except UsageError:
        return None
    return {entry.name for entry in context.entries if not entry.ignored}


def grow(chance, folder, depth=0):
    for name in chance.sample(NAMES, chance.randint(2, 7)):
        kind = chance.random()
        if kind < 0.5 and depth < 3:
            (folder / name).mkdir()
            grow(chance, folder / name, depth + 1)
        elif kind < 0.6:
            (folder / name).symlink_to(chance.choice(["a", "..", "nowhere", "/etc/passwd"]))
        else:
            (folder / name).write_bytes(b"x" * chance.randint(0, 5))


@pytest.mark.parametrize("seed", range(TREES))
def test_trees_made_by_chance(cli, tmp_path, seed):
    chance = random.Random(seed)
    grow(chance, tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /ctx\n")
    patterns = [chance.choice(PATTERNS) for _ in range(chance.randint(1, 6))]
    if cli.old_matcher:
        patterns = [pattern for pattern in patterns if not pattern.startswith("!")]
    (tmp_path / ".dockerignore").write_text("\n".join(patterns) + "\n")
    theirs, mine = cli.sent(tmp_path), ours(tmp_path, cli.walker)
    if not mine:  # nothing to copy, or a bad pattern: refused by docker, too
        assert not theirs
    else:
        assert mine == theirs, patterns


@pytest.mark.parametrize(
    "text",
    [
        "*\n!src\n!app.py\n",
        "*\n!src/*.py\nsrc/secret.py\n",
        "**/*.py\n!src/deep/keep.py\n",
        "src\n!src/deep\n!app.py\n",
        "*\n!**/*.py\n",
    ],
)
def test_exceptions_as_people_write_them(cli, tmp_path, text):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /ctx\n")
    (tmp_path / ".dockerignore").write_text(text)
    for name in (
        "app.py",
        "notes.txt",
        "src/a.py",
        "src/secret.py",
        "src/deep/keep.py",
        "other/b.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    assert ours(tmp_path, cli.walker) == cli.sent(tmp_path)


def test_links_pipes_and_names_that_are_not_utf8(cli, every_engine, tmp_path, monkeypatch):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /ctx\n")
    (tmp_path / "up").symlink_to("../..")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    if cli.walker == "classic":  # BuildKit's command line fails on such names, or not, by version
        (tmp_path / os.fsdecode(b"caf\xe9")).write_text("1")
    theirs, mine = cli.sent(tmp_path), ours(tmp_path, cli.walker)
    if every_engine.name.startswith("20.10") and "pipe" not in theirs:
        mine -= {"pipe"}  # BuildKit of 20.10 left pipes out
    assert mine == theirs


def test_a_socket_is_not_what_arrives(cli, tmp_path, monkeypatch):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /ctx\n")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("sock")
    assert scan(tmp_path).skipped == ("sock",)
    assert cli.sent(tmp_path) - {"sock"} == ours(tmp_path, cli.walker)  # BuildKit: an empty file


def test_the_ignore_file_beside_the_dockerfile(cli, tmp_path):
    """BuildKit prefers it; the classic command line has never heard of it."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /ctx\n")
    (tmp_path / ".dockerignore").write_text("a\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("b\n")
    for name in "ab":
        (tmp_path / name).write_text("1")
    theirs = cli.sent(tmp_path)
    if "a" in theirs:
        assert theirs == ours(tmp_path, cli.walker)
    else:
        assert cli.walker == "classic"
        (tmp_path / "Dockerfile.dockerignore").unlink()
        assert theirs - {"Dockerfile.dockerignore"} == ours(tmp_path, cli.walker)


SIZES = ["a.txt", "b.txt", "src/x.py", "src/deep/y.py", "src2/z", "data/1", "data/2", "real/f"]
TRANSFERRED = re.compile(rb"transferring context: ([\d.]+)([kM]?)B")


@pytest.mark.parametrize(
    "text",
    [
        "COPY a.txt /",
        "COPY *.txt /",
        "COPY s*/ /s/",
        "COPY ./src/../a.txt link/f /d/",
        "COPY link /l",
        "ENV D=data\nCOPY ${D}/2 /",
        'ADD ["src", "/d/"]',
        "COPY . /",
    ],
)
def test_buildkit_sends_what_copy_names_and_no_more(every_engine, tmp_path, text):
    """Every file is twice as large as the one before: the sum tells which were sent."""
    cli = Cli(every_engine, "buildkit")
    for number, name in enumerate(SIZES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(os.urandom(50_000 << number))
    (tmp_path / "link").symlink_to("real")
    unused = "FROM scratch AS unused\nCOPY data/1 /\n"
    (tmp_path / "Dockerfile").write_text(f"{unused}FROM scratch\n{text}\n")
    (tmp_path / ".dockerignore").write_text("src/deep\n")
    tag, done = cli.build(tmp_path, "--progress=plain")
    assert done.returncode == 0, done.stderr.decode()
    cli.run("rmi", tag)
    number, unit = TRANSFERRED.findall(done.stderr)[-1]
    sent = float(number) * {b"": 1, b"k": 1e3, b"M": 1e6}[unit]
    assert sent == pytest.approx(context_report(tmp_path).copied.bytes, rel=0.01, abs=5_000)
