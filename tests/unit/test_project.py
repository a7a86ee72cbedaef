"""The project's own files keep their promises."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked() -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", LOCK, re.MULTILINE))


def name_of(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9-]+", requirement).group(0).lower()


def test_conda_installs_the_locked_versions():
    text = (ROOT / "environment.yml").read_text()
    conda = dict(re.findall(r"- ([a-z0-9-]+)==(\S+)", text))
    direct = {name_of(r) for r in PROJECT["project"]["dependencies"]} - {"pip"}
    assert conda == {name: locked()[name] for name in direct}


def test_every_locked_package_has_hashes_and_no_address():
    entries = re.split(r"^(?=\S)", LOCK, flags=re.MULTILINE)
    entries = [e for e in entries if e.strip() and not e.startswith("#")]
    assert len(entries) > 100
    assert [e for e in entries if "--hash=sha256:" not in e] == []
    assert re.findall(r"https?://|--index|--find-links", LOCK) == []


def test_import_is_light():
    code = (
        "import sys, time; t = time.perf_counter(); import mldocker_lab; "
        "print(time.perf_counter() - t); "
        "print(*sorted({'docker', 'matplotlib', 'ipywidgets', 'IPython', 'anywidget', 'rich'}"
        " & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert float(out[0]) < 0.2
    assert out[1] == ""


def test_every_public_name_exists():
    import mldocker_lab as lab

    assert [name for name in lab.__all__ if not hasattr(lab, name)] == []
