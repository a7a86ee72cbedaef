"""What is found once is kept; what could not be found stays that way; the answer is left alone."""

from __future__ import annotations

import pytest

from mldocker_lab.errors import (
    BuildFailed,
    DiskFull,
    EngineGone,
    ImageNotFound,
    NoEngine,
    SupplyError,
    UsageError,
)
from mldocker_lab.grade.evidence import Evidence
from mldocker_lab.grade.rubric import Check
from mldocker_lab.grade.score import CheckScore
from mldocker_lab.grade.verdict import Verdict, failed, passed, verdict_on


@pytest.fixture
def answer(tmp_path):
    folder = tmp_path / "answer"
    folder.mkdir()
    (folder / "app.py").write_text("VERSION = 1\n")
    return folder


def nothing():
    raise NoEngine("none here", "start one")


def test_a_fact_is_found_once_also_if_it_is_an_error(answer):
    calls = []

    def find():
        calls.append(1)
        raise BuildFailed("no")

    with Evidence(answer, nothing) as evidence:
        assert evidence.once("a", lambda: calls.append(0) or 7) == 7
        assert evidence.once("a", lambda: 8) == 7
        for _ in range(2):
            with pytest.raises(BuildFailed):
                evidence.once("b", find)
    assert calls == [0, 1]


def test_the_answer_itself_is_never_touched(answer):
    with Evidence(answer, nothing, name="03_cache") as evidence:
        evidence.put("data/big.bin", b"x")
        evidence.put("app.py", "changed")
        assert evidence.text("app.py") == "changed"
        copy = evidence.folder
        assert copy.name == "03_cache"
    assert sorted(path.name for path in answer.iterdir()) == ["app.py"]
    assert (answer / "app.py").read_text() == "VERSION = 1\n"
    assert not copy.exists()


def test_every_run_has_its_own_random_things_which_a_token_repeats(answer):
    def drawn(token=None):
        with Evidence(answer, nothing, token=token) as evidence:
            return evidence.token, evidence.random.random()

    assert drawn() != drawn()
    assert drawn("a") == drawn("a")


def test_a_missing_answer_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        Evidence(tmp_path / "none", nothing)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BuildFailed("x"), "failed"),
        (UsageError("no Dockerfile"), "failed"),
        (ImageNotFound("no such base"), "failed"),
        (NoEngine("none"), "not-attempted"),
        (EngineGone("gone"), "error"),
        (DiskFull("full"), "error"),
        (SupplyError("no mirror"), "error"),
        (ZeroDivisionError("ours"), "error"),
    ],
)
def test_whose_fault_an_error_is(error, status):
    """Only what the answer did can fail it; a broken machine or check says nothing about it."""
    assert verdict_on(error).status == status


def test_without_an_engine_a_check_is_not_attempted(answer):
    check = Check("builds", "it builds", lambda evidence: evidence.first and passed())
    with Evidence(answer, nothing) as evidence:
        assert check(evidence) == Verdict("not-attempted", "none here", hint="start one")


def test_a_pass_always_says_what_the_check_promised(answer):
    check = Check("a", "it holds", lambda _: passed("took 3.2 s"))
    with Evidence(answer, nothing) as evidence:
        assert check(evidence).seen == "it holds"


def test_a_score_shows_its_verdict_and_survives_json():
    verdict = failed("two lines\nseen", why="it costs", hint="less")
    score = CheckScore("a-b", 2, verdict)
    assert repr(score).splitlines()[0] == "✘ a-b (0 of 2 points)"
    assert score.to_dict()["message"] == "two lines seen; it costs; try: less"
    assert Verdict.from_dict(verdict.to_dict()) == verdict
    assert repr(CheckScore("a-b", 2, Verdict("not-attempted", "no engine"))).startswith(
        "– a-b (0 of 2 points, not attempted)"
    )
