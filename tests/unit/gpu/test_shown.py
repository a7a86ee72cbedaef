"""What a notebook shows: the grid, the badge, the tables; strangers' words escaped."""

from __future__ import annotations

from html.parser import HTMLParser

from mldocker_lab import gpus
from mldocker_lab.gpu import host as hosts_of
from mldocker_lab.gpu import image as images_of
from mldocker_lab.gpu.badge import Badge, badge


class Seen(HTMLParser):
    """Counts tags and collects text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, _):
        """Counts."""
        self.tags[tag] = self.tags.get(tag, 0) + 1

    def handle_data(self, data):
        """Collects."""
        self.text += data


def test_every_cell_of_the_grid_opens_to_its_reasons():
    grid = gpus.matrix()
    seen = Seen(grid._repr_mimebundle_()["text/html"])
    pairs = len(grid.hosts) * len(grid.images)
    assert seen.tags["details"] == pairs == len(list(grid))
    assert seen.tags["li"] == 3 * pairs
    assert all(gate.reason in seen.text for one in grid for gate in one.gates.values())
    assert "made-up" in seen.text
    assert "script" not in seen.tags


def test_strangers_words_are_escaped():
    host = hosts_of.from_dict({"name": "<script>", "driver": "<b>", "gpus": [{"brand": "<i>"}]})
    image = images_of.given({"NVIDIA_REQUIRE_CUDA": "<u>"}, name="<img src=x>")
    for shown in (gpus.matrix([host], [image]), gpus.check(image, host)):
        tags = Seen(shown._repr_mimebundle_()["text/html"]).tags
        assert not {"script", "img", "u", "i"} & tags.keys()


def test_text_is_no_wider_than_a_page():
    for shown in (gpus.matrix(), gpus.check("nvidia/cuda:12.4.1-base-ubuntu22.04", "laptop")):
        assert max(map(len, repr(shown).splitlines())) <= 100


def test_badges():
    assert repr(Badge("no GPU")).startswith("[no GPU] there is none here")
    assert badge(gpus.host("rtx3090-525")).basis == "recorded host"
    assert badge(gpus.host("rtx3060-530")).basis == "made-up host"
    assert badge(hosts_of.given(driver="535.104.05")).basis == "given facts"
    assert "made-up host" in Seen(gpus.badge("laptop").to_html()).text
