"""Two Dockerfiles side by side: lines, steps, builds that are told, stopped, and what they gave."""

from __future__ import annotations

import base64
import json
import threading

import pytest

from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import BuildFailed
from mldocker_lab.report.build import BuildReport, Step
from mldocker_lab.report.events import Finished, Output, Started
from mldocker_lab.report.fold import Folding
from mldocker_lab.server import builds, gpubadge
from mldocker_lab.server.sides import aligned, diff
from mldocker_lab.show.figure import Picture

BAD = "FROM a\nCOPY . .\nRUN pip install x\n"
GOOD = "FROM a\n# first what changes seldom\nCOPY list .\nRUN pip install x\nCOPY app.py .\n"
PAIR = "notebooks/contexts/03_cache"


@pytest.fixture
def pair(course):
    folder = course / PAIR
    (folder / "bad.Dockerfile").write_text(BAD)
    (folder / "good.Dockerfile").write_text(GOOD)
    (folder / "app.py").write_text("x = 1\n")
    (folder / "model.bin").write_bytes(b"1")
    return folder


class Build:
    """A build that ends when ``go`` is set, or fails when it is hung up."""

    def __init__(self, bench, folder, file, name, overlay):
        self.bench, self.name, self.overlay = bench, name, overlay
        self.dockerfile = parse((folder / file).read_text())
        self.rows = Folding(self.dockerfile).rows()
        self.hung_up = False

    def cancel(self):
        """As a build's."""
        self.hung_up = True
        self.bench.go.set()

    def run(self, tell):
        """As a build's."""
        tell(Started(1, 0.1))
        tell(Output(1, 0.2, "line one\nline two\n"))
        self.bench.go.wait(20)
        if self.hung_up or self.name in self.bench.broken:
            raise BuildFailed("it broke", "mend it", instruction="COPY", line=2)
        tell(Finished(1, 0.3, cached=bool(self.overlay), seconds=0.2))
        steps = tuple(
            Step("0", one.index, one.oneline, "cached" if self.overlay else "run", 0.2, 5, one.line)
            for one in self.dockerfile.instructions
        )
        return BuildReport(self.name, "sha256:1", "t", "buildkit", "none", 1.0, 3, steps)


class Bench:
    """A workbench whose builds are those."""

    def __init__(self):
        self.go, self.broken, self.made, self.forgotten = threading.Event(), set(), [], False

    def job(self, folder, file, *, name, overlay):
        """As a workbench's."""
        self.made.append(Build(self, folder, file, name, overlay))
        return self.made[-1]

    def forget(self):
        """As a workbench's."""
        self.forgotten = True


@pytest.fixture
def benches(monkeypatch):
    made = []

    def workbench():
        made.append(Bench())
        made[-1].go.set()
        return made[-1]

    monkeypatch.setattr(builds.lab, "workbench", workbench)
    return made


async def events(jp_fetch, job):
    reply = await jp_fetch("mldocker-lab", "jobs", job, "events")
    parts = reply.body.decode().split("\n\n")
    return [json.loads(one.removeprefix("data: ")) for one in parts if one.startswith("data: ")]


async def built(ask, jp_fetch, *, cold=True, edit="", add=""):
    wanted = {"path": PAIR, "cold": cold, "edit": edit, "add": add}
    code, job = await ask("POST", "builds", wanted)
    assert code == 200, job
    return job["id"], await events(jp_fetch, job["id"])


async def latest_of_pair(ask):
    return (await ask("POST", "sides", {"path": PAIR}))[1]["built"]


def test_lines_stand_beside_those_they_replace():
    rows = list(diff(BAD.splitlines(), GOOD.splitlines()))
    assert [(row.kind, row.left_line, row.right_line) for row in rows] == [
        ("same", 1, 1),
        ("added", None, 2),
        ("changed", 2, 3),
        ("same", 3, 4),
        ("added", None, 5),
    ]


@pytest.mark.parametrize(("one", "other"), [(BAD, GOOD), (GOOD, BAD), ("FROM x\n", GOOD)])
def test_every_line_and_step_is_there_once_and_in_order(one, other):
    left, right = one.splitlines(), other.splitlines()
    rows = list(diff(left, right))
    assert [row.left for row in rows if row.left_line] == left
    assert [row.right for row in rows if row.right_line] == right
    steps = list(aligned(parse(one).instructions, parse(other).instructions))
    for side, text in (("left", one), ("right", other)):
        found = [getattr(row, side).step for row in steps if getattr(row, side)]
        assert found == list(range(len(parse(text).instructions)))


async def test_a_pair_and_an_exercise_are_found(ask, pair, course):
    code, told = await ask("POST", "sides", {"path": f"{PAIR}/app.py"})
    assert (code, told["kind"], told["files"]) == (200, "pair", ["app.py"])
    assert told["left"] == {"name": "bad", "path": f"{PAIR}/bad.Dockerfile"}
    assert [(row["left"] or {}).get("text") for row in told["steps"]][:2] == ["FROM a", "COPY . ."]
    code, told = await ask("POST", "sides", {"path": "exercises/90_word/answer/Dockerfile"})
    assert (code, told["kind"], told["title"]) == (200, "exercise", "90_word")
    assert told["right"]["path"] == "exercises/90_word/answer/Dockerfile"
    _, every = await ask("GET", "pairs")
    assert [one["path"] for one in every["pairs"]] == [PAIR, "exercises/90_word"]


async def test_what_is_no_dockerfile_is_compared_all_the_same(ask, pair):
    (pair / "bad.Dockerfile").write_text("FROM a\nRUN <<EOF\n")
    code, told = await ask("POST", "sides", {"path": PAIR})
    assert (code, told["steps"], told["diff"][0]["kind"]) == (200, [], "same")
    assert told["problem"]


@pytest.mark.parametrize("path", ["..", "/etc", "exercises", "notebooks/contexts/04_next", "a\0"])
async def test_other_folders_get_a_sentence(ask, path):
    for route, more in (("sides", {}), ("builds", {"cold": True, "edit": "", "add": ""})):
        code, told = await ask("POST", route, {"path": path, **more})
        assert (code, told["code"]) == (400, "usage-error")


async def test_a_huge_one_gets_a_sentence(ask, pair):
    (pair / "bad.Dockerfile").write_bytes(b"RUN x\n" * 2_000_000)
    code, told = await ask("POST", "sides", {"path": PAIR})
    assert (code, "too long" in told["what"]) == (400, True)


async def test_builds_are_told_and_an_edit_uses_their_cache(ask, jp_fetch, pair, benches):
    first, told = await built(ask, jp_fetch)
    moments = {(m["side"], m["step"], m["state"]) for one in told if (m := one["moment"])}
    assert {("left", 1, "running"), ("left", 1, "run"), ("right", 1, "run")} <= moments
    assert "line two" in {one["text"] for one in told}
    assert told[-1]["text"] == "bad: 0 of 2 steps reused; good: 0 of 3 steps reused"
    _, outcome = await ask("GET", f"builds/{first}")
    assert (outcome["edit"], outcome["left"]["name"]) == ("", "bad")
    assert [one["text"] for one in outcome["right"]["steps"]][1:3] == [
        "COPY list .",
        "RUN pip install x",
    ]

    again, _ = await built(ask, jp_fetch, cold=False, edit="app.py", add="y = 2")
    _, outcome = await ask("GET", f"builds/{again}")
    assert (outcome["edit"], outcome["right"]["hits"]) == ("app.py", 3)
    assert len(benches) == 1
    assert benches[0].made[-1].overlay == {"app.py": b"x = 1\ny = 2\n"}
    assert (pair / "app.py").read_text() == "x = 1\n"

    latest, _ = await built(ask, jp_fetch)
    assert [one.forgotten for one in benches] == [True, False]
    assert latest == await latest_of_pair(ask)


async def stopped(ask, jp_fetch, bench, *, cold):
    """Stop builds that have begun and wait for ``go``."""
    before = len(bench.made)
    _, job = await ask("POST", "builds", {"path": PAIR, "cold": cold, "edit": "", "add": ""})
    while len(bench.made) < before + 2:
        await ask("GET", "jobs")
    await ask("DELETE", f"jobs/{job['id']}")
    assert (await events(jp_fetch, job["id"]))[-1]["kind"] == "stopped"


async def test_the_latest_builds_are_named_until_cold_ones_begin(
    ask, jp_fetch, pair, benches, monkeypatch
):
    assert await latest_of_pair(ask) == ""
    first, _ = await built(ask, jp_fetch)
    assert await latest_of_pair(ask) == first
    benches[0].go.clear()
    await stopped(ask, jp_fetch, benches[0], cold=False)
    assert await latest_of_pair(ask) == first
    other = Bench()
    monkeypatch.setattr(builds.lab, "workbench", lambda: other)
    await stopped(ask, jp_fetch, other, cold=True)
    assert await latest_of_pair(ask) == ""


async def test_a_figure_is_a_png(ask, jp_fetch, pair, benches, monkeypatch):
    monkeypatch.setattr(builds.Comparison, "plot", lambda _: Picture(b"\x89PNG", "in words"))
    job, _ = await built(ask, jp_fetch)
    _, told = await ask("GET", f"builds/{job}/pictures/layers")
    assert base64.b64decode(told["png"]) == b"\x89PNG"
    assert told["alt"] == "in words"
    for path in (f"builds/{job}/pictures/edit", "builds/no/pictures/layers", "builds/no"):
        assert (await ask("GET", path))[0] == 400


async def test_a_side_that_fails_says_where_and_the_other_goes_on(
    ask, jp_fetch, pair, benches, monkeypatch
):
    bench = Bench()
    bench.broken = {"bad"}
    bench.go.set()
    monkeypatch.setattr(builds.lab, "workbench", lambda: bench)
    job, told = await built(ask, jp_fetch)
    assert (told[-1]["kind"], told[-1]["text"]) == ("ended", "line 2: it broke. mend it.")
    _, outcome = await ask("GET", f"builds/{job}")
    assert (outcome["left"], outcome["right"]["name"]) == (None, "good")
    assert outcome["pictures"] == []


async def test_builds_are_stopped_in_the_middle(ask, jp_fetch, pair, monkeypatch):
    bench = Bench()
    monkeypatch.setattr(builds.lab, "workbench", lambda: bench)
    body = {"path": PAIR, "cold": True, "edit": "", "add": ""}
    _, job = await ask("POST", "builds", body)
    _, same = await ask("POST", "builds", body)
    assert same["id"] == job["id"]
    _, listed = await ask("GET", "jobs")
    while len(bench.made) < 2:
        await ask("GET", "jobs")
    assert [(one["kind"], one["about"], one["ended"]) for one in listed["jobs"]] == [
        ("build", PAIR, False)
    ]
    await ask("DELETE", f"jobs/{job['id']}")
    assert (await events(jp_fetch, job["id"]))[-1]["kind"] == "stopped"


async def test_only_files_of_both_can_be_edited(ask, pair):
    for name in ("model.bin", "../../../x.py", "bad.Dockerfile"):
        body = {"path": PAIR, "cold": False, "edit": name, "add": ""}
        assert (await ask("POST", "builds", body))[0] == 400


async def test_the_gpu_badge(ask, monkeypatch):
    asked = []
    monkeypatch.setattr(gpubadge, "_SEEN", {})
    real = gpubadge.gpus.badge
    monkeypatch.setattr(gpubadge.gpus, "badge", lambda *host: asked.append(host) or real(*host))
    for _ in range(2):
        code, here = await ask("GET", "gpu/here")
        assert (code, here["host"]) == (200, "here")
        assert here["basis"] in ("no GPU", "real GPU")
    assert asked == [()]
    _, other = await ask("GET", f"gpu/{here['hosts'][1]}")
    assert other["basis"] in ("recorded host", "made-up host")
    assert (await ask("GET", "gpu/nobody"))[0] == 400
