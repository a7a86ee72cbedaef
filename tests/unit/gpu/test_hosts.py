"""Hosts: from nvidia-smi's XML, from files, and from this machine's own folders."""

from __future__ import annotations

import csv
import json
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldocker_lab.errors import UsageError
from mldocker_lab.gpu import detect, gate_cuda, gate_image, gate_kernels
from mldocker_lab.gpu import host as hosts_of
from mldocker_lab.gpu import image as images_of
from mldocker_lab.gpu.badge import badge
from mldocker_lab.gpu.host import Host, brand, capability
from mldocker_lab.gpu.hostfile import from_file
from mldocker_lab.gpu.smi import from_xml
from mldocker_lab.gpu.tables import tables

XML = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
  <driver_version>535.104.05</driver_version>
  <cuda_version>12.2</cuda_version>
  <gpu id="00000000:01:00.0">
    <product_name>NVIDIA GeForce RTX 4090</product_name>
    <product_brand>GeForce</product_brand>
    <product_architecture>Ada Lovelace</product_architecture>
    <mig_mode><current_mig>N/A</current_mig></mig_mode>
  </gpu>
</nvidia_smi_log>
"""
BOMB = '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><nvidia_smi_log>&c;</nvidia_smi_log>'
THEFT = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><nvidia_smi_log>&b;</nvidia_smi_log>'


def test_recorded_files(shared):
    folder = shared / "gpu" / "smi"
    with (folder / "index.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert rows
    for row in rows:
        host = from_file(folder / row["file"])
        assert host.driver.value == row["driver"]
        assert host.cuda.value == row["cuda_driver"]
        card = host.gpus[0]
        assert card.name == row["product"]
        assert card.brand.value == brand(row["brand"])
        assert host.windows == ("Windows driver number" in row["note"])
        told = row["compute_capability(looked up, not in file)"]
        nameless = row["product"] == "Graphics Device"
        assert (card.arch.value if card.arch else None) == (None if nameless else told)
        assert "nvidia-smi -q -x" in host.driver.source


def test_every_fact_says_where_it_comes_from():
    host = from_xml(XML)
    assert host.driver == ("535.104.05", "nvidia-smi -q -x: driver_version")
    assert "looked up by name" in host.gpus[0].arch.source
    assert hosts_of.from_dict(host.to_dict()) == host


@given(st.integers(0, len(XML) - 20))
def test_truncated_xml_passes_no_gate(length):
    host = from_xml(XML[:length])
    image = images_of.given({"CUDA_VERSION": "11.8.0"})
    known = tables()
    gates = [
        gate_image.image_gate(image, host), gate_cuda.cuda_gate(image, host, known),
        gate_kernels.kernels_gate(image, host, known),
    ]  # fmt: skip
    assert host.problems
    assert {gate.verdict for gate in gates} == {"cannot-tell"}
    assert host.problems[0] in gates[1].reason


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        THEFT,
        "",
        "<a/>",
        "<html><p></html>",
        "\0",
        '<?xml version="1.0" encoding="no-such"?><a/>',
    ],
)
def test_other_xml_is_a_problem_and_no_error(text):
    host = from_xml(text)
    assert host.problems
    assert (host.driver, host.gpus) == (None, ())


@given(st.binary(max_size=200))
def test_no_bytes_raise_an_error(data):
    assert from_xml(data).problems


@pytest.mark.parametrize(
    ("name", "text", "driver"),
    [
        (
            "a.toml",
            'driver = "535.104.05"\ncuda = 12.2\nbrand = "GeForce"\narch = "8.9"',
            "535.104.05",
        ),
        ("a.json", '{"driver": "535.104.05", "gpus": [{"name": "Tesla T4"}]}', "535.104.05"),
        ("a.json", '{"driver_version": "535.104.05", "compute_cap": "8.9"}', "535.104.05"),
        ("a.xml", XML, "535.104.05"),
        ("a.txt", XML, "535.104.05"),
        ("a.json", '{"driver": ["535"]}', None),
        ("a.json", "[1]", None),
        ("a.json", "{", None),
        ("a.toml", "driver = ", None),
        ("a.toml", 'driver = "N/A"', None),
    ],
)
def test_files(tmp_path, name, text, driver):
    (tmp_path / name).write_text(text)
    host = from_file(tmp_path / name)
    assert (host.driver.value if host.driver else None) == driver
    assert bool(host.problems) == (driver is None)


def test_no_file(tmp_path):
    with pytest.raises(UsageError):
        from_file(tmp_path / "none.xml")
    (tmp_path / "large.xml").write_bytes(b"<" * (16 * 1024 * 1024 + 1))
    assert from_file(tmp_path / "large.xml").problems


@pytest.mark.parametrize(
    ("name", "arch"),
    [
        ("NVIDIA A100-SXM4-80GB", "8.0"), ("NVIDIA A10G", "8.6"), ("NVIDIA A100X", "8.0"),
        ("NVIDIA RTX A6000", "8.6"), ("NVIDIA RTX 6000 Ada Generation", "8.9"),
        ("NVIDIA L4", "8.9"), ("NVIDIA L40S", "8.9"), ("NVIDIA H100 PCIe", "9.0"),
        ("NVIDIA H200", "9.0"),
        ("NVIDIA GH200 480GB", "9.0"), ("NVIDIA B200", "10.0"), ("NVIDIA GeForce RTX 5090", "12.0"),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", "8.9"), ("NVIDIA GeForce RTX 3050 Laptop GPU", "8.6"),
        ("NVIDIA GeForce RTX 2080 Ti", "7.5"), ("GeForce GTX 1080 Ti", "6.1"),
        ("Quadro RTX 8000", "7.5"),
        ("Tesla V100-SXM2-16GB", "7.0"), ("Tesla P100-PCIE-16GB", "6.0"),
        ("Tesla P40", "6.1"),
        ("Tesla T4", "7.5"), ("Tesla K80", "3.7"), ("Tesla M60", "5.2"), ("Graphics Device", None),
        ("", None), ("NVIDIA RTX 9999", None),
    ],
)  # fmt: skip
def test_capabilities_by_name(name, arch):
    found = capability(name)
    assert (found.value if found else None) == arch


def test_a_machine_with_only_proc(tmp_path):
    folder = tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA GeForce RTX 3090\nIRQ: 1\n")
    (folder.parents[1] / "version").write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release\nGCC: 12\n"
    )
    host = detect.detect(tmp_path, (detect.from_proc,))
    assert host.driver == ("580.65.06", "/proc/driver/nvidia/version")
    assert host.gpus[0].arch.value == "8.6"
    assert host.cuda is None
    assert badge(host).basis == "real GPU"


def test_a_machine_without_a_gpu(tmp_path):
    host = detect.detect(tmp_path, (detect.from_proc,))
    assert host.no_driver
    assert badge(host).basis == "no GPU"


def test_wsl(tmp_path):
    (tmp_path / "proc/sys/kernel").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/osrelease").write_text("5.15.167.4-microsoft-standard-WSL2\n")
    host = detect.detect(tmp_path, (lambda _: from_xml(XML),))
    assert (host.platform, host.windows) == ("wsl", True)


def test_what_one_way_does_not_know_another_does(tmp_path):
    first = Host(driver=hosts_of.Fact("535.104.05", "first"), gpus=(hosts_of.Gpu("RTX"),))
    host = detect.detect(tmp_path, (lambda _: first, lambda _: from_xml(XML), lambda _: None))
    assert (host.driver.source, host.cuda.value) == ("first", "12.2")
    assert (host.gpus[0].name, host.gpus[0].arch.value) == ("RTX", "8.9")


class NVMLError(Exception):
    """As in the real package."""


def nvml(**changes):
    """A stand-in for the package nvidia-ml-py, for the way we read it: no card is asked."""

    def no_mig(card):
        raise NVMLError("Not Supported")

    calls = {
        "NVMLError": NVMLError,
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlSystemGetCudaDriverVersion_v2": lambda: 12020,
        "nvmlSystemGetDriverVersion": lambda: b"535.104.05",
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda _: "NVIDIA RTX 4000",
        "nvmlDeviceGetBrand": lambda _: 13,
        "nvmlDeviceGetCudaComputeCapability": lambda _: (8, 9),
        "nvmlDeviceGetMigMode": no_mig,
    }
    return SimpleNamespace(**{**calls, **changes})


def _fails():
    raise NVMLError("Driver Not Loaded")


def test_nvml(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    host = detect.from_nvml()
    assert (host.driver.value, host.cuda.value) == ("535.104.05", "12.2")
    card = host.gpus[0]
    assert (card.brand.value, card.arch.value, card.mig) == ("nvidiartx", "8.9", None)


@pytest.mark.parametrize("package", [None, nvml(nvmlInit=_fails)])
def test_no_nvml(monkeypatch, package):
    monkeypatch.setitem(sys.modules, "pynvml", package)
    assert detect.from_nvml() is None


def test_nvml_that_breaks_is_a_problem(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", nvml(nvmlDeviceGetCount=_fails))
    assert detect.from_nvml().problems


def test_hosts_go_through_json():
    host = detect.detect()
    assert hosts_of.from_dict(json.loads(json.dumps(host.to_dict()))) == host
