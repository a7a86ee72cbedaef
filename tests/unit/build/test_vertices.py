from __future__ import annotations

import pytest

from mldocker_lab.build.vertices import StepNames
from mldocker_lab.dockerfile.parse import parse

STAGES = """\
ARG BASE=python
FROM $BASE AS Builder
WORKDIR /app
COPY a b
ENV X=1
RUN make
FROM builder AS tests
RUN check
FROM scratch
COPY --from=builder /a /a
FROM python
WORKDIR /
WORKDIR sub/..
WORKDIR app
COPY --from=builder /a /a
CMD ["x"]
"""


@pytest.mark.parametrize(
    ("name", "instruction"),
    [
        ("[builder 1/4] FROM docker.io/library/python", "FROM $BASE AS Builder"),
        ("[builder 2/4] WORKDIR /app", "WORKDIR /app"),
        ("[builder 3/4] COPY a b", "COPY a b"),
        ("[builder 4/4] RUN make", "RUN make"),
        ("[linux/arm64 builder 4/4] RUN make", "RUN make"),
        ("[linux/amd64->arm64 builder 4/4] RUN make", "RUN make"),
        ("[tests 1/1] RUN check", "RUN check"),
        ("[stage-2 1/1] COPY --from=builder /a /a", "COPY --from=builder /a /a"),
        ("[stage-3 1/5] FROM docker.io/library/python", "FROM python"),
        ("[stage-3 2/5] WORKDIR /app", "WORKDIR app"),
        ("[stage-3 3/5] COPY --from=builder /a /a", "COPY --from=builder /a /a"),
    ],
)
def test_a_vertex_finds_its_instruction(name, instruction):
    dockerfile = parse(STAGES)
    step = StepNames(dockerfile).step(name)
    assert step is not None
    assert dockerfile.instructions[step].oneline == instruction


@pytest.mark.parametrize("stage", ["", "builder "])
def test_numbers_are_padded_once_a_stage_has_ten_steps(stage):
    text = f"FROM x{' AS builder' if stage else ''}\n" + "".join(f"RUN {n}\n" for n in range(2, 13))
    names = StepNames(parse(text))
    assert [names.step(f"[{stage}{n:2}/12] RUN {n}") for n in range(2, 13)] == [*range(1, 12)]


@pytest.mark.parametrize(
    "name",
    [
        "[internal] load build context",
        "exporting to image",
        "[unknown 1/2] RUN x",
        "[stage-9 1/2] RUN x",
        "[2/5] RUN a lone number, where stages have names",
        "FROM docker.io/library/python",
        "",
    ],
)
def test_what_is_no_instruction_is_none(name):
    assert StepNames(parse(STAGES)).step(name) is None


def test_the_later_of_two_alike_stages_is_meant_by_its_own_name():
    dockerfile = parse("FROM a\nRUN x\nFROM b\nRUN x\n")
    names = StepNames(dockerfile)
    assert (names.step("[stage-0 2/2] RUN x"), names.step("[stage-1 2/2] RUN x")) == (1, 3)


def test_one_stage_goes_by_no_name_or_by_its_number():
    names = StepNames(parse("FROM a\nLABEL x=y\nRUN x\n"))
    assert names.step("[2/2] RUN x") == names.step("[stage-0 2/2] RUN x") == 2


def test_triggers_of_the_base_come_first_and_are_nobodys():
    names = StepNames(parse("FROM onbuild\nCOPY a b\nRUN x\n"))
    steps = [names.step(f"[{n}/5] whatever") for n in (1, 2, 3, 4, 5)]
    assert steps == [0, None, None, 1, 2]


def test_a_working_directory_below_the_bases_own_counts():
    """What ``WORKDIR ..`` means depends on the base; nearly always it is not the root."""
    names = StepNames(parse("FROM a\nWORKDIR ..\nRUN x\n"))
    assert names.step("[3/3] RUN x") == 2


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("[internal] load metadata for docker.io/library/nosuch:1", 0),
        ("FROM docker.io/library/tool:latest", 1),
        ("FROM docker.io/some/mounted:2", 2),
        ("https://example.org/data.csv", 3),
        ("[2/4] COPY --from=tool /a /b", 1),
        ("exporting to image", None),
    ],
)
def test_a_failed_load_is_blamed_on_who_asked_for_it(name, step):
    dockerfile = parse(
        "FROM nosuch:1\nCOPY --from=tool /a /b\n"
        "RUN --mount=from=some/mounted:2,target=/m ls\nADD https://example.org/data.csv /d\n"
    )
    assert StepNames(dockerfile).blame(name) == step
