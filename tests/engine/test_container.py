"""Containers under test, for real: states, ends and why, limits, and nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from mldocker_lab.cleaning import plan
from mldocker_lab.errors import EngineError
from mldocker_lab.run.container import NotInTime, NotReady
from mldocker_lab.run.options import Health
from mldocker_lab.supply.bases import SLIM

pytestmark = pytest.mark.engine

#: Answers /live at once and /ready once the file /go is there; ends in order on SIGTERM.
SERVER = """
import http.server, os, signal, sys

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ready = self.path != "/ready" or os.path.exists("/go")
        self.send_response(200 if ready else 503)
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_):
        pass

def end(*_):
    print("bye", flush=True)
    os._exit(0)

signal.signal(signal.SIGTERM, end)
print("here", flush=True)
print("trouble", file=sys.stderr, flush=True)
http.server.HTTPServer(("0.0.0.0", 8080), Answer).serve_forever()
"""
PROBE = [
    "python3",
    "-c",
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/ready', timeout=2)",
]


@pytest.fixture
def serve(bench):
    def make(**options):
        return bench.run(SLIM, ["python3", "/server.py"], files={"/server.py": SERVER}, **options)

    return make


def ours(engine):
    return [c for c in engine.containers() if c["Labels"].get("mldocker_lab") == "container"]


def test_states_answers_and_an_end_in_order(serve):
    health = Health(PROBE, interval=0.5, timeout=5, retries=2)
    with serve(ready="/live", probe=["/ready", "/live"], health=health, name="slow") as c:
        c.wait("unhealthy", 60)
        assert c.get("/ready").status_code == 503
        assert c.call(["touch", "/go"]) == (0, "")
        c.wait("healthy", 60)
        ended = c.stop(30)
        lines = [(line.stream, line.text) for line in c.lines()]
    assert sorted(lines[:2]) == [("stderr", "trouble"), ("stdout", "here")]  # read apart
    assert lines[2:] == [("stdout", "bye")]
    run = c.report
    assert (ended.status, ended.graceful, ended.killed) == (0, True, False)
    assert run.states[-3:] == ("unhealthy", "healthy", "exited")
    assert 503 in run.codes("/ready")
    assert 200 in run.codes("/live")
    assert [result.ok for result in run.health][:2] == [False, False]
    assert run.health[-1].ok
    assert run.peak_memory > 1_000_000


def test_a_program_that_hears_no_signal_is_killed_after_the_grace(bench):
    with bench.run(SLIM, ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]) as c:
        ended = c.stop(1)
    assert (ended.status, ended.oom, ended.killed) == (137, False, True)
    assert "did not end on SIGTERM in 1 s" in ended.reason


def test_too_much_memory(bench):
    greedy = "x = []\nwhile True: x.append(bytearray(4 << 20))"
    with bench.run(SLIM, ["python3", "-c", greedy], memory=64_000_000) as c:
        ended = c.finished(60)
    assert (ended.status, ended.oom) == (137, True)
    assert "limit of 64 MB" in ended.reason
    assert c.report.memory_limit in {63999488, 64000000}


def test_a_signal_that_was_sent_and_a_second_start(serve):
    with serve(ready="/live") as c:
        c.kill("KILL")
        assert (c.finished(30).status, c.ended.asked) == (137, "kill")
        c.start()
        c.until(lambda: c.get("/live").ok, "answers", 30)
        assert c.ended is None


def test_a_wait_that_cannot_succeed_says_why_at_once(bench):
    with bench.run(SLIM, ["sh", "-c", "echo no; exit 3"]) as c:
        with pytest.raises(NotInTime, match=r"(?s)healthy: it ended.*exited with status 3.*no"):
            c.wait("healthy", 60)
        assert c.finished().status == 3
    with serve_nothing(bench) as c, pytest.raises(NotInTime, match=r"0\.2 s were not enough"):
        c.wait("healthy", 0.2)


def serve_nothing(bench):
    return bench.run(SLIM, ["sleep", "60"])


def test_a_service_that_never_gets_ready_leaves_nothing(bench):
    before = len(ours(bench.engine))
    with (
        pytest.raises(NotReady, match=r"(?s)ended.*only words"),
        bench.run(SLIM, ["echo", "only words"], ready="/health"),
    ):
        pass
    with (
        pytest.raises(NotReady, match="not ready within 1 s"),
        bench.run(SLIM, ["sleep", "60"], ready="/health", seconds=1),
    ):
        pass
    assert len(ours(bench.engine)) == before


def test_what_the_engine_refuses_leaves_nothing(bench):
    before = len(ours(bench.engine))
    with pytest.raises(EngineError), bench.run(SLIM, ["no-such-program"]):
        pass
    assert len(ours(bench.engine)) == before


def test_what_a_quick_command_says_is_heard(bench):
    """Its output may come in one packet with the head of the engine's answer."""
    with bench.run(SLIM, ["sleep", "60"], every=0) as c, ThreadPoolExecutor(4) as pool:
        told = set(pool.map(lambda _: c.call(["echo", "here"]), range(60)))
        assert told == {(0, "here\n")}
        assert c.call(["sh", "-c", "echo out; echo err >&2; exit 3"])[0] == 3


def test_files_outlive_a_container_in_a_volume_and_go_with_it(bench):
    with bench.volume() as volume:
        bench.call(SLIM, ["sh", "-c", "echo kept > /v/x"], volumes={volume: "/v"})
        assert bench.call(SLIM, ["cat", "/v/x"], volumes={volume: "/v:ro"}) == (0, "kept\n")
        assert volume.name in bench.engine.our_volumes()
        assert volume.name in plan(bench.engine).volumes
    assert volume.name not in bench.engine.our_volumes()


def test_few_rights(bench):
    look = "id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status; touch /x; touch /tmp/x && echo ok"
    _, said = bench.call(
        SLIM, ["sh", "-c", look], user="12345", drop=["ALL"], no_new_privileges=True,
        read_only=True, tmpfs=["/tmp"],
    )  # fmt: skip
    words = said.split()
    assert words[0] == "12345"
    assert words[words.index("CapEff:") + 1] == "0" * 16
    assert words[words.index("NoNewPrivs:") + 1] == "1"
    assert "Read-only file system" in said
    assert words[-1] == "ok"


def test_what_a_killed_program_left_is_found_by_clean(bench):
    code = f"""
        import os, signal
        import mldocker_lab as lab
        volume = lab.volume()
        with lab.run({SLIM!r}, ["sleep", "600"], volumes={{volume: "/v"}}) as c:
            print(c.container, volume.name, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    container, volume = done.stdout.split()
    cleaning = plan(bench.engine)
    assert container in cleaning.containers
    assert volume in cleaning.volumes
    cleaning.containers = {container: cleaning.containers[container]}
    cleaning.volumes, cleaning.images, cleaning.networks = [volume], {}, []
    cleaning.carry_out()
    assert not cleaning.left
    assert container not in plan(bench.engine).containers
    assert volume not in plan(bench.engine).volumes


def test_images_that_stand_on_others_go_first(bench):
    engine = bench.engine
    first = second = ""
    with bench.run(SLIM, ["sleep", "60"]) as c:
        first = engine.commit(c.container, "mldocker-lab/chain:1")
    with bench.run(first, ["sleep", "60"]) as c:
        second = engine.commit(c.container, "mldocker-lab/chain:2")
    cleaning = plan(engine)
    cleaning.containers, cleaning.volumes, cleaning.networks = {}, [], []
    cleaning.images = {first: "chain:1", second: "chain:2"}
    cleaning.carry_out()
    assert not cleaning.left
    assert not {first, second} & {image["Id"] for image in engine.images(None)}


def test_an_image_in_use_is_told_and_stays(bench):
    engine = bench.engine
    with bench.run(SLIM, ["sleep", "60"]) as c:
        image = engine.commit(c.container, "mldocker-lab/used:1")
        with bench.run(image, ["sleep", "60"]):
            cleaning = plan(engine)
            cleaning.containers, cleaning.volumes, cleaning.networks = {}, [], []
            cleaning.images = {image: "used:1"}
            cleaning.carry_out()
            assert len(cleaning.left) == 1
    engine.remove_image(image, force=True)
