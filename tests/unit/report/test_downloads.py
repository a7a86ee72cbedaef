"""What pip downloaded, told from what pip 26 prints when its output is not a terminal."""

from __future__ import annotations

from mldocker_lab.report.downloads import downloads
from mldocker_lab.report.events import Finished, Output

FETCHED = """\
Collecting pydantic-core==2.50.4
  Downloading http://index/pydantic_core-2.50.4-cp311-cp311-manylinux2014_x86_64.whl (2.1 MB)
Collecting idna
  Downloading idna-3.20-py3-none-any.whl.metadata (7.1 kB)
Downloading idna-3.20-py3-none-any.whl (69 kB)
Installing collected packages: idna, pydantic-core
"""
CACHED = """\
Collecting idna
  Using cached idna-3.20-py3-none-any.whl.metadata (7.1 kB)
Using cached idna-3.20-py3-none-any.whl (69 kB)
"""


def said(text, step=2):
    return Output(step, 1.0, text)


def test_wheels_count_and_their_metadata_does_not():
    assert downloads([said(FETCHED)]) == ("idna", "pydantic-core")


def test_what_came_out_of_the_cache_was_not_downloaded():
    assert downloads([said(CACHED)]) == ()


def test_a_line_cut_in_two_by_another_step_is_still_one_line():
    half = len(FETCHED) // 3
    events = [
        said(FETCHED[:half]),
        said("Downloading ", 5),
        said(FETCHED[half:]),
        said("soon\n", 5),
    ]
    assert downloads([*events, Finished(2, 3.0, cached=False)]) == ("idna", "pydantic-core")


def test_two_downloads_of_one_wheel_are_two():
    assert downloads([said(FETCHED, 2), said(FETCHED, 4)]).count("idna") == 2
