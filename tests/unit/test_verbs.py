"""The names that notebooks use stay what they are, whatever else has been loaded."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

PROGRAM = """
import mldocker_lab as lab
import mldocker_lab.build.request
import mldocker_lab.run.container
from mldocker_lab.run import container
from mldocker_lab.lab import build, run

assert lab.run is run, lab.run
assert lab.build is build, lab.build
assert container.__name__ == "mldocker_lab.run.container"
"""


def test_a_loaded_sub_package_does_not_take_the_place_of_a_verb():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_no_module_of_the_lab_is_called_like_a_verb():
    from mldocker_lab import lab

    modules = {module.name for module in pkgutil.iter_modules(lab.__path__)}
    assert "building" in modules
    assert modules & set(lab.__all__) == set()
