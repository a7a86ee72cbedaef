"""The same status has several causes; the words tell them apart."""

from __future__ import annotations

import pytest

from mldocker_lab.report.exits import Ended, explain


@pytest.mark.parametrize(
    ("status", "facts", "words"),
    [
        (0, {}, "it came to its end"),
        (0, {"asked": "stop", "seconds": 0.4}, "shut down in order on SIGTERM after 0.4 s"),
        (3, {"asked": "stop", "seconds": 0.4}, "ended with an error of its own on SIGTERM"),
        (1, {}, "the program ended with an error"),
        (126, {}, "cannot be executed"),
        (127, {}, "no such command"),
        (135, {}, "SIGBUS: .*/dev/shm is full"),
        (137, {"oom": True, "memory": 64_000_000}, "more memory than its limit of 64 MB"),
        (1, {"oom": True}, "OOMKilled"),
        (137, {"asked": "stop", "seconds": 10.2, "grace": 10.0}, "did not end on SIGTERM in 10 s"),
        (137, {"asked": "stop", "seconds": 0.1, "grace": 10.0}, "SIGKILL from outside"),
        (137, {"asked": "kill", "sent": "KILL"}, "as you asked"),
        (137, {}, "SIGKILL from outside"),
        (139, {}, "SIGSEGV"),
        (143, {"asked": "stop"}, "SIGTERM: asked to end, it died at once"),
        (128 + 63, {}, "signal 63"),
    ],
)
def test_reasons(status, facts, words):
    import re

    assert re.search(words, explain(status, **facts))


def test_killed_and_graceful():
    assert Ended(137, oom=False, asked="stop", seconds=10.1, reason="").killed
    assert not Ended(137, oom=False, asked="stop", seconds=10.1, reason="").graceful
    assert Ended(0, oom=False, asked="stop", seconds=0.1, reason="").graceful
    assert not Ended(143, oom=False, asked="stop", seconds=0.1, reason="").graceful
    assert (
        repr(Ended(1, oom=False, asked=None, seconds=1, reason="because"))
        == "exit status 1: because"
    )
