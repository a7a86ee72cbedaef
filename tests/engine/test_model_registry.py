"""MLflow in a container: it really runs, containers find it, and nothing of it is left."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from mldocker_lab import cleaning
from mldocker_lab.engine.client import LABEL
from mldocker_lab.errors import SupplyError
from mldocker_lab.supply import bases, mirror, mlflow_image
from mldocker_lab.supply.model_registry import MODELS_HOST, ModelRegistry

ROLE = f"{LABEL}=model-registry"
MODEL = "delivery-times"
FIRST, SECOND = os.urandom(200_000), os.urandom(300_000)

#: What a serving container does: ask for a version by name and number, take its file, check it.
FETCH = """\
import hashlib, json, sys, urllib.request
address, name, version, file = sys.argv[1:]
ask = lambda path: urllib.request.urlopen(address + path, timeout=20).read()
query = f"name={name}&version={version}"
source = json.loads(ask(f"/api/2.0/mlflow/model-versions/get-download-uri?{query}"))["artifact_uri"]
path = source.removeprefix("mlflow-artifacts:/")
data = ask(f"/api/2.0/mlflow-artifacts/artifacts/{path}/{file}")
print(hashlib.sha256(data).hexdigest())
"""

#: A program of the lab that is killed while its registry starts.
KILLED = """\
import os, signal
from mldocker_lab import lab
from mldocker_lab.supply.model_registry import ModelRegistry
ModelRegistry._wait = lambda self: os.kill(os.getpid(), signal.SIGKILL)
lab.model_registry()
"""


@pytest.fixture(scope="module")
def supplied(engine):
    """The engine with the mirror and MLflow's image."""
    for steps in (bases.ensure(engine), mirror.ensure(engine), mlflow_image.ensure(engine)):
        for _ in steps:
            pass
    return mirror.find(engine)


@pytest.fixture(scope="module")
def registry(supplied):
    with ModelRegistry(supplied) as made:
        yield made
    gone(supplied.engine)


@pytest.fixture(scope="module")
def versions(registry):
    """Two versions of one model."""
    first = registry.publish(
        MODEL, "weights.npy", FIRST, parameters={"seed": 1}, metrics={"minutes": 2.5}
    )
    return first, registry.publish(MODEL, "weights.npy", SECOND)


def gone(engine):
    """The engine removes it in its own time."""
    deadline = time.monotonic() + 20
    while engine.containers(ROLE):
        assert time.monotonic() < deadline, "the model registry is still there"
        time.sleep(0.1)


def fetched(registry, version, *, engine):
    """The hash of what a container gets; status and output."""
    place = {"extra_hosts": registry.hosts}
    if registry.network:
        place["network_mode"] = registry.network
    words = [registry.address, version.name, version.version, version.file]
    container = engine.create(bases.SLIM, ["python3", "-c", FETCH, *words], host=place)
    try:
        engine.start(container)
        return engine.wait(container, 60), engine.logs(container).strip()
    finally:
        engine.remove(container)


def test_the_image_is_made_once(engine, supplied):
    assert list(mlflow_image.ensure(engine)) == []
    assert mlflow_image.announcement(engine) == ""


def test_versions_are_counted_and_know_their_hash(registry, versions):
    assert [one.version for one in versions] == ["1", "2"]
    told = registry.get("model-versions/get", name=MODEL, version="2")["model_version"]
    tags = {tag["key"]: tag["value"] for tag in told["tags"]}
    assert tags == {"file": "weights.npy", "sha256": hashlib.sha256(SECOND).hexdigest()}


def test_a_version_leads_to_the_run_that_made_it(registry, versions):
    run = registry.get("runs/get", run_id=versions[0].run)["run"]
    assert run["info"]["status"] == "FINISHED"
    assert [(one["key"], one["value"]) for one in run["data"]["params"]] == [("seed", "1")]
    assert [(one["key"], one["value"]) for one in run["data"]["metrics"]] == [("minutes", 2.5)]


def test_a_container_finds_it_under_a_constant_name(engine, registry, versions):
    assert registry.address.startswith(f"http://{MODELS_HOST}:")
    for version in versions:
        assert fetched(registry, version, engine=engine) == (0, version.sha256)


def test_an_alias_can_be_moved(registry, versions):
    for version in versions:
        registry.point("champion", version)
        told = registry.get("registered-models/alias", name=MODEL, alias="champion")
        assert told["model_version"]["version"] == version.version


def test_it_lets_files_be_overwritten_and_keeps_the_hash(engine, registry):
    """What the lesson is about: MLflow itself does not notice."""
    version = registry.publish("spoilt", "weights.npy", FIRST)
    registry.overwrite(version, SECOND)
    assert fetched(registry, version, engine=engine) == (0, hashlib.sha256(SECOND).hexdigest())
    assert version.sha256 == hashlib.sha256(FIRST).hexdigest()


def test_it_can_be_frozen_and_goes_on(registry, versions):
    page = f"{registry.url}/health"
    with registry.paused(), pytest.raises(requests.Timeout):
        requests.get(page, timeout=0.5)
    assert requests.get(page, timeout=20).ok


def test_another_name_is_refused(registry):
    """A page in somebody's browser cannot make it talk under a name of its own."""
    page = f"{registry.url}/api/2.0/mlflow/registered-models/search"
    assert requests.get(page, timeout=9).ok
    answer = requests.get(page, headers={"Host": "elsewhere.example"}, timeout=9)
    assert answer.status_code == 403


def test_a_refusal_is_told_in_its_words(registry):
    with pytest.raises(SupplyError, match=r"404.*RESOURCE_DOES_NOT_EXIST"):
        registry.get("model-versions/get", name=MODEL, version="99")


def test_a_killed_program_leaves_what_clean_removes(engine, supplied, registry):
    others = {one["Id"] for one in engine.containers(ROLE)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "MLDOCKER_LIVE": "0"},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    left = {one["Id"] for one in engine.containers(ROLE)} - others
    plan = cleaning.plan(engine)
    assert len(left) == 1
    assert left <= set(plan.containers)
    assert mlflow_image.name() not in json.dumps(plan.to_dict())
    for container in left:
        engine.remove(container)
