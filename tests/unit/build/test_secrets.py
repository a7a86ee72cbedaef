"""Secrets: where they come from, what a Dockerfile requires, and that nothing shows them."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mldocker_lab.build import session
from mldocker_lab.build.credentials import Credentials
from mldocker_lab.build.request import BuildRequest
from mldocker_lab.build.secrets import Secret, Veil, as_logins, as_secrets, check_given
from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import UsageError
from mldocker_lab.report.events import Failed, Finished, Output, Progress, encode

TOKEN = "hf_9mVXcanary"


def test_sources(monkeypatch, tmp_path):
    monkeypatch.setenv("SOME_TOKEN", TOKEN)
    (tmp_path / "token").write_bytes(b"\xff\n" + TOKEN.encode())
    given = {
        "a": TOKEN,
        "b": tmp_path / "token",
        "c": Secret.env("SOME_TOKEN"),
        "d": Secret.file(tmp_path / "token"),
    }
    values = [secret.value() for secret in as_secrets(given).values()]
    assert values == [TOKEN.encode(), b"\xff\nhf_9mVXcanary"] * 2
    assert as_secrets(None) == {}
    assert as_logins({"r:5000": ("me", TOKEN)})["r:5000"][1].value() == TOKEN.encode()


def test_a_missing_source_says_which(monkeypatch, tmp_path):
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    with pytest.raises(UsageError, match="the environment has no NO_SUCH_TOKEN"):
        Secret.env("NO_SUCH_TOKEN").value()
    with pytest.raises(UsageError, match="nowhere, which a build secret is taken from, cannot be"):
        Secret.file(tmp_path / "nowhere").value()
    with pytest.raises(UsageError, match="longer than 512,000 bytes"):
        Secret("x" * 512_001).value()


def test_a_secret_shows_itself_to_nobody():
    secret = Secret(TOKEN)
    request = BuildRequest(folder=None, secrets={"t": secret}, logins={"r": ("me", secret)})
    assert TOKEN not in repr(secret) + str(secret) + f"{secret!r:>9}" + repr(request)
    assert repr(Secret.env("HF_TOKEN")) == "Secret(from the environment's HF_TOKEN)"
    with pytest.raises(TypeError, match="not written anywhere"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


@pytest.mark.parametrize(
    ("run", "name"),
    [
        ("RUN --mount=type=secret,id=tok,required=true x", "tok"),
        ("RUN --mount=type=secret,id=tok,required x", "tok"),
        ("RUN --mount=type=secret,target=/root/.netrc,required=true x", ".netrc"),
        ("RUN --mount=type=secret,id=a,source=tok,required=1 x", "tok"),
        ('RUN --mount=type=cache,target=/c --mount="type=secret,id=tok,required=true" x', "tok"),
    ],
)
def test_a_required_secret_that_was_not_given(run, name):
    dockerfile = parse(f"FROM x\n\n{run}\n")
    with pytest.raises(UsageError, match=f"line 3 requires the secret {name}, which") as caught:
        check_given(dockerfile, None, ["other"])
    assert "(given: other)" in caught.value.what
    assert f'"{name}"' in caught.value.hint
    assert check_given(dockerfile, None, [name])


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("FROM x\nRUN --mount=type=secret,id=tok x\n", True),
        ("FROM x\nRUN --mount=type=secret,id=tok,required=false x\n", True),
        ("FROM x AS unused\nRUN --mount=type=secret,id=tok,required=true x\nFROM y\n", False),
        ("FROM x\nARG T\nRUN --mount=type=secret,id=$T,required=true x\n", True),
        ("FROM x\nRUN --mount=type=cache,target=/c,required=true x\n", False),
    ],
)
def test_what_does_not_require_one(text, asks):
    assert check_given(parse(text), None, []) is asks


def test_the_classic_builder_has_none(tmp_path):
    dockerfile = parse("FROM x\n")
    request = BuildRequest(folder=tmp_path, builder="classic", secrets=as_secrets({"t": TOKEN}))
    with pytest.raises(UsageError, match="the classic builder has no build secrets"):
        Credentials(request, dockerfile)


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "available", lambda: False)
    dockerfile = parse("FROM x\n")
    with pytest.raises(UsageError, match="need the package h2") as caught:
        Credentials(BuildRequest(folder=tmp_path, secrets=as_secrets({"t": TOKEN})), dockerfile)
    assert "pip install h2" in caught.value.hint
    Credentials(BuildRequest(folder=tmp_path), dockerfile)  # and nothing else needs it


def test_nothing_loads_the_extra_before_a_secret_is_asked_for():
    code = "import sys, mldocker_lab.lab, mldocker_lab.build.session; print('h2' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def shown(veil, *events):
    return list(veil.hide(iter(events)))


def test_a_printed_secret_is_hidden_even_in_pieces():
    veil = Veil([TOKEN.encode()])
    pieces = ["my tok", "en is hf_9", "mVX", "canary!\n", "hf_9 is", " none\n"]
    events = shown(veil, *(Output(3, 1.0, text) for text in pieces), Finished(3, 2.0, cached=False))
    text = "".join(event.text for event in events if isinstance(event, Output))
    assert text == "my token is ***!\nhf_9 is none\n"
    assert isinstance(events[-1], Finished)


def test_steps_are_hidden_apart():
    veil = Veil([TOKEN.encode()])
    events = shown(veil, Output(1, 0.0, "hf_9mVX"), Output(2, 0.0, "canary"), Output(1, 0.0, "can"))
    assert [(e.step, e.text) for e in events] == [(2, "canary"), (1, "hf_9mVXcan")]


def test_errors_and_progress_are_hidden_too():
    veil = Veil([TOKEN.encode()])
    events = shown(
        veil,
        Progress(None, 0.0, f"fetching {TOKEN}", 1),
        Output(1, 0.0, TOKEN[:5]),
        Failed(1, 1.0, f"echo {TOKEN}: exit code 1"),
    )
    assert TOKEN not in json.dumps([encode(event) for event in events])
    assert isinstance(events[-1], Failed)
    assert events[-1].message == "echo ***: exit code 1"


def test_the_lines_of_a_secret_file_and_a_log_that_was_clipped():
    netrc = b"machine pypi.test\nlogin me\npassword 5tr0ng-and-long\n"
    veil = Veil([netrc])
    assert veil.text("x password 5tr0ng-and-long\nlogin me\n") == "x ***\n***\n"
    assert Veil([b"k" * 1000]).text(f"{'k' * 300}\n[clipped]") == "***\n[clipped]"
    assert Veil([b""]).text("abc") == "abc"


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(
    st.lists(st.text("abc", min_size=1, max_size=20), min_size=1, max_size=3),
    st.lists(st.text("abc\n", max_size=8), max_size=12),
    st.lists(st.integers(0, 2), max_size=4),
    st.integers(1, 9),
)
def test_no_way_of_cutting_shows_a_secret(secrets, filler, picked, width):
    text = "".join(filler) + "".join(secrets[i % len(secrets)] for i in picked) + "".join(filler)
    pieces = [text[i : i + width] for i in range(0, len(text), width)]
    events = shown(Veil(s.encode() for s in secrets), *(Output(1, 0.0, piece) for piece in pieces))
    out = "".join(event.text for event in events)
    assert not [secret for secret in secrets if secret in out]
