"""The traits a page receives, and what stays in the notebook."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass

import pytest

from mldocker_lab.report.events import Built, Failed, Finished, Output, Started
from mldocker_lab.widgets import notebook
from mldocker_lab.widgets.notebook import Notebook


@dataclass(frozen=True)
class Row:
    """What ``begin`` gets for an instruction."""

    instruction: str


SIDES = {"bad": [Row("FROM base"), Row("RUN pip install")], "good": [Row("FROM base")]}


class Handle:
    """What ``display(…, display_id=True)`` returns, remembering."""

    def __init__(self):
        self.updates = []

    def update(self, shown):
        """Something else is displayed in the same place."""
        self.updates.append(shown)


@pytest.fixture
def view(monkeypatch):
    """A view whose display is recorded here instead of by a kernel."""
    made = Notebook()
    made.handle, made.sent = Handle(), []
    monkeypatch.setattr(notebook, "display", lambda _, display_id: display_id and made.handle)
    made.widget.observe(lambda change: made.sent.append(change.new), "sides")
    yield made
    made.end()


def wait_for(condition):
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("the view was not drawn within five seconds")


def test_the_page_gets_every_state_as_json(view):
    view.begin(SIDES, "recorded 2026-11-22")
    view.event("bad", Started(1, 0.5))
    view.event("bad", Output(1, 0.6, "Collecting numpy\n"))
    wait_for(lambda: view.widget.sides[0]["steps"][1]["state"] == "running")
    bad, good = json.loads(json.dumps(view.widget.sides))
    assert bad["log"] == ["Collecting numpy"]
    assert bad["steps"][1] == {
        "text": "RUN pip install",
        "state": "running",
        "started": 0.5,
        "seconds": None,
    }
    assert good["at"] is None
    assert view.widget.note == "recorded 2026-11-22"


def test_a_flood_of_events_is_sent_a_few_times_a_second(view):
    view.begin(SIDES)
    began = time.monotonic()
    for i in range(5000):
        view.event("bad", Output(1, i / 1000, f"line {i}\n"))
    view.event("bad", Finished(1, 5.0, cached=False))
    wait_for(lambda: view.widget.sides[0]["steps"][1]["state"] == "done")
    assert len(view.sent) <= 2 + (time.monotonic() - began) / view.period


def test_events_may_come_from_several_threads(view):
    view.begin(SIDES)

    def speak(side):
        for i in range(500):
            view.event(side, Output(0, float(i), f"{side} {i}\n"))

    threads = [threading.Thread(target=speak, args=(side,)) for side in SIDES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    view.end()
    assert [side["log"][-1] for side in view.widget.sides] == ["bad 499", "good 499"]


def test_the_result_takes_the_place_of_the_view(view):
    view.begin(SIDES)
    view.event("bad", Built(1.0, "sha256:x"))
    view.end("the result")
    assert view.handle.updates == ["the result"]
    assert view.widget.comm is None
    view.end("again")
    assert view.handle.updates == ["the result"]


def test_without_a_result_it_says_how_far_each_build_came(view):
    view.begin(SIDES)
    view.event("bad", Failed(1, 2.5, "no numpy"))
    view.end(None)
    shown = view.handle.updates[0]._repr_mimebundle_()
    assert "bad: failed after 2.5 s" in shown["text/plain"]
    assert "✗ failed" in shown["text/plain"]
    assert "good: not begun" in shown["text/html"]


def test_a_second_beginning_starts_a_new_page_in_the_same_place(view):
    view.begin(SIDES)
    view.event("bad", Built(1.0, "sha256:x"))
    view.begin({"bad": SIDES["bad"]}, "after the edit")
    wait_for(lambda: view.widget.note == "after the edit")
    assert [side["outcome"] for side in view.widget.sides] == [""]
    assert threading.active_count() < 50


def test_its_repr_is_the_same_every_time(view):
    assert repr(view.widget) == repr(Notebook().widget) == "Live view of builds"
