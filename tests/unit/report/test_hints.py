"""What engines really said (20.10 and 26.1), and the words the learner reads instead."""

from __future__ import annotations

import pytest

from mldocker_lab.report.hints import hint

OFFLINE = (
    'failed to do request: Head "https://registry.example/v2/library/nosuch/manifests/1": '
    "dial tcp: lookup registry.example on 10.0.0.1:53: no such host"
)
NO_IMAGE = "there is no image {} on the engine, and it cannot be pulled ({})"
NO_VERSION = "ERROR: Could not find a version that satisfies the requirement"


@pytest.mark.parametrize(
    ("message", "instruction", "what"),
    [
        (
            f"failed to solve with frontend dockerfile.v0: {OFFLINE}",
            "FROM nosuch:1 AS x",
            NO_IMAGE.format("nosuch:1", "no registry answers"),
        ),
        (
            "pull access denied for nosuch, repository does not exist",
            "COPY --from=nosuch /a /b",
            NO_IMAGE.format("nosuch", "pull access denied"),
        ),
        (
            f"failed to solve with frontend gateway.v0: {OFFLINE}",
            "",
            "the `# syntax=` line asks for a Dockerfile frontend from a registry, and none answers",
        ),
        (
            'failed to compute cache key: "/nope.txt" not found: not found',
            "COPY nope.txt .",
            "there is no nope.txt in the build context",
        ),
        (
            'failed to calculate checksum of ref x::y: "/n": not found',
            "COPY --from=builder /n .",
            "there is no /n in the stage or image that the files are copied from",
        ),
        (
            "COPY failed: file not found in build context: stat nope.txt: file does not exist",
            "COPY nope.txt .",
            "there is no nope.txt in the build context",
        ),
        (
            "the --mount option requires BuildKit. Refer to the documentation",
            "RUN --mount=type=cache,target=/c x",
            "the --mount option requires BuildKit, and this build used the classic builder",
        ),
        (
            "failed to solve: no active sessions",
            "RUN --mount=type=secret,id=t x",
            "the step mounts a build secret, and this build has nobody to ask for it",
        ),
        (
            'process "/bin/sh -c echo x: not found; false" did not complete: exit code: 1',
            "RUN echo x: not found; false",
            "RUN ended with exit status 1",
        ),
        (
            "The command '/bin/sh -c x' returned a non-zero code: 137",
            "RUN x",
            "RUN ended with exit status 137: it was killed, most often for using too much memory",
        ),
        ("failed to solve: something quite new", "RUN x", "something quite new"),
    ],
)
def test_what_the_engine_said(message, instruction, what):
    assert hint(message, instruction=instruction).what == what


def test_a_frontend_that_newer_engines_just_cannot_resolve():
    said = f"failed to resolve source metadata for docker.io/docker/dockerfile:1: {OFFLINE}"
    assert "# syntax=" in hint(said, syntax="docker/dockerfile:1").what
    assert "# syntax=" not in hint(said, instruction="FROM x", syntax="docker/dockerfile:1").what


def test_a_syntax_error_has_its_line():
    said = (
        "failed to create LLB definition: dockerfile parse error line 2: unknown instruction: RNU"
    )
    found = hint(said)
    assert (found.line, found.what) == (2, "the Dockerfile has an error: unknown instruction: RNU")


@pytest.mark.parametrize(
    ("log", "what"),
    [
        (["/bin/sh: 1: uvicorn: not found"], "there is no command uvicorn in the image"),
        (["bash: line 1: gcc: command not found"], "there is no command gcc in the image"),
        (["OSError: [Errno 28] No space left on device"], "no space left on the device"),
        (["W: Temporary failure resolving 'deb.example'"], "could not reach the network"),
        (["Killed"], "it was killed"),
        (
            [f"{NO_VERSION} numpy==9.9 (from versions: none)"],
            "no version that satisfies numpy==9.9: its index offers no version of it",
        ),
    ],
)
def test_what_the_step_printed(log, what):
    found = hint("exit code: 1", ["a line before", *log, "a line after"], instruction="RUN x")
    assert what in found.what
    assert found.hint
