"""Wheels of our own making, put to pip."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

from mldocker_lab.supply import locks, wheel

ROOT = Path(__file__).parents[3]
LESSON = ROOT / "notebooks" / "contexts" / "05_reproducible"


def test_pip_installs_it_and_knows_what_it_needs(tmp_path):
    for name, needs in {"own-thing": ["other-thing>=2"], "other-thing": []}.items():
        data = wheel.make(name, "2.0", f"NAME = {name!r}\n", needs=needs)
        (tmp_path / wheel.file_name(name, "2.0")).write_bytes(data)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--find-links"]
    subprocess.run(
        [*command, str(tmp_path), "--target", str(tmp_path / "in"), "own-thing"], check=True
    )
    assert (tmp_path / "in" / "own_thing.py").read_text() == "NAME = 'own-thing'\n"
    assert (tmp_path / "in" / "other_thing.py").is_file()


def test_it_has_the_same_bytes_each_time():
    assert wheel.make("a", "1", "x = 1\n") == wheel.make("a", "1", "x = 1\n")
    assert wheel.make("a", "1", "x = 1\n") != wheel.make("a", "1", "x = 2\n")


def test_the_wheel_of_the_lesson_is_made_of_the_source_beside_it():
    code = (LESSON / "house_features.py").read_text()
    made = wheel.make("house-features", "1.0", code, needs=["pyyaml"])
    assert (LESSON / "index" / wheel.file_name("house-features", "1.0")).read_bytes() == made


def test_locks_of_lesson_and_exercise_hold_hashes_of_wheels_that_there_are():
    known = {one.sha256 for name in locks.SETS for one in locks.wheels(name)}
    places = [LESSON, ROOT / "tests" / "solutions" / "05_reproducible"]
    for place in places:
        own = [hashlib.sha256(path.read_bytes()).hexdigest() for path in place.glob("index/*.whl")]
        found = re.findall(r"sha256:(\w+)", (place / "requirements.lock").read_text())
        assert set(own) <= set(found) <= known | set(own)
