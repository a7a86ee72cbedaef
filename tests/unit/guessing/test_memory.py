"""Guesses are kept, and survive what happens to files."""

from __future__ import annotations

import json

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.guessing import memory
from mldocker_lab.guessing.memory import Kept
from mldocker_lab.guessing.question import ask

pytestmark = pytest.mark.usefixtures("home")

NUMBER = Kept(ask("05/n", "How many?", unit="MB"), 40, "2026-11-25T00:00:00+00:00")
STEPS = Kept(ask("05/s", "Which?", steps=["RUN a", "RUN b"]), [1], "2026-11-25T00:00:00+00:00", [2])
OTHER = Kept(ask("06/n", "How many?"), 3, "2026-11-25T00:00:00+00:00")


def test_what_is_kept_comes_back():
    for kept in (NUMBER, STEPS, OTHER):
        memory.keep(kept)
    assert memory.load("05") == {"05/n": NUMBER, "05/s": STEPS}
    assert memory.lessons() == ["05", "06"]


def test_one_is_forgotten_or_all_of_a_lesson():
    for kept in (NUMBER, STEPS, OTHER):
        memory.keep(kept)
    assert memory.forget("05", "05/n") == ["05/n"]
    assert list(memory.load("05")) == ["05/s"]
    assert memory.forget("05") == ["05/s"]
    assert memory.forget("05") == []
    assert memory.lessons() == ["06"]


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"version": 9}', '{"version": 1}'])
def test_a_damaged_file_is_as_none(home, damage):
    (home / "guesses").mkdir()
    (home / "guesses" / "05.json").write_text(damage)
    assert memory.load("05") == {}
    memory.keep(NUMBER)
    assert memory.load("05") == {"05/n": NUMBER}


@pytest.mark.parametrize(
    "damage", [{"guess": "many"}, {"guess": [9]}, {"question": {}}, {"question": None}, {"more": 1}]
)
def test_a_damaged_entry_takes_no_other_with_it(home, damage):
    for kept in (NUMBER, STEPS):
        memory.keep(kept)
    path = home / "guesses" / "05.json"
    told = json.loads(path.read_text())
    told["guesses"]["05/n"].update(damage)
    path.write_text(json.dumps(told))
    assert memory.load("05") == {"05/s": STEPS}


def test_a_lesson_names_no_file_elsewhere():
    with pytest.raises(UsageError):
        memory.load("../practice/03")


def test_a_home_that_cannot_be_written_stops_nobody(home):
    (home / "guesses").write_text("a file where a folder should be")
    memory.keep(NUMBER)
    assert memory.load("05") == {}
