"""What was seen joins what the files say; only behaviour that decides overrules them."""

from __future__ import annotations

import pytest

from mldocker_lab.audit.finding import Finding
from mldocker_lab.audit.rules import all_rules
from mldocker_lab.audit.watching.inside import known
from mldocker_lab.audit.watching.seen import Seen, joined

RULE = next(iter(all_rules()))
PASS, FAIL, OPEN = "pass", "fail", "not-judged"


@pytest.mark.parametrize(
    ("said", "seen", "decides", "status"),
    [
        (PASS, PASS, False, PASS),
        (PASS, FAIL, False, FAIL),
        (FAIL, PASS, False, FAIL),
        (OPEN, PASS, False, PASS),
        (OPEN, OPEN, False, OPEN),
        (FAIL, OPEN, False, FAIL),
        (FAIL, PASS, True, PASS),
        (PASS, FAIL, True, FAIL),
        (FAIL, OPEN, True, FAIL),
    ],
)
def test_two_answers_become_one(said, seen, decides, status):
    finding = Finding(RULE, said, "the file says so", "Dockerfile", 3, fix="mend it")
    (one,) = joined([finding], {RULE.id: Seen(seen, "it does", "do it", decides=decides)})
    assert one.status == status
    assert one.evidence == "the file says so; seen: it does"
    assert bool(one.fix) == (status == FAIL)


def test_what_was_not_watched_stays():
    finding = Finding(RULE, FAIL, "the file says so", "Dockerfile", 3)
    assert joined([finding], {}) == (finding,)


@pytest.mark.parametrize(
    ("head", "path", "kind"),
    [
        ((300).to_bytes(8, "little") + b'{"weight":', "/m", "safetensors"),
        (b"GGUF\x03", "/m", "GGUF"),
        (b"\x89HDF\r\n\x1a\n", "/m", "HDF5"),
        (b"\x1c\0\0\0TFL3", "/m", "TensorFlow Lite"),
        (b"\x08\x0a\x12\x08skl2onnx", "/m", "ONNX"),
        (b"PK\x03\x04....archive/data.pkl", "/m", "PyTorch"),
        (b"\x80\x05\x95", "/m.joblib", "a pickle"),
        (b"\x80\x05\x95", "/m.txt", ""),
        (b"PK\x03\x04 word/document.xml", "/m.docx", ""),
        (b"", "/m.onnx", ""),
    ],
)
def test_models_are_known_by_their_first_bytes(head, path, kind):
    assert known(head, path) == kind
