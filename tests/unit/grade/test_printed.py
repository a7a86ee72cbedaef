"""What a rubric's program printed, whatever else the container says."""

from __future__ import annotations

import pytest

from mldocker_lab.grade.printed import last_json


@pytest.mark.parametrize(
    "said",
    [
        '{"a": 1}\n',
        'warming up\n{"a": 1}\n',
        '{"a": 1}\n  warnings.warn(\n',  # the standard error came later
        '[0]\n{"a": 1}\n[W:onnxruntime] no GPU\n\n',
    ],
)
def test_the_last_line_of_json(said):
    assert last_json(said) == {"a": 1}


@pytest.mark.parametrize("said", ["", "killed\n", "[W:onnxruntime] no GPU\n", "3\n"])
def test_none_at_all(said):
    with pytest.raises(ValueError, match="JSON"):
        last_json(said)
