"""Which containers of a project are those of a Dockerfile, and what their files say of them."""

from __future__ import annotations

from mldocker_lab.audit.reading.project import Project
from mldocker_lab.audit.reading.targets import target_of
from mldocker_lab.audit.rules import rule

SLIM = "FROM python:3.11-slim\n"
SERVES = SLIM + 'CMD ["uvicorn", "a:b"]\n'
#: Two images: words of paths do not tell whose container is started.
TWO = {"docker/Dockerfile.a": SERVES, "docker/Dockerfile.b": SERVES}


def status(name: str, files: dict[str, str], file: str = "Dockerfile") -> str:
    return rule(name).judge(target_of(Project.of(files), file)).status


def test_the_image_that_a_script_builds_and_starts():
    script = (
        "NAME=team/net\n"
        "docker build -t ${NAME} -f docker/Dockerfile.a .\n"
        'docker run --rm -it --gpus all -v "$(pwd)":/w $EXTRA_ARGS %s ${NAME} "$@"\n'
    )
    files = TWO | {"docker/run.sh": script % "", "app.py": ""}
    assert status("limits", files, "docker/Dockerfile.a") == "fail"
    assert status("limits", files, "docker/Dockerfile.b") == "not-judged"
    files["docker/run.sh"] = script % "-m 2g"
    assert status("limits", files, "docker/Dockerfile.a") == "pass"


def test_two_tags_of_one_image():
    make = (
        "IMG ?= team/net\nGPU = $(IMG):gpu\n"
        "up:\n\t@docker build -f docker/Dockerfile.a -t $(GPU) .\n"
        "\tdocker build -f docker/Dockerfile.b -t $(IMG):cpu .\n"
        "\tdocker run -p8000:8000 -m2g $(GPU)\n\tdocker run $(IMG):cpu\n"
    )
    files = TWO | {"Makefile": make, "app.py": ""}
    assert status("limits", files, "docker/Dockerfile.a") == "pass"
    assert status("limits", files, "docker/Dockerfile.b") == "fail"


def test_a_build_in_the_folder_of_its_makefile():
    files = {
        "train/Dockerfile": SERVES,
        "serve/Dockerfile": SERVES,
        "train/Makefile": "up:\n\tdocker build -t t-${USER} .\n\tdocker run t-${USER} bash\n",
    }
    assert status("limits", files, "train/Dockerfile") == "fail"
    assert status("limits", files, "serve/Dockerfile") == "not-judged"


def test_containers_in_a_list_of_groups():
    ray = (
        "kind: RayCluster\nspec:\n  workerGroupSpecs:\n  - template:\n      spec:\n"
        "        containers:\n        - name: worker\n          image: local/ray:1\n"
        "          readinessProbe: {exec: {command: [ray, health-check]}}\n"
        "          resources: {limits: {memory: 2Gi}}\n"
    )
    files = {"Dockerfile": SERVES, "k8s/ray.yaml": ray, "app.py": ""}
    assert status("limits", files) == "pass"
    assert status("healthcheck", files) == "pass"


def test_a_job_is_not_asked_whether_it_is_well():
    job = (
        "kind: %s\nspec:\n  template:\n    spec:\n"
        "      containers:\n      - {name: net, image: local/net}\n"
    )
    files = {"Dockerfile": SERVES, "app.py": ""}
    assert status("healthcheck", files | {"job.yaml": job % "Job"}) == "not-judged"
    assert status("healthcheck", files | {"job.yaml": job % "CronJob"}) == "not-judged"
    assert status("healthcheck", files | {"job.yaml": job % "Deployment"}) == "fail"


def test_a_chart_is_known_by_its_name():
    chart = (
        'spec:\n  containers:\n  - name: web\n    image: "{{ .Values.image }}"\n'
        "    livenessProbe: {httpGet: {path: /, port: 80}}\n"
    )
    files = TWO | {"charts/net-front/templates/deployment.yaml": chart, "app.py": ""}
    files |= {"docker/Dockerfile.front": SERVES}
    assert status("healthcheck", files, "docker/Dockerfile.front") == "pass"
    assert status("healthcheck", files, "docker/Dockerfile.a") == "fail"


def test_services_of_others():
    compose = "services:\n  queue: {image: confluentinc/cp-kafka}\n  l: {image: grafana/loki:2}\n"
    files = {"Dockerfile": SERVES, "compose.yaml": compose, "app.py": ""}
    assert status("limits", files) == "not-judged"


def test_a_dockerfile_that_a_script_pipes_into_the_build():
    script = "docker build -t team/net - < docker/Dockerfile.a\ndocker run team/net\n"
    files = TWO | {"run.zsh": script, "app.py": ""}
    assert status("limits", files, "docker/Dockerfile.a") == "fail"
    assert status("limits", files, "docker/Dockerfile.b") == "not-judged"


def test_what_compose_starts_if_the_image_starts_nothing():
    compose = "services:\n  web: {build: ., command: %s}\n"
    files = {"Dockerfile": SLIM + "COPY . .\n", "app.py": ""}
    assert status("logs-stdout", files | {"compose.yaml": compose % "uvicorn a:b"}) == "pass"
    silent = compose % "[sh, -c, 'uvicorn a:b > a.log']"
    assert status("logs-stdout", files | {"compose.yaml": silent}) == "fail"
    assert status("healthcheck", files | {"compose.yaml": compose % "python train.py"}) == (
        "not-judged"
    )
    assert status("logs-stdout", files | {"compose.yaml": compose % "''"}) == "not-judged"


def test_a_script_that_trains_and_then_stays():
    files = {"Dockerfile": SLIM + 'COPY . .\nENTRYPOINT ["./run.sh"]\n'}
    assert status("healthcheck", files | {"run.sh": "python train.py\n"}) == "not-judged"
    assert status("healthcheck", files | {"run.sh": "python train.py\ncron -f\n"}) == "fail"
