"""A table says the same as text and as HTML, on any page, every time."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from rich.console import Console

from mldocker_lab.show.table import WIDTH, Column, Table, bundle

LONG = "RUN " + "pip install scikit-learn " * 12 + "&& rm -rf /root/.cache"


@pytest.fixture
def table():
    columns = (Column("instruction", "code"), Column("status"), Column("time", "number"))
    rows = (
        (LONG, "■ run", "4.2 s"),
        ("RUN echo '<b>&' \"[bold]\"", "□ cached", ""),
    )
    return Table("A <title>", columns, rows, ("time: wall & clock.",))


class Cells(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """A tag opens."""
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        """The tag opened last closes."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Text between tags."""
        self.words.append(data.strip())


def test_text_keeps_its_width_and_both_ends_of_an_instruction(table):
    lines = table.to_text().splitlines()
    assert max(map(len, lines)) <= WIDTH
    row = next(line for line in lines if "■ run" in line)
    assert row.startswith("RUN pip install")
    assert "rm -rf /root/.cache" in row
    assert "…" in row


def test_text_holds_no_escape_codes_and_takes_brackets_literally(table, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    text = table.to_text()
    assert "\x1b" not in text
    assert '"[bold]"' in text
    assert max(map(len, text.splitlines())) > 40


def test_html_is_semantic_and_escaped(table):
    html = table.to_html()
    page = Cells(html)
    tags = [tag for tag, _ in page.tags]
    scopes = [attrs["scope"] for tag, attrs in page.tags if tag == "th"]
    assert not page.open
    assert "caption" in tags
    assert scopes == ["col", "col", "col", "row", "row"]
    assert "b" not in tags
    assert "RUN echo '<b>&' \"[bold]\"" in page.words
    assert "A <title>" in page.words


def test_html_brings_no_colours_ids_or_scripts(table):
    html = table.to_html().lower()
    for word in ("color", "background", "id=", "script", "class="):
        assert word not in html


def test_html_keeps_the_whole_instruction(table):
    assert " ".join(LONG.split()) in Cells(table.to_html()).words


def test_bundle_honours_include_and_exclude(table):
    assert bundle([table]).keys() == {"text/plain", "text/html"}
    assert bundle([table], include=["text/html"]).keys() == {"text/html"}
    assert bundle([table], exclude=["text/html"]).keys() == {"text/plain"}


def test_a_rich_console_shows_it_as_wide_as_it_is(table):
    out = io.StringIO()
    Console(file=out, width=60, color_system=None).print(table)
    assert max(len(line) for line in out.getvalue().splitlines()) <= 60


def test_a_row_with_a_cell_too_few_is_refused():
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        Table("t", (Column("a"), Column("b")), (("x",),))
