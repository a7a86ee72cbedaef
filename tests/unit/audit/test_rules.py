"""Each rule's own examples, the article's snippets, and the traps of real Dockerfiles."""

from __future__ import annotations

import re

import pytest

from mldocker_lab.audit import lessons
from mldocker_lab.audit.reading.project import Project
from mldocker_lab.audit.reading.targets import target_of
from mldocker_lab.audit.rules import all_rules, rule
from mldocker_lab.audit.static import judge
from mldocker_lab.audit.telling.pages import book

SLIM = "FROM python:3.11-slim\n"
POINTS = [
    "multi-stage", "base-digest", "python-pins", "gpu-compat", "non-root", "healthcheck",
    "model-external", "dockerignore", "logs-stdout", "limits",
]  # fmt: skip
SMELLS = [
    "apt-lists", "cache-order", "exec-form", "held-output", "jupyter-in-production",
    "layer-split", "pip-cache", "secrets",
]  # fmt: skip


def said(name: str, files: dict[str, str] | str, stage: str | None = None, **more: str):
    """What the rule of that id says about a project of texts."""
    files = {"Dockerfile": files} if isinstance(files, str) else files
    target = target_of(Project.of(files | more), next(iter(files)), stage)
    return rule(name).judge(target)


def status(name: str, files: dict[str, str] | str, stage: str | None = None) -> str:
    return said(name, files, stage).status


def test_ten_points_in_order_then_the_smells():
    assert [one.id for one in all_rules()] == POINTS + SMELLS
    assert [one.number for one in all_rules()] == [*range(1, 11), *[0] * 8]


@pytest.mark.parametrize("one", all_rules(), ids=lambda one: one.id)
def test_its_own_examples(one):
    assert status(one.id, dict(one.bad.files)) == "fail"
    assert status(one.id, dict(one.good.files)) == "pass"


@pytest.mark.parametrize("one", all_rules(), ids=lambda one: one.id)
def test_its_words(one):
    assert one.why.endswith(".")
    assert one.fix.endswith(".")
    assert re.search(r"\. [A-Z]", one.why) is None, "why it matters is one sentence"
    assert one.lesson in {getattr(lessons, name) for name in lessons.__all__}
    assert f"{one.id}: {one.title}" in book()


ARTICLE = """\
# Stage 1: Training image (large, has everything)
FROM nvidia/cuda:12.2.0-devel-ubuntu22.04 AS trainer
RUN pip install torch torchvision transformers wandb
COPY training/ /app/training/
RUN python /app/training/train.py --output /models/

# Stage 2: Inference image (small, production-only)
FROM nvidia/cuda:12.2.0-runtime-ubuntu22.04 AS inference
RUN pip install torch --index-url https://wheels.example/whl/cu122
RUN pip install onnxruntime-gpu fastapi uvicorn
COPY --from=trainer /models/ /models/
COPY serving/ /app/serving/
EXPOSE 8080
CMD ["uvicorn", "app.serving.main:app", "--host", "0.0.0.0", "--port", "8080"]
"""


def test_the_articles_own_dockerfile():
    """It shows point 1 and, by its own checklist, misses what stands below it."""
    target = target_of(Project.of({"Dockerfile": ARTICLE}), "Dockerfile")
    found = {one.id: one for one in judge(target)}
    assert {name: found[name].status for name in POINTS} == {
        "multi-stage": "pass",
        "base-digest": "fail",
        "python-pins": "fail",
        "gpu-compat": "fail",
        "non-root": "fail",
        "healthcheck": "fail",
        "model-external": "fail",
        "dockerignore": "not-judged",
        "logs-stdout": "pass",
        "limits": "not-judged",
    }
    assert "cu122" in found["gpu-compat"].evidence
    assert "another stage" in found["model-external"].evidence
    assert {name: found[name].status for name in SMELLS} == {
        "apt-lists": "pass",
        "cache-order": "pass",
        "exec-form": "pass",
        "held-output": "fail",
        "jupyter-in-production": "pass",
        "layer-split": "pass",
        "pip-cache": "fail",
        "secrets": "pass",
    }


def test_the_articles_snippets():
    bad = SLIM + "COPY models/bert-large.onnx /models/\n"
    good = SLIM + "ENV MODEL_PATH=/models/bert-large.onnx\n"
    shell = good + 'CMD ["sh", "-c", "python download_model.py && uvicorn app:main"]\n'
    assert status("model-external", bad) == "fail"
    assert status("model-external", shell) == "pass"
    assert status("exec-form", shell) == "fail", "the shell keeps the signals: a known correction"
    pinned = f"FROM nvidia/cuda:12.2.0-devel-ubuntu22.04@sha256:{'ab' * 32}\n"
    pinned += "COPY requirements.lock /app/\nRUN pip install --no-deps -r requirements.lock\n"
    assert status("base-digest", pinned) == "pass"
    assert status("python-pins", pinned) == "pass"
    user = SLIM + "RUN useradd -m -s /bin/bash mluser\nUSER mluser\n"
    assert status("non-root", user) == "pass"
    ignore = ".git\ndata/\nnotebooks/\n*.pyc\n__pycache__\n.env\nwandb/\n"
    files = {"Dockerfile": SLIM + "COPY . .\n", "app.py": ""}
    assert status("dockerignore", files) == "fail"
    assert status("dockerignore", files | {".dockerignore": ignore}) == "pass"
    split = (
        SLIM + "RUN apt-get update && apt-get install -y libgl1-mesa-glx libglib2.0-0\n"
        "COPY requirements-base.txt .\nRUN pip install -r requirements-base.txt\n"
        "COPY requirements-app.txt .\nRUN pip install -r requirements-app.txt\n"
    )
    assert status("layer-split", split) == "pass"
    assert status("cache-order", split) == "pass"


def test_curl_that_no_image_has():
    """A known correction: the article's check is unhealthy for ever on a slim image."""
    check = "HEALTHCHECK --interval=30s CMD curl -f http://localhost:8080/health || exit 1\n"
    assert "curl" in said("healthcheck", SLIM + check).evidence
    assert status("healthcheck", SLIM + check) == "fail"
    with_curl = SLIM + "RUN apt-get update && apt-get install -y curl\n" + check
    assert status("healthcheck", with_curl) == "pass"
    builder = "FROM python:3.11 AS b\nRUN apt-get install -y curl\nFROM python:3.11-slim\n"
    assert status("healthcheck", builder + check) == "fail", "installed in a stage left behind"
    assert status("healthcheck", "FROM my/base:1\n" + check) == "pass", "nobody knows the base"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("RUN useradd app\n", "fail"),
        ("ARG UID=0\nUSER $UID\n", "fail"),
        ("ARG UID=1000\nUSER $UID\n", "pass"),
        ("ARG UID\nUSER $UID\n", "not-judged"),
        ("USER app\nUSER root\n", "fail"),
        ("USER 0:1000\n", "fail"),
        ("USER 00\n", "fail"),
        ("USER app:root\n", "pass"),
        ("ENV APP=app\nUSER ${APP}\n", "pass"),
        ('ENTRYPOINT ["gosu", "app", "serve"]\n', "pass"),
    ],
)
def test_users(body, expected):
    assert status("non-root", SLIM + body) == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("nvidia/cuda:12.1.1-runtime-ubuntu22.04", "fail"),
        ("registry.example/library/python:3.11", "fail"),
        ("somebody/something:1", "not-judged"),
        ("${BASE}", "not-judged"),
        ("jupyter/scipy-notebook:2023-10-20", "pass"),
        ("rayproject/ray:2.9.0", "pass"),
        ("distroless/python3-debian12:nonroot", "pass"),
        ("distroless/python3-debian12", "fail"),
    ],
)
def test_users_of_bases(base, expected):
    assert status("non-root", f"ARG BASE\nFROM {base}\nCOPY a b\n") == expected


def test_a_user_that_only_the_base_knows():
    assert (
        status("non-root", "FROM jupyter/minimal-notebook:x\nUSER root\nUSER ${NB_UID}\n") == "pass"
    )


def test_users_of_the_deployment():
    """RunAsNonRoot alone does not help an image of root: the pod is refused."""
    pod = "kind: Pod\nspec:\n  containers:\n  - name: m\n    image: m\n    securityContext: {%s}\n"
    files = {"Dockerfile": SLIM + 'CMD ["python", "a.py"]\n'}
    assert status("non-root", files | {"pod.yaml": pod % "runAsUser: 1000"}) == "pass"
    assert status("non-root", files | {"pod.yaml": pod % "runAsNonRoot: true"}) == "fail"
    compose = "services:\n  m:\n    build: .\n    user: '1000:1000'\n"
    assert status("non-root", files | {"compose.yml": compose}) == "pass"


def test_a_whole_stage_copied_is_no_second_stage():
    squash = "FROM python:3.11 AS base\nRUN pip install torch\nFROM scratch\nCOPY --from=base / /\n"
    assert status("multi-stage", squash) == "fail"
    assert status("non-root", squash + "CMD python\n") == "fail"
    assert "scratch" in said("non-root", squash).evidence


@pytest.mark.parametrize(
    ("text", "stage", "expected"),
    [
        (SLIM + "RUN make\n", None, "fail"),
        ("FROM a AS x\nRUN make\nFROM x AS y\nRUN more\n", None, "fail"),
        ("FROM a AS x\nRUN make\nFROM b\nCOPY --from=x /o /o\n", None, "pass"),
        ("FROM a AS x\nRUN make\nFROM b\nCOPY --from=0 /o /o\n", None, "pass"),
        ("FROM a AS x\nRUN make\nFROM b\nRUN --mount=from=x,target=/x cp /x/o /o\n", None, "pass"),
        ("FROM tools AS uv\nFROM b\nCOPY --from=uv /uv /bin/\n", None, "fail"),
        (SLIM + "COPY --from=other/image:1 /uv /bin/\n", None, "fail"),
        (
            "FROM a AS base\nRUN x\nFROM base AS dev\nRUN y\nFROM base AS prod\nRUN z\n",
            None,
            "fail",
        ),
        ("FROM a AS x\nRUN make\nFROM b AS p\nCOPY --from=x /o /o\nFROM p AS dev\n", "p", "pass"),
    ],
)
def test_stages(text, stage, expected):
    assert status("multi-stage", text, stage) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("pip install setuptools>=41 numpy==1.26.4", "fail"),
        ('pip install "timm!=1.0.23"', "fail"),
        ("pip install numpy==1.26.*", "fail"),
        ("pip install numpy==1.26.4 'torch[x]===2.1.0'", "pass"),
        ("python3 -m pip --no-cache-dir install -U numpy", "fail"),
        ("/opt/conda/bin/pip install numpy", "fail"),
        ("${PYTHON} -m pip install numpy", "fail"),
        ("sudo -H pip3.10 install numpy", "fail"),
        ('bash -c "pip install numpy"', "fail"),
        ("conda run -n ml pip install numpy", "fail"),
        ("for p in numpy scipy; do pip install $p; done", "fail"),
        ("uv pip install --system numpy", "fail"),
        ("uv pip install --system numpy==1.26.4", "pass"),
        ("uv sync --frozen --no-dev", "pass"),
        ("pip install -U pip setuptools wheel", "fail"),
        ("pip install -r requirements.txt", "not-judged"),
        ("pip install -qr requirements.txt numpy", "fail"),
        ("pip install --require-hashes -r requirements.txt", "pass"),
        ("pip install -c constraints.txt numpy", "not-judged"),
        ("pip install .", "not-judged"),
        ("pip install --no-deps . numpy==1.26.4", "pass"),
        ("pip install git+https://host/a/b", "fail"),
        ("pip install git+https://host/a/b@main", "fail"),
        ("pip install git+https://host/a/b@0123456789012345678901234567890123456789", "pass"),
        ("pip install https://host/torch-2.0.1-cp310-cp310-linux_x86_64.whl", "pass"),
        ("conda install -y pytorch torchvision", "fail"),
        ("conda install -y numpy=1.26.4", "pass"),
        ("conda env create -f environment.yml", "not-judged"),
        ("echo pip install numpy", "not-judged"),
        ("true # pip install numpy", "not-judged"),
        ("pip uninstall -y numpy", "not-judged"),
        ("python setup.py install", "not-judged"),
    ],
)
def test_pins(run, expected):
    assert status("python-pins", SLIM + f"RUN {run}\n") == expected


def test_pins_through_variables():
    head = SLIM + 'ARG V=2.1.0\nENV PIP_INSTALL="python -m pip --no-cache-dir install --upgrade"\n'
    assert status("python-pins", head + "RUN $PIP_INSTALL numpy\n") == "fail"
    assert status("python-pins", head + "RUN $PIP_INSTALL torch==${V}\n") == "pass"
    own = SLIM + 'RUN PIP="pip install" && $PIP numpy\n'
    assert status("python-pins", own) == "fail"
    maybe = "ARG V=%s\nRUN pip install ${P:-torch}${V:+==${V}}\n"
    assert status("python-pins", SLIM + maybe % "2.1.0") == "pass"
    assert status("python-pins", SLIM + maybe % "") == "fail"
    given = SLIM + "ARG TORCH_VERSION\nRUN pip install torch==${TORCH_VERSION}\n"
    assert status("python-pins", given) == "pass", "exactly what the argument says"


def test_the_redirection_says_so():
    found = said("python-pins", SLIM + "RUN pip install setuptools>=41\n")
    assert "redirection" in found.evidence
    assert 'quote it: "setuptools>=41"' in found.spots[0].message


FILES = {
    "open": ("numpy>=1\n", "fail"),
    "exact": (
        "numpy==1.26.4 \\\n    --hash=sha256:00\n# torch\n--extra-index-url https://x/y\n",
        "pass",
    ),
    "nested": ("-r base.txt\nnumpy==1.26.4\n", "fail"),
    "bare": ("numpy # a comment\n", "fail"),
    "marker": ("numpy==1.26.4 ; python_version < '3.12'\n", "pass"),
    "local": ("-e .\n./wheels/a.whl\nnumpy==1.26.4\n", "pass"),
}


@pytest.mark.parametrize("kind", FILES)
def test_requirements_at_hand(kind):
    text, expected = FILES[kind]
    docker = SLIM + "WORKDIR /srv\nCOPY requirements.txt ./r.txt\nRUN pip install -r /srv/r.txt\n"
    files = {"Dockerfile": docker, "requirements.txt": text, "base.txt": "scipy\n"}
    assert status("python-pins", files) == expected


def test_where_an_open_requirement_stands():
    files = {
        "Dockerfile": SLIM + "COPY . .\nRUN pip install -r requirements/app.txt\n",
        "requirements/app.txt": "# ours\nnumpy==1.26.4\ntorch>=2\n",
    }
    spot = said("python-pins", files).spots[0]
    assert (spot.file, spot.line) == ("requirements/app.txt", 3)


def test_projects_at_hand():
    docker = SLIM + 'COPY . .\nRUN pip install ".[gpu]"\n'
    head = '[project]\nname = "a"\ndependencies = ["numpy==1.26.4"]\n'
    extra = '[project.optional-dependencies]\ngpu = ["torch>=2"]\n'
    assert status("python-pins", {"Dockerfile": docker, "pyproject.toml": head}) == "pass"
    assert status("python-pins", {"Dockerfile": docker, "pyproject.toml": head + extra}) == "fail"
    setup = "from setuptools import setup\nneeds = ['flask']\nsetup(install_requires=needs)\n"
    assert status("python-pins", {"Dockerfile": docker, "setup.py": setup}) == "fail"


def test_locks_of_other_tools():
    poetry = "COPY pyproject.toml poetry.lock ./\nRUN poetry install --only main\n"
    assert status("python-pins", SLIM + poetry) == "pass"
    assert status("python-pins", SLIM + "RUN pipenv install --deploy --system\n") == "pass"
    assert (
        status("python-pins", SLIM + "COPY pyproject.toml .\nRUN poetry install\n") == "not-judged"
    )
    conda = "name: x\ndependencies:\n- numpy=1.26.4\n- pip\n- pip:\n  - torch>=2\n"
    files = {
        "Dockerfile": "FROM continuumio/miniconda3:24.1.2-0\nCOPY environment.yml .\n"
        "RUN conda env create -f environment.yml\n",
        "environment.yml": conda,
    }
    assert status("python-pins", files) == "fail"
    files["environment.yml"] = conda.replace(">=2", "==2.5.1")
    assert status("python-pins", files) == "pass"


CUDA = "FROM nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CUDA, "pass"),
        ("FROM nvidia/cuda:latest\n", "fail"),
        ("FROM pytorch/pytorch\n", "fail"),
        ("FROM pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime\nRUN pip install timm\n", "pass"),
        ("FROM tensorflow/tensorflow:latest-gpu\n", "fail"),
        ("FROM tensorflow/tensorflow:2.15.0-gpu\n", "pass"),
        (CUDA + "RUN pip install torch\n", "not-judged"),
        (CUDA + "RUN pip install torch==2.3.1\n", "pass"),
        (CUDA + "RUN pip install torch==2.0.1\n", "fail"),
        (CUDA + "RUN pip install torch==2.3.1+cu121\n", "pass"),
        (CUDA + "RUN pip install torch==2.3.1+cu118\n", "fail"),
        (CUDA + "RUN pip install torch -i https://x/whl/cu121\nRUN pip install torch>1\n", "pass"),
        (CUDA + "RUN pip install onnxruntime-gpu==1.20.0\n", "pass"),
        (CUDA + "RUN pip install onnxruntime-gpu==1.17.1\n", "fail"),
        (
            CUDA + "RUN pip install onnxruntime-gpu==1.17.1 -i https://x/ort\n",
            "pass",
        ),
        (CUDA.replace("cudnn8-", "") + "RUN pip install onnxruntime-gpu==1.20.0\n", "fail"),
        (SLIM + "RUN pip install onnxruntime-gpu==1.20.0\n", "fail"),
        (SLIM + "RUN pip install torch==2.3.1 --index-url https://x/whl/cpu\n", "not-judged"),
        (SLIM + "RUN pip install torch==2.3.1 --index-url https://x/whl/cu121\n", "pass"),
        (SLIM + "RUN pip install torch\n", "not-judged"),
        (SLIM + "RUN pip install numpy\n", "not-judged"),
        ("ARG BASE\nFROM $BASE\n", "not-judged"),
        (CUDA + "ENV NVIDIA_DISABLE_REQUIRE=true\n", "fail"),
        (CUDA + "ENV NVIDIA_DISABLE_REQUIRE=yes\n", "pass"),
        (
            "FROM nvidia/cuda:11.8.0-devel-ubuntu22.04 AS "
            "b\nRUN x\n" + CUDA + "COPY --from=b /a /a\n",
            "fail",
        ),
    ],
)
def test_gpus(text, expected):
    assert status("gpu-compat", text) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("ARG M=models/x.onnx\nCOPY ${M} /models/\n", "fail"),
        ("COPY weights /weights\n", "fail"),
        ("ADD https://host/a/yolo.pt /w/\n", "fail"),
        ("RUN wget -q https://huggingface.co/a/b/resolve/main/model.bin\n", "fail"),
        ("RUN huggingface-cli download a/b\n", "fail"),
        ("RUN python -c \"from x import M; M.from_pretrained('b')\"\n", "fail"),
        ("RUN python <<EOF\nfrom x import y\ny.from_pretrained('b')\nEOF\n", "fail"),
        ("RUN python scripts/download_models.py\n", "fail"),
        ("RUN python train.py\n", "fail"),
        ("COPY data/train.pt /data/\n", "pass"),
        ("COPY model.py train.py ./\n", "pass"),
        ("COPY . .\n", "not-judged"),
        ("VOLUME /models\nCOPY app.py .\n", "pass"),
        ("ENV HF_HOME=/cache\nCOPY app.py .\n", "pass"),
        ('CMD ["serve", "--model", "a/b"]\n', "pass"),
    ],
)
def test_models(body, expected):
    assert status("model-external", SLIM + body) == expected


def test_models_in_the_context():
    docker = SLIM + "COPY . .\n"
    files = {"Dockerfile": docker, "app.py": "", "net/model.h5": "x" * 9}
    assert status("model-external", files) == "fail"
    assert status("model-external", files | {".dockerignore": "**/*.h5\n"}) == "pass"
    code = {"Dockerfile": SLIM + "COPY models models\n", "models/net.py": "", "app.py": ""}
    assert status("model-external", code) == "pass", "a folder of code"
    kept = {"Dockerfile": SLIM + "COPY models models\n", "models/.gitkeep": "", "app.py": ""}
    assert status("model-external", kept) == "fail", "a place where weights are put"


@pytest.mark.parametrize(
    ("ignore", "expected"),
    [
        (".git\ndata\n", "pass"),
        ("\ufeff.git\r\ndata/\r\n", "pass"),
        ("*\n!app.py\n", "pass"),
        ("**/.git\ndatasets/\n", "pass"),
        (".git # the history\ndata\n", "fail"),
        (" # x\n.git\n", "pass"),
        (".git\ndata\n!.git\n", "fail"),
        (".GIT\ndata\n", "fail"),
        ("[\n", "fail"),
        ("!\n", "fail"),
    ],
)
def test_ignore_files(ignore, expected):
    files = {"Dockerfile": SLIM + "COPY . .\n", "app.py": "", ".dockerignore": ignore}
    assert status("dockerignore", files) == expected


def test_the_ignore_file_of_a_dockerfile_wins():
    files = {"Dockerfile": SLIM, "app.py": "", ".dockerignore": ".git\ndata\n"}
    assert status("dockerignore", files | {"Dockerfile.dockerignore": "*.pyc\n"}) == "fail"
    elsewhere = {
        "docker/Dockerfile": SLIM + "COPY app.py .\n",
        "app.py": "",
        "docker/.dockerignore": "*\n",
    }
    assert status("dockerignore", elsewhere) == "fail", "it has no effect where it lies"
    assert status("dockerignore", SLIM) == "not-judged", "a file taken out of its folder"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('CMD ["python", "-u", "a.py"]\n', "pass"),
        ('CMD ["python", "a.py"]\n', "not-judged"),
        ('ENV PYTHONUNBUFFERED=1\nCMD ["python", "a.py"]\n', "pass"),
        ('CMD ["python", "a.py"]\nENV PYTHONUNBUFFERED=1\n', "pass"),
        ("ENV PYTHONUNBUFFERED=1\nCMD python a.py > /var/log/a.log 2>&1\n", "fail"),
        ("ENV PYTHONUNBUFFERED=1\nCMD python a.py 2>&1 | tee a.log\n", "fail"),
        ("ENV PYTHONUNBUFFERED=1\nCMD python a.py > /dev/stdout\n", "pass"),
        ('ENV PYTHONUNBUFFERED=1\nCMD ["gunicorn", "--access-logfile", "-", "a:b"]\n', "pass"),
        ('ENV PYTHONUNBUFFERED=1\nCMD ["gunicorn", "--access-logfile=/l/a.log", "a:b"]\n', "fail"),
        ('ENV LOG_FILE=/var/log/a.log\nCMD ["python", "-u", "a.py"]\n', "fail"),
        ("CMD tail -f /var/log/a.log\n", "fail"),
        ('CMD ["bash"]\n', "not-judged"),
        ("COPY a b\n", "not-judged"),
    ],
)
def test_logs(body, expected):
    assert status("logs-stdout", SLIM + body) == expected


def test_logs_of_what_is_no_python():
    rust = "FROM rust:1 AS b\nRUN cargo build\nFROM debian:12-slim\nCOPY --from=b /s /s\n"
    assert (
        status("logs-stdout", rust + 'ENTRYPOINT ["/s"]\nCMD ["serve", "--port", "1"]\n')
        == "not-judged"
    )
    builder = "FROM python:3.11 AS b\nENV PYTHONUNBUFFERED=1\nRUN x\n" + SLIM
    assert (
        status("logs-stdout", builder + 'COPY --from=b /venv /venv\nCMD ["uvicorn", "a:b"]\n')
        == "pass"
    )


def test_logs_of_scripts_and_code_at_hand():
    usage = "cat <<USAGE\n  run [--seed > n]\nUSAGE\n"
    script = f"#!/bin/sh\n{usage}if [[ $N > 1 ]]; then :; fi\nexec python -u a.py\n"
    files = {"Dockerfile": SLIM + 'COPY . /app/\nWORKDIR /app\nCMD ["./go.sh"]\n', "go.sh": script}
    assert status("logs-stdout", files) == "pass"
    files["go.sh"] = script.replace("a.py", "a.py >> run.log")
    assert status("logs-stdout", files) == "fail"
    code = {"Dockerfile": SLIM + 'COPY a.py .\nCMD ["python", "-u", "a.py"]\n'}
    code["a.py"] = "import logging\nlogging.basicConfig(filename='a.log')\n"
    assert status("logs-stdout", code) == "fail"


RUN = {"Dockerfile": SLIM + 'EXPOSE 8080\nCMD ["uvicorn", "a:b"]\n'}
POD = """\
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: model
        image: ours/model:1
        readinessProbe: {httpGet: {path: /ready, port: 8080}}
        resources: {limits: {memory: 2Gi}}
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "not-judged"),
        ({"k8s/model.yaml": POD}, "pass"),
        ({"k8s/model.yaml": POD.replace("limits", "requests")}, "fail"),
        ({"compose.yaml": "services:\n  m:\n    build: .\n    mem_limit: 2g\n"}, "pass"),
        ({"compose.yaml": "services:\n  m:\n    build: .\n    shm_size: 2g\n"}, "fail"),
        ({"compose.yaml": "services:\n  db:\n    image: postgres:16\n"}, "not-judged"),
        ({"compose.yaml": "services:\n  m:\n    build: .\n", "k8s/model.yaml": POD}, "pass"),
        ({"run.sh": "docker run -d -m 2g \\\n  -p 80:80 ours/model:1\n"}, "pass"),
        ({"run.sh": "docker run --memory=2g ours/model:1\n"}, "pass"),
        ({"Makefile": "run:\n\t@docker run -p 80:80 ours/model:1\n"}, "fail"),
        ({"compose.yaml": "services: [\n  m: {{ x }}\n"}, "not-judged"),
        ({"chart/templates/model.yaml": "spec:\n  containers:\n  - name: {{ x }}\n"}, "fail"),
    ],
)
def test_limits(files, expected):
    assert status("limits", RUN | files) == expected


def test_probes_of_the_deployment():
    assert status("healthcheck", RUN) == "fail"
    assert status("healthcheck", RUN | {"k8s/model.yaml": POD}) == "pass"
    check = "services:\n  m:\n    build: .\n    healthcheck: {test: curl x}\n"
    assert status("healthcheck", RUN | {"compose.yaml": check}) == "pass"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("HEALTHCHECK NONE\n", "fail"),
        ("HEALTHCHECK CMD true\n", "fail"),
        ("HEALTHCHECK CMD python p.py || true\n", "fail"),
        ("HEALTHCHECK CMD python p.py || exit 1\nHEALTHCHECK NONE\n", "fail"),
        ('HEALTHCHECK CMD ["python", "p.py"]\n', "pass"),
        ("ONBUILD HEALTHCHECK CMD python p.py\n", "fail"),
        ('ENTRYPOINT ["python", "train.py"]\n', "not-judged"),
        ('ENTRYPOINT ["tool"]\nCMD ["--help"]\n', "not-judged"),
    ],
)
def test_health(body, expected):
    assert status("healthcheck", SLIM + body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("CMD uvicorn a:b\n", "fail"),
        ("CMD exec uvicorn a:b\n", "pass"),
        ("CMD ['uvicorn', 'a:b']\n", "fail"),
        ('CMD ["uvicorn", "a:b"]\n', "pass"),
        ('CMD ["sh", "-c", "uvicorn a:b"]\n', "fail"),
        ('CMD ["sh", "-c", "true && exec uvicorn a:b"]\n', "pass"),
        ('CMD ["bash", "-c", "uvicorn a:b"]\n', "pass"),
        ('CMD ["bash", "-c", "true && uvicorn a:b"]\n', "pass"),
        ('CMD ["bash", "-c", "true; uvicorn a:b | tee log"]\n', "fail"),
        ('ENTRYPOINT ["tini", "--"]\nCMD uvicorn a:b\n', "fail"),
        ("COPY a b\n", "pass"),
    ],
)
def test_exec_form(body, expected):
    assert status("exec-form", SLIM + body) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN apt-get update && apt-get install -y x && rm -rf /var/lib/apt/lists/*", "pass"),
        ("RUN apt-get update && apt-get install -y x\nRUN rm -rf /var/lib/apt/lists/*", "fail"),
        ("RUN apt-get update && apt-get install -y x && apt-get clean", "fail"),
        ("RUN rm -rf /var/lib/apt/lists/* && apt-get update && apt-get install -y x", "fail"),
        ("RUN apt update && apt install -y x && rm -rf /var/lib/{apt,dpkg,cache,log}/", "pass"),
        ("RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install x", "pass"),
        (
            "RUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install x",
            "fail",
        ),
        ("RUN <<EOF\napt-get update\nrm -rf /var/lib/apt/lists/*\nEOF", "pass"),
    ],
)
def test_apt(run, expected):
    assert status("apt-lists", SLIM + run + "\n") == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("RUN pip install --no-cache a==1", "pass"),
        ("RUN pip --no-cache-dir install a==1", "pass"),
        ("ENV PIP_NO_CACHE_DIR=off\nRUN pip install a==1", "pass"),
        ("ENV PIP_NO_CACHE_DIR=\nRUN pip install a==1", "fail"),
        ("RUN PIP_NO_CACHE_DIR=1 pip install a==1", "pass"),
        ("RUN pip install a==1 && rm -rf ~/.cache/pip", "pass"),
        ("RUN pip install a==1 && pip cache purge", "pass"),
        ("RUN pip install a==1\nRUN rm -rf /root/.cache", "fail"),
        ("RUN --mount=type=cache,target=/root/.cache/pip pip install a==1", "pass"),
        ("RUN uv pip install a==1", "fail"),
        ("RUN uv pip install --no-cache a==1", "pass"),
    ],
)
def test_pip_cache(run, expected):
    assert status("pip-cache", SLIM + run + "\n") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("ARG HF_TOKEN\n", "fail"),
        ("ENV API_KEY=abc123\n", "fail"),
        ("ENV API_KEY=\n", "pass"),
        ("ENV TOKENIZERS_PARALLELISM=false\n", "pass"),
        ("ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568\n", "pass"),
        ("COPY .env .\n", "fail"),
        ("COPY .env.example .\n", "pass"),
        ("COPY hf_token.txt .\nRUN rm hf_token.txt\n", "fail"),
        ("COPY KEYS KEYS\nRUN cat KEYS | xargs huggingface-cli login --token\n", "fail"),
        ("RUN git clone https://user:abcdef@host/a\n", "fail"),
        ("RUN echo 'root:root' | chpasswd\n", "fail"),
        (
            "RUN --mount=type=secret,id=t git clone https://$(cat /run/secrets/t)@x/a\n",
            "pass",
        ),
    ],
)
def test_secrets(body, expected):
    assert status("secrets", SLIM + body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("COPY . .\nRUN pip install -r requirements.txt\n", "fail"),
        ("COPY *.* ./\nRUN pip install -r requirements.txt\n", "fail"),
        ("COPY r.txt setup.py entrypoint.sh ./\nRUN pip install -r r.txt\n", "pass"),
        ("COPY src src\nCOPY pyproject.toml .\nRUN pip install .\n", "fail"),
        ("COPY uv.lock .\nRUN uv sync --no-install-project\nCOPY . .\nRUN uv sync\n", "pass"),
        ("COPY r.txt .\nRUN pip install -r r.txt\nCOPY . .\nRUN pip install --no-deps .\n", "pass"),
        ("COPY . .\nRUN apt-get update && apt-get install -y x\n", "fail"),
        ("COPY app.py .\nRUN apt-get update && apt-get install -y x\n", "pass"),
        ("ADD . /app\nRUN apt-get install -y x\nRUN uv sync\n", "fail"),
    ],
)  # fmt: skip
def test_cache_order(body, expected):
    assert status("cache-order", SLIM + body) == expected


def test_one_giant_run():
    both = SLIM + "RUN apt-get update && apt-get install -y x && pip install -e .\n"
    assert status("layer-split", both) == "fail"
    tools = SLIM + "RUN apt-get install -y python3-pip && pip install -U pip\n"
    assert status("layer-split", tools) == "pass"


def test_jupyter_in_requirements_but_not_in_locks():
    docker = SLIM + "COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    files = {"Dockerfile": docker, "requirements.txt": "numpy==1\njupyterlab==4\n"}
    assert said("jupyter-in-production", files).spots[0].line == 2
    poetry = SLIM + "COPY poetry.lock .\nRUN poetry install --only main\n"
    lock = '[[package]]\nname = "notebook"\n'
    assert status("jupyter-in-production", {"Dockerfile": poetry, "poetry.lock": lock}) == "pass"
    stage = "FROM a AS dev\nRUN pip install jupyterlab\nFROM b\nCOPY --from=dev /x /x\n"
    assert status("jupyter-in-production", stage) == "pass"
