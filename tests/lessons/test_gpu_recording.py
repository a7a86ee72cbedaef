"""What lesson 07 shows where nothing is fetched: a recording that says so. Needs no network."""

from __future__ import annotations

import re
from pathlib import Path
from runpy import run_path

import pytest

CONTEXT = Path(__file__).resolve().parents[2] / "notebooks" / "contexts" / "07_gpu"


@pytest.fixture(scope="module")
def wheel():
    return run_path(str(CONTEXT / "wheel.py"))


def test_a_recording_says_its_day_its_engine_its_packages_and_that_there_was_no_gpu(wheel, capsys):
    found = wheel["recorded"]()
    for which in wheel["IMAGES"]:
        run = wheel["tell"](which)
        first = capsys.readouterr().out.splitlines()[0]
        assert first.startswith(f"[no GPU] {which}: recorded on {found['date']}, Docker Engine ")
        assert first.endswith("on a machine without a GPU")
        assert "onnxruntime-gpu==1.31.1" in run["packages"]


def test_both_recorded_runs_fell_back_to_the_cpu_and_exited_with_0(wheel):
    alone, cuda = (wheel["recorded"]()["runs"][which] for which in wheel["IMAGES"])
    for run in (alone, cuda):
        assert run["exit"] == 0
        assert "get_device(): GPU\n" in run["said"]
        assert "session.get_providers(): CPUExecutionProvider\n" in run["said"]
    assert "libcublasLt.so.13: cannot open" in alone["said"]
    assert "libcuda.so.1: cannot open" in cuda["said"]


def test_what_is_shown_of_a_log_is_the_library_s_own_words(wheel):
    said = wheel["recorded"]()["runs"]["the wheel alone"]["said"]
    shown = wheel["plain"](said)
    assert "\x1b" in said
    assert "\x1b" not in shown
    assert "[E] Failed to load library" in shown
    assert re.search(r"\d\d:\d\d:\d\d", shown) is None


def test_the_sizes_are_those_of_the_versions_that_would_be_fetched(wheel):
    found = wheel["recorded"]()
    resolved = found["resolved"]
    for name, size in found["wheels"].items():
        assert resolved["onnxruntime-gpu[cuda,cudnn]"][name] == size
    assert sum(resolved["onnxruntime"].values()) < 50_000_000 < sum(found["wheels"].values())
