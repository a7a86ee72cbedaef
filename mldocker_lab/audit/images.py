"""What is known about well-known base images: their user, their tools, their CUDA.

Unknown images stay unknown: a rule then says "not judged". Source: the images' own Dockerfiles and
documentation, read in November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.instruction import Instruction

__all__ = ["Base", "base_of"]

_HUBS = (
    "docker.io/",
    "index.docker.io/",
    "registry-1.docker.io/",
    "mirror.gcr.io/",
    "docker.io/library/",
)
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64}|sha256:[^\s]+)$", re.IGNORECASE)

#: Images whose configuration names no user, or root. A trailing slash covers all below.
_ROOT = [
    "alpine",
    "almalinux",
    "amazoncorretto",
    "amazonlinux",
    "archlinux",
    "bash",
    "buildpack-deps",
    "busybox",
    "centos",
    "clearlinux",
    "debian",
    "eclipse-temurin",
    "elixir",
    "erlang",
    "fedora",
    "gcc",
    "golang",
    "gradle",
    "haskell",
    "httpd",
    "julia",
    "maven",
    "mongo",
    "mysql",
    "mariadb",
    "nginx",
    "node",
    "nvidia/",
    "openjdk",
    "oraclelinux",
    "perl",
    "php",
    "photon",
    "postgres",
    "pypy",
    "python",
    "r-base",
    "redis",
    "rockylinux",
    "ros",
    "ruby",
    "rust",
    "scratch",
    "swift",
    "traefik",
    "ubuntu",
    "conda/",
    "condaforge/",
    "continuumio/",
    "anaconda/",
    "frolvlad/",
    "pytorch/pytorch",
    "pytorch/manylinux",
    "pytorch/manylinux-builder",
    "pytorch/conda-builder",
    "tensorflow/",
    "huggingface/",
    "ghcr.io/huggingface/",
    "rocm/",
    "intel/",
    "intelpython/",
    "paddlepaddle/",
    "registry.baidubce.com/paddlepaddle/",
    "mxnet/",
    "ufoym/deepo",
    "vllm/",
    "lmsysorg/",
    "ultralytics/",
    "ollama/ollama",
    "dustynv/",
    "nvcr.io/nvidia/",
    "nvcr.io/ea-bignlp/",
    "nvcr.io/nvstaging/",
    "ghcr.io/astral-sh/uv",
    "ghcr.io/ggml-org/",
    "ghcr.io/ggerganov/",
    "ghcr.io/mlflow/mlflow",
    "tiangolo/",
    "python-poetry",
    "runpod/",
    "ghcr.io/runpod-workers/",
    "deepspeed/",
    "opendatacube/",
    "osrf/ros",
    "pypa/",
    "quay.io/pypa/",
    "mcr.microsoft.com/azureml/",
    "mcr.microsoft.com/devcontainers/",
    "mcr.microsoft.com/vscode/devcontainers/",
    "mcr.microsoft.com/mirror/docker/library/",
    "mcr.microsoft.com/playwright",
    "mcr.microsoft.com/dotnet/",
    "mcr.microsoft.com/playwright/python",
    "mcr.microsoft.com/cbl-mariner/",
    "mcr.microsoft.com/azure-functions/",
    "public.ecr.aws/docker/library/",
    "public.ecr.aws/lambda/",
    "public.ecr.aws/ubuntu/",
    "amazon/aws-lambda-python",
    "public.ecr.aws/amazonlinux/",
    "public.ecr.aws/sam/",
    "public.ecr.aws/deep-learning-containers/",
    "gcr.io/deeplearning-platform-release/",
    "us-docker.pkg.dev/deeplearning-platform-release/",
    "us-docker.pkg.dev/vertex-ai/",
    "gcr.io/google-appengine/",
    "gcr.io/kaggle-images/",
    "gcr.io/kaggle-gpu-images/",
    "gcr.io/google.com/cloudsdktool/",
    "google/cloud-sdk",
    "kaggle/",
    "quay.io/centos/",
    "quay.io/fedora/",
    "registry.access.redhat.com/ubi7/ubi",
    "registry.access.redhat.com/ubi8/ubi",
    "registry.access.redhat.com/ubi8/ubi-minimal",
    "registry.access.redhat.com/ubi9/ubi",
    "registry.access.redhat.com/ubi9/ubi-minimal",
    "registry.access.redhat.com/ubi8",
    "registry.access.redhat.com/ubi9",
    "redhat/ubi8",
    "redhat/ubi9",
    "redhat/ubi8-minimal",
    "redhat/ubi9-minimal",
    "mldocker-lab/",
    "jrottenberg/ffmpeg",
    "openjdk",
    "linuxserver/",
    "offen/",
]

#: Images that run as someone else.
_OTHERS = {
    "jupyter/": "jovyan",
    "quay.io/jupyter/": "jovyan",
    "jupyterhub/k8s-singleuser-sample": "jovyan",
    "mambaorg/micromamba": "mambauser",
    "ghcr.io/mamba-org/micromamba": "mambauser",
    "rayproject/": "ray",
    "anyscale/": "ray",
    "apache/airflow": "airflow",
    "apache/spark": "spark",
    "apache/spark-py": "185",
    "apache/beam_python": "",
    "bitnami/": "1001",
    "docker.io/bitnami/": "1001",
    "cgr.dev/chainguard/": "nonroot",
    "chainguard/": "nonroot",
    "pytorch/torchserve": "model-server",
    "openvino/": "openvino",
    "selenium/": "seluser",
    "kubeflownotebookswg/": "jovyan",
    "public.ecr.aws/j1r0q0g6/notebooks/": "jovyan",
    "gitpod/": "gitpod",
    "cimg/": "circleci",
    "circleci/": "circleci",
    "seldonio/": "8888",
    "prefecthq/": "",
    "jenkins/": "jenkins",
    "rocker/": "",
    "bentoml/": "",
    "rapidsai/": "",
    "rapidsai/base": "rapids",
    "rapidsai/notebooks": "rapids",
    "nvcr.io/nvidia/rapidsai/": "rapids",
    "nvcr.io/nim/": "",
    "nvcr.io/nvidia/nemo-microservices/": "",
    "nvcr.io/nvidia/doca/": "",
    "registry.access.redhat.com/ubi8/python": "1001",
    "registry.access.redhat.com/ubi9/python": "1001",
    "registry.access.redhat.com/ubi": "",
    "ghcr.io/huggingface/text-embeddings-inference": "",
    "gcr.io/kaggle-private-byod/": "",
    "mcr.microsoft.com/mlops/": "",
    "tensorflow/tfx": "root",
    "pytorch/": "",
    "nvidia/cuda": "root",
}
_CUDA_TAG = re.compile(r"(?:cuda|cu)[-_]?(\d{1,2})\.?(\d)?(?:\.\d+)?(?!\d)", re.IGNORECASE)
_VERSION = re.compile(r"^(\d{1,2})\.(\d{1,2})(?:\.\d+)?")
#: Year and month of NVIDIA's own framework images, and the CUDA in them (their support matrix).
_NGC_YEARS = {"20": 11, "21": 11, "22": 11, "23": 12, "24": 12, "25": 12, "26": 13}
_NGC_EXACT = {"20.01": 10, "20.02": 10, "20.03": 10, "23.01": 12, "22.12": 11, "25.08": 13, "25.09": 13,
              "25.10": 13, "25.11": 13, "25.12": 13}  # fmt: skip
_NGC_FRAMEWORKS = re.compile(
    r"nvcr\.io/nvidia/(pytorch|tensorflow|tritonserver|jax|mxnet|tensorrt|modulus/modulus|nemo|merlin/)"
)
_NO_CURL = re.compile(
    r"^(?:public\.ecr\.aws/docker/library/)?(python:.*(slim|alpine)|debian|ubuntu|alpine|nvidia/cuda|"
    r"tensorflow/tensorflow|node:.*(slim|alpine)|mambaorg/micromamba|ghcr\.io/astral-sh/uv:.*slim|busybox|"
    r"continuumio/miniconda3|pytorch/pytorch)"
)


@dataclass(frozen=True, slots=True)
class Base:
    """A base image.

    Attributes:
        text: its reference, variables replaced.
        known: no variable of it is unknown.
        repository: its name, without the default registry.
        tag: its tag; "" if none.
        digest: ``sha256:…``; "" if none.
        origin: the FROM that names it.
    """

    text: str
    known: bool
    repository: str
    tag: str
    digest: str
    origin: Instruction

    @property
    def scratch(self) -> bool:
        """The empty image."""
        return self.text.lower() == "scratch"

    @property
    def name(self) -> str:
        """Repository and tag."""
        return f"{self.repository}:{self.tag}" if self.tag else self.repository

    @property
    def user(self) -> str | None:
        """The user it runs as; None if nobody knows."""
        if "${" in self.repository or not self.repository:
            return None
        if "distroless" in self.repository:
            known = "${" not in self.tag
            return ("nonroot" if "nonroot" in self.tag else "root") if known else None
        best, found = -1, None
        for start, user in (*((one, "root") for one in _ROOT), *_OTHERS.items()):
            if len(start) > best and _begins(self.repository, start):
                best, found = len(start), user
        return found or None

    @property
    def has_no_curl(self) -> bool:
        """It is known to come without curl."""
        return bool(_NO_CURL.match(self.name))

    @property
    def gpu(self) -> bool:
        """Its name says that it is for a GPU."""
        name = self.name.lower()
        return self.cuda is not None or bool(
            re.search(
                r"cuda|(?:^|[-_:/.])gpu(?:$|[-_:/.])|rocm|\bl4t|-cu\d{2,3}|tritonserver|tensorrt|^pytorch/pytorch(:(?!.*cpu)|$)", name
            )
            or _NGC_FRAMEWORKS.match(name)
        )

    @property
    def cuda(self) -> tuple[int, int | None] | None:
        """Major and minor version of its CUDA, as far as its name tells."""
        name, tag = self.repository.lower(), self.tag.lower()
        if name in ("nvidia/cuda", "nvcr.io/nvidia/cuda") or name.endswith("/nvidia/cuda"):
            found = _VERSION.match(tag)
            return (int(found.group(1)), int(found.group(2))) if found else None
        if _NGC_FRAMEWORKS.match(name):
            month = tag[:5]
            major = _NGC_EXACT.get(month, _NGC_YEARS.get(tag[:2]))
            return (major, None) if major and re.match(r"\d\d\.\d\d", tag) else None
        found = _CUDA_TAG.search(tag)
        if not found:
            return None
        major, minor = found.group(1), found.group(2)
        if len(major) == 2 and int(major) > 20:  # cu92: 9.2 # noqa: PLR2004
            return int(major[0]), int(major[1])
        return int(major), int(minor) if minor else None


def _begins(name: str, start: str) -> bool:
    if start.endswith("/"):
        return name.startswith(start)
    return name == start or (start.endswith(("python", "ubi")) and name.startswith(start + "-"))


def base_of(text: str, known: bool, origin: Instruction) -> Base:  # noqa: FBT001 a pair from resolve
    """The parts of an image's name."""
    rest = text.strip()
    match = _DIGEST.search(rest)
    digest = match.group(1) if match else ""
    if match:
        rest = rest[: match.start()]
    tag = ""
    head, colon, last = rest.rpartition(":")
    if colon and "/" not in last:
        rest, tag = head, last
    for hub in _HUBS:
        rest = rest.removeprefix(hub)
    return Base(text, known, rest.removeprefix("library/"), tag, digest, origin)
