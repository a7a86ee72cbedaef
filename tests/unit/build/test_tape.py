"""Real builds, recorded on two engines by tests/record_tapes.py, played back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mldocker_lab.build.tape import Tape
from mldocker_lab.errors import BuildFailed, Corrupted, UsageError
from mldocker_lab.report.build import BuildReport
from mldocker_lab.report.fold import fold

TAPES = Path(__file__).parents[1] / "tapes"
BUILDERS = ("buildkit", "classic")


@pytest.fixture(scope="module", params=sorted(path.name for path in TAPES.glob("*.jsonl")))
def tape(request):
    return Tape.load(TAPES / request.param)


def report(tape, side):
    recorded = tape.sides[side]
    return fold(recorded.parsed(), tape.events(side), name=side, builder=recorded.builder)


def counted(built):
    """Statuses of the steps that both builders run: all but those of the unneeded stage."""
    return [s.status for s in built.steps if s.status != "metadata" and s.stage != "notebooks"]


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_cold_build_finds_nothing(tape, builder):
    built = report(tape, f"{builder}-cold")
    assert built.cache_hits == 0
    assert counted(built) == ["run"] * 5


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_same_again_finds_everything(tape, builder):
    built = report(tape, f"{builder}-again")
    assert built.cache_hits == built.cache_steps > 0
    assert counted(built) == ["cached"] * 5


@pytest.mark.parametrize("builder", BUILDERS)
def test_an_edit_of_the_app_runs_what_comes_from_its_copy_on(tape, builder):
    built = report(tape, f"{builder}-edit")
    assert counted(built) == ["cached"] * 4 + ["run"]
    assert built["COPY app.py"].status == "run"


def test_only_buildkit_skips_the_stage_that_nobody_needs(tape):
    skipped = [report(tape, f"{b}-cold")["never needed"].status for b in BUILDERS]
    assert skipped == ["skipped", "run"]
    assert [report(tape, f"{b}-cold").cache_steps for b in BUILDERS] == [5, 6]


def test_both_builders_agree_on_every_layer(tape):
    buildkit, classic = (tape.reports[f"{b}-cold"] for b in BUILDERS)
    assert {s.index: s.bytes for s in buildkit.steps} == {s.index: s.bytes for s in classic.steps}
    assert buildkit["COPY --from=builder"].bytes == 300_000
    assert buildkit["COPY app.py"].bytes == len("print('ready')\n")
    assert buildkit["RUN echo installing"].bytes is None  # its layer stays in the builder stage
    assert buildkit.bytes == classic.bytes


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_report_on_the_tape_is_what_its_events_fold_to(tape, builder):
    recorded, folded = tape.reports[f"{builder}-again"], report(tape, f"{builder}-again")
    assert recorded.steps == folded.steps
    assert (recorded.image_id, recorded.seconds) == (folded.image_id, folded.seconds)
    assert recorded.context_bytes == folded.context_bytes > 0


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_failing_build_says_where_and_why(tape, builder):
    with pytest.raises(BuildFailed) as caught:
        report(tape, f"{builder}-failing")
    error = caught.value
    assert error.line == 4
    assert error.instruction.startswith("RUN echo about to fail")
    assert {"about to fail", "/bin/sh: 1: no-such-program: not found"} <= set(error.log)
    assert "no command no-such-program" in error.what
    assert f"{builder}-failing" not in tape.reports


@pytest.mark.parametrize("builder", BUILDERS)
def test_rows_while_the_build_goes_on(tape, builder):
    folding = tape.sides[f"{builder}-failing"].folding()
    seen = {row.step: [] for row in folding.rows()}
    for event in tape.events(f"{builder}-failing"):
        folding.add(event)
        for row in folding.rows():
            if seen[row.step][-1:] != [row.state]:
                seen[row.step].append(row.state)
    assert list(seen.values()) == [
        ["metadata"],
        ["waiting", "running", "run"],
        ["waiting", "running", "failed"],
        ["waiting"],
    ]


def test_a_replay_says_that_it_is_one(tape):
    words = {built.recorded for built in tape.reports.values()}
    assert words == {f"recorded {tape.date} on {tape.engine}, {tape.machine['cpus']} CPUs"}


def test_a_report_survives_json(tape):
    for built in tape.reports.values():
        assert BuildReport.from_dict(json.loads(json.dumps(built.to_dict()))) == built


def _lines():
    return (TAPES / "20.10.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda lines: lines[:-1], "its end is missing"),
        (lambda lines: [*lines[:40], *lines[41:]], "its end is missing"),
        (lambda lines: [*lines[:-2], lines[-2][:30], lines[-1]], "cannot be understood"),
        (lambda lines: [lines[0].replace('"tape":1', '"tape":99'), *lines[1:]], "format 99"),
        (lambda lines: lines[1:], "does not begin"),
        (lambda _: [], "does not begin"),
        (lambda lines: [lines[0], '{"side":"a","event":{"kind":"x"}}\n', '{"end":2}\n'], "underst"),
        (lambda lines: [*lines[:5], "[]\n", *lines[6:]], "cannot be understood"),
    ],
)
def test_a_damaged_tape_is_refused(tmp_path, damage, why):
    path = tmp_path / "damaged.jsonl"
    path.write_text("".join(damage(_lines())), encoding="utf-8")
    with pytest.raises(Corrupted, match=why):
        Tape.load(path)


def test_no_tape_and_no_side(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        Tape.load(tmp_path / "nothing")
    with pytest.raises(UsageError, match="has no 'best'"):
        list(Tape.load(TAPES / "20.10.jsonl").events("best"))
