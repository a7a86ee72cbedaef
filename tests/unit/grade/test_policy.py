"""What a Dockerfile may not ask for is refused before a build, by line and in words."""

from __future__ import annotations

import pytest

from mldocker_lab.grade.policy import Refused, check

SLIM = "mldocker-lab/python:3.11-slim"
DEVEL = "mldocker-lab/python:3.11-devel"


def refusal(text: str, name: str = "Dockerfile") -> str:
    try:
        check({name: text.encode()})
    except Refused as error:
        return error.what
    return ""


@pytest.mark.parametrize(
    "text",
    [
        f"FROM {SLIM}\nCOPY . .\nRUN pip install -r requirements.txt\n",
        f"FROM {DEVEL} AS build\nRUN make\nFROM {SLIM}\nCOPY --from=build /x /\nCOPY --from=0 /y /",
        f"ARG BASE={SLIM}\nFROM ${{BASE}}\n",
        f"FROM {SLIM} AS a\nFROM a\nRUN --mount=type=bind,from=a,target=/a true\n",
        f"FROM {SLIM}\nRUN --mount=type=cache,target=/root/.cache --mount=type=tmpfs,target=/t x",
        f"FROM {SLIM}\nRUN --network=none true\n",
        f"FROM {SLIM}\nADD app.tar.gz /app\n",
        f"FROM {SLIM}@sha256:{64 * 'a'}\nRUN true\n",
        f"FROM scratch\nCOPY --from={SLIM} / /\n",
        f"FROM {SLIM}\n# syntax=docker/dockerfile:1\nRUN true\n",
        "",
        "FROM\n",
        "not a Dockerfile",
    ],
)
def test_what_answers_need_is_allowed(text):
    assert refusal(text) == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("FROM python:3.11-slim", "line 1: FROM python:3.11-slim is not one of the lab's bases"),
        ("FROM registry.example/mldocker-lab/python:3.11-slim", "not one of the lab's bases"),
        ("FROM mldocker-lab/03_cache-answer:run-1234-0", "not one of the lab's bases"),
        ("FROM mldocker-lab/run-1234/mldocker-lab/python:3.11-slim", "not one of"),
        (f"FROM somebody/python:3.11@sha256:{'0' * 64}", "not one of the lab's bases"),
        (f"FROM {SLIM}@sha256:{'0' * 63}", "not one of the lab's bases"),
        (f"FROM sha256:{'0' * 64}", "not one of the lab's bases"),
        ("ARG A=python\nFROM ${A:-x}:3", "line 2: FROM python:3 is not one"),
        ("ARG A\nFROM ${A:-evil}", "FROM evil is not one"),
        (f"FROM {SLIM} AS a\nFROM A1", "FROM A1 is not one"),
        (f"FROM {SLIM} AS a\nFROM b AS b", "FROM b is not one"),
        (f"FROM {SLIM}\nCOPY --from=alpine /etc /x", "line 2: COPY --from=alpine is neither"),
        (f"from {SLIM}\ncopy --from=alpine /etc /x", "line 2: COPY --from=alpine is neither"),
        (f"FROM {SLIM}\nARG X=alpine\nCOPY --from=$X / /", "COPY --from=$X holds a variable"),
        (
            f"FROM {SLIM}\nRUN --mount=from=alpine,target=/x ls",
            "RUN --mount=from=alpine is neither",
        ),
        (f"FROM {SLIM}\nRUN --mount=type=bind,from=alpine,dst=/x ls", "is neither a stage"),
        (f"FROM {SLIM}\nRUN --mount=type=cache,from=alpine,target=/x ls", "is neither a stage"),
        (f'FROM {SLIM}\nRUN --mount="type=bind",from=alpine,target=/x ls', "is neither"),
        (f"FROM {SLIM}\nRUN --network=host curl x", "--network=host reaches for"),
        (f"FROM {SLIM}\nRUN --security=insecure mount", "--security=insecure asks for rights"),
        (f"FROM {SLIM}\nRUN --device=nvidia.com/gpu=all x", "--device asks for a device"),
        (f"FROM {SLIM}\nADD http://example.org/x /x", "would download"),
        (f"FROM {SLIM}\nADD HTTPS://example.org/x /x", "would download"),
        (f'FROM {SLIM}\nADD ["https://example.org/x", "/x"]', "would download"),
        (f"FROM {SLIM}\nADD git@example.org:a/b.git /x", "would download"),
        (f"FROM {SLIM}\nADD example.org/a/b.git#main /x", "would download"),
        (f"FROM {SLIM}\nENV U=http://x/y\nADD $U /x", "would download"),
        (
            f"FROM {SLIM}\nADD \\\n  # a comment\n  http://example.org/x \\\n  /x",
            "line 2: ADD http",
        ),
        (f"FROM {SLIM}\nONBUILD ADD http://example.org/x /x", "line 2: ONBUILD ADD http"),
        (f"FROM {SLIM}\nONBUILD COPY --from=alpine / /", "ONBUILD COPY --from=alpine is neither"),
        (f"# syntax=evil.example/frontend\nFROM {SLIM}", "names a build program"),
        (f"#  SYNTAX = evil\nFROM {SLIM}", "names a build program"),
        (f"# escape=`\n# syntax=evil\nFROM {SLIM}", "names a build program"),
        (f"#!/usr/bin/env x\n# syntax=evil\nFROM {SLIM}", "names a build program"),
        (f"// syntax=evil\nFROM {SLIM}", "names a build program"),
        ('{"syntax": "evil"}\n' + f"FROM {SLIM}", "names a build program"),
        (f"\ufeffFROM alpine\nFROM {SLIM}", "FROM alpine is not one"),
        (f"FROM {SLIM}\n" + "RUN true\n" * 3000, "too long for a Dockerfile"),
        (f"FROM {SLIM}\nRUN {'x' * 70_000}", "too long for a Dockerfile"),
    ],
)
def test_what_reaches_elsewhere_is_refused_by_name(text, says):
    assert says in refusal(text)


def test_every_dockerfile_of_the_answer_is_read():
    assert "FROM evil" in refusal("FROM evil", "dev.Dockerfile")
    assert refusal("FROM evil", "requirements.txt") == ""
