"""Side by side on a real engine: what is cold, what is reused, what an edit costs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mldocker_lab.errors import BuildFailed, UsageError
from mldocker_lab.pair import Pair
from mldocker_lab.widgets.view import Silent

BASE = "FROM mldocker-lab/python:3.11-slim\nWORKDIR /app\n"
SLEEP = f"sleep {300 + os.getpid() / 1e7:.7f}"  # nobody else's
WORK = "RUN head -c 500000 /dev/urandom > /deps\n"
BUILDERS = ["buildkit", "classic"]


@pytest.fixture
def folder(tmp_path):
    project = tmp_path / "tiny"
    project.mkdir()
    (project / "app.py").write_text("print('hello')\n")
    (project / "bad.Dockerfile").write_text(f"{BASE}COPY . .\n{WORK}CMD python app.py\n")
    (project / "good.Dockerfile").write_text(f"{BASE}{WORK}COPY app.py .\nCMD python app.py\n")
    return project


def statuses(report):
    return [step.status for step in report.steps]


@pytest.mark.parametrize("builder", BUILDERS)
def test_cold_then_all_reused_then_only_what_the_edit_touches(bench, folder, builder):
    pair = Pair(folder, bench, builder, new_view=Silent)
    for side in SIDES:
        bench.new_base(side)
    cold = pair.build()
    assert (cold.bad.cache_hits, cold.good.cache_hits) == (0, 0)
    assert (cold.bad.cache_steps, cold.good.cache_steps) == (2, 2)

    same = pair.again()
    assert (same.bad_rebuild.cache_hits, same.good_rebuild.cache_hits) == (2, 2)

    after = pair.edit("app.py")
    assert statuses(after.bad_rebuild) == ["metadata", "metadata", "run", "run", "metadata"]
    assert statuses(after.good_rebuild) == ["metadata", "metadata", "cached", "run", "metadata"]
    assert (folder / "app.py").read_text() == "print('hello')\n"


SIDES = ("bad", "good")


def test_the_edit_arrives_and_only_its_layer_is_pulled_again(bench, folder):
    pair = Pair(folder, bench, new_view=Silent)
    pair.build()
    after = pair.edit("app.py", add="print('edited')")
    status, out = bench.call(after.good_rebuild.tag)
    assert (status, out) == (0, "hello\nedited\n")
    bad, good = after.sides
    assert bad.pull_again > 500_000
    assert good.pull_again < 1_000


def test_a_new_base_reuses_nothing(bench, folder):
    pair = Pair(folder, bench, new_view=Silent)
    pair.build()
    after = pair.edit_base()
    assert (after.bad_rebuild.cache_hits, after.good_rebuild.cache_hits) == (0, 0)


def test_turns_keep_the_middle_time(bench, folder):
    pair = Pair(folder, bench, new_view=Silent)
    result = pair.build(repeats=3)
    assert (result.bad.cache_hits, result.good.cache_hits) == (0, 0)


def test_a_failing_side_names_instruction_and_line_and_stops_the_other(bench, folder):
    (folder / "bad.Dockerfile").write_text(f"{BASE}RUN echo about to fail; no-such-command\n")
    (folder / "good.Dockerfile").write_text(f"{BASE}RUN sleep 60\n")
    began = time.monotonic()
    with pytest.raises(BuildFailed) as caught:
        Pair(folder, bench, new_view=Silent).build()
    assert caught.value.line == 3
    assert "no-such-command" in caught.value.instruction
    assert any("not found" in line for line in caught.value.log)
    assert time.monotonic() - began < 30  # the other side was cancelled, not waited for


def test_editing_a_file_that_is_not_there(bench, folder):
    pair = Pair(folder, bench, new_view=Silent)
    with pytest.raises(UsageError, match=r"no file missing\.py"):
        pair.edit("missing.py")


def test_a_new_run_forgets_the_images_of_the_one_before(bench, folder):
    from mldocker_lab.workbench import Workbench

    def tags():
        return {tag for image in bench.engine.images() for tag in image["RepoTags"] or ()}

    first = Workbench(bench.engine, bench.mirror)
    tag = Pair(folder, first, new_view=Silent).build().bad.tag
    assert tag in tags()
    second = Workbench(bench.engine, bench.mirror)
    second.forget_others(folder)
    assert [t for t in tags() if first.run_id in t] == []


def cli(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "mldocker_lab.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        **options,
    )


def test_compare_as_json(bench, folder):
    done = cli("compare", folder, "--edit", "app.py", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["bad"]["rebuild"]["cache_hits"] == 0
    assert told["good"]["rebuild"]["cache_hits"] == 1
    assert {"image_id", "seconds", "bytes", "pull_bytes", "context_bytes", "steps"} <= set(
        told["bad"]
    )
    assert set(told["bad"]["steps"][0]) >= {
        "stage",
        "index",
        "instruction",
        "status",
        "seconds",
        "bytes",
    }
    assert told["ratio"]["bytes"] == pytest.approx(told["bad"]["bytes"] / told["good"]["bytes"])
    assert told["engine"]["name"].startswith("Docker Engine")


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (None, 2, "has no bad.Dockerfile"),
        ("FROM mldocker-lab/python:3.11-slim\nRUM true\n", 2, "RUM"),
        (
            "FROM mldocker-lab/python:3.11-slim\nRUN echo so; exit 3\n",
            1,
            "line 2: RUN echo so; exit 3",
        ),
        ("FROM no-such-image:ever\nRUN true\n", 1, "no-such-image:ever"),
    ],
)
def test_wrong_input_is_one_message_without_a_traceback(bench, folder, text, status, said):
    if text is None:
        (folder / "bad.Dockerfile").unlink()
    else:
        (folder / "bad.Dockerfile").write_text(text)
    done = cli("compare", folder)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "try: " in done.stderr


def running_containers(engine):
    mirror = {"mirror"}
    return [
        c["Names"]
        for c in engine.containers()
        if c["State"] == "running" and c["Labels"].get("mldocker_lab") not in mirror
    ]


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_ended_in_the_middle_nothing_goes_on(bench, folder, builder, end):
    for side in SIDES:
        (folder / f"{side}.Dockerfile").write_text(f"{BASE}RUN echo started; {SLEEP}\n")
    unlabelled = unlabelled_things(bench.engine)
    process = subprocess.Popen(
        [sys.executable, "-m", "mldocker_lab.cli", "compare", str(folder), "--builder", builder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "MLDOCKER_LIVE": "1"},
    )
    wait_until(lambda: sleeping(bench.engine) or process.poll() is not None, 60)
    os.kill(process.pid, end)
    process.wait(30)
    assert process.returncode in (130, -signal.SIGKILL)
    wait_until(lambda: not sleeping(bench.engine), 30)
    # The engine kills a step first and removes its container after that.
    wait_until(lambda: unlabelled_things(bench.engine) == unlabelled, 30)
    assert cli("compare", "--help").returncode == 0


def sleeping(engine):
    """Whether our sleep runs anywhere on this machine: in a build, there is no container."""
    out = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return any(line.strip() == SLEEP for line in out.splitlines())


def wait_until(true, seconds):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.2)


def unlabelled_things(engine):
    """Ids of all images and containers that do not carry the lab's label."""
    images = {i["Id"] for i in engine.api.images(all=True)} - {i["Id"] for i in engine.images()}
    containers = {c["Id"] for c in engine.api.containers(all=True)} - {
        c["Id"] for c in engine.containers()
    }
    return images | containers
