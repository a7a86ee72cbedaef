"""The locks are exact, hashed, free of addresses, agree, and serve both architectures."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from mldocker_lab.supply import locks

TOGETHER = (*locks.SETS, "tools")
NAMES = (*TOGETHER, "mlflow")


def text(name, ending):
    return (resources.files("mldocker_lab.supply") / "locks" / f"{name}.{ending}").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_requirement_is_pinned_and_hashed(name):
    joined = text(name, "lock").replace("\\\n", " ")
    requirements = [line for line in joined.splitlines() if line and line[0] != "#"]
    assert requirements
    for line in requirements:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.+]+(\s+--hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize("name", NAMES)
def test_no_addresses(name):
    assert "://" not in text(name, "lock") + text(name, "in")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("architecture", locks.ARCHITECTURES)
def test_every_package_has_one_wheel_for_the_architecture(name, architecture):
    every = {w.name for w in locks.wheels(name)}
    fitting = [w.name for w in locks.wheels(name) if w.fits(architecture)]
    assert sorted(every) == sorted(fitting)


def test_sets_agree_on_versions():
    versions = {}
    for name in TOGETHER:
        for wheel in locks.wheels(name):
            versions.setdefault(wheel.name, set()).add(wheel.version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wanted_is_locked(name):
    wanted = {line for line in text(name, "in").splitlines() if line and line[0] != "#"}
    assert wanted <= {w.name for w in locks.wheels(name)}


def test_what_is_left_out_is_not_locked():
    """MLflow's set is installed with --no-deps, so this is what keeps it small."""
    without = set(re.findall(r"^# without (\S+)$", text("mlflow", "in"), re.MULTILINE))
    assert without
    assert without.isdisjoint(wheel.name for wheel in locks.wheels("mlflow"))


def test_serving_does_not_need_what_training_needs():
    serve = {w.name for w in locks.wheels("serve")}
    assert serve.isdisjoint({"scikit-learn", "pandas", "scipy", "skl2onnx"})


def test_a_hash_without_its_file_is_an_error():
    with pytest.raises(ValueError, match="1 files but 2 hashes"):
        locks._parse(
            f"# a-1-py3-none-any.whl 5\na==1 \\\n    --hash=sha256:{'0' * 64} \\\n"
            f"    --hash=sha256:{'1' * 64}\n"
        )
