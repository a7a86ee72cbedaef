from __future__ import annotations

import pytest

from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import BuildFailed, EngineError
from mldocker_lab.report.events import (
    Built,
    Failed,
    Finished,
    Output,
    Progress,
    Started,
    decode,
    encode,
)
from mldocker_lab.report.fold import Folding, fold
from mldocker_lab.report.layers import HistoryEntry, ImageReport, Layer
from mldocker_lab.report.sizes import with_sizes
from mldocker_lab.report.twins import twins

TWINS = parse(
    "FROM python AS a\nWORKDIR /app\nCOPY req .\nRUN pip\n"
    "FROM python\nENV X=1\nWORKDIR /app\nCOPY req .\nRUN pip\nCOPY --from=a /x /x\n"
)


def statuses(dockerfile, events, **options):
    return [step.status for step in fold(dockerfile, events, name="x", **options).steps]


def done(step, *, cached):
    return [Started(step, 1.0), Finished(step, 2.0, cached=cached, seconds=1.0)]


def test_twins_are_the_same_work_in_two_stages():
    """The second RUN sees another environment: it is no twin."""
    assert twins(TWINS) == {7: 2}


def test_a_stage_on_a_stage_repeats_nothing():
    assert twins(parse("FROM a AS x\nRUN one\nFROM x\nRUN one\n")) == {}


@pytest.mark.parametrize("cached", [False, True])
def test_a_twin_has_the_status_of_the_first(cached):
    """BuildKit tells of one of the two only; the classic builder calls the second a hit."""
    ends = [event for step in (2, 3, 8, 9) for event in done(step, cached=cached)]
    one = statuses(TWINS, [*ends, Built(9.0, "i")])
    two = statuses(TWINS, [*ends, *done(7, cached=True), Built(9.0, "i")], builder="classic")
    assert one == two
    assert one[7] == ("cached" if cached else "run")


@pytest.mark.parametrize("cached", [False, True])
def test_buildkit_may_name_shared_work_by_its_second_place(cached):
    """A race decides which of the two stages it names; the states must not depend on it."""
    first, second = (
        [event for step in (named, 3, 8, 9) for event in done(step, cached=cached)]
        for named in (2, 7)
    )
    assert statuses(TWINS, [*first, Built(9.0, "i")]) == statuses(TWINS, [*second, Built(9.0, "i")])
    folding = Folding(TWINS)
    folding.add(Started(7, 1.0))
    assert [folding.rows()[step].state for step in (2, 7, 3)] == ["running", "running", "waiting"]


def test_a_step_that_buildkit_never_looked_at_came_from_the_cache():
    dockerfile = parse("FROM a AS x\nRUN one\nFROM a\nCOPY --from=x /y /y\n")
    assert statuses(dockerfile, [*done(3, cached=True), Built(9.0, "i")])[1] == "cached"


def test_nothing_runs_on_a_step_that_nobody_looked_at():
    dockerfile = parse("FROM a\nCOPY x y\nRUN one\n")
    with pytest.raises(EngineError, match="what became of line 2: COPY x y"):
        statuses(dockerfile, [*done(2, cached=False), Built(9.0, "i")])


def test_a_target_leaves_out_what_comes_later():
    dockerfile = parse("FROM a AS x\nRUN one\nFROM x AS y\nRUN two\n")
    events = [*done(1, cached=False), Built(9.0, "i")]
    for builder in ("buildkit", "classic"):
        built = fold(dockerfile, events, name="x", target="x", builder=builder)
        assert [s.status for s in built.steps] == ["metadata", "run", "metadata", "skipped"]
        assert (built.cache_hits, built.cache_steps) == (0, 1)


def test_the_context_is_the_last_amount_told():
    dockerfile = parse("FROM a\n")
    events = [Progress(None, 0.1, "context", 10, 30), Progress(None, 0.2, "context", 30, 30)]
    assert fold(dockerfile, [*events, Built(1.0, "i")], name="x").context_bytes == 30


def test_logs_keep_whole_lines_and_the_end_of_what_was_overwritten():
    folding = Folding(parse("FROM a\nRUN x\n"))
    for text in ("a", "b\n10%\r", "50%\r100%\n", "last"):
        folding.add(Output(1, 1.0, text))
    assert folding.log(1) == ("ab", "100%", "last")
    assert folding.log(0) == ()


def test_a_failure_shows_the_last_twelve_lines():
    dockerfile = parse("FROM a\n\nRUN x\n")
    text = "".join(f"line {n}\n" for n in range(500))
    events = [Output(2, 1.0, text), Output(1, 1.0, text), Failed(1, 2.0, "exit code: 3")]
    with pytest.raises(BuildFailed) as caught:
        fold(dockerfile, events, name="x")
    assert caught.value.log == tuple(f"line {n}" for n in range(488, 500))
    assert (caught.value.line, caught.value.what) == (3, "RUN ended with exit status 3")


def test_events_that_just_end_are_no_report():
    with pytest.raises(BuildFailed, match="did not come to an end"):
        fold(parse("FROM a\n"), [], name="x")


@pytest.mark.parametrize(
    "event",
    [
        Started(1, 0.5),
        Finished(1, 0.5, cached=True),
        Output(None, 1.0, "ü\n"),
        Progress(2, 1.0, "layers", 3, 9),
        Built(2.0, "sha256:1"),
        Failed(None, 2.0, "no"),
    ],
)
def test_events_survive_json(event):
    assert decode(encode(event)) == event


@pytest.mark.parametrize("data", [{}, {"kind": "x"}, {"kind": "built", "at": 1, "extra": 2}])
def test_what_is_no_event_is_refused(data):
    with pytest.raises(ValueError, match="not a build event"):
        decode(data)


def _image(*created_by_and_bytes):
    made = [(text, size) for text, size in created_by_and_bytes if size is not None]
    layers = tuple(Layer(f"sha256:{n}", t, size, 1, 1) for n, (t, size) in enumerate(made))
    numbers = iter(range(len(layers)))
    history = tuple(
        HistoryEntry(text, None if size is None else next(numbers))
        for text, size in created_by_and_bytes
    )
    return ImageReport("x", layers, history)


BASE = [("base", 100), ("base ENV", None)]
CHAIN = parse("FROM b AS x\nRUN one\nENV A=1\nFROM other\nRUN no\nFROM x\nCOPY a .\nCMD c\n")
OWN = [("RUN one", 7), ("ENV A=1", None), ("COPY a .", 9), ("CMD c", None)]


@pytest.mark.parametrize(
    ("builder", "label"),
    [("buildkit", []), ("classic", [("/bin/sh -c #(nop)  LABEL mldocker_lab=image", None)])],
)
def test_layers_go_to_the_instructions_that_lead_to_the_image(builder, label):
    steps = [*done(1, cached=False), *done(4, cached=False), *done(6, cached=False)]
    built = fold(CHAIN, [*steps, Built(1.0, "i")], name="x", builder=builder)
    sized = with_sizes(built, CHAIN, _image(*BASE, *OWN, *label))
    assert [step.bytes for step in sized.steps] == [None, 7, None, None, None, None, 9, None]
    assert sized.bytes == 116


def test_an_image_without_history_gives_no_step_a_size():
    built = fold(CHAIN, [Built(1.0, "i")], name="x")
    sized = with_sizes(built, CHAIN, ImageReport("x", (Layer("sha256:1", "", 5, 1, 1),)))
    assert {step.bytes for step in sized.steps} == {None}
    assert sized.bytes == 5
