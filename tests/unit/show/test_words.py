from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mldocker_lab.show.words import folded, middle, one_line


def test_both_ends_stay():
    assert middle("RUN pip install -r requirements.txt", 21) == "RUN pip in…ements.txt"


def test_what_fits_stays_as_it_is():
    assert middle("COPY . .", 8) == "COPY . ."


@given(st.text(), st.integers(0, 40))
def test_never_wider_than_asked(text, width):
    assert len(middle(text, width)) <= width


@given(st.text())
def test_one_line_is_one_line(text):
    assert len(one_line(text).splitlines()) <= 1


def test_folding_breaks_between_words_and_keeps_each_line_a_line():
    text = "one two three four\n  five six/seven-eight"
    assert folded(text, 10, 4) == "one two\n    three\n    four\n  five\n    six/seven-eight"
    assert folded("short\n  and  aligned", 40, 4) == "short\n  and  aligned"
