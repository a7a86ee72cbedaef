"""Asking, guessing, measuring, looking back: for a person, and where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import mldocker_lab as lab
from mldocker_lab.cli import main
from mldocker_lab.errors import UsageError
from mldocker_lab.guessing.ask import Guess
from mldocker_lab.guessing.question import ask
from mldocker_lab.guessing.shown import MIME

STEPS = ["COPY a .", "RUN b"]


def test_without_a_person_questions_are_text_and_nothing_is_kept(home, monkeypatch, capsys):
    monkeypatch.setenv("MLDOCKER_LIVE", "0")
    guess = lab.predict("05/n", "How much?", unit="MB")
    assert capsys.readouterr().out == "Predict. How much?\n  a number of MB\n"
    found = guess.say(40).measured(7.3123)
    assert repr(guess) == "prediction 05/n"
    assert found._repr_mimebundle_() == {
        "text/plain": "measured: 7.31 MB",
        "text/html": "<p>measured: 7.31 MB</p>\n",
        MIME: {"predict": "05/n", "kind": "number", "measured": 7.3123, "unit": "MB"},
    }
    assert "In a live notebook" in repr(lab.guesses("05"))
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("person")
def test_nothing_is_read_without_a_person(monkeypatch):
    lab.predict("05/n", "How much?", unit="MB").say(40)
    monkeypatch.setenv("MLDOCKER_LIVE", "0")
    assert repr(lab.predict("05/n", "How much?", unit="MB").measured(40)) == "measured: 40 MB"
    assert "In a live notebook" in repr(lab.guesses("05"))


def test_nbval_is_no_person(person, monkeypatch):
    monkeypatch.setenv("PYTEST_VERSION", "8")
    lab.predict("05/n", "How much?").say(40)
    assert list(person.iterdir()) == []


def test_a_script_is_no_person(tmp_path):
    program = 'import mldocker_lab as lab\nlab.predict("05/n", "How much?").say(3).measured(4)'
    environment = {**os.environ, "MLDOCKER_HOME": str(tmp_path)}
    for sign in ("MLDOCKER_LIVE", "PYTEST_VERSION"):
        environment.pop(sign, None)
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, capture_output=True
    )
    assert done.stdout.decode() == "Predict. How much?\n  a number\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("person")
def test_a_guess_may_change_until_it_is_measured(capsys):
    guess = lab.predict("05/n", "How much?", unit="%")
    assert "answer with guess.say(40)" in capsys.readouterr().out
    assert repr(guess) == "no guess yet"
    guess.say(60).say("40 %")
    assert repr(guess).startswith("your guess: 40 %, kept at ")
    again = lab.predict("05/n", "How much, then?", unit="%")  # after a restart, in other words
    assert "your guess: 40 %" in capsys.readouterr().out
    found = again.measured(20)
    text = repr(found)
    assert text.startswith("✗ you said twice as much as it is: you said 40 %, it is 20 %")
    assert text.count("█") == 60  # two bars, the longer one twice the other
    with pytest.raises(UsageError, match="measured already"):
        guess.say(20)
    assert "locked" in repr(guess)
    assert "mldocker-lab guesses 05 --forget" in repr(guess)
    assert guess.forget().say(20).measured(20).judgement.verdict == "right"


@pytest.mark.usefixtures("person")
def test_whoever_did_not_guess_sees_the_measured_value():
    guess = lab.predict("05/c", "Which?", choices=["a", "b"])
    assert repr(guess.measured("a")) == "measured: a (you had not guessed)"
    with pytest.raises(UsageError, match="measured already"):
        guess.say("a")
    assert "measured before you guessed" in repr(guess)


@pytest.mark.usefixtures("person")
def test_a_choice_is_a_line():
    guess = lab.predict("05/c", "Which?", choices=["a", "<b>"]).say("a")
    shown = guess.measured("<b>")._repr_mimebundle_()
    assert shown["text/plain"] == "✗ wrong: you said a, it is <b>"
    assert shown["text/html"] == "<p>✗ wrong: you said a, it is &lt;b&gt;</p>\n"


@pytest.mark.usefixtures("person")
def test_a_question_of_another_form_begins_anew():
    lab.predict("05/c", "Which?", choices=["a", "b"]).say("a")
    assert repr(lab.predict("05/c", "Which?", choices=["a", "c"])) == "no guess yet"
    assert repr(lab.predict("05/c", "How many?")) == "no guess yet"


@pytest.mark.usefixtures("person")
def test_steps_are_told_one_by_one():
    steps = ["COPY a .", "RUN b", "COPY c .", "RUN d"]
    found = lab.predict("05/s", "Which run?", steps=steps).say(1, 3).measured(["RUN b", "COPY c ."])
    lines = [
        line.split("  ") for line in repr(found).splitlines() if line.startswith(("COPY", "RUN"))
    ]
    assert [line[-1].strip() for line in lines] == [
        "✗ ticked wrongly",
        "✗ missed",
        "✓ right",
        "✓ right",
    ]
    assert found.to_dict()["measured"] == ["RUN b", "COPY c ."]


@pytest.mark.usefixtures("person")
def test_looking_back():
    assert repr(lab.guesses("05")) == "No guesses in lesson 05 yet."
    lab.predict("05/n", "How much?", unit="MB").say(45).measured(40)
    lab.predict("05/c", "Which?", choices=["a", "b"]).say("a").measured("b")
    lab.predict("05/s", "Which run?", steps=STEPS).say().measured([])
    lab.predict("05/late", "And now?").measured(3)
    lab.predict("05/open", "And then?").say(3)
    lab.predict("06/n", "Elsewhere?").say(3).measured(3)
    found = repr(lab.guesses("05"))
    assert "2 of 3 right or within a quarter." in found
    assert "1 measured before you guessed." in found
    assert "no step" in found
    assert "not measured yet" in found
    assert "Elsewhere" not in found
    assert "Elsewhere" in repr(lab.guesses())
    verdicts = [one["verdict"] for one in lab.guesses("05").to_dict()["guesses"]]
    assert verdicts == ["close", "off", "right", None, None]


@pytest.mark.usefixtures("person")
def test_on_the_command_line():
    lab.predict("05/n", "How much?", unit="MB").say(45).measured(40)
    run = CliRunner().invoke
    assert "1 of 1 right or within a quarter" in run(main, ["guesses", "05"]).output
    told = json.loads(run(main, ["guesses", "--json"]).output)
    assert told["guesses"][0]["id"] == "05/n"
    assert told["guesses"][0]["words"] == "12 % too much"
    assert json.loads(run(main, ["guesses", "05", "--forget", "--json"]).output) == {
        "forgotten": ["05/n"]
    }
    assert run(main, ["guesses", "05"]).output == "No guesses in lesson 05 yet.\n"
    assert run(main, ["guesses", "../x"]).exit_code == 2


@pytest.mark.usefixtures("person")
def test_the_page_is_told_what_is_kept(monkeypatch):
    displayed = []
    monkeypatch.setattr("mldocker_lab.guessing.ask.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda shown, **_: displayed.append(shown))
    guess = lab.predict("77/n", "How much?", unit="MB")
    (shown,) = displayed
    assert '<div class="mldocker-guess-77-n">' in shown["text/html"]
    box = guess._box
    assert box.state["given"] is None
    box._hear(box, {"say": "1.5 GB"}, [])
    assert (box.state["given"], box.state["locked"], box.state["error"]) == (1500, False, "")
    box._hear(box, {"say": "many"}, [])
    assert box.state["given"] == 1500
    assert "'many' is no number" in box.state["error"]
    guess.measured(1000)
    assert box.state["locked"]
    box._hear(box, {"say": "1000"}, [])
    assert "measured already" in box.state["error"]
    assert "guesses 77 --forget" in box.state["error"]
    again = lab.predict("77/n", "How much?", unit="MB")  # the cell is run again
    assert again._box is box
    assert repr(box) == "A question to answer"


def test_asking_loads_no_docker():
    program = "import sys, mldocker_lab as lab; lab.predict; assert 'docker' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_guess_is_shown_the_same_every_time():
    made = [Guess(ask("05/n", "?"), person=False).measured(3)._repr_mimebundle_() for _ in range(2)]
    assert made[0] == made[1]
