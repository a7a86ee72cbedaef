"""Pictures are PNG with words; long texts fit; pyplot stays out of it."""

from __future__ import annotations

import io
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest

from mldocker_lab.show.bars import Bar, Part, stacked
from mldocker_lab.show.before_after import Cost, Panel, Tile, before_after
from mldocker_lab.show.figure import WIDTH, Sheet, tint
from mldocker_lab.show.timeline import Group, Lane, timeline

LONG = "RUN " + "apt-get install $PACKAGES_$x_{y} " * 10 + "\n END"


def pixels(picture):
    return matplotlib.image.imread(io.BytesIO(picture.png))


def bars(first):
    parts = (Part("base", 50, "base"), Part(LONG, first, "RUN"), Part("tiny", 0.01, "COPY"))
    rows = [Bar("bad", "a lot", parts), Bar("good", "little", (Part("x", 10, "ADD"),))]
    return stacked("t", rows, kinds=("base", "RUN", "COPY", "ADD"), unit=str, alt="two bars")


def lanes(seconds):
    group = Group("bad", seconds, (Lane(LONG, 0, seconds), Lane("COPY", 1, 0, "spared", "cached")))
    return timeline("t", [group, Group("good", 0, ())], alt="two groups")


def tiles(value):
    cost = Cost("bytes", value, "n")
    panel = Panel("bad", "0 of 1", (Tile(LONG, redone=True, word="run"),), (cost,))
    return before_after("t", [panel, Panel("good", "", (), (cost,))], alt="two panels")


FIGURES = [lambda: bars(100), lambda: lanes(12.5), lambda: tiles(5)]


@pytest.mark.parametrize("draw", FIGURES)
def test_a_figure_is_a_png_of_twice_its_width(draw):
    shape = pixels(draw()).shape
    assert shape[1] == 2 * WIDTH


@pytest.mark.parametrize("draw", FIGURES)
def test_the_same_figure_has_the_same_bytes(draw):
    assert draw().png == draw().png


def test_other_numbers_give_another_figure():
    assert bars(100).png != bars(200).png
    assert lanes(10).png != lanes(20).png


@pytest.mark.parametrize(
    "draw", [lambda: bars(0), lambda: lanes(0), lambda: lanes(9e5), lambda: tiles(None)]
)
def test_nothing_and_very_much_can_be_drawn(draw):
    assert pixels(draw()).shape[1] == 2 * WIDTH


@pytest.mark.parametrize("draw", FIGURES)
def test_the_card_is_opaque_and_nothing_is_written_over_its_edge(draw):
    image = pixels(draw())
    assert image[0, 0, 3] == 0  # outside the round corner
    assert (image[image.shape[0] // 2, :, 3] > 0.9).all()
    margin = image[60:-60, 8:40]
    assert np.ptp(margin.reshape(-1, 4), axis=0).max() == 0


def test_bundle_carries_alternative_text_and_width():
    data, metadata = bars(100)._repr_mimebundle_()
    assert data["text/plain"] == "two bars"
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": "two bars", "width": WIDTH}}
    assert repr(bars(100)) == "two bars"


def test_fitted_text_is_no_wider_than_its_room():
    sheet = Sheet(100)
    for room in (20, 100, 300):
        assert sheet.width_of(sheet.fit(LONG, room, 11, code=True), 11, code=True) <= room
    assert sheet.fit("x", 0, 11) == ""


def luminance(colour):
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_letters_stand_out_from_what_is_behind_them():
    """WCAG 2.2 asks for a contrast of 4.5."""
    from mldocker_lab.show import bars as b
    from mldocker_lab.show import figure as f

    pairs = [(f.INK, f.CARD), (f.SOFT, f.CARD), ("#ffffff", f.VERMILLION), ("#ffffff", f.BLUE)]
    pairs += [(f.INK, tint(colour, 0.62)) for colour, _ in b._FILLS]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


def test_drawing_leaves_pyplot_alone():
    code = (
        "import sys; from mldocker_lab.show.figure import Sheet; Sheet(50).picture('x');"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
