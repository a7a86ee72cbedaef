"""Results in the columns others read; nothing in them is a formula, a tag or a control."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.grade import sheets
from mldocker_lab.grade.junit import junit
from mldocker_lab.grade.ledger import Attempt, Hashes
from mldocker_lab.grade.page import page
from mldocker_lab.grade.score import CheckScore, ExerciseScore, Gradebook, SubmissionScore
from mldocker_lab.grade.tables import attempts
from mldocker_lab.grade.verdict import Verdict, failed, passed

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SCORE = ExerciseScore(
    "00_toy",
    (
        CheckScore("one", 3, passed("all is well")),
        CheckScore("two", 2, failed("=1+1 <b>seen</b>", why="it matters", hint="try & see")),
        CheckScore("three", 1, Verdict("not-attempted", "no GPU here")),
        CheckScore("four", 1, Verdict("error", "the engine is gone")),
    ),
)
REFUSED = ExerciseScore("–", (), "bob.zip is not a zip file")
BOOK = Gradebook(
    (
        SubmissionScore("alice", (SCORE,), NOW, late=7200),
        SubmissionScore("=cmd|' /C calc'!A0", (REFUSED,)),
    ),
    ("memory cannot be limited",),
)


def attempt(name: str, score: ExerciseScore, number: int = 1, late: int | None = None) -> Attempt:
    return Attempt(number, NOW, name, score, NOW, late, Hashes("", "", "", "", ""), None)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_a_row_for_every_check():
    found = rows(sheets.checks(BOOK))
    assert found[0][:4] == ["submission", "exercise", "check", "status"]
    assert found[1] == [
        "alice", "00_toy", "one", "passed", "3", "3", "2 hours", "all is well",
    ]  # fmt: skip
    assert [row[3] for row in found[1:5]] == ["passed", "failed", "not-attempted", "error"]
    assert found[5][0] == "'=cmd|' /C calc'!A0"
    assert found[5][-1] == "bob.zip is not a zip file"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in found for cell in row)


def test_junit_tells_failed_broken_and_not_attempted_apart():
    root = ET.fromstring(junit(BOOK))
    first, second = root.findall("testsuite")
    assert first.attrib == {
        "name": "alice.00_toy", "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    kinds = [[child.tag for child in case] for case in first.findall("testcase")]
    assert kinds == [[], ["failure"], ["skipped"], ["error"]]
    assert second.find("testcase/failure").attrib["message"] == "bob.zip is not a zip file"


def test_junit_survives_what_xml_cannot_hold():
    score = ExerciseScore("x", (CheckScore("a", 1, failed("\x00\x1b\ud800]]>")),))
    root = ET.fromstring(junit(Gradebook((SubmissionScore("a\x01", (score,)),))).encode())
    assert "\ufffd\ufffd\ufffd]]>" in root.find(".//failure").text


def test_the_page_shows_everything_escaped_and_loads_nothing():
    html = page(BOOK, {}, NOW)
    assert "&lt;b&gt;seen&lt;/b&gt;" in html
    assert "<b>" not in html
    for word in (
        "it matters",
        "try &amp; see",
        "no GPU here",
        "not attempted here",
        "2 hours late",
    ):
        assert word in html
    assert "bob.zip is not a zip file" in html
    assert "memory cannot be limited" in html
    for word in ("<script", "http://", "https://", "src=", "@import", "url("):
        assert word not in html


def test_the_page_of_one_is_its_own():
    html = page(Gradebook(BOOK.submissions[:1]), {}, NOW)
    assert "<h1>alice: results</h1>" in html
    assert 'class="overview"' not in html
    assert "bob.zip" not in html


MARKS = {
    "Ada Lovelace_1234_assignsubmission_file_": {"00_toy": attempt("a", SCORE, late=90_000)},
    "bob": {
        "00_toy": attempt("b", SCORE),
        "01_other": attempt("b", replace(SCORE, id="01_other")),
    },
    "nobody": {"00_toy": attempt("n", SCORE)},
}
WORKSHEET = """\
\ufeffIdentifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade),More
Participant 1234,Ada Lovelace,ada@example.org,Submitted,,100.00,-,kept
Participant 99,Bob Bobson,bob,Submitted,1.00,100.00,-,
Participant 7,Carol,carol@example.org,No submission,,100.00,-,
"""


def test_moodles_worksheet_is_filled_in_and_otherwise_left_alone():
    found = rows(sheets.moodle(MARKS, "00_toy", sheets.read_roster(WORKSHEET)))
    assert found[0] == [
        "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
        "Last modified (grade)", "More", "Feedback comments",
    ]  # fmt: skip
    ada, bob, carol = found[1:]
    assert ada[:5] == ["Participant 1234", "Ada Lovelace", "ada@example.org", "Submitted", "3"]
    assert ada[5:8] == ["100.00", "-", "kept"]
    assert ada[8].startswith("handed in 1 day late\none: 3 of 3. all is well")
    assert bob[4] == "3"
    assert carol[4] == ""


def test_without_a_worksheet_moodles_folder_names_tell_who_it_is():
    found = rows(sheets.moodle(MARKS, "00_toy"))
    assert found[1][:3] == ["Participant 1234", "Ada Lovelace", "3"]
    assert found[2][:3] == ["bob", "bob", "3"]


CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,00_toy (55),Final Score
    Points Possible,,,,,10,(read only)
"Lovelace, Ada",1234,sis1,ada,Room 1,,
"Bobson, Bob",99,sis2,bob,Room 1,,
"""


def test_canvas_gets_its_students_and_columns_back():
    found = rows(sheets.canvas(MARKS, sheets.read_roster(CANVAS)))
    assert found[0] == [
        "Student", "ID", "SIS User ID", "SIS Login ID", "Section", "00_toy (55)", "01_other",
    ]  # fmt: skip
    assert found[1] == ["    Points Possible", "", "", "", "", "7", "7"]
    assert found[2] == ["Lovelace, Ada", "1234", "sis1", "ada", "Room 1", "3", ""]
    assert found[3] == ["Bobson, Bob", "99", "sis2", "bob", "Room 1", "3", "3"]
    assert len(found) == 4


def test_without_an_export_a_submissions_name_is_the_login():
    found = rows(sheets.canvas({"bob": MARKS["bob"]}))
    assert found[2] == ["bob", "", "", "bob", "", "3", "3"]


def test_who_could_be_two_people_gets_nobodys_mark():
    twice = CANVAS + '"Other, Bob",98,sis3,bob,Room 2,,\n'
    found = rows(sheets.canvas(MARKS, sheets.read_roster(twice)))
    assert [row[0] for row in found[2:]] == ["Lovelace, Ada"]


def test_a_roster_without_rows_is_no_roster():
    with pytest.raises(UsageError, match="no rows"):
        sheets.read_roster("Student,ID\n")


def test_marks_and_attempts_as_tables():
    found = rows(sheets.marks(MARKS))
    assert found[1][:5] == [
        "Ada Lovelace_1234_assignsubmission_file_", "00_toy", "3", "7", "1 day",
    ]  # fmt: skip
    assert "nobody" in attempts([attempt("nobody", SCORE)]).to_text()
