"""What the kernel answers a page that explores an image, and what is displayed without one."""

from __future__ import annotations

import json

import pytest
from saved_images import file, folder, gone, save

from mldocker_lab.report.filetree import PAGE
from mldocker_lab.report.inspection import inspected
from mldocker_lab.report.savestream import read_path
from mldocker_lab.widgets import explore
from mldocker_lab.widgets.explore import Explorable, explorable
from mldocker_lab.widgets.explorer import Explorer, opened

MANY = PAGE + 30
LAYERS = [
    ("COPY . /app", [folder("app"), *(file(f"app/{n:03}", 1000 + n) for n in range(MANY))]),
    ("RUN rm /app/000", [folder("app"), gone("app/000")]),
]


@pytest.fixture
def image(tmp_path):
    contents = read_path(save(tmp_path / "shop.tar", LAYERS))
    return explorable(inspected(contents.report, contents.indexes()))


@pytest.fixture
def explorer(image):
    made = Explorer(image, "place")
    made.sent = []
    made.send = made.sent.append
    yield made
    made.close()


def test_it_sums_up_the_layers(explorer, image):
    answer = json.loads(json.dumps(explorer.answer({"ask": "layers"})))
    assert (answer["image"], answer["bytes"]) == ("shop.tar", image.bytes)
    assert answer["wasted"] == 1000
    assert [layer["instruction"] for layer in answer["layers"]] == [
        "COPY . /app",
        "RUN rm /app/000",
    ]
    assert [layer["wasted"] for layer in answer["layers"]] == [1000, 0]


def test_a_folder_comes_in_pages(explorer):
    asked = {"ask": "children", "layer": 0, "folder": "app"}
    first = explorer.answer(asked)
    rest = explorer.answer(asked | {"start": PAGE})
    assert (len(first["rows"]), len(rest["rows"]), first["total"]) == (PAGE, 30, MANY)
    assert first["rest"] == sum(row["bytes"] for row in rest["rows"])
    assert rest["rows"][-1]["reason"] == "deleted"


def test_a_row_holds_what_the_page_shows(explorer):
    (row,) = explorer.answer({"ask": "search", "layer": None, "text": "/app/000"})["rows"]
    assert json.loads(json.dumps(row)) == {
        "key": "app\x00000", "name": "000", "path": "/app/000", "kind": "file", "bytes": 1000,
        "wasted": 1000, "files": 1, "layer": 0, "by": 1, "reason": "deleted", "opens": False,
        "mode": "0644", "owner": "0:0", "link": "",
    }  # fmt: skip


def test_a_message_is_answered_with_its_id(explorer):
    explorer._hear(explorer, {"id": "7", "ask": "search", "layer": None, "text": "002"}, [])
    (sent,) = explorer.sent
    assert (sent["id"], sent["total"]) == ("7", 1)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"ask": "children", "layer": 9, "folder": ""},
        {"ask": "children", "layer": -1, "folder": ""},
        {"ask": "children", "layer": "x", "folder": ""},
        {"ask": "children", "layer": 0, "folder": "€"},
        {"ask": "search", "layer": 0},
    ],
)
def test_a_question_that_makes_no_sense_is_answered_too(explorer, asked):
    explorer._hear(explorer, {"id": "1", **asked}, [])
    assert explorer.sent[0]["id"] == "1"
    assert "cannot be answered" in explorer.sent[0]["error"]


def test_an_image_has_one_explorer_however_often_it_is_shown(image):
    first = opened(image)
    assert opened(explorable(image)) is first
    assert repr(first) == "Explorer of an image"


def test_its_place_is_named_after_what_is_in_the_image(image, tmp_path):
    contents = read_path(save(tmp_path / "shop.tar", LAYERS[:1]))
    other = opened(inspected(contents.report, contents.indexes()))
    assert other.place != opened(image).place


def test_without_a_page_only_tables_are_displayed(image):
    shown = image.explore()._repr_mimebundle_()
    assert shown.keys() == {"text/plain", "text/html"}
    assert "mldocker-explore" not in shown["text/html"]
    assert "✗ deleted" in repr(image.explore()) == shown["text/plain"]


def test_with_a_page_the_same_tables_have_a_name(image, monkeypatch):
    without = image.explore()._repr_mimebundle_()
    monkeypatch.setattr(explore, "has_page", lambda: True)
    shown = image.explore()._repr_mimebundle_()
    assert shown["text/plain"] == without["text/plain"]
    assert shown["text/html"] == (
        f'<div class="{opened(image).place}">\n{without["text/html"]}</div>\n'
    )


def test_more_rows_stay_explorable(image):
    assert isinstance(image.show(3), Explorable)
    assert image.show(3).top == 3
