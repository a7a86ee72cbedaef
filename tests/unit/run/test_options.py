"""Options become what the engine's API takes; a stranger's container stays in its bounds."""

from __future__ import annotations

import pytest

from mldocker_lab.errors import UsageError
from mldocker_lab.run.bounds import Bounds
from mldocker_lab.run.options import Health, Options

BOUNDS = Bounds(seconds=600, memory=1 << 30, processes=64, cpus=0.5, network="nowhere")


def test_nothing_asked_is_nothing_said():
    assert Options().host() == {}
    assert Options().config() == {"environment": {}}


def test_a_health_check_in_nanoseconds_and_in_the_form_of_its_command():
    told = Options(health=Health("true", interval=0.5, start_period=30)).config()["healthcheck"]
    assert told == {
        "test": ["CMD-SHELL", "true"],
        "interval": 500_000_000,
        "timeout": 1_000_000_000,
        "retries": 3,
        "start_period": 30_000_000_000,
    }
    assert Options(health=Health(["probe", "x"])).config()["healthcheck"]["test"] == [
        *("CMD", "probe", "x"),
    ]
    assert Options(health=False).config()["healthcheck"] == {"test": ["NONE"]}


def test_a_memory_limit_leaves_no_swap_beyond_it():
    assert Options(memory=64_000_000).host() == {
        "mem_limit": 64_000_000,
        "memswap_limit": 64_000_000,
    }


def test_flags_of_docker_run():
    host = Options(
        cpus=0.5, pids=20, shm="256m", read_only=True, tmpfs=["/tmp"], drop=["ALL"],
        add=["NET_BIND_SERVICE"], no_new_privileges=True, init=True, restart="on-failure:3",
        log={"max-size": "1m"}, volumes={"v": "/v:ro"}, network="none", gpus="all",
    ).host()  # fmt: skip
    assert host == {
        "nano_cpus": 500_000_000,
        "pids_limit": 20,
        "shm_size": "256m",
        "device_requests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}],
        "cap_drop": ["ALL"],
        "cap_add": ["NET_BIND_SERVICE"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "tmpfs": {"/tmp": ""},
        "init": True,
        "network_mode": "none",
        "binds": ["v:/v:ro"],
        "log_config": {"Type": "json-file", "Config": {"max-size": "1m"}},
        "restart_policy": {"Name": "on-failure", "MaximumRetryCount": 3},
    }


def test_bounds_keep_their_network_and_their_rights():
    host = Options(network="host", add=["SYS_ADMIN"], memory="64m").host(BOUNDS)
    assert host["network_mode"] == "nowhere"
    assert host["cap_drop"] == ["ALL"]
    assert "SYS_ADMIN" not in host["cap_add"]
    assert host["mem_limit"] == host["memswap_limit"] == "64m"
    assert host["pids_limit"] == 64


def test_no_network_and_no_capabilities_may_be_asked_for_in_bounds():
    host = Options(network="none", drop=["ALL"]).host(BOUNDS)
    assert (host["network_mode"], host["cap_drop"], host["cap_add"]) == ("none", ["ALL"], [])


def test_an_unknown_restart_policy_is_refused():
    with pytest.raises(UsageError, match="sometimes"):
        Options(restart="sometimes")


def test_device_nodes_and_cdi_devices_are_told_apart_as_docker_run_does():
    host = Options(
        devices=["/dev/zero:/dev/card0:rwm", "lab.example/gpu=0"], groups=[44], gpus=1
    ).host()
    assert host == {
        "devices": ["/dev/zero:/dev/card0:rwm"],
        "device_requests": [
            {"Driver": "", "Count": 1, "Capabilities": [["gpu"]]},
            {"Driver": "cdi", "DeviceIDs": ["lab.example/gpu=0"]},
        ],
        "group_add": [44],
    }


@pytest.mark.parametrize(
    ("name", "hint"),
    [("memory_limit", "did you mean memory?"), ("env", "environment"), ("xyz", "there are")],
)
def test_an_option_that_does_not_exist_is_told(name, hint):
    with pytest.raises(UsageError, match=name) as caught:
        Options.asked({name: 1})
    assert hint in caught.value.hint
