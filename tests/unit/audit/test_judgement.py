"""What an engineer says where the file alone is not clear: each case was once judged wrongly."""

from __future__ import annotations

import pytest

from mldocker_lab.audit.reading.project import Project
from mldocker_lab.audit.reading.targets import target_of
from mldocker_lab.audit.rules import rule

SLIM = "FROM python:3.11-slim\n"
SERVES = 'CMD ["python", "serve.py"]\n'
TORCH = "FROM pytorch/pytorch:2.4.1-cuda11.8-cudnn9-runtime\n"
TOOLKIT = "FROM ubuntu:22.04\nRUN apt-get install -y cuda-toolkit-12-4\n"
CPU = "RUN pip install torch -i https://wheels.example/whl/cpu\n"
CUDA = "FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04\n"
CU118 = "FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04\n"
WHEELS = "https://wheels.example/whl"


def status(name: str, files: dict[str, str] | str, file: str = "Dockerfile") -> str:
    files = {"Dockerfile": files} if isinstance(files, str) else files
    return rule(name).judge(target_of(Project.of(files), file)).status


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SLIM + "RUN pip install torch==2.4.1\n", "not-judged"),
        (SLIM + "RUN pip install torch==2.4.1+cpu -f https://wheels.example/torch\n", "not-judged"),
        (SLIM + "RUN pip install torch==2.4.1 -i https://pypi.example/simple\n", "not-judged"),
        (SLIM + "RUN pip install torchvision\n", "not-judged"),
        (SLIM + CPU + "RUN pip install torchvision\n", "not-judged"),
        (SLIM + "RUN pip install vllm==0.8.5\n", "not-judged"),
        (SLIM + "RUN pip install 'tensorflow[and-cuda]==2.17.0'\n", "not-judged"),
        (SLIM + "RUN pip install tensorflow==2.17.0\n", "not-judged"),
        (CUDA + f"RUN pip install torch==2.8.0 -i {WHEELS}/cu128\n", "fail"),
        (CUDA + f"RUN pip install torch==2.4.1 -i {WHEELS}/cu121\n", "pass"),
        (TORCH + "RUN pip install torch==2.4.1\n", "pass"),
        (TORCH + "RUN pip install torch==2.6.0\n", "fail"),
        (TOOLKIT + "RUN pip install torch==2.4.1\n", "pass"),
    ],
)
def test_a_gpu_framework_without_a_stated_cuda(text, expected):
    assert status("gpu-compat", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SLIM + 'ENTRYPOINT ["/entrypoint.sh"]\n', "not-judged"),
        (SLIM + 'ENTRYPOINT ["/init"]\n', "not-judged"),
        (SLIM + 'CMD ["./worker"]\n', "not-judged"),
        (SLIM + 'CMD ["/opt/venv/bin/serve-model"]\n', "not-judged"),
        ("FROM someone/thing:1\n" + SERVES, "not-judged"),
        ("FROM pytorch/torchserve:0.12.0-cpu\n" + SERVES, "pass"),
        (SLIM + 'CMD ["gosu", "app", "python", "serve.py"]\n', "not-judged"),
        (SLIM + 'ENV PYTHONUNBUFFERED=""\n' + SERVES, "not-judged"),
        (SLIM + 'CMD ["uvicorn", "app:app"]\n', "pass"),
        (SLIM + 'CMD ["python", "-m", "uvicorn", "app:app"]\n', "pass"),
        (SLIM + 'CMD ["python", "-m", "app"]\n', "not-judged"),
        (SLIM + 'ENTRYPOINT ["sh", "-c"]\nCMD ["exec uvicorn app:app"]\n', "pass"),
        (SLIM + 'CMD ["torchserve", "--start"]\n', "not-judged"),
    ],
)
def test_what_starts_and_how_it_logs(text, expected):
    assert status("logs-stdout", text) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("python fetch.py\nexec tritonserver --model-repository=/models\n", "pass"),
        (
            'if [ "$MODE" = http ]; then\n  gosu "$APP" python3 http.py\nfi\necho ended\n',
            "not-judged",
        ),
        ("printenv > /etc/settings\nexec python -u serve.py\n", "pass"),
        ("python -u serve.py > /var/log/serve.log\n", "fail"),
    ],
)
def test_the_script_that_starts(script, expected):
    text = SLIM + 'COPY start.sh /start.sh\nENTRYPOINT ["/start.sh"]\n'
    assert status("logs-stdout", {"Dockerfile": text, "start.sh": script}) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("RUN python load-model.py\n", "fail"),
        ("RUN python export_model.py\n", "fail"),
        ("RUN python make_mar_file.py\n", "fail"),
        ("RUN torch-model-archiver --model-name x --serialized-file w.pt\n", "fail"),
        ("RUN ./download-big-model.sh base\n", "fail"),
        ("RUN ./gdrive_download.sh 1ab /w/net.pth\n", "fail"),
        ("RUN wget https://host/speech/models/en-small.zip && unzip en-small.zip\n", "fail"),
        ("RUN wget https://host/a/model-tools/archive/v1.zip\n", "pass"),
        ("RUN curl -L 'https://host/get?id=1' -o /w/net.onnx\n", "fail"),
        ("RUN speech-tools models download -o /m\n", "fail"),
        ("RUN pip download x && echo models\n", "pass"),
        ("RUN yolo predict model=yolov8n.pt\n", "fail"),
        ("RUN ${PYTHON} -c 'from x import load_tagger_model; load_tagger_model()'\n", "fail"),
        ("RUN pip install en_core_web_sm==3.7.0\n", "fail"),
        ("RUN python install_language_models.py\n", "fail"),
        ("RUN python bootstrap.py\n", "not-judged"),
        ("RUN python /tmp/get-pip.py\n", "pass"),
        ("# Download the models now\nRUN python warm.py\n", "fail"),
        ("# Models are downloaded at run time\nRUN python check.py\n", "not-judged"),
        ("# Make the folder of downloaded models\nRUN mkdir /models\n", "pass"),
        ("RUN echo 'Downloading models...' && python warm.py\n", "fail"),
        ("ENV WHISPER_MODEL=someone/large\n", "pass"),
        ("ENV MODEL_NAME=churn\n", "pass"),
        ("ENV MODELING_MODE=fast\n", "pass"),
    ],
)
def test_models_made_in_the_build_or_named_at_the_start(body, expected):
    assert status("model-external", SLIM + body) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stdout_logfile=/dev/stdout", "pass"),
        ("stdout_logfile=/proc/1/fd/1 ; to the container", "pass"),
        ("stdout_logfile=NONE", "pass"),
        ("stdout_logfile=/var/log/app.log", "fail"),
        ("priority=1", "fail"),  # a file of its own, unless told otherwise
    ],
)
def test_what_supervisord_does_with_the_output(line, expected):
    text = SLIM + "COPY supervisord.conf /etc/\n"
    text += 'ENTRYPOINT ["supervisord", "-c", "/etc/supervisord.conf"]\n'
    conf = f"[supervisord]\nnodaemon=true\n\n[program:app]\ncommand=python a.py\n{line}\n"
    files = {"Dockerfile": text, "supervisord.conf": conf}
    assert status("logs-stdout", files) == expected
    assert status("logs-stdout", text) == "not-judged"
    assert status("logs-stdout", files | {"supervisord.conf": "[prog"}) == "not-judged"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("accesslog = '-'\n", "pass"),
        ("errorlog = './logs/' + day + '.log'\n", "fail"),
        ("accesslog = os.environ.get('ACCESS_LOG', '-')\n", "pass"),
        ("workers = (\n", "pass"),
    ],
)
def test_the_configuration_of_gunicorn(settings, expected):
    text = SLIM + "COPY . .\n" + "CMD gunicorn -c conf/settings.py a:b\n"
    files = {"Dockerfile": text, "a.py": "", "conf/settings.py": settings}
    assert status("logs-stdout", files) == expected


def test_logs_set_up_elsewhere():
    files = {"Dockerfile": SLIM + "COPY . .\n" + 'CMD ["uvicorn", "a:b"]\n', "a.py": ""}
    to_file = "import logging\nlogging.basicConfig(filename='a.log')\n"
    assert status("logs-stdout", files | {"core/logging_config.py": to_file}) == "fail"
    assert status("logs-stdout", files | {"tests/log.py": to_file}) == "pass"
    assert status("logs-stdout", files | {"a.py": to_file}) == "fail"
    assert status("logs-stdout", files | {"core/blog.py": to_file}) == "pass"
    options = 'CMD GUNICORN_CMD_ARGS="-w 4 --access-logfile /l/a.log" gunicorn a:b\n'
    assert status("logs-stdout", SLIM + options) == "fail"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("tiangolo/uvicorn-gunicorn-fastapi:python3.9", "pass"),
        ("nvcr.io/nvidia/tritonserver:24.05-py3", "not-judged"),  # it starts a shell
        ("tensorflow/serving:2.16.1", "pass"),
        ("python:3.11-slim", "not-judged"),
    ],
)
def test_logs_of_a_bases_own_server(base, expected):
    assert status("logs-stdout", f"FROM {base}\nCOPY a b\n") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("COPY tfs_models/net /models/net/1\n", "fail"),
        ("COPY src/models/net.py /app/models/\n", "pass"),
        ("COPY model_C=1.0.bin ./\n", "fail"),
        ("RUN bash download_pretrained.sh\n", "fail"),
        ("RUN python speech/init_downloads.py\n", "fail"),
        ("RUN python tools/download_fonts.py\n", "not-judged"),
        ("COPY voices/ /app/voices/\n", "fail"),
        ("COPY net/model_weight.data-00000-of-00001 /net/\n", "fail"),
        ("RUN aws s3 sync s3://bucket/net/60/ /deploy/model/\n", "fail"),
        ("RUN curl -L 'https://host/get?id=1' -o ckpt.tar.gz\n", "fail"),
        ("RUN rembg d u2net\n", "fail"),
        (
            'ARG BAKE=false\nRUN if [ "$BAKE" = "true" ]; then python get_models.py; fi\n',
            "pass",
        ),
        ('ARG BAKE=true\nRUN if [ "$BAKE" = "true" ]; then python get_models.py; fi\n', "fail"),
        ('RUN if [ "$BAKE" = "true" ]; then python get_models.py; fi\n', "fail"),
    ],
)
def test_more_ways_to_bring_weights(body, expected):
    assert status("model-external", SLIM + body) == expected


def test_an_ignore_file_that_names_what_is_sent():
    files = {"Dockerfile": SLIM, "app.py": "", "docs/look.ipynb": "", "data/.gitkeep": ""}
    assert status("dockerignore", files | {".dockerignore": "*\n!docs\n"}) == "pass"
    assert status("dockerignore", files | {".dockerignore": ".git\n**/*.ipynb\n"}) == "pass"
    assert status("dockerignore", files | {".dockerignore": ".git\n"}) == "fail"


def test_a_script_of_the_build_that_is_at_hand():
    files = {"Dockerfile": SLIM + "COPY warm.py .\nRUN python warm.py\n"}
    assert status("model-external", files | {"warm.py": "print(1)\n"}) == "pass"
    loads = "from x import M\nM.from_pretrained('y')\n"
    assert status("model-external", files | {"warm.py": loads}) == "fail"


def test_a_folder_that_the_builder_downloaded():
    text = (
        "FROM python:3.11-slim AS get\nRUN gdown https://host/drive/folders/1 -O /w/ --folder\n"
        + SLIM
        + "COPY --from=get /w/run /run\n"
    )
    assert status("model-external", text) == "fail"
    assert status("model-external", text.replace("/w/run /run", "/usr/bin/x /x")) == "pass"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('ready')\n", "not-judged"),
        ("print('ready', flush=True)\n", "pass"),
        ("import uvicorn\nuvicorn.run('a:b')\n", "pass"),
        ("import logging\nlogging.basicConfig(level=20)\n", "pass"),
        ("import logging\nlogging.basicConfig(filename='a.log')\n", "fail"),
        ("h = logging.FileHandler('a.log')\ng = logging.StreamHandler()\n", "fail"),
        ("h = RotatingFileHandler(f'logs/{day}.log', maxBytes=9)\n", "fail"),
        ("path = 'logs/' + name\nh = AsyncFileHandler(filename=path)\n", "fail"),
        ("path = os.environ['LOG']\nh = logging.FileHandler(path)\n", "not-judged"),
        ("h = logging.FileHandler(args.log)\nlogging.info('x')\n", "pass"),
        ("import uvicorn  # or logging.FileHandler('a.log')\n", "pass"),
        ("h = logging.FileHandler('/dev/stdout')\nlogging.info('x')\n", "pass"),
        ("h = FileHandler('a.log'\n", "not-judged"),
    ],
)
def test_how_the_code_at_hand_logs(code, expected):
    files = {"Dockerfile": SLIM + "COPY serve.py .\n" + SERVES, "serve.py": code}
    assert status("logs-stdout", files) == expected


def test_a_hub_cache_copied_from_the_builder():
    load = "RUN HF_HOME=/opt/hub python -c 'M.from_pretrained(\"x\")'\n"
    text = SLIM.replace("\n", " AS build\n") + load + SLIM + "COPY --from=build %s /cache\n"
    assert status("model-external", text % "/opt/hub") == "fail"
    assert status("model-external", text % "/opt/venv") == "pass"
    elsewhere = text.replace("HF_HOME=/opt/hub ", "") % "/root/.cache"
    assert status("model-external", elsewhere) == "fail"


@pytest.mark.parametrize(
    ("wheel", "expected"),
    [
        ("tensorflow-gpu==1.0.0", "fail"),  # CUDA 8
        ("tensorflow-gpu==2.3.0", "pass"),
        ("tensorflow==2.3.0", "pass"),
        ("tensorflow==2.4.0", "fail"),  # CUDA 11
        ("tensorflow==1.15.0", "pass"),  # for the CPU
        ("tensorflow", "fail"),  # CUDA 12 today
        ("'tensorflow<2.4'", "pass"),
    ],
)
def test_tensorflow_looks_for_its_cuda_in_the_image(wheel, expected):
    base = "FROM nvidia/cuda:10.1-cudnn7-runtime-ubuntu18.04\n"
    assert status("gpu-compat", base + f"RUN pip install {wheel}\n") == expected
    if expected == "pass" and wheel.endswith("2.3.0"):
        older = base.replace("cudnn7", "cudnn8")
        assert status("gpu-compat", older + f"RUN pip install {wheel}\n") == "fail"


def test_what_has_no_version_on_an_old_cuda():
    old = "FROM nvidia/cuda:11.8.0-cudnn8-runtime-ubuntu22.04\n"
    assert status("gpu-compat", old + "RUN pip install torch\n") == "fail"
    assert status("gpu-compat", old + "RUN pip install 'torch>=2.8'\n") == "fail"
    assert status("gpu-compat", old + "RUN pip install 'torch<2.1'\n") == "not-judged"
    assert status("gpu-compat", CUDA + "RUN pip install torch\n") == "not-judged"


def test_a_tensorflow_beside_a_torch_that_fits():
    base = "FROM nvidia/cuda:11.1.1-cudnn8-runtime-ubuntu18.04\nRUN pip install tensorflow\n"
    assert status("gpu-compat", base) == "fail"
    torch = f"RUN pip install torch==1.8.2+cu111 -f {WHEELS}/lts\n"
    assert status("gpu-compat", base + torch) == "pass"


@pytest.mark.parametrize("name", ["$NB_UID", "${NB_USER}", "$MAMBA_USER"])
def test_the_user_that_a_base_names_in_a_variable(name):
    assert status("non-root", f"ARG BASE\nFROM $BASE\nUSER root\nUSER {name}\n") == "pass"
    assert status("non-root", "ARG BASE\nFROM $BASE\nUSER $OTHER\n") == "not-judged"


@pytest.mark.parametrize("image", ["pgvector/pgvector:pg17", "timescale/timescaledb:2", "neo4j:5"])
def test_the_health_of_a_database_is_not_the_services(image):
    compose = f"services:\n  db:\n    image: {image}\n    healthcheck:\n      test: ['CMD', 'x']\n"
    files = {"Dockerfile": SLIM + SERVES, "compose.yml": compose}
    assert status("healthcheck", files) == "fail"


def test_tensorflow_without_a_cudnn():
    bare = "FROM nvidia/cuda:9.0-devel-ubuntu16.04\n"
    wheel = "RUN pip install tensorflow-gpu==1.6.0\n"
    assert status("gpu-compat", bare + wheel) == "fail"
    assert status("gpu-compat", bare + "RUN apt-get install -y libcudnn7\n" + wheel) == "pass"


def test_the_cuda_of_conda_and_of_a_projects_index():
    conda = CUDA.replace("12.4.1", "12.1.1") + "COPY e.yml .\nRUN conda env create -f e.yml\n"
    named = "dependencies:\n- pytorch::pytorch-cuda=%s\n"
    assert status("gpu-compat", {"Dockerfile": conda, "e.yml": named % "12.4"}) == "fail"
    assert status("gpu-compat", {"Dockerfile": conda, "e.yml": named % "12.1"}) == "pass"
    index = f'[[tool.uv.index]]\nurl = "{WHEELS}/cu126/"\n'
    text = "COPY pyproject.toml uv.lock ./\nRUN uv sync --frozen\n"
    files = {"Dockerfile": SLIM + text, "pyproject.toml": index, "uv.lock": ""}
    assert status("gpu-compat", files) == "pass"
    files["Dockerfile"] = CUDA + text
    assert status("gpu-compat", files) == "fail", "newer than the base's 12.4"


def test_locks_that_do_not_exist_or_are_made_anew():
    body = SLIM + "WORKDIR /app\nCOPY pyproject.toml ./\nRUN poetry install\n"
    project = '[tool.poetry.dependencies]\nnumpy = "^1.26"\n'
    assert status("python-pins", {"Dockerfile": body, "pyproject.toml": project}) == "fail"
    assert status("python-pins", body) == "not-judged"
    anew = body.replace("poetry install", "poetry lock && poetry install")
    assert status("python-pins", anew) == "fail"
    assert status("python-pins", anew.replace("lock", "lock --check")) == "not-judged"


def test_setup_py_that_reads_the_requirements():
    files = {
        "Dockerfile": SLIM + "COPY . .\nRUN pip install .\n",
        "setup.py": "setup(install_requires=open('requirements.txt').read().split())\n",
        "requirements.txt": "numpy>=1.26\n",
    }
    assert status("python-pins", files) == "fail"
    assert status("python-pins", files | {"requirements.txt": "numpy==1.26.4\n"}) == "pass"


def test_a_wheel_that_is_always_the_newest():
    wheel = "RUN pip install https://host/resolve/main/tagger-%s-py3-none-any.whl\n"
    assert status("python-pins", SLIM + wheel % "any") == "fail"
    assert status("python-pins", SLIM + wheel % "3.7.0") == "pass"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("data/a.csv", "fail"),
        ("data/load.py", "pass"),
        ("look.ipynb", "fail"),
        ("net.onnx", "pass"),  # weights are point 7's affair
        ("conf/a.csv", "pass"),
    ],
)
def test_an_ignore_file_that_only_names_git(name, expected):
    """What is there counts; of a project whose code is not at hand nobody knows that."""
    files = {"Dockerfile": SLIM + "COPY . .\n", "app.py": "", ".dockerignore": ".git\n", name: ""}
    assert status("dockerignore", files) == expected
    unknown = {"Dockerfile": SLIM, ".dockerignore": ".git\n"}
    assert status("dockerignore", unknown) == "fail"


def test_a_lock_that_stays_outside_is_no_lock():
    project = '[project]\nname = "m"\ndependencies = ["numpy>=1.26"]\n'
    files = {"pyproject.toml": project, "uv.lock": "version = 1\n"}
    body = SLIM + "WORKDIR /app\nCOPY %s ./\nRUN uv sync\n"
    assert status("python-pins", {"Dockerfile": body % "pyproject.toml"} | files) == "fail"
    assert status("python-pins", {"Dockerfile": body % "pyproject.toml uv.lock"} | files) == "pass"
    assert status("python-pins", {"Dockerfile": body % "."} | files) == "pass"


def test_requirements_that_the_build_exports_from_a_lock():
    made = SLIM + "RUN uv export --frozen -o /r.txt && grep -v torch /r.txt > /s.txt\n"
    assert status("python-pins", made + "RUN pip install -r /r.txt\n") == "pass"
    assert status("python-pins", made + "RUN pip install -r /s.txt\n") == "pass"
    assert status("python-pins", made + "RUN pip install -r /t.txt\n") == "not-judged"


POD = """\
kind: Pod
spec:
  containers:
  - name: {name}
    image: {image}
    resources: {{limits: {{memory: 1Gi}}}}
    readinessProbe: {{httpGet: {{path: /ready}}}}
"""


def test_the_containers_of_other_images_say_nothing():
    """A word such as api is in many names; the name of the folder is the best sign."""
    files = {
        "api-text/Dockerfile": SLIM + SERVES,
        "api-image/Dockerfile": SLIM + SERVES,
        "k8s/rest.yaml": POD.format(name="api-rest", image="api-rest:1"),
    }
    assert status("limits", files, "api-text/Dockerfile") == "not-judged"
    assert status("healthcheck", files, "api-text/Dockerfile") == "fail"
    files["k8s/text.yaml"] = POD.format(name="web", image="host.example/us/api-text:1")
    assert status("limits", files, "api-text/Dockerfile") == "pass"
    assert status("limits", files, "api-image/Dockerfile") == "not-judged"


def test_a_run_of_the_base_image_is_not_ours():
    files = {"Dockerfile": SLIM + SERVES, "t.sh": "docker run --rm python:3.11-slim pytest\n"}
    assert status("limits", files) == "not-judged"


def test_a_run_on_another_machine():
    script = "ssh host << 'END'\ndocker run -d \\\n  model:1\nEND\n"
    assert status("limits", {"Dockerfile": SLIM + SERVES, "deploy.sh": script}) == "fail"
    limited = script.replace("-d", "-d -m 2g")
    assert status("limits", {"Dockerfile": SLIM + SERVES, "deploy.sh": limited}) == "pass"


TEMPLATE = """\
kind: Deployment
spec:
  containers:
  - image: {{ .Values.image }}
    # readinessProbe: {}
    resources: {{- toYaml .Values.resources | nindent 6 }}
"""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("resources: {}\n", "fail"),
        ("resources:\n  limits: {memory: 2Gi}\n", "pass"),
        ("resources:\n  requests: {memory: 2Gi}\n", "fail"),
        ("resources: [half\n", "fail"),
    ],
)
def test_the_values_of_a_chart(values, expected):
    chart = {"chart/templates/deployment.yaml": TEMPLATE, "chart/values.yaml": values}
    assert status("limits", {"Dockerfile": SLIM + SERVES} | chart) == expected
    assert status("healthcheck", {"Dockerfile": SLIM + SERVES} | chart) == "fail"


def test_services_for_developers_do_not_count():
    compose = "services:\n  m:\n    build: .\n    mem_limit: 1g\n  dev:\n    build: .\n"
    assert status("limits", {"Dockerfile": SLIM + SERVES, "compose.yml": compose}) == "pass"
    alone = "services:\n  dev:\n    build: .\n"
    assert status("limits", {"Dockerfile": SLIM + SERVES, "compose.yml": alone}) == "fail"


def test_the_service_of_another_stage():
    text = SLIM.replace("\n", " AS train\n") + SLIM.replace("\n", " AS serve\n") + SERVES
    build = "    build: {context: ., target: %s}\n"
    compose = f"services:\n  t:\n{build % 'train'}    mem_limit: 1g\n  s:\n{build % 'serve'}"
    assert status("limits", {"Dockerfile": text, "compose.yml": compose}) == "fail"


def test_a_user_counts_if_all_who_start_it_set_it():
    compose = "services:\n  a:\n    build: .\n    user: '1000'\n  b:\n    build: .\n"
    assert status("non-root", {"Dockerfile": SLIM + SERVES, "compose.yml": compose}) == "fail"
    both = compose + "    user: '1001'\n"
    assert status("non-root", {"Dockerfile": SLIM + SERVES, "compose.yml": both}) == "pass"


def test_a_context_that_lacks_what_is_copied():
    """The compose file names the wrong folder: the ignore file at the top is the one."""
    files = {
        "infra/Dockerfile": SLIM + "COPY requirements.txt .\nCOPY src/ src/\n" + SERVES,
        "infra/compose.yml": "services:\n  m:\n    build: .\n",
        "requirements.txt": "numpy==2.0.0\n",
        "src/a.py": "",
        ".dockerignore": ".git\ndata/\n",
    }
    assert status("dockerignore", files, "infra/Dockerfile") == "pass"


def test_a_folder_with_nothing_but_a_dockerfile():
    files = {"server/Dockerfile": SLIM + "RUN pip install mlflow==2.0.0\n", "train.py": ""}
    assert status("dockerignore", files, "server/Dockerfile") == "fail"
    assert status("dockerignore", SLIM) == "not-judged"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("pytorch/torchserve-nightly:cpu", "pass"),
        ("rasa/rasa:3.6.20-full", "pass"),
        ("heartexlabs/label-studio:1.13", "pass"),
        ("chainguard/wolfi-base:latest", "fail"),
        ("jupyterhub/jupyterhub:5", "fail"),
    ],
)
def test_users_of_more_bases(base, expected):
    assert status("non-root", f"FROM {base}\n") == expected


def test_an_index_beside_the_usual_one_does_not_win():
    old = CUDA.replace("12.4.1", "11.8.0")
    extra = "RUN pip install torch%s --extra-index-url " + WHEELS + "/cu118\n"
    judged = rule("gpu-compat").judge(
        target_of(Project.of({"Dockerfile": old + extra % ""}), "Dockerfile")
    )
    assert judged.status == "fail"
    assert "cu118 stands beside the usual index" in judged.evidence
    assert status("gpu-compat", old + extra % "==2.4.1") == "pass"
    assert status("gpu-compat", old + (extra % "").replace("pip", "uv pip")) == "pass"
    assert status("gpu-compat", old + (extra % "").replace("--extra-index-url", "-i")) == "pass"
    assert status("gpu-compat", CUDA + (extra % "").replace("118", "121")) == "not-judged"
    assert status("gpu-compat", CUDA + (extra % "").replace("118", "126")) == "fail"
    newer = CUDA.replace("12.4.1", "12.8.1")
    assert status("gpu-compat", newer + (extra % "").replace("118", "128")) == "not-judged"
    assert status("gpu-compat", newer + (extra % "==2.8.0").replace("118", "128")) == "pass"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("tensorflow/tensorflow:latest-gpu-py3", "fail"),
        ("rocm/pytorch:latest", "fail"),
        ("rocm/pytorch:rocm6.2_ubuntu22.04", "not-judged"),
        ("someone/tritonserver:24.05-onnx-python-cpu", "not-judged"),
        ("registry.example/team/cuda:22.04_12.2", "not-judged"),
    ],
)
def test_what_a_base_says_of_its_gpu(base, expected):
    assert status("gpu-compat", f"FROM {base}\nRUN pip install torch\n") == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("arm64v8/ubuntu:22.04", "fail"),
        ("123456789012.dkr.ecr.eu-west-1.example/pytorch-training:2.5.1-gpu-py311", "fail"),
        ("rstudio/plumber", "fail"),
        ("team/base:1", "not-judged"),
    ],
)
def test_whose_user_is_known(base, expected):
    judged = rule("non-root").judge(
        target_of(Project.of({"Dockerfile": f"FROM {base}\nRUN apt-get update\n"}), "Dockerfile")
    )
    assert judged.status == expected
    assert ("speaks for root" in judged.evidence) == (expected == "not-judged")


def test_a_health_check_that_the_base_brings():
    assert (
        status("healthcheck", "FROM registry.example/jupyter/base-notebook:2024-05-27\n") == "pass"
    )
    assert status("healthcheck", "FROM jupyter/base-notebook:2021-05-27\n") == "fail"
    other = 'FROM registry.example/jupyter/base-notebook\nCMD ["python", "serve.py"]\n'
    assert status("healthcheck", other) == "fail"


def test_packages_that_a_script_of_the_build_installs():
    files = {"Dockerfile": "FROM ubuntu:22.04\nCOPY / /ml\nWORKDIR /ml\nRUN ./setup/venv.sh\n"}
    files |= {"setup/venv.sh": "#!/bin/bash\npip install -r requirements.txt\n"}
    assert status("python-pins", files | {"requirements.txt": "numpy>=1.26\n"}) == "fail"
    assert status("python-pins", files | {"requirements.txt": "numpy==1.26.4\n"}) == "pass"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('cmd="sudo docker run -it -p 80:80 net:gpu"\neval "$cmd"\n', "fail"),
        ('cmd="docker run -m 2g net:gpu"\neval "$cmd"\n', "pass"),
        ("docker run -p8000:8000 nvcr.io/nvidia/tritonserver:24.05-py3\n", "not-judged"),
        ("docker run localstack/localstack:3\n", "not-judged"),
    ],
)
def test_whose_container_a_script_starts(script, expected):
    files = {"Dockerfile": SLIM, "run.sh": script, "app.py": ""}
    assert status("limits", files) == expected


def test_a_folder_below_the_projects_holds_no_history():
    files = {"api/Dockerfile": SLIM + "COPY app.py .\n", "api/app.py": "", "README.md": ""}
    assert (
        status("dockerignore", files | {"api/.dockerignore": "tests\n"}, "api/Dockerfile") == "pass"
    )
    ignored = {"api/.dockerignore": "tests\n", "api/data/a.csv": ""}
    assert status("dockerignore", files | ignored, "api/Dockerfile") == "fail"


def test_a_folder_of_data_that_holds_no_data():
    files = {"Dockerfile": SLIM + "COPY . .\n", "cache/data/.gitignore": "*\n", "index.php": ""}
    assert status("dockerignore", files | {".dockerignore": ".git\n"}) == "pass"
    assert status("dockerignore", files | {".dockerignore": ".git\n", "data/a.bin": ""}) == "fail"
    raw = files | {".dockerignore": ".git\ndata/raw\n"}
    assert status("dockerignore", raw | {"data/raw/a.csv": "", "src/data/a.csv": ""}) == "pass"
    assert status("dockerignore", raw | {"data/b.csv": ""}) == "fail"


def test_a_stage_inherits_the_arguments_of_the_one_it_starts_from():
    """Built to see it: BuildKit hands them on, the classic builder does not."""
    text = SLIM.replace("\n", " AS base\n") + "ARG ID=1000\nFROM base\nUSER ${ID}\n"
    assert status("non-root", text) == "pass"
    assert status("non-root", text.replace("1000", "0")) == "fail"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("team/net:${TAG}", "not-judged"),  # the tag may end in a digest
        ("team/net:${TAG}-gpu", "fail"),
        ("team/net:1", "fail"),
        ("${TAG}", "not-judged"),
        ("${TAG}-devel", "fail"),
        ("${TAG}/net:1", "fail"),
    ],
)
def test_where_a_digest_may_hide(base, expected):
    assert status("base-digest", f"ARG TAG\nFROM {base}\n") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM nvidia/cuda:11.8.0-devel-ubuntu22.04\nRUN pip install vllm\n", "fail"),
        (CUDA + "RUN pip install vllm\n", "not-judged"),
        ("FROM nvidia/cuda:11.6.2-devel-ubuntu20.04\nRUN pip install 'jax[cuda]'\n", "fail"),
        ("FROM nvidia/cuda:11.6.2-devel-ubuntu20.04\nRUN pip install jax==0.4.30\n", "pass"),
        (SLIM + "RUN pip install paddlepaddle-gpu==2.2.1\n", "fail"),
        (SLIM + "RUN pip install paddlepaddle-gpu==3.0.0\n", "not-judged"),
        (CUDA + "RUN pip install torch==2.4.1+cu126\n", "fail"),
        (SLIM + "RUN conda install cudatoolkit\n", "not-judged"),
        (
            SLIM + "RUN wget https://host/cuda_10.0.130_410.48_linux && sh cuda_10.0.130_linux\n"
            "RUN pip install tensorflow-gpu==1.15.5\n",
            "pass",
        ),
        (
            "FROM nvidia/cuda:8.0-cudnn5-devel-ubuntu14.04\nRUN pip install 'tensorflow==0.12.*'\n",
            "pass",
        ),
        ("FROM gpu-enabled-base\nRUN pip install numpy\n", "not-judged"),
        (CU118 + "RUN pip install 'tensorflow[and-cuda]'\n", "fail"),
        (CU118 + "RUN pip install vllm==0.4.3\n", "fail"),
        (CU118 + "RUN pip install vllm==0.1.7\n", "pass"),
        (CUDA + "RUN pip install vllm==0.4.3\n", "pass"),
        (CUDA + "RUN pip install vllm==0.26.0\n", "fail"),
        (CU118 + "RUN pip install vllm==0.2.1\n", "pass"),
        (CU118 + "RUN pip install vllm==0.2.2\n", "fail"),
        (CUDA + "RUN pip install torch==2.13.0\n", "fail"),
        (CUDA + "RUN pip install 'tensorflow[and-cuda]'\n", "pass"),
        (
            CU118 + f"RUN pip install torch -i {WHEELS}/cu118 && pip install onnxruntime-gpu\n",
            "fail",
        ),
        ("FROM tensorflow/tensorflow:1.15.5-gpu\nRUN pip install torch\n", "fail"),
        ("FROM tensorflow/tensorflow:2.16.1-gpu\nRUN pip install torch\n", "not-judged"),
    ],
)
def test_frameworks_and_the_cuda_they_want(text, expected):
    assert status("gpu-compat", text) == expected


def test_a_requirements_file_that_is_made_from_another():
    make = "RUN grep -v torch r.txt > run.txt && pip install -r run.txt\n"
    files = {"Dockerfile": SLIM + "COPY r.txt .\n" + make}
    assert status("python-pins", files | {"r.txt": "numpy==1.26.4\n"}) == "pass"
    assert status("python-pins", files | {"r.txt": "numpy\n"}) == "fail"


def test_a_script_that_is_only_made_executable_brings_no_curl():
    check = "HEALTHCHECK CMD curl -f http://localhost/health\n"
    text = "FROM node:18-alpine\nCOPY run.sh /\nRUN %s\n" + check
    assert status("healthcheck", text % "chmod +x /run.sh") == "fail"
    assert status("healthcheck", text % "sh /run.sh") == "pass"


def test_an_index_of_onnxruntime_decides():
    feed = "https://host/onnxruntime-cuda-12/pypi/simple/"
    text = CUDA + f"RUN pip install onnxruntime-gpu==1.18 --extra-index-url {feed}\n"
    assert status("gpu-compat", text) == "pass"
    assert status("gpu-compat", text.replace("onnxruntime-cuda-12/", "")) == "fail"


def test_what_a_setup_cfg_asks_for():
    files = {"Dockerfile": SLIM + "COPY . .\nRUN pip install .\n"}
    files |= {"pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"}
    asks = "[options]\ninstall_requires =\n    %s\n"
    assert status("python-pins", files | {"setup.cfg": asks % "click>=8"}) == "fail"
    assert status("python-pins", files | {"setup.cfg": asks % "click==8.1.7"}) == "pass"
    extra = asks % "click==8.1.7" + "[options.extras_require]\ngpu =\n    torch>=2\n"
    assert status("python-pins", files | {"setup.cfg": extra}) == "pass"
    files["Dockerfile"] = files["Dockerfile"].replace("install .", "install '.[gpu]'")
    assert status("python-pins", files | {"setup.cfg": extra}) == "fail"


def test_a_wheel_of_the_project_at_hand():
    files = {"Dockerfile": SLIM + "RUN pip install numpy==1.26.4 /d/my_net-%s-py3-none-any.whl\n"}
    project = "[tool.poetry]\nname = 'my-net'\n[tool.poetry.dependencies]\ntorch = '%s'\n"

    def judged(version: str, spec: str) -> str:
        texts = {"Dockerfile": files["Dockerfile"] % version, "pyproject.toml": project % spec}
        return status("python-pins", texts)

    assert judged("latest", "^2.4") == "fail"
    assert judged("1.0", "2.4.1") == "pass"
    other = {"Dockerfile": files["Dockerfile"] % "1.0", "pyproject.toml": "[project]\nname = 'x'\n"}
    assert status("python-pins", other) == "not-judged"


def test_a_command_that_says_something_and_ends():
    assert status("healthcheck", SLIM + 'CMD ["echo", "done"]\n') == "not-judged"
    assert status("healthcheck", SLIM + "CMD echo starting && uvicorn a:b\n") == "fail"


def test_a_name_alone_says_nothing_of_a_gpu():
    files = {"Dockerfile.gpu": SLIM + "RUN pip install numpy==1.26.4\n"}
    assert status("gpu-compat", files, "Dockerfile.gpu") == "not-judged"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import sys; sys.exit(0)", "fail"),
        ("print('well')", "fail"),
        ("import sys; sys.exit(1)", "pass"),
        ("import probe", "pass"),
        ("import urllib.request as u; u.urlopen('http://localhost/ready')", "pass"),
    ],
)
def test_a_check_in_python_that_cannot_fail(code, expected):
    text = SLIM + f'HEALTHCHECK CMD python -c "{code}" || exit 1\n'
    assert status("healthcheck", text) == expected
