"""Evidence from a real engine: stages, containers without a network, deleted words, the start."""

from __future__ import annotations

import pytest

from mldocker_lab.grade import naive
from mldocker_lab.grade.evidence import Evidence
from mldocker_lab.workbench import Workbench

START = """\
FROM mldocker-lab/python:3.11-slim AS first
RUN head -c 3000000 /dev/zero > /heavy
"""
ANSWER = """\
FROM mldocker-lab/python:3.11-slim AS first
COPY secret.txt /tmp/secret.txt
RUN rm /tmp/secret.txt
FROM first AS last
USER 1234
ENTRYPOINT ["false"]
"""


@pytest.fixture
def evidence(bench, tmp_path):
    for name, text in (("answer", ANSWER), ("start", START)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
    own = Workbench(bench.engine, bench.mirror)
    with Evidence(
        tmp_path / "answer", lambda: own, name="00_proof", start=tmp_path / "start"
    ) as made:
        made.put("secret.txt", f"canary-{made.token}\n")
        yield made
    own.forget()


def test_a_deleted_word_is_found_in_the_layer_that_holds_it(evidence):
    word, other = f"canary-{evidence.token}", f"absent-{evidence.token}"
    assert evidence.holders(evidence.first, [word, other]) == {word: ("tmp/secret.txt",)}


def test_an_image_is_taken_apart_once(evidence):
    image = evidence.inspect(evidence.first.report.image_id)
    assert [(one.path, one.reason) for one in image.wasted if "secret" in one.path] == [
        ("/tmp/secret.txt", "deleted")
    ]
    assert evidence.inspect(evidence.first.report.image_id) is image


def test_a_stage_is_built_from_the_same_cache(evidence):
    whole, stage = evidence.first, evidence.build({}, target="first")
    assert stage.report.cache_hits == stage.report.cache_steps == 2
    assert stage.diff_ids == whole.diff_ids
    assert len(evidence.tags) == 2


def test_a_command_runs_as_the_image_says_with_files_and_without_a_network(evidence):
    image = evidence.first.report.image_id
    status, said = evidence.run(
        image,
        ["sh", "-c", "id -u; cat /in/put.txt; ls /sys/class/net; exit 3"],
        files={"/in/put.txt": "given\n"},
    )
    assert (status, said.split()) == (3, ["1234", "given", "lo"])


def test_the_start_is_built_once_for_all_answers(evidence, bench):
    first = evidence.naive
    own = Workbench(bench.engine, bench.mirror)
    again = naive.build(own, evidence._start, "00_proof")
    assert again == first
    heavy = naive.file_bytes(evidence.layers(evidence.first))
    assert 2_900_000 < first.bytes - heavy < 3_100_000
    key = naive._key(own, evidence._start)
    Workbench(bench.engine, bench.mirror, f"naive{key}").forget()
    assert not bench.engine.has_image(first.image)
