"""What several engine tests need: a registry of their own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request

import pytest


@pytest.fixture
def served(tmp_path):
    """A private registry; skipped where Debian's docker-registry is not installed."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("no docker-registry here (`apt-get install docker-registry`)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{tmp_path / 'data'}'}}}}\n"
    )
    with subprocess.Popen([program, "serve", str(config)], stderr=subprocess.DEVNULL) as running:
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/").close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"127.0.0.1:{port}"
        finally:
            running.terminate()
