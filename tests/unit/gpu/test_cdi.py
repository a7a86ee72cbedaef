"""CDI specs: what an engine would take, and the same as plain flags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldocker_lab import gpus
from mldocker_lab.errors import UsageError
from mldocker_lab.gpu import cdi
from mldocker_lab.gpu.passthrough import compiled

SPEC = """
cdiVersion: "0.6.0"
kind: lab.example/gpu
containerEdits:
  env: ["EVERY=1"]
devices:
  - name: "0"
    containerEdits:
      deviceNodes:
        - {path: /dev/lab0, hostPath: /dev/zero, permissions: rw}
      mounts:
        - {hostPath: /opt/lab, containerPath: /usr/lib/lab, options: [ro, nosuid, bind]}
      env: ["LAB_GPU=0=zero"]
      additionalGids: [44, 44]
      hooks:
        - {hookName: createContainer, path: /usr/bin/nvidia-cdi-hook}
"""


def _go(value):
    """The vectors spell keys as Go does; files spell them as the specification does."""
    odd = {"AdditionalGIDs": "additionalGids", "UID": "uid", "GID": "gid"}
    if isinstance(value, dict):
        return {
            odd.get(key, key[0].lower() + key[1:]): _go(one)
            for key, one in value.items()
            if one is not None
        }
    return [_go(one) for one in value] if isinstance(value, list) else value


def test_names(vectors):
    for case in vectors("cdi")["qualified_names"]:
        assert (cdi.qualified(case["device"]) is not None) == case["isQualified"], case
        assert cdi.split(case["device"]) == (case["vendor"], case["class"], case["name"])


def test_edits(vectors):
    for case in vectors("cdi")["TestValidateContainerEdits"]:
        assert bool(cdi.edit_problems(_go(case["edits"]))) == case["invalid"], case


def test_devices(vectors):
    for case in vectors("cdi")["TestDeviceValidate"]:
        spec = {"cdiVersion": "0.6.0", "kind": "a.b/c", "devices": [_go(case["device"]["Device"])]}
        assert bool(cdi.Spec(spec).problems) == case["invalid"], case


def test_specs(vectors):
    for case in vectors("cdi")["TestNewSpec"]:
        bad = case["invalid"] or case["schemaFail"] or case["unparsable"]
        assert bool(cdi.read(case["data"]).problems) == bad, case


def test_edits_as_flags():
    spec = cdi.read(SPEC)
    assert spec.problems == (
        "cdiVersion has to be 0.7.0 at least: it uses what came with that version",
    )
    spec = cdi.read(SPEC.replace("0.6.0", "0.7.0"))
    assert spec.problems == ()
    assert spec.devices == ("lab.example/gpu=0",)
    flags = compiled(spec, "lab.example/gpu=0")
    assert flags.flags() == [
        "--device=/dev/zero:/dev/lab0:rw",
        "--volume=/opt/lab:/usr/lib/lab:ro",
        "--env=EVERY=1",
        "--env=LAB_GPU=0=zero",
        "--group-add=44",
    ]
    assert flags.left_out == ("the hook createContainer (/usr/bin/nvidia-cdi-hook)",)
    assert flags.host() == {
        "devices": ["/dev/zero:/dev/lab0:rw"], "binds": ["/opt/lab:/usr/lib/lab:ro"],
        "group_add": [44],
    }  # fmt: skip
    assert gpus.flags(SPEC.replace("0.6.0", "1.0.0"), "0").variables()["LAB_GPU"] == "0=zero"


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('"0.6.0"', "0.6", "cdiVersion 0.6 is none of"),
        ("lab.example/gpu", "gpu", "is not of the form vendor.com/class"),
        ('name: "0"', "name: 0", "is no name of a device"),
        ("permissions: rw", "permissions: rwx", "not made of r, w, m"),
        ("hostPath: /opt/lab", "hostpath: /opt/lab", "unknown key 'hostpath'"),
        ('["EVERY=1"]', "[EVERY]", "is not NAME=VALUE"),
        ("devices:", "device:", "devices is no list"),
    ],
)
def test_mistakes_are_told(was, becomes, told):
    text = SPEC.replace(was, becomes)
    assert text != SPEC
    assert any(told in one for one in cdi.read(text).problems)


def test_a_device_that_is_not_there():
    with pytest.raises(UsageError, match="unresolvable CDI devices"):
        cdi.read(SPEC).edits("lab.example/gpu=1")


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "\0", "{" * 1100])
def test_no_spec_at_all(text):
    with pytest.raises(UsageError):
        cdi.read(text)


def test_a_spec_that_grows_when_it_is_read():
    """Each line holds the one before ten times: as text that would be larger than any memory."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    lines += [
        "kind: *a29",
        "cdiVersion: *a29",
        "devices: [{name: *a29, containerEdits: {env: *a29}}]",
    ]
    spec = cdi.read("\n".join(lines))
    assert spec.problems
    assert max(map(len, spec.problems)) < 1000
    assert len(spec.devices[0]) < 1000


KEYS = [
    "name", "containerEdits", "env", "deviceNodes", "mounts", "hooks", "path", "netDevices",
    "intelRdt", "additionalGids", "type", "permissions",
]  # fmt: skip
LEAF = st.sampled_from([None, True, 0, "", "a", "A=1", "0", "/x", [], {}])
NODE = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.sampled_from(KEYS), LEAF, max_size=3)
DATA = NODE | st.lists(NODE, max_size=2) | st.dictionaries(st.sampled_from(KEYS), NODE, max_size=3)


@given(st.dictionaries(
    st.sampled_from(["cdiVersion", "kind", "devices", "containerEdits", "annotations"]), DATA
))  # fmt: skip
def test_no_data_raises_an_error(data):
    assert all(isinstance(one, str) for one in cdi.Spec(data).problems)
