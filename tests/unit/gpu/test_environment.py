"""What an image's variables mean, held against vectors made by NVIDIA's own tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldocker_lab.gpu.environment import CAPABILITIES, Environment, major_minor, pairs


def test_requirements(vectors):
    for case in vectors("nvidia_image_env")["requirements_from_env"]:
        said = Environment(pairs(case["env"])).requirements
        assert sorted(said) == sorted(case["expect_requirements_any_order"]), case


def test_devices(vectors):
    for case in vectors("nvidia_image_env")["devices_from_env"]:
        said = Environment(case["env"]).devices(preferred=case["preferred_envvars"])
        assert said == case["expect_devices"], case


def test_devices_of_containers(vectors):
    for case in vectors("nvidia_image_env")["visible_devices"]:
        asked = case["env_NVIDIA_VISIBLE_DEVICES"]
        env = {**case["env"], **({"NVIDIA_VISIBLE_DEVICES": asked} if asked else {})}
        said = Environment(env).devices(
            preferred=case["preferred_envvars"],
            mounts=case["mounts"],
            accept_mounts=case["accept_mounts"],
            privileged=case["privileged"],
            accept_unprivileged=case["accept_unprivileged_env"],
        )
        assert said == case["expect_devices"], case


def test_devices_asked_for_by_mounts(vectors):
    for case in vectors("nvidia_image_env")["mount_devices"]:
        said = Environment().devices(mounts=case["mounts"], accept_mounts=True)
        assert said == case["expect_devices"], case


def test_capabilities(vectors):
    for case in vectors("nvidia_image_env")["driver_capabilities"]:
        legacy = {"CUDA_VERSION": "9.0"} if case["legacy_image"] else {}
        said = Environment({**case["env"], **legacy}).capabilities(case["supported"].split(","))
        assert bool(said.unsupported) == case["expect_panic"], case
        if not case["expect_panic"]:
            assert ",".join(said.names) == case["expect"], case


def test_what_the_hook_makes_of_it(vectors):
    for case in vectors("nvidia_image_env")["nvidia_config"]:
        config = case["hook_config"] or {}
        env = Environment(case["env"])
        preferred = [one for one in (config.get("swarm_resource") or "").split(",") if one]
        devices = env.devices(preferred=preferred, privileged=case["privileged"])
        if case["expect"] is None:
            assert devices is None or case["expect_panic"], case
            continue
        supported = (config.get("supported_driver_capabilities") or ",".join(CAPABILITIES)).split(
            ","
        )
        assert devices == case["expect"]["Devices"], case
        assert ",".join(env.capabilities(supported).names) == case["expect"]["DriverCapabilities"]
        assert sorted(env.requirements) == sorted(case["expect"]["Requirements"] or []), case


def test_versions_of_legacy_images(vectors):
    every = vectors("nvidia_image_env")
    for case in every["major_minor_valid"]:
        assert major_minor(case["version"]) == case["expect"]
    assert [major_minor(one) for one in every["major_minor_invalid"]] == [""] * 15


def test_real_and_made_up_images(vectors):
    for case in vectors("nvidia_image_env")["oracle_env"]:
        env, wanted = Environment(pairs(case["env"])), case["expect"]
        assert env.legacy == wanted["legacy"]
        assert env.disables_requirements == wanted["disable_require"]
        assert env.devices() == wanted["visible_devices"], case
        assert bool(env.problem) == bool(wanted.get("requirements_error")), case
        if not env.problem:
            assert sorted(env.requirements) == sorted(wanted["requirements"] or []), case


@pytest.mark.parametrize("value", ["1", "t", "T", "true", "True", "TRUE"])
def test_go_booleans_disable(value):
    env = Environment({"NVIDIA_DISABLE_REQUIRE": value, "NVIDIA_REQUIRE_CUDA": "cuda>=99"})
    assert env.requirements == ()


@pytest.mark.parametrize("value", ["yes", "on", "2", "tRUE", "", "0", " 1"])
def test_other_words_do_not(value):
    env = Environment({"NVIDIA_DISABLE_REQUIRE": value, "NVIDIA_REQUIRE_CUDA": "cuda>=99"})
    assert env.requirements == ("cuda>=99",)


@given(st.dictionaries(st.sampled_from(
    ["CUDA_VERSION", "NVIDIA_REQUIRE_CUDA", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DISABLE_REQUIRE",
     "NVIDIA_DRIVER_CAPABILITIES"]), st.text()))  # fmt: skip
def test_no_variable_raises_an_error(variables):
    env = Environment(variables)
    assert isinstance(env.requirements, tuple)
    assert env.devices() is None or isinstance(env.devices(), list)
    assert set(env.capabilities().names) <= set(CAPABILITIES)
