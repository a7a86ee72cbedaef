"""What was seen of a container, as answers; and the manifest that says how it is asked."""

from __future__ import annotations

import pytest

from mldocker_lab.audit.project import Project
from mldocker_lab.audit.service import Service
from mldocker_lab.audit.static import judge
from mldocker_lab.audit.targets import target_of
from mldocker_lab.audit.watched import Watched, judgements, merged
from mldocker_lab.errors import UsageError
from mldocker_lab.report.exits import Ended

DOCKER = "FROM python:3.11-slim\nEXPOSE 9000/tcp\nHEALTHCHECK CMD python p.py\nCMD uvicorn a:b\n"
WELL = {"ready": True, "health": "healthy", "healthy_after": 2.0}


def target(**files: str):
    return target_of(Project.of({"Dockerfile": DOCKER} | files), "Dockerfile")


def ended(status: int, seconds: float = 0.3) -> Ended:
    return Ended(status, oom=False, asked="stop", seconds=seconds, reason="")


@pytest.mark.parametrize(
    ("rule", "facts", "expected"),
    [
        ("multi-stage", {}, "not-judged"),
        ("multi-stage", {"workshop": (), "bytes": 5}, "pass"),
        ("multi-stage", {"workshop": ("gcc", "wandb")}, "fail"),
        ("model-external", {"weights": ()}, "pass"),
        ("model-external", {"weights": (("/m/a.onnx", 5), ("/m/b.onnx", 9))}, "fail"),
        ("non-root", {}, "not-judged"),
        ("non-root", {"uid": 0}, "fail"),
        ("non-root", {"uid": 10001, "strict": False}, "pass"),
        ("healthcheck", {}, "not-judged"),
        ("healthcheck", {"ready": False, "trouble": "it ended"}, "fail"),
        ("healthcheck", {"ready": True}, "not-judged"),
        ("healthcheck", WELL, "pass"),
        ("healthcheck", WELL | {"health": "unhealthy"}, "fail"),
        ("healthcheck", WELL | {"predicted": 200}, "pass"),
        ("healthcheck", WELL | {"predicted": 500}, "fail"),
        ("healthcheck", WELL | {"broken": 503}, "pass"),
        ("healthcheck", WELL | {"broken": 0}, "pass"),
        ("healthcheck", WELL | {"broken": 200}, "fail"),
        ("logs-stdout", {}, "not-judged"),
        ("logs-stdout", {"lines_alive": 3}, "pass"),
        ("logs-stdout", {"lines_alive": 0, "lines_stopped": 3}, "fail"),
        ("logs-stdout", {"lines_alive": 0, "lines_stopped": 0}, "not-judged"),
        ("exec-form", {}, "not-judged"),
        ("exec-form", {"ended": ended(0)}, "pass"),
        ("exec-form", {"ended": ended(137, 10.2)}, "fail"),
        ("exec-form", {"ended": ended(143)}, "not-judged"),
        ("limits", {"memory": "1g", "ready": True}, "pass"),
        ("limits", {"memory": "1g", "ready": True, "oom": True}, "fail"),
        ("limits", {"memory": "1g"}, "not-judged"),
    ],
)
def test_answers(rule, facts, expected):
    assert judgements(Watched(**facts))[rule].status == expected


def test_what_was_seen_takes_the_place_of_what_was_read():
    read = {one.id: one for one in judge(target())}
    seen = Watched(
        uid=10001, strict=True, ended=ended(0), memory="1g", ready=True, health="healthy"
    )
    both = {one.id: one for one in merged(read.values(), seen)}
    assert (read["non-root"].status, both["non-root"].status) == ("fail", "pass")
    assert both["non-root"].evidence.startswith("measured: ")
    assert both["non-root"].fix == ""
    assert both["python-pins"] == read["python-pins"]
    assert both["limits"].status == "not-judged", "that it bears a limit does not set one"
    assert "works within 1g" in both["limits"].evidence


def test_the_manifest():
    assert Service.of(target()).port == 9000
    text = "port: 8000\nready: /ready\nsample: {a: [1]}\nmemory: 1g\n"
    service = Service.of(target(**{"mldocker.yaml": text}))
    assert (service.port, service.ready, service.sample) == (8000, "/ready", {"a": [1]})
    assert (service.predict, service.memory) == ("", "1g")
    for wrong in ("prot: 1\n", "[\n", "- a\n"):
        with pytest.raises(UsageError, match=r"mldocker\.yaml"):
            Service.of(target(**{"mldocker.yaml": wrong}))
