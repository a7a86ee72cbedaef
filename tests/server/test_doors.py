"""Who may ask: every route there is, by enumeration."""

from __future__ import annotations

import json
import re

import pytest
from tornado.httpclient import HTTPClientError

from mldocker_lab.server.doors import doors
from mldocker_lab.server.routes import EVENTS, PREFIX, ROUTES
from mldocker_lab.server.service import Service
from mldocker_lab.server.typescript import FILE, typescript

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PATHS = sorted({*(route.path for route in ROUTES), EVENTS})


def filled(path):
    return [PREFIX, *re.sub(r"\{\w+\}", "90_word", path).split("/")]


def body_for(verb):
    return {"body": "{}"} if verb in ("POST", "PUT", "PATCH") else {}


def test_the_table_names_every_address(tmp_path):
    made = doors("/", Service(tmp_path))
    assert [len(made), len({pattern for pattern, _, _ in made})] == [len(PATHS)] * 2


def test_the_page_has_the_same_schema():
    assert FILE.read_text(encoding="utf-8") == typescript()


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_unknown_is_answered(course, jp_fetch, path):
    for verb in VERBS:
        reply = await jp_fetch(
            *filled(path),
            method=verb,
            headers={"Authorization": "token wrong"},
            raise_error=False,
            follow_redirects=False,
            **body_for(verb),
        )
        assert reply.code == 403, (verb, path, reply.code)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_no_other_origin_is_answered_even_with_the_token(
    course, jp_fetch, jp_auth_header, path, origin
):
    for verb in VERBS:
        reply = await jp_fetch(
            *filled(path),
            method=verb,
            headers={**jp_auth_header, **origin},
            raise_error=False,
            **body_for(verb),
        )
        assert reply.code in (403, 404), (verb, path, reply.code)
        assert verb == "HEAD" or set(json.loads(reply.body)) == {"code", "what", "hint"}


@pytest.mark.parametrize("path", PATHS)
async def test_other_verbs_are_refused(course, jp_fetch, path):
    known = {route.verb for route in ROUTES if route.path == path} or {"GET"}
    for verb in set(VERBS) - known:
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch(*filled(path), method=verb, **body_for(verb))
        assert refused.value.code == 405


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "[" * 100_000, '{"odd": 1}'])
async def test_what_is_no_request_gets_a_sentence(course, jp_fetch, text):
    reply = await jp_fetch(PREFIX, "diagnose", method="POST", body=text, raise_error=False)
    assert reply.code == 400
    assert json.loads(reply.body)["what"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("diagnose", {"text": 1, "name": "Dockerfile"}),
        ("diagnose", {"text": "x"}),
        ("jobs", {"kind": "shell", "exercise": "90_word", "checks": []}),
        ("jobs", {"kind": "check", "exercise": "90_word", "checks": "all"}),
        ("jobs", {"kind": "check", "exercise": "90_word", "checks": ["no-such"]}),
        ("jobs", {"kind": "check", "exercise": "../90_word", "checks": []}),
        ("lessons/99/opened", {}),
        ("exercises/..%2f90_word/reset", {}),
        ("lessons/%2e%2e/reset", {}),
    ],
)
async def test_what_does_not_fit_is_refused_in_words(ask, path, body):
    code, told = await ask("POST", path, body)
    assert code in (400, 404), told
    assert told.get("what") or code == 404
