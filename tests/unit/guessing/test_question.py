"""What can be asked, and what counts as an answer."""

from __future__ import annotations

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.guessing.question import Question, ask
from mldocker_lab.report.build import BuildReport, Step

DOCKERFILE = """\
FROM base AS one
COPY requirements.txt .
RUN pip install \\
    -r requirements.txt
FROM base
COPY requirements.txt .
COPY --from=one /x /x
CMD ["x"]
"""


@pytest.fixture
def steps(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_text(DOCKERFILE)
    return ask("03/code", "Which steps run again?", steps=path)


def report(steps, *statuses):
    texts = ("FROM base AS one", *steps.steps[:2], "FROM base", *steps.steps[2:], 'CMD ["x"]')
    rows = tuple(Step("0", n, *row) for n, row in enumerate(zip(texts, statuses, strict=True)))
    return BuildReport("bad", "sha256:x", "t", "buildkit", "e", 1.0, 1, rows)


def test_steps_are_those_that_make_files(steps):
    assert len(steps.steps) == 4
    assert steps.steps[1].startswith("RUN pip install")


def test_steps_match_by_instruction_the_first_with_the_first(steps):
    assert steps.steps[0] == steps.steps[2]
    built = report(steps, "metadata", "cached", "run", "metadata", "run", "skipped", "metadata")
    assert steps.seen(built) == [2, 3]


def test_a_build_of_something_else_is_refused(steps):
    other = BuildReport("x", "i", "t", "buildkit", "e", 1.0, 1, (Step("0", 0, "RUN x", "run"),))
    with pytest.raises(UsageError, match="that build had no step"):
        steps.seen(other)


def test_steps_by_number_by_words_or_none(steps):
    assert steps.read([2, 1, 2]) == [1, 2]
    assert steps.read(["pip install"]) == [2]
    assert steps.read("pip install") == [2]
    assert steps.read([]) == []
    with pytest.raises(UsageError, match="no step 9"):
        steps.read([9])


def test_a_choice_is_one_of_the_choices():
    question = ask("05/tag", "Which?", choices=["yes", "no"])
    assert question.read(" YES ") == "yes"
    assert question.seen(value=True) == "yes"
    assert question.seen("3.13") == "3.13"  # the world may know more
    with pytest.raises(UsageError, match="none of the choices"):
        question.read("perhaps")


def test_a_number_from_numpy_becomes_python_s():
    numpy = pytest.importorskip("numpy")
    found = ask("05/n", "?").seen(numpy.int64(3))
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [True, None, [1], "many"])
def test_what_is_no_number(value):
    with pytest.raises(UsageError):
        ask("05/n", "?").read(value)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("tag", {}),
        ("05/two words", {}),
        ("../x", {}),
        ("05/x", {"unit": "MB", "choices": ["a", "b"]}),
        ("05/x", {"choices": ["a"]}),
        ("05/x", {"steps": "no/such/Dockerfile"}),
    ],
)
def test_what_cannot_be_asked(name, options):
    with pytest.raises(UsageError):
        ask(name, "?", **options)


def test_it_survives_json(steps):
    assert Question.from_dict(steps.to_dict()) == steps


def test_as_text_and_html():
    question = ask("05/tag", "Is `<b>` kept?", choices=["yes", "`no`"])
    assert question.to_text() == "Predict. Is `<b>` kept?\n  ( ) yes\n  ( ) `no`"
    assert "<code>&lt;b&gt;</code>" in question.to_html()
    assert "<li><code>no</code></li>" in question.to_html()
    assert "a number of MB" in ask("05/n", "?", unit="MB").to_html()
