"""Installing packages: what apt's words mean, and services that stay off; no package is touched."""

from __future__ import annotations

import pytest

from mldocker_lab.engine import install
from mldocker_lab.errors import DiskFull, DownloadFailed, EngineError, UsageError

# what apt-get 2.6 prints
LOCKED = """\
E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)
E: Unable to acquire the dpkg frontend lock, is another process using it?"""
NO_NETWORK = """\
Err:1 http://archive/debian bookworm/main amd64 runc amd64 1.1.5
  Temporary failure resolving 'archive'
E: Failed to fetch http://archive/debian/pool/r/runc.deb  Temporary failure resolving 'archive'
E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?"""
NO_ROOM = "E: You don't have enough free space in /var/cache/apt/archives/."
HALF_FULL = "dpkg: error processing archive x.deb: cannot copy: No space left on device"
BROKEN = "E: Sub-process /usr/bin/dpkg returned an error code (1)"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (LOCKED, EngineError, "another package manager"),
        (NO_NETWORK, DownloadFailed, "cannot be reached"),
        ("E: Unable to locate package docker.io", DownloadFailed, "cannot be reached"),
        (NO_ROOM, DiskFull, "no room"),
        (HALF_FULL, DiskFull, "no room"),
        (BROKEN, EngineError, "error code"),
    ],
)
def test_apts_words_become_ours(said, kind, words):
    error = install._error(said)
    assert type(error) is kind
    assert words in error.what
    assert error.hint


def test_services_are_off_while_packages_are_installed(tmp_path):
    policy = tmp_path / "policy-rc.d"
    with install._no_services(policy):
        assert policy.read_text().endswith("exit 101\n")
        assert policy.stat().st_mode & 0o111
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
def test_a_policy_of_somebody_elses_is_put_back_as_it_was(tmp_path, kind):
    policy, target = tmp_path / "policy-rc.d", tmp_path / "elsewhere"
    if kind != "dangling link":
        target.write_text("#!/bin/sh\nexit 0\n")
    if kind == "file":
        target.rename(policy)
        policy.chmod(0o750)
    else:
        policy.symlink_to(target)
    before = policy.lstat()
    with pytest.raises(ZeroDivisionError), install._no_services(policy):
        1 / int(policy.read_text() == "theirs")
    after = policy.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_a_crash_in_between_is_undone_by_the_next_time(tmp_path):
    policy = tmp_path / "policy-rc.d"
    policy.write_text("theirs")
    install._no_services(policy).__enter__()  # and then the power went
    with install._no_services(policy):
        pass
    assert policy.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [policy]


def test_forbidden_means_forbidden(monkeypatch):
    monkeypatch.setenv("MLDOCKER_LAB_NO_INSTALL", "1")
    monkeypatch.setattr(install, "PACKAGES", ("no-such-package-in-any-distribution",))
    said = []
    assert not install.possible()
    with pytest.raises(UsageError, match="MLDOCKER_LAB_NO_INSTALL=1 forbids it"):
        install.install(said.append)
    assert said == []


def test_it_says_how_to_undo_it():
    text = install.explain(("docker.io", "mmdebstrap"))
    assert "apt-get purge --autoremove docker.io mmdebstrap" in text
    assert "MLDOCKER_LAB_NO_INSTALL=1" in text


def test_with_an_engine_named_nothing_is_installed(monkeypatch):
    """A named engine that is away is no reason to install another."""
    monkeypatch.setattr(install, "missing", lambda: ("docker.io",))
    monkeypatch.setattr(install, "obstacle", lambda: "")
    monkeypatch.setenv("MLDOCKER_ENGINE", "tcp://away:2375")
    assert not install.possible()
    monkeypatch.setenv("MLDOCKER_ENGINE", "private")
    assert install.possible()
