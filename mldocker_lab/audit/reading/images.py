"""What is known about well-known base images: their user, their tools, their CUDA.

Unknown images stay unknown: a rule then says "not judged". Source: the images' own Dockerfiles and
documentation, read in November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.frameworks import tensorflow_cuda

if TYPE_CHECKING:
    from mldocker_lab.dockerfile.instruction import Instruction

__all__ = ["Base", "base_of", "is_published"]

_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64}|sha256:[^\s]+)$", re.IGNORECASE)

#: Images whose configuration names no user, or root. A trailing slash covers all below. The host
#: of a registry is no part of these names: a mirror serves the same image.
_ROOT = """
alpine almalinux amazoncorretto amazonlinux archlinux bash buildpack-deps busybox centos debian
eclipse-temurin elixir erlang fedora gcc golang gradle haskell httpd julia mariadb maven mongo mysql
nginx node openjdk oraclelinux perl php postgres pypy python r-base redis rockylinux ros ruby rust
scratch swift traefik ubuntu
nvidia/ ea-bignlp/ nvstaging/ conda/ condaforge/ continuumio/ anaconda/ frolvlad/
pytorch/pytorch pytorch/manylinux pytorch/manylinux-builder pytorch/conda-builder tensorflow/
huggingface/transformers huggingface/accelerate huggingface/text-generation-inference
rocm/ intel/ intelpython/ paddlepaddle/ paddlecloud/ mxnet/ ufoym/deepo vllm/ lmsysorg/
ultralytics/ ollama/ollama dustynv/ astral-sh/uv ggml-org/ ggerganov/ mlflow/mlflow tiangolo/
runpod/ runpod-workers/ deepspeed/ osrf/ros pypa/ azureml/ devcontainers/ vscode/devcontainers
mirror/docker/library/ playwright playwright/python dotnet/ cbl-mariner/ azure-functions/ lambda/
amazon/aws-lambda-python amazonlinux/ sam/ deep-learning-containers/ deeplearning-platform-release/
vertex-ai/ google-appengine/ kaggle-images/ kaggle-gpu-images/
google.com/cloudsdktool/ google/cloud-sdk kaggle/ ubi7/ubi ubi8/ubi ubi8/ubi-minimal ubi9/ubi
ubi9/ubi-minimal ubi8 ubi9 redhat/ubi8 redhat/ubi9 redhat/ubi8-minimal redhat/ubi9-minimal
mldocker-lab/ linuxserver/
axolotlai/ daskdev/ denoland/ emscripten/ gaudi-docker/ jupyterhub/jupyterhub mosaicml/ opensuse/
oven/bun photon prefix-dev/pixi rocker/ rockylinux/ rstudio/ gpuci/ alphacep/ ocrd/ rustlang/
unit winglian/
""".split()

#: Images that run as someone else; "" where that depends on the tag.
_OTHERS = {
    "anyscale/": "ray",
    "apache/airflow": "airflow",
    "apache/spark": "spark",
    "apache/superset": "superset",
    "centos/python": "1001",
    "bentoml/": "",
    "bitnami/": "1001",
    "chainguard/": "nonroot",
    "chainguard/wolfi-base": "root",
    "cimg/": "circleci",
    "circleci/": "circleci",
    "gitpod/": "gitpod",
    "heartexlabs/label-studio": "1001",
    "huggingface/text-embeddings-inference": "",
    "jenkins/": "jenkins",
    "jupyter/": "jovyan",
    "jupyterhub/k8s-hub": "jovyan",
    "kubeflownotebookswg/": "jovyan",
    "mamba-org/micromamba": "mambauser",
    "mambaorg/micromamba": "mambauser",
    "nginxinc/nginx-unprivileged": "101",
    "nim/": "",
    "nvidia/doca/": "",
    "nvidia/rapidsai/": "rapids",
    "openvino/": "openvino",
    "prefecthq/": "",
    "pytorch/torchserve": "model-server",
    "pytorch/torchserve-nightly": "model-server",
    "pytorch/torchserve-kfs": "model-server",
    "rasa/": "1001",
    "rapidsai/": "",
    "rapidsai/base": "rapids",
    "rapidsai/notebooks": "rapids",
    "rayproject/": "ray",
    "selenium/": "seluser",
    "seldonio/": "8888",
    "seldonio/mlserver": "1000",
    "ubi8/python": "1001",
    "ubi9/python": "1001",
}
_CUDA_TAG = re.compile(r"(?:cuda|cu)[-_]?(\d{1,2})\.?(\d)?(?:\.\d+)?(?!\d)", re.IGNORECASE)
_HIGHEST = 20  # what is higher has no dot: cu92 is 9.2
_VERSION = re.compile(r"^(\d{1,2})\.(\d{1,2})(?:\.\d+)?")
#: Year and month of NVIDIA's own framework images, and the CUDA in them (their support matrix).
_NGC_YEARS = {"20": 11, "21": 11, "22": 11, "23": 12, "24": 12, "25": 12, "26": 13}
_NGC_EXACT = {"20.01": 10, "20.02": 10, "20.03": 10}
_NGC_EXACT |= {f"25.{month:02}": 13 for month in range(8, 13)}
_NGC_FRAMEWORKS = re.compile(
    r"nvidia/(pytorch|tensorflow|tritonserver|jax|mxnet|tensorrt|modulus/modulus|nemo|merlin/)"
)
_NO_CURL = re.compile(
    r"^(python:.*(slim|alpine)|mldocker-lab/python:.*slim|debian|ubuntu|alpine|nvidia/cuda|"
    r"tensorflow/tensorflow|node:.*(slim|alpine)|mambaorg/micromamba|astral-sh/uv:.*slim|busybox|"
    r"continuumio/miniconda3|pytorch/pytorch)"
)


#: Images that set PYTHONUNBUFFERED: TorchServe's, and Amazon's Deep Learning Containers.
_UNBUFFERED = re.compile(
    r"pytorch/torchserve|(huggingface-)?(pytorch|tensorflow|mxnet)(-\w+)?-(inference|training)(:|$)"
)
#: Amazon's Deep Learning Containers, by their repositories; they run as root.
_DEEP_LEARNING = re.compile(
    r"(stabilityai-|huggingface-)?(pytorch|tensorflow|mxnet|autogluon|djl)(-[a-z]+)*-(inference|training)"
)
#: Images that start a server whose log goes to the standard streams.
_STREAMS = re.compile(
    r"tiangolo/|jupyter/|jupyterhub/|kubeflownotebookswg/|tensorflow/serving|vllm/vllm-openai|"
    r"ollama/|huggingface/text-|heartexlabs/|seldonio/mlserver|rasa/rasa|lambda/"
)


#: The namespaces of Docker's official images: all platforms', and those of one.
_LIBRARY = re.compile(r"^((docker/)?library/|(amd64|i386|arm32v[567]|arm64v8|ppc64le|s390x)/)")


@dataclass(frozen=True, slots=True)
class Base:
    """A base image.

    Attributes:
        text: its reference, variables replaced.
        known: no variable of it is unknown.
        repository: its name, without the registry's host.
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
        if _DEEP_LEARNING.fullmatch(self.repository):
            return "root"
        return _user(self.repository) or None

    @property
    def unbuffered(self) -> bool:
        """It is known to set PYTHONUNBUFFERED."""
        return bool(_UNBUFFERED.match(self.name))

    @property
    def logs_to_streams(self) -> bool:
        """It is known to start a server that logs to the standard streams."""
        return bool(_STREAMS.match(self.name))

    @property
    def asks_itself(self) -> bool:
        """It is known to bring a HEALTHCHECK: Jupyter's images of April 2022 and later.

        Those with a date in the tag say it; since 2023 they are no longer on Docker's own registry,
        so the name of another host stands in front.
        Source: jupyter/docker-stacks pull request 1660.
        """
        dated = re.search(r"\d{4}-\d\d-\d\d", self.tag)
        new = "." in self.text.partition("/")[0] or self.tag in ("", "latest")
        ours = self.repository.startswith("jupyter/")
        return ours and (dated[0] > "2022-04" if dated else new)

    @property
    def has_no_curl(self) -> bool:
        """It is known to come without curl."""
        return bool(_NO_CURL.match(self.name))

    @property
    def gpu(self) -> bool:
        """Its name says that it is for a GPU."""
        name = self.name.lower()
        if re.search(r"(^|[-_.])cpu($|[-_.])", self.tag.lower()):
            return False
        return self.cuda is not None or bool(
            re.search(
                r"cuda|(?:^|[-_:/.])gpu(?:$|[-_:/.])|rocm|\bl4t|-cu\d{2,3}|tritonserver|tensorrt|sglang|vllm-openai|text-generation-inference|"
                r"^pytorch/pytorch(:(?!.*cpu)|$)",
                name,
            )
            or _NGC_FRAMEWORKS.match(name)
        )

    @property
    def rocm(self) -> bool:
        """Its name says that it is for AMD's GPUs."""
        return "rocm" in self.name.lower()

    @property
    def cuda(self) -> tuple[int, int | None] | None:
        """Major and minor version of its CUDA, as far as its name tells."""
        name, tag = self.repository.lower(), self.tag.lower()
        if re.fullmatch(r"nvidia/cuda(gl|-\w+)?", name):
            found = _VERSION.match(tag)
            return (int(found.group(1)), int(found.group(2))) if found else None
        if _NGC_FRAMEWORKS.match(name):
            month = tag[:5]
            major = _NGC_EXACT.get(month, _NGC_YEARS.get(tag[:2]))
            return (major, None) if major and re.match(r"\d\d\.\d\d", tag) else None
        if name == "tensorflow/tensorflow" and "gpu" in tag:
            return tensorflow_cuda(tag)
        match = _CUDA_TAG.search(tag)
        if not match:
            return None
        first, second = match.groups()
        if int(first) > _HIGHEST:
            return int(first[0]), int(first[1])
        return int(first), int(second) if second else None


@lru_cache(maxsize=256)
def _user(repository: str) -> str | None:
    """The user of a well-known image; "" if that depends on the tag, None if it is not known."""
    best, found = -1, None
    for start, user in (*((one, "root") for one in _ROOT), *_OTHERS.items()):
        if len(start) > best and _begins(repository, start):
            best, found = len(start), user
    return found


def is_published(image: str) -> bool:
    """Somebody else's image that everybody knows, not one that a project built."""
    repository = _parts(image)[0]
    return _user(repository) is not None and not repository.startswith(("python-", "mldocker-lab/"))


def _begins(name: str, start: str) -> bool:
    if start.endswith("/"):
        return name.startswith(start)
    families = ("python", "ubi", "huggingface/transformers", "huggingface/accelerate")
    return name == start or (start.endswith(families) and name.startswith(start + "-"))


def base_of(text: str, origin: Instruction, *, known: bool) -> Base:
    """A base image by its name."""
    repository, tag, digest = _parts(text)
    return Base(text, known, repository, tag, digest, origin)


def _parts(text: str) -> tuple[str, str, str]:
    """Repository without its host, tag and digest of an image's name."""
    rest = text.strip()
    match = _DIGEST.search(rest)
    digest = match.group(1) if match else ""
    if match:
        rest = rest[: match.start()]
    tag = ""
    head, colon, last = rest.rpartition(":")
    if colon and "/" not in last:
        rest, tag = head, last
    host, slash, path = rest.partition("/")
    if slash and (host == "localhost" or "." in host or ":" in host):
        rest = path
    rest = _LIBRARY.sub("", rest)
    return rest, tag, digest
