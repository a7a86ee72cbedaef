"""What a figure of reports draws, and that its description states the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.report import figures
from mldocker_lab.report.build import Step, briefly


def test_layers_are_the_base_and_the_steps_that_left_one(pair):
    bar = figures._bar(pair.bad)
    assert [(part.kind, part.value) for part in bar.parts] == [
        ("base image", 120_000_000),
        ("other", 0),
        ("COPY", 5_000_000),
        ("RUN", 400_000_000),
    ]
    assert bar.total == "525 MB in 4 layers"


def test_layers_say_how_much_and_where_most_is(pair):
    alt = pair.plot().alt
    assert "bad holds 525 MB in 4 layers" in alt
    assert "good holds 150 MB in 5 layers" in alt
    assert "(400 MB)" in alt


def test_layers_of_an_unmeasured_image_cannot_be_drawn(pair):
    with pytest.raises(UsageError, match="was not measured"):
        figures.layers(replace(pair.bad, image=None))


def test_timeline_puts_steps_after_each_other_where_no_start_is_known(pair):
    lanes = figures._lanes(pair.good)
    assert [round(lane.start, 1) for lane in lanes] == [0.0, 0.1, 20.1, 20.2]
    assert lanes[-1].kind == "rest"
    assert lanes[-1].start + lanes[-1].seconds == pair.good.seconds


def test_timeline_takes_starts_that_are_known(pair):
    first, *rest = [step for step in pair.bad.steps if step.keyword in ("RUN", "COPY")]
    steps = (replace(first, started=3.0), *(replace(step, started=1.0) for step in rest))
    assert [lane.start for lane in figures._lanes(replace(pair.bad, steps=steps))][:2] == [3.0, 1.0]


def test_timeline_shows_a_cached_step_as_spared_with_the_word(edited):
    lanes = figures._lanes(edited.good_rebuild)
    assert [lane.kind for lane in lanes[:3]] == ["spared", "spared", "work"]
    assert "cached" in lanes[0].word
    assert "2 of 3 steps reused" in figures.timeline(edited.good_rebuild).alt


def test_edit_shows_what_ran_again_and_its_cost(edited):
    bad, good = (
        figures._panel(side.build.name, side.rebuild, side.pull_again) for side in edited.sides
    )
    assert [tile.redone for tile in bad.tiles] == [True, True]
    assert [tile.redone for tile in good.tiles] == [False, False, True]
    assert [cost.words for cost in good.costs] == ["0.5 s", "800 B"]
    alt = edited.plot_edit().alt
    assert "an edit of app.py" in alt
    assert "bytes to pull again 162 MB" in alt


def test_without_an_edit_there_is_no_such_figure(pair):
    with pytest.raises(UsageError, match="without an edit"):
        pair.plot_edit()


def test_a_replay_says_so_in_the_description(edited):
    recorded = replace(edited, bad=replace(edited.bad, recorded="2026-11-22"))
    for picture in (recorded.plot(), recorded.plot_timeline(), recorded.plot_edit()):
        assert "recorded 2026-11-22" in picture.alt


def test_mounts_are_left_out_of_labels():
    step = Step("0", 0, "RUN --mount=type=cache,target=/c --network=none pip install .", "run")
    assert briefly(step.instruction) == "RUN pip install ."
    copy = Step("0", 0, "COPY --from=train /model .", "run")
    assert briefly(copy.instruction) == "COPY --from=train /model ."
