"""A comparison divides bad by good, counts what is pulled again, and says so in words."""

from __future__ import annotations

import json
import re
from dataclasses import FrozenInstanceError, replace

import pytest

from mldocker_lab.report.compare import Comparison, pulled_again
from mldocker_lab.units import size, times


def test_ratio_is_bad_divided_by_good(pair):
    assert pair.ratio == {
        "bytes": 525_000_000 / 150_003_000,
        "pull_bytes": pair.bad.pull_bytes / pair.good.pull_bytes,
    }


def test_what_is_not_measured_has_no_ratio(pair):
    unmeasured = Comparison(replace(pair.bad, image=None), pair.good)
    assert unmeasured.ratio == {"bytes": None, "pull_bytes": None}
    assert rows(repr(unmeasured))["file bytes"][0] == size(None)


def test_pulled_again_are_the_layers_the_first_build_has_not(edited):
    assert pulled_again(edited.good, edited.good_rebuild) == 800
    assert pulled_again(edited.bad, edited.bad_rebuild) == 162_000_000
    assert pulled_again(edited.bad, edited.bad) == 0


def test_a_new_layer_listed_twice_is_pulled_once(pair):
    image = pair.good.image
    twice = replace(
        pair.good, image=replace(image, layers=(*image.layers, *pair.bad.image.layers[-1:] * 2))
    )
    assert pulled_again(pair.good, twice) == pair.bad.image.layers[-1].pull_bytes


def test_json_has_the_keys_of_the_contract(edited):
    data = json.loads(json.dumps(edited.to_dict()))
    assert {"engine", "bad", "good", "ratio"} <= data.keys()
    assert data["engine"] == {"name": "Docker Engine 20.10.24", "builder": "buildkit"}
    build = {
        "image_id",
        "seconds",
        "bytes",
        "pull_bytes",
        "context_bytes",
        "cache_hits",
        "cache_steps",
        "steps",
    }
    assert build <= data["bad"].keys()
    assert build <= data["bad"]["rebuild"].keys()
    assert {"stage", "index", "instruction", "status", "seconds", "bytes"} <= data["good"]["steps"][
        0
    ].keys()


def test_without_an_edit_there_is_no_rebuild(pair):
    assert "rebuild" not in pair.to_dict()["bad"]
    assert "rebuild time" not in repr(pair)


def test_json_comes_back_as_the_same_comparison(pair, edited):
    assert Comparison.from_dict(json.loads(json.dumps(edited.to_dict()))) == edited
    assert Comparison.from_dict(pair.to_dict()) == pair


def rows(text):
    cells = (re.split(" {2,}", line) for line in text.splitlines())
    return {name: rest for name, *rest in cells}


def test_table_states_the_numbers(edited):
    table = rows(repr(edited))
    assert table["file bytes"] == ["525 MB", "150 MB", times(3.5)]
    assert table["steps reused"] == ["0 of 2", "0 of 3"]
    assert table["steps reused after the edit"] == ["0 of 2", "2 of 3"]
    assert table["bytes to pull again"] == ["162 MB", "800 B", times(202_500)]


def test_each_number_is_defined_below_the_table(edited):
    text = repr(edited)
    for word in (
        "file bytes:",
        "pull bytes:",
        "context sent:",
        "steps reused:",
        "bytes to pull again:",
    ):
        assert word in text


def test_a_replay_says_that_it_is_one(pair):
    recorded = Comparison(replace(pair.bad, recorded="2026-11-22 on Docker Engine 28.5"), pair.good)
    assert recorded.recorded == "2026-11-22 on Docker Engine 28.5"
    for form in recorded._repr_mimebundle_().values():
        assert "Recorded 2026-11-22 on Docker Engine 28.5" in form
        assert "Built by" not in form
    assert "Recorded" not in repr(pair)


def test_it_is_frozen_and_shows_the_same_every_time(edited):
    with pytest.raises(FrozenInstanceError):
        edited.edit = "other"
    assert edited._repr_mimebundle_() == edited._repr_mimebundle_()


def test_the_build_table_marks_status_with_shape_and_word(edited):
    text = edited.good_rebuild.table().to_text()
    assert "□ cached" in text
    assert "■ run" in text
    assert "· metadata" in text
    assert "2 of 3 steps reused" in text


def test_a_recording_that_names_itself_is_not_named_twice(pair):
    recorded = Comparison(
        replace(pair.bad, recorded="recorded 2026-11-22 on Engine 26.1"), pair.good
    )
    assert "Recorded 2026-11-22 on Engine 26.1;" in repr(recorded)
    assert "· recorded 2026-11-22" in recorded.plot().alt


def test_the_build_table_times_only_what_ran(edited):
    table = edited.good_rebuild.table()
    assert [row[2] for row in table.rows] == ["", "", "", "", "0.1 s", ""]
