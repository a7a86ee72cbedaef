"""The three gates on hosts and images that are known in part."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from mldocker_lab import gpus
from mldocker_lab.errors import UsageError
from mldocker_lab.gpu import host as hosts_of
from mldocker_lab.gpu import image as images_of
from mldocker_lab.gpu import recorded
from mldocker_lab.gpu.check import check
from mldocker_lab.gpu.gate_cuda import cuda_gate
from mldocker_lab.gpu.gate_image import image_gate
from mldocker_lab.gpu.gate_kernels import kernels_gate
from mldocker_lab.gpu.tables import OVERRIDE, tables
from mldocker_lab.gpu.verdict import overall

TABLES = tables()


def image(cuda=None, *, packages=None, compat=None, **env):
    known = {"CUDA_VERSION": cuda} if cuda else {}
    return images_of.given({**known, **env}, packages=packages, compat=compat)


def host(driver=None, cuda=None, brand=None, arch=None, platform="linux"):
    return hosts_of.given(driver=driver, cuda=cuda, brand=brand, arch=arch, platform=platform)


@pytest.mark.parametrize(
    ("cuda", "driver", "knows", "verdict"),
    [
        # the driver knows it
        ("12.4.1", "580.65.06", "13.0", "runs"),
        ("11.8.0", "580.65.06", None, "runs"),
        ("9.0", "535.104.05", "12.2", "runs"),
        # minor-version compatibility, at its edge
        ("12.8.1", "525.60.13", "12.0", "runs"),
        ("12.8.1", "525.60.12", "12.0", "refused"),
        ("12.9.0", None, "12.0", "runs"),
        ("11.8.0", "450.80.02", "11.0", "runs"),
        ("11.8.0", "450.80.01", "11.0", "refused"),
        ("11.8.0", None, "11.0", "cannot-tell"),  # 11.0 came with a driver below the edge
        ("13.2.0", "580.65.06", None, "runs"),
        ("13.0.0", "575.57.08", "12.9", "refused"),
        ("13.4.0", "580.65.06", "13.0", "runs"),
        # before 11 there was none
        ("10.2.89", "418.39", "10.1", "refused"),
        ("10.2.89", "440.33", None, "runs"),
        # another generation
        ("12.0.0", "520.61.05", "11.8", "refused"),
        # what is missing, absurd, or newer than the table
        ("12.4.1", None, None, "cannot-tell"),
        (None, "535.104.05", "12.2", "cannot-tell"),
        ("latest", "535.104.05", "12.2", "cannot-tell"),
        ("12", "535.104.05", "12.2", "runs"),
        ("99.1", "535.104.05", "12.2", "cannot-tell"),
        ("12.4.1", "9999.1", "12.2", "cannot-tell"),
        ("12.4.1", "535.104.05", "99.0", "cannot-tell"),
        ("12.4.1", "-1", "12.2", "cannot-tell"),
        ("12.7.0", "580.65.06", "13.0", "cannot-tell"),  # there never was a 12.7
        ("14.0.0", "580.65.06", "13.0", "cannot-tell"),
        # 470 has never known 12.8
        ("12.8.0", "470.82.01", "12.8", "cannot-tell"),
    ],
)
def test_gate_b(cuda, driver, knows, verdict):
    gate = cuda_gate(image(cuda), host(driver, knows, "geforce"), TABLES)
    assert gate.verdict == verdict, gate.reason


@pytest.mark.parametrize(
    ("brand", "compat", "verdict"),
    [
        ("geforce", True, "refused"),
        ("titan", True, "refused"),
        ("tesla", False, "refused"),
        ("tesla", None, "cannot-tell"),
        ("tesla", True, "runs"),
        ("quadro", True, "cannot-tell"),  # select cards only, and not listed by this image
        (None, True, "cannot-tell"),
    ],
)
def test_forward_compatibility(brand, compat, verdict):
    demand = "cuda>=12.4 brand=tesla,driver>=470,driver<471"
    known = image("12.4.1", compat=compat, NVIDIA_REQUIRE_CUDA=demand)
    assert cuda_gate(known, host("470.82.01", "11.4", brand), TABLES).verdict == verdict


@pytest.mark.parametrize(
    ("platform", "driver", "verdict"),
    [
        ("linux", "527.00", "runs"),
        ("wsl", "527.00", "refused"),
        ("wsl", "527.41", "runs"),
        ("windows", "527.41", "runs"),
    ],
)
def test_wsl_has_the_numbers_of_windows(platform, driver, verdict):
    known = host(driver, "12.0", "geforce", "8.6", platform)
    assert cuda_gate(image("12.4.1"), known, TABLES).verdict == verdict


def torch(version):
    return image(packages={"torch": version})


@pytest.mark.parametrize(
    ("known", "arch", "verdict"),
    [
        (torch("2.8.0+cu126"), "5.0", "runs"),
        (torch("2.8.0+cu126"), "6.1", "runs"),
        (torch("2.8.0+cu126"), "8.9", "runs"),  # by what was compiled for 8.6
        (torch("2.8.0+cu126"), "12.0", "refused"),
        (torch("2.8.0+cu128"), "6.1", "refused"),
        (torch("2.8.0+cu128"), "7.0", "runs"),
        (torch("2.8.0+cu128"), "12.0", "runs"),
        (torch("2.11.0+cu128"), "7.0", "refused"),
        (torch("2.11.0+cu128"), "7.5", "runs"),
        (torch("2.9.1+cu130"), "7.0", "refused"),
        (torch("2.9.1+cu130"), "12.1", "runs"),
        (torch("1.0.0+cu92"), "7.5", "cannot-tell"),
        (torch("2.8.0+cpu"), "7.5", "cannot-tell"),
        (torch("rubbish"), "7.5", "cannot-tell"),
        (image("13.0.0"), "7.0", "refused"),
        (image("13.0.0"), "7.5", "runs"),
        (image("12.4.1"), "3.5", "refused"),
        (image("12.4.1"), "12.0", "cannot-tell"),
        (image("12.8.1"), "12.0", "runs"),
        (image("12.4.1"), None, "cannot-tell"),
        (image("12.4.1"), "sm_86", "cannot-tell"),
        (image("12.4.1"), "86", "cannot-tell"),
        (image(), "8.6", "cannot-tell"),
        (image(TORCH_CUDA_ARCH_LIST="8.0;9.0"), "8.6", "runs"),
        (image(TORCH_CUDA_ARCH_LIST="8.0;9.0"), "12.0", "refused"),
        (image("12.4.1", TORCH_CUDA_ARCH_LIST="8.0 9.0+PTX"), "12.0", "runs"),
        (image("12.8.1", TORCH_CUDA_ARCH_LIST="8.0 9.0+PTX"), "12.0", "refused"),
        (image(TORCH_CUDA_ARCH_LIST="8.0 9.0+PTX"), "12.0", "cannot-tell"),
    ],
)
def test_gate_c(known, arch, verdict):
    """The driver of this host knows CUDA up to 12.4: it compiles no PTX of 12.8."""
    gate = kernels_gate(known, host("550.54.14", "12.4", "geforce", arch), TABLES)
    assert gate.verdict == verdict, gate.reason


def test_wheels_go_before_the_base():
    wheels = {"torch": "2.8.0", "nvidia_cuda_runtime_cu12": "12.8.90"}
    known = image("11.8.0", packages=wheels)
    assert known.toolkit.version == "12.8"
    assert known.torch == ("2.8.0", "cu128")
    known = image("11.8.0", packages={"nvidia-cuda-runtime": "13.0.96"})
    assert known.toolkit.version == "13.0"


def test_cards_that_drivers_left_behind():
    gate = cuda_gate(image("12.4.1"), host("590.44.01", "13.1", "tesla", "7.0"), TABLES)
    assert (gate.verdict, "R580 is the last" in gate.reason) == ("refused", True)


@pytest.mark.parametrize(
    ("way", "verdict"), [("gpus", "refused"), ("runtime", "refused"), ("cdi", "runs")]
)
def test_who_asks_gate_a(way, verdict):
    known = image(NVIDIA_REQUIRE_CUDA="cuda>=13", NVIDIA_VISIBLE_DEVICES="all")
    assert image_gate(known, host("535.104.05", "12.2"), way).verdict == verdict


def test_no_gpu_asked_for_no_demand_asked():
    known = image(NVIDIA_REQUIRE_CUDA="cuda>=13", NVIDIA_VISIBLE_DEVICES="void")
    assert image_gate(known, host("535.104.05", "12.2"), "runtime").verdict == "runs"
    assert image_gate(known, host("535.104.05", "12.2"), "gpus").verdict == "refused"


def test_every_card_has_to_do():
    cards = [{"brand": "tesla", "arch": "8.0"}, {"brand": "geforce", "arch": "6.1"}]
    both = hosts_of.from_dict({"driver": "535.54.03", "cuda": "12.2", "gpus": cards})
    demand = image("12.2.2", NVIDIA_REQUIRE_CUDA="brand=tesla")
    assert image_gate(demand, both).verdict == "refused"
    assert kernels_gate(torch("2.8.0+cu128"), both, TABLES).verdict == "cannot-tell"


def test_unsupported_capabilities_and_bad_versions():
    known = host("535.104.05", "12.2")
    assert image_gate(image(NVIDIA_DRIVER_CAPABILITIES="cuda"), known).verdict == "refused"
    assert image_gate(image("12.x"), known).verdict == "cannot-tell"
    assert image_gate(image("12.x", NVIDIA_DISABLE_REQUIRE="1"), known).verdict == "runs"


def test_the_article_s_rule_is_too_strict_and_blind():
    """12.8 on a driver that knows 12.1 runs for B; what the driver knows says nothing of C."""
    grid = gpus.matrix()
    strict = grid.of("RTX 3060 (530)", "12.8.1")
    assert {name: gate.verdict for name, gate in strict.gates.items()} == {
        "image": "refused", "cuda": "runs", "kernels": "runs"
    }  # fmt: skip
    blind = grid.of("RTX 5090 (570)", "cu126")
    assert {name: gate.verdict for name, gate in blind.gates.items()} == {
        "image": "runs", "cuda": "runs", "kernels": "refused"
    }  # fmt: skip
    assert all(one.verdict == "refused" for one in grid.cells[-1])


def test_recorded_images_demand_what_nvidia_s_do(vectors):
    real = vectors("nvidia_requirements")["image_expressions"]
    ours = {
        name.partition("-")[0]: one.environment.get("NVIDIA_REQUIRE_CUDA")
        for name, one in recorded.images().items()
        if name.startswith("nvidia")
    }
    theirs = {name.partition("-")[0]: said["expression"] for name, said in real.items()}
    assert len(ours) == 5
    assert {name: theirs[name] for name in ours} == ours


def test_the_keys_that_others_rely_on():
    said = gpus.check({"CUDA_VERSION": "12.4.1"}, "rtx4090-535").to_dict()
    assert {"verdict", "gates"} <= said.keys()
    assert list(said["gates"]) == ["image", "cuda", "kernels"]
    assert all(gate.keys() == {"verdict", "reason"} for gate in said["gates"].values())


def test_all_gates_together():
    assert overall(["runs", "runs"]) == "runs"
    assert overall(["runs", "cannot-tell"]) == "cannot-tell"
    assert overall(["cannot-tell", "refused"]) == "refused"
    assert overall([]) == "cannot-tell"


def test_an_old_table_says_so(monkeypatch):
    assert TABLES.notice(dt.date(2026, 12, 1)) == ""
    assert "2026-11-25" in TABLES.notice(dt.date(2030, 1, 1))


def test_a_table_of_one_s_own(tmp_path, monkeypatch):
    own = tmp_path / "tables.toml"
    own.write_text('[floors.12]\nlinux = "540.0"\nwindows = "541.0"\n')
    monkeypatch.setenv(OVERRIDE, str(own))
    assert (
        gpus.check(image("12.8.1"), host("535.104.05", "12.2", "geforce")).gates["cuda"].verdict
        == "refused"
    )
    assert tables().source("floors").startswith(OVERRIDE)
    for text in ("floors = 1", "releases = [1]", "x = [", 'look_again = "soon"'):
        own.write_text(text)
        with pytest.raises(UsageError):
            tables(own)


@pytest.mark.parametrize("name", ["hosts.toml", "images.toml", "cards.toml", "tables.toml"])
def test_data_says_where_it_comes_from(name):
    from mldocker_lab.gpu.tables import read

    data = read(name)
    if name == "hosts.toml":
        assert all(
            one["source"] and one["origin"] in ("recorded", "made-up")
            for one in data["hosts"].values()
        )
    else:
        assert data.get("source") or data.get("sources")


WORDS = st.sampled_from(
    [
        None,
        "",
        "12.4",
        "535.104.05",
        "8.6",
        "geforce",
        "x",
        "-1",
        "9" * 30,
        "12.",
        "N/A",
        "0",
        "1e9",
        "١٢.٤",
    ]
)


@generated(
    st.dictionaries(st.sampled_from(["driver", "cuda", "brand", "arch"]), WORDS), WORDS, WORDS
)
def test_nothing_raises_an_error(facts, version, demand):
    env = {"CUDA_VERSION": version or "", "NVIDIA_REQUIRE_CUDA": demand or ""}
    found = check(images_of.given(env), hosts_of.from_dict(facts), TABLES)
    assert found.verdict in ("runs", "refused", "cannot-tell")
    assert all(gate.reason for gate in found.gates.values())
    known = [facts.get(key) for key in ("driver", "cuda")]
    if not any(one in ("12.4", "535.104.05") for one in known):
        assert found.verdict != "runs"
