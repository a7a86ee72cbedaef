"""The table of failures: every row is found by what is really printed, and by nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldocker_lab.gpu.diagnose import ROWS, diagnose, of_container
from mldocker_lab.gpu.situation import Situation, situation

PRINTED = tomllib.loads(Path(__file__).with_name("printed.toml").read_text())
SAID = {one["number"]: one["says"] for one in PRINTED["row"]}
CASES = [(row, text) for row, texts in SAID.items() for text in texts]


def test_the_table_has_twenty_rows():
    assert sorted(ROWS) == list(range(1, 21)) == sorted(SAID)
    assert [one.number for one in ROWS.values() if one.provoked] == [18, 17, 16, 3, 2, 4, 1, 20]


@pytest.mark.parametrize(("row", "text"), CASES)
def test_rows_by_their_words(row, text):
    found = diagnose(text)
    assert found.row == row
    assert found.seen
    assert found.cause
    assert found.fix
    assert found.check
    assert not any("{" in step.replace("{{", "") and step.startswith("{") for step in found.fix)


@pytest.mark.parametrize(("row", "text"), CASES)
def test_rows_are_found_inside_of_long_logs(row, text):
    log = "\n".join(f"{n:05} INFO epoch {n} loss 0.{n}" for n in range(500))
    assert diagnose(f"{log}\n{text}\n{log}").row == row


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Error response from daemon: No such image: model:latest",
        "ModuleNotFoundError: No module named 'torch'",
        "docker run --gpus all -e NVIDIA_VISIBLE_DEVICES=all ubuntu nvidia-smi",
        "docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all ubuntu nvidia-smi",
        "podman run --device nvidia.com/gpu=all ubuntu nvidia-smi",
        "CUDA out of memory. Tried to allocate 20.00 MiB",
        "everything is fine",
    ],
)
def test_other_texts_are_none_of_them(text):
    found = diagnose(text)
    assert found.row is None
    assert "do not guess" in found.cause


@given(st.text())
def test_no_text_raises_an_error(text):
    assert diagnose(text).title


DEBIAN = Situation("debian", version="20.10.24")


@pytest.mark.parametrize(
    ("row", "where", "told"),
    [
        (1, DEBIAN, "apt-get install -y nvidia-container-toolkit"),
        (1, Situation("fedora"), "dnf install -y nvidia-container-toolkit"),
        (1, Situation("rocky", ("rhel", "fedora")), "dnf install"),
        (1, Situation("opensuse-leap", ("suse", "opensuse")), "zypper install"),
        (1, Situation("arch"), "pacman -S nvidia-container-toolkit"),
        (1, Situation("linuxmint", ("ubuntu", "debian")), "apt-get install"),
        (1, Situation("nixos"), "install-guide"),
        (1, Situation("ubuntu", rootless=True), "systemctl --user restart docker"),
        (1, Situation("ubuntu", rootless=True), "no-cgroups=true"),
        (1, Situation("ubuntu", systemd=False), "service docker restart"),
        (1, Situation("ubuntu", wsl=True, desktop=True), "restart Docker Desktop"),
        (1, Situation("ubuntu", snap=True), "snap remove docker"),
        (3, DEBIAN, "Docker 20.10.24 knows no CDI"),
        (3, Situation("debian", version="26.1.5"), '"features": {"cdi": true}'),
        (3, Situation("debian", version="28.1.1"), '"features": {"cdi": true}'),
        (3, Situation("debian", version="28.2.0"), "has CDI on"),
        (3, Situation("debian", version="29.0.1"), "has CDI on"),
        (6, Situation("ubuntu", wsl=True), "on Windows"),
        (6, Situation("ubuntu"), "ubuntu-drivers"),
        (7, Situation("ubuntu", wsl=True), "wsl --shutdown"),
        (13, Situation("ubuntu", rootless=True), "no-cgroups=true"),
        (16, Situation("fedora", engine="podman"), "nvidia-ctk cdi generate"),
    ],
)
def test_the_remedy_is_for_this_host(row, where, told):
    found = diagnose(SAID[row][0], where)
    assert any(told in step for step in found.fix), found.fix
    assert found.situation == where


def test_the_same_words_elsewhere():
    assert diagnose(SAID[1][0], Situation(snap=True)).row == 14
    assert diagnose(SAID[16][0], Situation(engine="podman")).row == 17


def container(env=(), *, error="", requests=None, runtime="runc"):
    return {
        "State": {"Error": error},
        "HostConfig": {"DeviceRequests": requests, "Runtime": runtime},
        "Config": {"Env": list(env)},
    }


ASKED = [{"Count": -1, "Capabilities": [["gpu"]]}]


@pytest.mark.parametrize(
    ("told", "log", "row"),
    [
        (container(error='could not select device driver "" with capabilities: [[gpu]]'), "", 1),
        (container(["NVIDIA_VISIBLE_DEVICES=all"]), "", 20),
        (container(["NVIDIA_VISIBLE_DEVICES=all"]), SAID[12][0], 20),
        (container(["CUDA_VERSION=11.8.0"]), SAID[9][0], 20),  # a legacy image asks for all
        (container(["NVIDIA_VISIBLE_DEVICES=void"]), "", None),
        (container(), SAID[12][0], 12),
        (container(), SAID[9][0], 12),
        (container(requests=ASKED), SAID[9][0], 9),
        (container(["NVIDIA_VISIBLE_DEVICES=all"], runtime="nvidia"), SAID[9][0], 9),
        (container(["NVIDIA_VISIBLE_DEVICES=all"], requests=ASKED), "", None),
        (container(["NVIDIA_VISIBLE_DEVICES=all"]), SAID[11][0], 11),
        ({}, "", None),
    ],
)
def test_containers(told, log, row):
    assert of_container(told, log, DEBIAN).row == row


@pytest.mark.parametrize(
    ("release", "distribution", "like"),
    [
        ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', "ubuntu", ("debian",)),
        ("ID='fedora'\n# comment\n\n", "fedora", ()),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "rocky", ("rhel", "centos", "fedora")),
        ("", "", ()),
    ],
)
def test_where_we_are(tmp_path, release, distribution, like):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(release)
    found = situation({}, {"Version": "28.5.1+dfsg"}, tmp_path)
    assert (found.distribution, found.like, found.version) == (distribution, like, "28.5.1")
    assert not found.systemd


def test_what_engines_tell_of_themselves():
    nowhere = Path("/nonexistent")
    rootless = {"SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"]}
    assert situation(rootless, {}, nowhere).rootless
    assert situation({"DockerRootDir": "/var/snap/docker/common/x"}, {}, nowhere).snap
    assert situation({"OperatingSystem": "Docker Desktop"}, {}, nowhere).desktop
    podman = {"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]}
    assert situation({}, podman, nowhere).engine == "podman"
