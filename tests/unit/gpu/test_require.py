"""The language of NVIDIA_REQUIRE_*, held against NVIDIA's vectors and against its rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldocker_lab.gpu.require import OPERATORS, PROPERTIES, evaluate, parse

HOST = {"cuda": "12.2", "driver": "535.104.05", "arch": "8.6", "brand": "GeForce"}


@pytest.mark.parametrize(
    ("requirement", "verdict"),
    [
        ("", "runs"),
        ("   ", "runs"),
        ("cuda>=12.2", "runs"),
        ("cuda>=12.3", "refused"),
        ("cuda>=12.2.0", "runs"),
        ("cuda>12.2.0", "refused"),
        ("cuda<=12.2", "runs"),
        ("cuda=12.02", "runs"),
        ("cuda!=12.2", "refused"),
        ("driver>=535.104.5", "runs"),
        ("driver<535.104.06", "runs"),
        ("arch>=8", "runs"),
        ("arch=8.6", "runs"),
        ("brand=geforce", "runs"),
        ("BRAND=GEFORCE", "runs"),
        ("brand!=tesla", "runs"),
        # blanks are "or", commas are "and" and bind tighter
        ("cuda>=99 driver>=535", "runs"),
        ("cuda>=99,driver>=535", "refused"),
        ("cuda>=99 brand=geforce,driver>=535,driver<536", "runs"),
        ("cuda>=99 brand=tesla,driver>=535,driver<536", "refused"),
        ("brand=geforce,,driver>=535", "runs"),
        # what is tried first decides: nobody gets to the unknown property
        ("cuda>=12 foo=1", "runs"),
        ("cuda>=99,foo=1", "refused"),
        ("cuda>=99 foo=1", "cannot-tell"),
        ("foo=1 cuda>=12", "cannot-tell"),
        # what cannot be read is never a pass
        ("cuda", "cannot-tell"),
        ("cuda>=", "cannot-tell"),
        (">=12", "cannot-tell"),
        ("cuda>=12.x", "cannot-tell"),
        ("cuda>=v12", "cannot-tell"),
        ("cuda==12.2", "cannot-tell"),
        ("cuda=>12.2", "cannot-tell"),
        ("cuda!12.2", "cannot-tell"),
        ("cuda >= 12.2", "cannot-tell"),
        ("brand==geforce", "cannot-tell"),
        ("brand>=geforce", "cannot-tell"),
        ("cuda>=12 nonsense", "cannot-tell"),
        ("cuda>=12 ,", "cannot-tell"),
        ("cuda>=12.", "cannot-tell"),
        ("cuda>=18446744073709551615", "cannot-tell"),
        ("cuda\t>=12", "cannot-tell"),
    ],
)
def test_what_a_requirement_says(requirement, verdict):
    gate = evaluate(requirement, HOST)
    assert gate.verdict == verdict, gate.reason
    assert gate.reason


@pytest.mark.parametrize(
    ("requirement", "facts", "verdict"),
    [
        ("cuda>=12.2", {}, "cannot-tell"),
        ("cuda>=12.2", {"cuda": None}, "cannot-tell"),
        ("cuda>=12.2", {"cuda": " "}, "cannot-tell"),
        ("cuda>=12.2", {"cuda": "twelve"}, "cannot-tell"),
        ("cuda>=12.2", {"cuda": "9" * 40}, "cannot-tell"),
        ("brand=tesla cuda>=12", {"cuda": "12.2"}, "runs"),
        ("brand=tesla,cuda>=99", {"cuda": "12.2"}, "refused"),
        ("brand=tesla cuda>=99", {"cuda": "12.2"}, "cannot-tell"),
    ],
)
def test_a_missing_fact_is_neither_met_nor_unmet(requirement, facts, verdict):
    assert evaluate(requirement, facts).verdict == verdict


def test_upstream_parse_vectors(vectors):
    every = vectors("nvidia_requirements")
    for case in [*every["parse"], *every["from_requirement"]]:
        text = case.get("condition", case.get("requirement"))
        malformed = any(one.malformed for many in parse(text) for one in many)
        assert malformed == case["expect_error"], case


@pytest.mark.parametrize(
    ("facts", "admitted"),
    [
        ({"cuda": "12.0", "driver": "525.147.05", "brand": "geforce", "arch": "8.6"}, "yynn"),
        ({"cuda": "12.1", "driver": "530.30.02", "brand": "geforce", "arch": "8.6"}, "nnnn"),
        ({"cuda": "12.2", "driver": "535.104.05", "brand": "geforce", "arch": "8.9"}, "yynn"),
        ({"cuda": "12.2", "driver": "535.54.03", "brand": "nvidia", "arch": "8.0"}, "yyyy"),
    ],
)
def test_the_demands_of_real_images(vectors, facts, admitted):
    images = vectors("nvidia_requirements")["image_expressions"]
    wanted = [
        "nvidia/cuda:12.2.2-ubuntu22.04", "nvidia/cuda:12.4.1-ubuntu22.04",
        "nvidia/cuda:12.8.1-ubuntu24.04", "nvidia/cuda:13.0.3",
    ]  # fmt: skip
    answers = [evaluate(images[name]["expression"], facts).verdict for name in wanted]
    assert answers == [{"y": "runs", "n": "refused"}[one] for one in admitted]


VERSIONS = st.lists(st.integers(0, 40), min_size=1, max_size=4)


@given(VERSIONS, VERSIONS, st.sampled_from(OPERATORS))
def test_versions_compare_number_by_number(left, right, operator):
    length = max(len(left), len(right))
    a, b = [one + [0] * (length - len(one)) for one in (left, right)]
    holds = {
        "=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b
    }[operator]  # fmt: skip
    said = evaluate(f"cuda{operator}{_dotted(right)}", {"cuda": _dotted(left)})
    assert said.verdict == ("runs" if holds else "refused")


def _dotted(numbers):
    return ".".join(map(str, numbers))


CONDITIONS = st.builds(
    "{}{}{}".format,
    st.sampled_from([*PROPERTIES, "foo", ""]),
    st.sampled_from([*OPERATORS, "==", ""]),
    st.sampled_from(["12.2", "535", "8.6", "geforce", "x", "", "9" * 30]),
)


@given(st.lists(st.lists(CONDITIONS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_without_facts_nothing_runs(alternatives):
    text = " ".join(",".join(one) for one in alternatives)
    assert evaluate(text, {}).verdict != "runs" or not text.strip()


@given(st.lists(st.lists(CONDITIONS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_more_alternatives_never_close_what_was_open(alternatives):
    text = " ".join(",".join(one) for one in alternatives)
    if evaluate(text, HOST).verdict == "runs":
        assert evaluate(f"{text} cuda>=99", HOST).verdict == "runs"


@given(st.text(), st.dictionaries(st.sampled_from(PROPERTIES), st.text() | st.none()))
def test_no_text_raises_an_error(text, facts):
    gate = evaluate(text, facts)
    assert gate.verdict in ("runs", "refused", "cannot-tell")
    assert gate.reason


@given(st.text(min_size=1).filter(lambda text: not set(text) & set("<>=! ")))
def test_a_word_without_an_operator_never_passes(word):
    assert evaluate(word, HOST).verdict == "cannot-tell"
    assert evaluate(f"cuda>=12 {word}", HOST).verdict == "cannot-tell"
