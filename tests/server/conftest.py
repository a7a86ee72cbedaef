"""A Jupyter server with the lab in it, a small course, and a home of its own; no engine."""

from __future__ import annotations

import json

import pytest
import small_course

# A plugin named in a folder's conftest is for all tests, or for none: imported, it is for these.
from pytest_jupyter.jupyter_core import *  # noqa: F403
from pytest_jupyter.jupyter_server import *  # noqa: F403
from pytest_jupyter.pytest_tornasync import *  # noqa: F403


@pytest.fixture
def jp_server_config():
    return {"ServerApp": {"jpserver_extensions": {"mldocker_lab.server": True}}}


@pytest.fixture
def course(jp_root_dir, tmp_path, monkeypatch):
    """The folder of the course, which is the one that the server shows."""
    monkeypatch.setenv("MLDOCKER_HOME", str(tmp_path / "lab"))
    monkeypatch.setenv("MLDOCKER_ENGINE", f"unix://{tmp_path}/nobody.sock")
    small_course.make(jp_root_dir)
    return jp_root_dir


@pytest.fixture
def ask(course, jp_fetch):
    """Asks a route; returns status and what was answered."""

    async def asked(verb, path, body=None, **options):
        text = {} if verb in ("GET", "DELETE") else {"body": json.dumps(body or {})}
        reply = await jp_fetch(
            "mldocker-lab", *path.split("/"), method=verb, raise_error=False, **text, **options
        )
        ours = reply.body.startswith(b"{")  # an address that nobody knows gets Jupyter's own page
        return reply.code, json.loads(reply.body) if ours else {}

    return asked
