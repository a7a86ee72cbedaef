"""The doctor on a real engine, on none, and on one that is ill."""

from __future__ import annotations

import getpass
import json
import re
import socket
from pathlib import Path

import pytest

from mldocker_lab.engine import doctor, probe, trial
from mldocker_lab.engine.describe import facts
from mldocker_lab.engine.doctor import Finding, Report
from mldocker_lab.engine.trial import Trial
from mldocker_lab.errors import NoEngine

IDS = [
    *("engine", "version", "store", "buildkit", "classic", "container", "network", "disk"),
    *("memory", "cpus", "cgroups", "clock", "lab-disk", "gpu", "python"),
]


def things(engine) -> tuple[set[str], set[str], set[str]]:
    """Labelled images, containers, and all networks of an engine."""
    return (
        {image["Id"] for image in engine.images()},
        {container["Id"] for container in engine.containers()},
        {network["Id"] for network in engine.networks("bridge")},
    )


def test_it_looks_at_everything_and_leaves_nothing(engine):
    before = things(engine)
    report = doctor.examine(engine)
    assert [finding.id for finding in report.findings] == IDS
    assert things(engine) == before
    assert report.ok
    for tried in ("buildkit", "classic", "container", "network"):
        assert report[tried].status in ("ok", "warn")
    assert all(finding.fix for finding in report.findings if finding.status in ("warn", "bad"))


def test_findings_come_one_by_one_and_an_end_in_between_cleans_up(engine):
    before = things(engine)
    seen = doctor.findings(engine)
    while next(seen).id != "container":
        assert len(things(engine)[1]) == len(before[1])
    assert things(engine) != before
    seen.close()
    assert things(engine) == before


def test_it_can_be_pasted_anywhere(engine):
    text = doctor.examine(engine).to_text()
    assert str(Path.home()) not in text
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_json_is_the_same_report(engine):
    report = doctor.examine(engine)
    told = json.loads(json.dumps(report.to_dict()))
    assert told["ok"] is report.ok
    assert [Finding(**finding) for finding in told["findings"]] == list(report.findings)


def test_no_engine_is_a_finding_with_a_page():
    error = NoEngine("no Docker engine answers here", "install one of these")
    report = doctor.examine(error=error)
    assert not report.ok
    assert report["engine"] == Finding("engine", "engine", "bad", error.what, error.hint)
    assert [finding.id for finding in report.findings] == ["engine", "lab-disk", "gpu", "python"]
    assert "install one of these" in report.to_text()


@pytest.mark.parametrize(
    "secret",
    [
        "tcp://alice:pw@build.example:2376",
        "ssh://alice@build.example",
        "/home/alice/.docker/run/docker.sock",
        "/Users/alice/.colima/default/docker.sock",
        "C:\\Users\\alice\\.docker",
        "the docker context 'alice-build.example' is current",
    ],
)
def test_names_of_hosts_and_people_stay_out(secret):
    text = doctor.examine(error=NoEngine(f"no engine answers at {secret}, alas")).to_text()
    assert "alice" not in text
    assert "build.example" not in text
    assert "alas" in text.replace("\n", " ")
    assert getpass.getuser() == "root" or getpass.getuser() not in text


def test_gpu_facts_never_fail():
    assert doctor.examine(error=NoEngine("none"))["gpu"].status in ("ok", "warn")


def test_a_bad_finding_makes_the_report_bad():
    good, bad = Finding("a", "a", "unknown", "?"), Finding("b", "b", "bad", "broken", "mend it")
    assert Report((good,)).ok
    assert not Report((good, bad)).ok
    assert "b: mend it" in Report((good, bad)).to_text()


def test_a_trial_cleans_up_after_a_failure(engine):
    before = things(engine)
    with Trial(engine, facts(engine)) as tried:
        tried.build("classic")
        assert tried.run() == probe.EXIT_STATUS
        during = things(engine)
        engine.close()  # the next call opens a connection again
    assert [len(now) - len(was) for now, was in zip(during, before, strict=True)] == [2, 1, 0]
    assert things(engine) == before


def test_a_builder_that_fails_is_a_finding(engine, monkeypatch):
    """The trial's Dockerfile is broken on purpose; the engine's own words are in the finding."""
    monkeypatch.setattr(trial, "_DOCKERFILE", {"Dockerfile": b"FROM scratch\nCOPY nothing /\n"})
    before = things(engine)
    report = doctor.examine(engine)
    assert things(engine) == before
    assert not report.ok
    for builder in ("buildkit", "classic"):
        assert report[builder].status == "bad"
        assert "nothing" in report[builder].seen
        assert report[builder].fix
    assert report["container"].status == "ok"
