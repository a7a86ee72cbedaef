"""What an editor holds is half-written: the rules must bear it, and answer at once."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mldocker_lab.audit.reading.model import Target
from mldocker_lab.audit.reading.project import Project
from mldocker_lab.audit.reading.targets import target_of
from mldocker_lab.audit.rules import all_rules
from mldocker_lab.audit.static import diagnose, judge
from mldocker_lab.dockerfile.lenient import parse_leniently

WHOLE = """\
# syntax=docker/dockerfile:1
ARG CUDA=12.1.1
FROM nvidia/cuda:${CUDA}-devel-ubuntu22.04 AS build
ARG PIP_INSTALL="python -m pip --no-cache-dir install"
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN --mount=type=cache,target=/root/.cache/pip $PIP_INSTALL torch>=2 "numpy<2" && \\
    # a comment inside
    if [ -f x ]; then for p in a b; do pip install "$p"; done; fi
RUN <<EOF
apt-get update
pip install -r requirements.txt -e '.[all]' git+https://host/a/b@main#egg=b
EOF
FROM build AS serve
ENV HF_TOKEN="x y" PATH=/a:$PATH
COPY --from=build --chown=1:1 ["/models/a.onnx", "/models/"]
COPY . .
HEALTHCHECK --interval=5s CMD curl -f http://localhost/ || exit 1
USER ${UID:-0}:${GID}
ENTRYPOINT ["sh", "-c", "python fetch.py && uvicorn app:app > /var/log/x.log 2>&1"]
CMD uvicorn app:app
"""
KEYS = st.sampled_from(
    [
        "services",
        "build",
        "context",
        "image",
        "deploy",
        "resources",
        "limits",
        "memory",
        "user",
        "volumes",
        "environment",
        "healthcheck",
        "test",
        "containers",
        "kind",
        "spec",
        "items",
        "x",
    ]
)
ODD = """\\ $ ${ ` ' " <<EOF ( ) && > # --from=9 [ ] FROM RUN COPY = é \x00 \ufeff"""
PIECES = st.sampled_from(
    [
        *WHOLE.split(),
        *WHOLE.splitlines(keepends=True),
        *ODD.split(" "),
        " ",
        "\n",
        "\t",
        "\x00",
        "\ufeff",
        "\r\n",
    ]
)


def rules_bear(text: str) -> None:
    """Run every rule without the net that ``diagnose`` has."""
    parsed, _ = parse_leniently(text)
    if parsed.stages:
        target = Target(Project(whole=False), "Dockerfile", parsed, parsed.final())
        for rule in all_rules():
            said = rule.judge(target)
            for spot in said.spots:
                assert 1 <= spot.line <= text.count("\n") + 1
                assert (spot.end_line, spot.end_column) >= (spot.line, spot.column)
    for found in diagnose(text):
        assert found.message
        assert (found.end_line, found.end_column) >= (found.line, found.column)


def test_every_beginning_of_a_file() -> None:
    for end in range(0, len(WHOLE), 5):
        rules_bear(WHOLE[:end])


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES, max_size=30).map("".join))
def test_pieces_in_any_order(text: str) -> None:
    rules_bear(text)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    rules_bear("FROM a\nRUN " + text)
    rules_bear(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "F",
        "FROM",
        "FROM ",
        "FROM a AS",
        "RUN x",
        "\ud800",
        "COPY --from=0 a b",
        "FROM a\nRUN <<EOF",
    ],
)
def test_odd_beginnings(text: str) -> None:
    diagnose(text)


YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
AROUND = """\
FROM python:3.11-slim
COPY . .
RUN pip install -r requirements.txt . && conda env create -f environment.yml && pipenv install
USER app
CMD ["sh", "run.sh"]
"""


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=80), YAML)
def test_any_files_around_it(text: str, data: object) -> None:
    files = {"Dockerfile": AROUND, "compose.yaml": json.dumps({"services": data})}
    files |= {"k8s.yml": json.dumps({"kind": "Pod", "spec": {"containers": [data]}})}
    names = ("requirements.txt", ".dockerignore", "run.sh", "environment.yml", "setup.py")
    files |= dict.fromkeys((*names, "pyproject.toml", "Pipfile", "values.yaml", "Makefile"), text)
    files["requirements.txt"] += "\n-r requirements.txt\n-r ../../x\n"
    files["Makefile"] += "\n\tdocker run " + text
    found = judge(target_of(Project.of(files), "Dockerfile"))
    assert len(found) == len(all_rules())
    json.dumps([one.to_dict() for one in found])


def test_a_fix_can_be_applied_as_it_stands() -> None:
    text = "FROM python:3.11-slim\nRUN pip install numpy\nCMD uvicorn app:app\n"
    for found in diagnose(text):
        for fix in found.fixes:
            for edit in fix.edits:
                if edit.file == "Dockerfile":
                    changed = text[: edit.start] + edit.text + text[edit.end :]
                    assert found.rule not in {one.rule for one in diagnose(changed)}


def test_where_it_is() -> None:
    text = "FROM python:3.11-slim\nRUN pip install \\\n    torch==2.5.1 \\\n    numpy\n"
    found = next(one for one in diagnose(text) if one.rule == "python-pins")
    assert (found.line, found.column, found.end_line, found.end_column) == (4, 5, 4, 10)
