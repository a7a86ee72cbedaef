"""The commands: their keys, their errors, and that each tells an example."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mldocker_lab import gpus
from mldocker_lab.cli import main


def run(*arguments, stdin=None):
    return CliRunner().invoke(main, ["gpu", *arguments], input=stdin)


@pytest.mark.parametrize("command", ["check", "hosts", "diagnose", "probe"])
def test_help_shows_an_example(command):
    done = run(command, "--help")
    assert done.exit_code == 0
    assert f"mldocker-lab gpu {command}" in done.output
    assert "--json" in done.output


def test_check_by_facts():
    facts = ["--driver", "535.104.05", "--cuda", "12.2", "--brand", "geforce", "--arch", "8.9"]
    done = run(
        "check",
        "--env",
        "NVIDIA_REQUIRE_CUDA=cuda>=12.2 brand=tesla",
        "--env",
        "CUDA_VERSION=12.2.2",
        *facts,
        "--json",
    )
    said = json.loads(done.output)
    assert done.exit_code == 0
    assert said["verdict"] == "runs"
    assert {name: gate["verdict"] for name, gate in said["gates"].items()} == {
        "image": "runs", "cuda": "runs", "kernels": "runs"
    }  # fmt: skip


def test_check_by_file(shared):
    xml = shared / "gpu" / "smi" / "telegraf_rtx-3090-v12.xml"
    image = "nvidia/cuda:12.8.1-base-ubuntu24.04"
    said = json.loads(run("check", "--image", image, "--host", str(xml), "--json").output)
    assert (said["verdict"], said["gates"]["cuda"]["verdict"]) == ("refused", "runs")


def test_check_of_a_damaged_file(tmp_path):
    (tmp_path / "cut.xml").write_text("<nvidia_smi_log><driver_version>535")
    done = run(
        "check", "--env", "CUDA_VERSION=12.2.0", "--host", str(tmp_path / "cut.xml"), "--json"
    )
    said = json.loads(done.output)
    assert done.exit_code == 0
    assert {said["verdict"], *(gate["verdict"] for gate in said["gates"].values())} == {
        "cannot-tell"
    }
    assert "ends early" in said["gates"]["cuda"]["reason"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--image", "a", "--env", "A=1"],
        ["--env", "A"],
        ["--env", "=1"],
        ["--env", "A=1", "--host", "laptop", "--driver", "535"],
        ["--env", "A=1", "--host", "no-such-host"],
        ["--env", "A=1", "--tables", "no-such-file"],
    ],
)
def test_wrong_use(arguments):
    assert run("check", *arguments).exit_code == 2


def test_hosts():
    said = json.loads(run("hosts", "--json").output)
    assert said["hosts"]["here"]["origin"] == "this machine"
    assert said["hosts"]["rtx3060-530"]["origin"] == "made-up"
    assert said["hosts"]["rtx3090-525"]["driver"]["source"]
    assert "rtx4090-535" in run("hosts").output


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(gpus, "_engine", lambda: None)


@pytest.mark.usefixtures("no_engine")
def test_diagnose(tmp_path):
    text = "Unknown runtime specified nvidia."
    (tmp_path / "error.txt").write_text(text)
    for done in (
        run("diagnose", text, "--json"),
        run("diagnose", str(tmp_path / "error.txt"), "--json"),
        run("diagnose", "--json", stdin=text),
        run("diagnose", "-", "--json", stdin=text),
    ):
        assert json.loads(done.output)["row"] == 4
    assert json.loads(run("diagnose", "--json", stdin="all is well").output)["row"] is None
    assert run("diagnose", "x", "--container", "y").exit_code == 2


def test_unknown_ways():
    assert run("probe", "by-hand").exit_code == 2
