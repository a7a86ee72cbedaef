"""An image taken apart, as text, HTML and JSON."""

from __future__ import annotations

import json

import pytest

BASE, COPY, CHMOD, CLEAN = "the base", "COPY . .", "RUN chmod", "RUN rm -rf /root/.cache"


@pytest.fixture(scope="module")
def image(make):
    layers = [
        {"bin/sh": b"1" * 100_000, "root/.cache/pip/http/a": b"2" * 50_000},
        {"app/app.py": b"3" * 40_000, "app/<b>.py": b"4" * 10},
        make.tar(make.entry("app/app.py", b"3" * 40_000, mode=0o755)),
        {"root/.wh..cache": b""},
    ]
    made_by = (
        BASE,
        None,
        f"/bin/sh -c #(nop) {COPY}",
        f"RUN /bin/sh -c {CHMOD[4:]} # buildkit",
        f"|1 A=b c=d /bin/sh -c {CLEAN[4:]}",
    )
    return make.taken_apart(*layers, made_by=made_by)


def test_the_numbers(image):
    assert (image.bytes, image.wasted_bytes) == (230_010, 90_000)
    assert image.pull_bytes == sum(layer.pull_bytes for layer in image.layers)
    assert [layer.instruction for layer in image.layers] == [BASE, COPY, CHMOD, CLEAN]


def test_json_has_the_keys_that_others_rely_on(image):
    told = json.loads(json.dumps(image.to_dict()))
    assert {"image", "bytes", "pull_bytes", "wasted_bytes", "layers", "wasted"} <= set(told)
    assert set(told["layers"][0]) == {
        "diff_id", "created_by", "bytes", "pull_bytes", "files", "wasted_bytes",
    }  # fmt: skip
    assert told["wasted"] == [
        {
            "path": "/root/.cache/pip/http/a",
            "bytes": 50_000,
            "reason": "deleted",
            "layer": 0,
            "hidden_by": 3,
        },
        {"path": "/app/app.py", "bytes": 40_000, "reason": "metadata", "layer": 1, "hidden_by": 2},
    ]
    assert [layer["wasted_bytes"] for layer in told["layers"]] == [50_000, 40_000, 0, 0]
    assert told["unwanted"][0]["kind"] == "pip cache"
    assert told["largest"]["files"][0] == {"path": "/bin/sh", "bytes": 100_000, "layer": 0}


def test_the_text_says_it_all(image):
    text = repr(image)
    assert "img: 230 kB of files in 4 layers, 90 kB of it wasted" in text
    assert "/root/.cache/pip " in text
    assert "pip cache: pip install --no-cache-dir" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_html_is_escaped(image):
    html = image.show(3)._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt;.py" in html
    assert "<b>.py" not in html


def test_fewer_rows_say_how_many_are_missing(make):
    lower = {f"d{n}/a": bytes([n]) * (n + 1) for n in range(20)}
    upper = [{f"d{n}/.wh.a": b""} for n in range(20)]
    image = make.taken_apart(lower, *upper)
    assert "17 more rows are not shown" in repr(image.show(3))
    assert len(image.show(3).to_dict()["wasted"]) == 20


def test_waste_is_shown_by_what_made_and_hid_it(make):
    lower = {f"d/e/{n}": b"x" * (n + 1) for n in range(300)}
    image = make.taken_apart(lower, {"d/.wh.e": b""}, made_by=["COPY a", "RUN rm"])
    table = next(table for table in image.tables() if table.title.startswith("wasted"))
    assert table.rows == (("/d/e/", "45.1 kB", "300", "deleted", "COPY a", "RUN rm"),)


def test_an_image_of_nothing(make):
    image = make.taken_apart(bytes(1024))
    assert (image.bytes, len(image.tables())) == (0, 1)
    assert "0 B of files in 1 layer" in repr(image)
