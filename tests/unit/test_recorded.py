"""Without an engine a shipped cell shows its recording, and nothing else does."""

from __future__ import annotations

import json

import pytest
from IPython.core.interactiveshell import InteractiveShell

from mldocker_lab import recorded
from mldocker_lab.guessing.ask import predict
from mldocker_lab.recorded import Recordings, needs_engine

STREAM = {"output_type": "stream", "name": "stdout", "text": ["pip ran again: True\n"]}
RESULT = {
    "output_type": "execute_result",
    "data": {"text/plain": ["a ", "table"], "application/x+json": {"n": [1, 2]}},
    "metadata": {},
    "execution_count": 1,
}


def cell(source, *outputs, tags=()):
    return {
        "cell_type": "code",
        "source": source.splitlines(keepends=True),
        "outputs": list(outputs),
        "metadata": {"tags": list(tags)} if tags else {},
    }


def notebook(folder, name, *cells, recorded="2026-11-24"):
    told = {"mldocker_lab": {"recorded": recorded, "engine": "Docker Engine 20.10.24"}}
    text = json.dumps({"metadata": told if recorded else {}, "cells": list(cells)})
    (folder / f"{name}.ipynb").write_text(text)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(recorded, "_LESSONS", tmp_path)
    monkeypatch.setattr(Recordings.__init__, "__defaults__", (tmp_path, ""))
    return tmp_path


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setattr(recorded, "_no_engine", lambda: True)
    shell = InteractiveShell()
    recorded.install(shell)
    return shell


def test_the_recording_is_shown_and_the_cell_not_run(folder, shell, capsys):
    notebook(folder, "03", cell("boom()\npair", STREAM, RESULT))
    assert shell.run_cell("boom()\npair\n").success
    said = capsys.readouterr().out
    assert "Recorded on 2026-11-24 with Docker Engine 20.10.24; nothing ran here." in said
    assert "pip ran again: True" in said
    assert "a table" in said
    assert "not attempted" not in said


def test_a_check_is_not_attempted(folder, shell, capsys):
    notebook(folder, "03", cell("print(pair)", STREAM, tags=["nbval-check-output"]))
    shell.run_cell("print(pair)")
    assert "Check: not attempted." in capsys.readouterr().out


@pytest.mark.parametrize(
    "source", ["import numpy as np", "g = lab.predict('03/x', 'y', unit='%')", "lab.doctor()"]
)
def test_what_needs_no_engine_runs(source):
    assert not needs_engine(source)


def test_what_a_learner_changed_or_wrote_runs(folder, shell, capsys):
    notebook(folder, "03", cell("value = 1", STREAM))
    assert shell.run_cell("value = 2").success
    assert shell.user_ns["value"] == 2
    assert capsys.readouterr().out == ""


def test_a_cell_without_output_is_not_run_either(folder, shell, capsys):
    notebook(folder, "03", cell("x = pair.good"), cell("x", STREAM))
    assert shell.run_cell("x = pair.good").success
    assert capsys.readouterr().out == ""


def test_with_an_engine_everything_runs(folder, shell, monkeypatch):
    monkeypatch.setattr(recorded, "_no_engine", lambda: False)
    notebook(folder, "03", cell("value = 1", STREAM))
    shell.run_cell("value = 1")
    assert shell.user_ns["value"] == 1


def test_outputs_that_the_page_has_cleared_are_still_known(folder):
    notebook(folder, "03", cell("pair", RESULT))
    assert Recordings(folder).find("pair")
    notebook(folder, "03", cell("pair"))
    _, found = Recordings(folder).find("pair")
    assert found["outputs"] == [RESULT]


def test_a_new_edition_of_a_lesson_is_a_new_recording(folder):
    notebook(folder, "03", cell("pair", RESULT))
    Recordings(folder).find("pair")
    notebook(folder, "03", cell("pair", STREAM), cell("more", STREAM), recorded="2027-01-01")
    lesson, found = Recordings(folder).find("pair")
    assert (lesson.recorded, found["outputs"]) == ("2027-01-01", [STREAM])


def test_the_lesson_that_is_open_is_meant(folder):
    notebook(folder, "03", cell("pair.plot()", STREAM))
    notebook(folder, "04", cell("pair.plot()", RESULT), cell("only here", RESULT))
    recordings = Recordings(folder)
    assert recordings.find("pair.plot()")[0].name == "03"
    assert recordings.find("only here")[0].name == "04"
    assert recordings.find("pair.plot()")[0].name == "04"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"metadata": {}, "cells": [{}]}'])
def test_a_damaged_notebook_has_no_recording(folder, text):
    (folder / "03.ipynb").write_text(text)
    assert Recordings(folder).find("pair") is None


def test_a_notebook_that_does_not_say_when_is_no_recording(folder):
    notebook(folder, "03", cell("pair", RESULT), recorded="")
    assert Recordings(folder).find("pair") is None


def test_what_was_measured_then_stands_beside_the_guess_of_today(
    folder, shell, capsys, monkeypatch
):
    monkeypatch.setattr("mldocker_lab.guessing.ask._person", lambda: True)
    asked = predict("03/share", "How big is the good one?", unit="%")
    asked.say(40)
    told = {"predict": "03/share", "kind": "number", "measured": 20, "unit": "%"}
    data = {"text/plain": "measured: 20 %", "application/vnd.mldocker.measured+json": told}
    output = {"output_type": "execute_result", "data": data, "metadata": {}}
    notebook(folder, "03", cell("share.measured(pair.ratio)", output))
    capsys.readouterr()
    shell.run_cell("share.measured(pair.ratio)")
    said = capsys.readouterr().out
    assert "you said twice as much as it is" in said
    assert asked._kept().locked
