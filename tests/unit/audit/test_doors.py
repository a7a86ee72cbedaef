"""The ways in: notebook, shell, JSON, SARIF, JUnit, baseline, comments, fixes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner

import mldocker_lab as lab
from mldocker_lab.audit import auditing
from mldocker_lab.audit.rules import all_rules
from mldocker_lab.audit.static import diagnose
from mldocker_lab.audit.telling import fixing
from mldocker_lab.audit.telling.pages import book
from mldocker_lab.cli import main
from mldocker_lab.errors import DockerfileError, UsageError

ROOT = Path(__file__).parents[3]
BAD = """\
FROM python:3.11-slim
RUN apt-get update && apt-get install -y git
COPY . .
RUN pip install numpy
CMD gunicorn app:app --log-file /var/log/app.log
"""
GOOD = f"""\
FROM python:3.11 AS build
COPY requirements.txt .
RUN pip install --prefix /install -r requirements.txt
FROM python:3.11-slim@sha256:{"ab" * 32}
ENV PYTHONUNBUFFERED=1 MODEL_PATH=/models/m.onnx
COPY --from=build /install /usr/local
COPY app.py .
USER 10001
HEALTHCHECK --start-period=30s CMD python probe.py
CMD ["uvicorn", "app:app"]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project with every fault that a program can mend."""
    (tmp_path / "Dockerfile").write_text(BAD)
    (tmp_path / "app.py").write_text("app = None\n")
    (tmp_path / "net.onnx").write_text("weights\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str | Path, status: int = 0):
    """The command, in this process."""
    done = CliRunner().invoke(main, ["audit", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output


def card_of(*words: str | Path) -> dict:
    return json.loads(run(*words, "--json"))


def test_json_has_the_keys_that_others_rely_on(project):
    card = card_of(project)
    assert card["target"] == "Dockerfile"
    assert [one["number"] for one in card["points"]] == list(range(1, 11))
    assert {one["number"] for one in card["smells"]} == {0}
    keys = {"number", "id", "status", "evidence", "file", "line", "fix"}
    for one in card["points"] + card["smells"]:
        assert keys <= set(one)
        assert one["status"] in ("pass", "fail", "not-judged")
        assert bool(one["fix"]) == (one["status"] == "fail")
    pins = card["points"][2]
    assert (pins["status"], pins["file"], pins["line"]) == ("fail", "Dockerfile", 4)


def test_a_dockerfile_a_folder_and_a_stage(project):
    (project / "docker").mkdir()
    (project / "docker" / "serve.Dockerfile").write_text(GOOD)
    assert card_of(project)["others"] == ["docker/serve.Dockerfile"]
    named = card_of(project, "--dockerfile", "docker/serve.Dockerfile")
    assert named["target"] == "docker/serve.Dockerfile"
    assert card_of(project / "docker" / "serve.Dockerfile")["target"] == "serve.Dockerfile"
    assert card_of(project / "docker" / "serve.Dockerfile", "--target", "build")["stage"] == "build"
    inside = card_of(project / "docker" / "serve.Dockerfile", "--project", project)
    assert inside["target"] == "docker/serve.Dockerfile"
    assert inside["others"] == ["Dockerfile"]
    run(project / "Dockerfile", "--project", project / "docker", status=2)
    both = card_of(project, "--all")["targets"]
    assert [one["target"] for one in both] == ["Dockerfile", "docker/serve.Dockerfile"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dockerfile.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff"),
        ("dockerfile.ts", b"import {x} from 'y';\n"),
        ("dockerfile.json", b'{"FROM": 1}'),
        ("Dockerfile.md", b"# FROM here\n\nWe build from Debian.\n"),
        ("Dockerfile.empty", b""),
        ("Dockerfile.j2", b"FROM {{ base }}\n"),
    ],
)
def test_what_only_has_the_name_of_a_dockerfile(project, name, content):
    (project / name).write_bytes(content)
    (project / "Dockerfile.gpu").write_bytes(
        b"\xef\xbb\xbf# syntax=x\r\n\r\n  arg A=1\nFROM scratch\n"
    )
    assert [one["target"] for one in card_of(project, "--all")["targets"]] == [
        "Dockerfile",
        "Dockerfile.gpu",
    ]


def test_exit_status(project):
    run(project)
    run(project, "--fail-on", "points", status=1)
    run(project, "--fail-on", "any", status=1)
    run(project, "--fail-on", "secrets,gpu-compat", status=0)
    run(project, "--fail-on", "non-root", status=1)
    run(project, "--fail-on", "nonsense", status=2)
    run(project / "nowhere", status=2)
    run(project, "--target", "nowhere", status=2)
    run(project, "--build-arg", "X", status=2)
    (project / "Dockerfile").unlink()
    run(project, status=2)


def test_build_arguments(project):
    (project / "Dockerfile").write_text("FROM python:3.11-slim\nARG U=0\nUSER $U\n")
    assert card_of(project)["points"][4]["status"] == "fail"
    assert card_of(project, "--build-arg", "U=1000")["points"][4]["status"] == "pass"


def test_the_table_is_readable(project):
    text = run(project)
    assert max(map(len, text.splitlines())) <= 100
    assert "0 of 10 points pass" in text
    assert "Dockerfile:4" in text
    for rule in all_rules():
        assert rule.number == 0 or rule.id in text


def test_the_scorecard_in_a_notebook(project):
    before = lab.audit(project)
    shown = before._repr_mimebundle_()
    assert shown["text/plain"] == str(before)
    assert "<table>" in shown["text/html"]
    assert repr(before) == "Dockerfile: 0 of 10 points pass, 8 fail, 2 not judged"
    (project / "Dockerfile").write_text(GOOD)
    (project / "requirements.txt").write_text("uvicorn==0.32.0\n")
    both = before.compare(lab.audit(project))
    assert {"multi-stage", "non-root", "healthcheck", "logs-stdout"} <= set(both.gained)
    assert both.lost == ()
    assert "✗ fail" in str(both)
    assert "text/html" in both._repr_mimebundle_()
    assert both.to_dict()["after"]["score"] == both.after.score


def test_sarif(project):
    """The parts that the standard asks for, and that code-hosting pages read."""
    (project / "sub").mkdir()
    shutil.move(project / "Dockerfile", project / "sub" / "Dockerfile")
    run("sub", "--sarif", "out.sarif")
    log = json.loads((project / "out.sarif").read_text())
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (one,) = log["runs"]
    driver = one["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == [rule.id for rule in all_rules()]
    for rule in driver["rules"]:
        assert {"id", "shortDescription", "fullDescription", "help"} <= set(rule)
    assert one["results"]
    for result in one["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("warning", "note")
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].startswith("sub/")
        region = place["region"]
        assert region["startLine"] >= 1
        assert (region["endLine"], region["endColumn"]) >= (
            region["startLine"],
            region["startColumn"],
        )
        assert re.fullmatch(r"[0-9a-f]{64}", result["partialFingerprints"]["ruleAndFile/v1"])


def test_sarif_says_what_is_accepted(project):
    comment = "# mldocker-lab: accept non-root: a job that only root may run\n"
    (project / "Dockerfile").write_text(comment + BAD)
    run(project, "--sarif", "out.sarif", "--write-baseline", "base.json")
    run(project, "--sarif", "out.sarif", "--baseline", "base.json", "--fail-on", "any")
    results = json.loads((project / "out.sarif").read_text())["runs"][0]["results"]
    kinds = {r["ruleId"]: r["suppressions"][0]["kind"] for r in results}
    assert kinds["non-root"] == "inSource"
    assert kinds["python-pins"] == "external"
    justified = next(r for r in results if r["ruleId"] == "non-root")["suppressions"][0]
    assert justified["justification"] == "a job that only root may run"


def test_junit(project):
    run(project, "--junit", "out.xml")
    suite = ET.parse(project / "out.xml").getroot().find("testsuite")
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert suite.get("tests") == str(len(all_rules()))
    assert cases["non-root"] == ["failure"]
    assert cases["limits"] == ["skipped"], "not judged is never a pass"
    assert cases["secrets"] == []


def test_a_comment_needs_a_reason(project):
    (project / "Dockerfile").write_text("# mldocker-lab: accept non-root\n" + BAD)
    assert "suppressed" not in card_of(project)["points"][4]
    (project / "Dockerfile").write_text("# mldocker-lab: accept non-root, limits: a toy\n" + BAD)
    found = card_of(project)["points"][4]
    assert (found["status"], found["suppressed"]) == ("fail", "a toy")
    run(project, "--fail-on", "non-root")
    text = (project / "Dockerfile").read_text()
    assert "non-root" not in {one.rule for one in diagnose(text)}


def test_a_baseline_needs_reasons(project):
    run(project, "--write-baseline", ".mldocker-audit.json")
    run(project, "--fail-on", "any")
    (project / "Dockerfile").write_text(BAD + "ARG HF_TOKEN\n")
    run(project, "--fail-on", "any", status=1)
    entry = {"file": "*", "rule": "*", "reason": " "}
    (project / "b.json").write_text(json.dumps({"version": 1, "accepted": [entry]}))
    run(project, "--baseline", "b.json", status=2)
    (project / "b.json").write_text("[")
    run(project, "--baseline", "b.json", status=2)


def test_fix_shows_a_diff_and_writes_when_told(project, monkeypatch):
    monkeypatch.setattr("mldocker_lab.lab.image_digest", lambda _: f"sha256:{'cd' * 32}")
    before = (project / "Dockerfile").read_text()
    text = run(project, "--fix")
    assert "+FROM python:3.11-slim@sha256:cdcd" in text
    assert '+CMD ["gunicorn", "app:app"' in text
    assert (project / "Dockerfile").read_text() == before, "a diff first"
    assert not (project / ".dockerignore").exists()
    run(project, "--fix", "--yes")
    card = lab.audit(project)
    mended = ("base-digest", "dockerignore", "exec-form", "apt-lists", "pip-cache")
    assert {name: card[name].status for name in mended} == dict.fromkeys(mended, "pass")
    assert "nothing that a program may change" in run(project, "--fix", "--yes")


def test_fix_without_a_registry_and_what_it_leaves_alone(project, monkeypatch):
    monkeypatch.setattr("mldocker_lab.lab.image_digest", lambda _: None)
    kept = 'FROM python:3.11-slim\nRUN ["pip", "install", "a==1"]\nCMD uvicorn app:app > log\n'
    (project / "Dockerfile").write_text(kept)
    (project / ".dockerignore").write_text("*\n!app.py\n")
    assert "nothing that a program may change" in run(project, "--fix", "--yes")
    assert (project / "Dockerfile").read_text() == kept


def test_an_ignore_file_that_is_made_keeps_what_copy_names(project):
    (project / "data").mkdir()
    (project / "data" / "labels.txt").write_text("cat\n")
    (project / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY data/labels.txt app.py ./\n")
    card = lab.audit(project)
    (change,) = fixing.changes([card["dockerignore"]], lambda _: None)
    assert ".git" in change.after.split()
    assert "data/" not in change.after.split()


def test_explain():
    assert "USER" in run("--explain", "non-root")
    run("--explain", "nonsense", status=2)


def test_hadolint_is_asked_where_it_is(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    run(project, "--with-hadolint", status=2)
    said = [{"code": "DL3008", "line": 2, "level": "warning", "message": "Pin versions", "x": 1}]
    fake = project / "hadolint"
    fake.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(said))})\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(project))
    assert card_of(project, "--with-hadolint")["hadolint"][0]["code"] == "DL3008"
    assert "hadolint DL3008 line 2" in run(project, "--with-hadolint")


def test_files_that_are_odd(project):
    """UTF-16 requirements, links that lead out, bytes that are no text, folders not to enter."""
    (project / "Dockerfile").write_text(
        "FROM python:3.11\nCOPY r.txt .\nRUN pip install -r r.txt\n"
    )
    (project / "r.txt").write_bytes("numpy==1.26.4\r\n".encode("utf-16"))
    assert lab.audit(project)["python-pins"].status == "pass"
    (project / "r.txt").unlink()
    (project / "r.txt").symlink_to("/etc/hostname")
    assert lab.audit(project)["python-pins"].status == "not-judged"
    (project / "compose.yaml").write_bytes(b"services: \xff\xfe\n")
    (project / "node_modules").mkdir()
    (project / "node_modules" / "Dockerfile").write_text("FROM x\n")
    card = lab.audit(project)
    assert card.others == ()
    (project / "Dockerfile").write_text("RUN x\n")
    with pytest.raises(DockerfileError, match="FROM"):
        lab.audit(project)


def test_files_that_no_rule_asks_for_are_not_opened(tmp_path):
    for i in range(5):
        folder = tmp_path / f"d{i}"
        folder.mkdir()
        for j in range(20):
            (folder / f"f{j}.py").touch()
    (tmp_path / "Dockerfile").write_text(BAD)
    found = auditing.open_project(tmp_path)
    opened = []
    read = found.project.read
    project = type(found.project)(
        found.project.names, lambda name: opened.append(name) or read(name), sizes={}
    )
    (card, _), *_ = auditing.audit_all(auditing.Audited(tmp_path, project, found.files, ()))
    assert card.score == 1
    assert len(set(opened)) < 10


def test_this_project_passes():
    """What fails on purpose is listed in .mldocker-audit.json, with the reason."""
    cards = auditing.audit_all(auditing.open_project(ROOT, everything=True))
    assert len(cards) > 10
    open_ones = [(c.target, f.id, f.evidence) for c, _ in cards for f in c.findings if f.open]
    assert open_ones == []


def test_the_page_is_written_from_the_rules():
    text = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert text == book(), "run scripts/write_audit_page.py"


def test_hook_and_workflow_name_what_exists():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    words = hook["entry"].split()
    assert words[:2] == ["mldocker-lab", "audit"]
    assert hook["types"] == ["dockerfile"]
    assert re.search(hook["exclude"], "docs/Dockerfile.md")
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yml").read_text())
    assert "workflow_call" in flow[True]
    script = "".join(step.get("run", "") for step in flow["jobs"]["audit"]["steps"])
    known = {name for option in main.commands["audit"].params for name in option.opts}
    assert set(re.findall(r"--[a-z-]+", script + hook["entry"])) <= known


def test_the_audit_is_light_to_import():
    """An editor's server imports it: no engine, no tables, no drawing."""
    heavy = "{'docker', 'rich', 'matplotlib', 'yaml'}"
    code = f"import sys, mldocker_lab.audit.static; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_no_such_path():
    with pytest.raises(UsageError, match="there is no"):
        lab.audit("/nowhere/at/all")
