"""Where lines go: through configurations, imported modules, supervisord, Makefiles."""

from __future__ import annotations

import pytest

from mldocker_lab.audit.reading.project import Project
from mldocker_lab.audit.reading.targets import target_of
from mldocker_lab.audit.rules import rule

SLIM = "FROM python:3.11-slim\n"
SERVES = SLIM + 'COPY . .\nENV PYTHONUNBUFFERED=1\nCMD ["uvicorn", "app.main:app"]\n'
SUPERVISED = 'CMD ["supervisord", "-n"]\n'


def found(files: dict[str, str] | str):
    files = {"Dockerfile": files} if isinstance(files, str) else files
    return rule("logs-stdout").judge(target_of(Project.of(files), "Dockerfile"))


def status(files: dict[str, str] | str) -> str:
    return found(files).status


def test_a_module_that_is_imported_counts_and_another_does_not():
    writes = "import logging\nh = logging.FileHandler('a.log')\n"
    files = {"Dockerfile": SERVES, "app/main.py": "from app.core import log\n"}
    assert status(files | {"app/core/__init__.py": "", "app/core/log.py": writes}) == "fail"
    assert status(files | {"app/core/__init__.py": writes, "app/core/log.py": ""}) == "fail"
    assert status(files | {"app/core/log.py": "", "training/logger.py": writes}) == "pass"
    relative = {"app/main.py": "from .logger import get\n", "app/logger.py": writes}
    assert status(files | relative) == "fail"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from loguru import logger\nlogger.add('data/api.log', rotation='1 day')\n", "fail"),
        ("from loguru import logger\nlogger.add(sys.stderr)\n", "pass"),
        ("from loguru import logger\nlogger.add(lambda m: print(m, end=''))\n", "pass"),
        ("names = set()\nnames.add('api.log')  # loguru\n", "pass"),
    ],
)
def test_sinks_of_loguru(code, expected):
    assert status({"Dockerfile": SERVES, "app/main.py": code}) == expected


def test_a_configuration_with_a_handler_of_files():
    reads = "logging.config.dictConfig(yaml.safe_load(open('conf/logging.yaml')))\n"
    files = {"Dockerfile": SERVES, "app/main.py": reads}
    rotates = "handlers:\n  f:\n    class: logging.handlers.RotatingFileHandler\n"
    judged = found(files | {"conf/logging.yaml": rotates})
    assert judged.status == "fail"
    assert (judged.spots[0].file, judged.spots[0].line) == ("conf/logging.yaml", 3)
    assert status(files | {"conf/logging.yaml": rotates.replace("RotatingFile", "Q")}) == "pass"
    option = SERVES.replace('main:app"', 'main:app", "--log-config", "log.ini"')
    assert status({"Dockerfile": option, "log.ini": "class=FileHandler\n"}) == "fail"


def test_supervisord_configured_by_the_dockerfile_itself():
    lines = ["[program:web]", "command=python a.py"]
    echo = " && ".join(f'echo "{line}" >> /etc/s.conf' for line in lines)
    assert status(SLIM + f"RUN {echo}\n" + SUPERVISED) == "fail"
    told = echo + ' && echo "stdout_logfile=/dev/stdout" >> /etc/s.conf'
    assert status(SLIM + f"RUN {told}\n" + SUPERVISED) == "pass"
    document = "COPY <<EOF /etc/s.conf\n[program:web]\ncommand=a\nEOF\n"
    assert status(SLIM + document + SUPERVISED) == "fail"


def test_a_server_that_is_silenced():
    script = "torchserve --start > /dev/null 2>&1\ncurl -s localhost > /dev/null\nsleep 9\n"
    files = {"Dockerfile": SLIM + 'COPY run.sh .\nCMD ["./run.sh"]\n', "run.sh": script}
    assert status(files) == "fail"
    assert status(files | {"run.sh": "curl -s x > /dev/null\nuvicorn a:b\n"}) == "pass"


def test_a_function_that_nobody_calls_writes_no_log():
    files = {
        "Dockerfile": SLIM + "COPY . .\nCMD uvicorn a:app\n",
        "a.py": "from b import log, to_file\nlog()\n",
        "b.py": "import logging\n\ndef log():\n    pass\n\n"
        'def to_file(path="a.log"):\n    """Call to_file() first."""\n'
        "    return logging.FileHandler(path)\n",
    }
    assert status(files) == "pass"
    assert status(files | {"a.py": "import b\nb.to_file()\n"}) == "fail"
    asked = files["b.py"].replace('path="a.log"', "path")
    assert status(files | {"a.py": "import b\nb.to_file(x)\n", "b.py": asked}) == "pass"


def test_who_calls_a_function_may_stand_in_no_file():
    """A server calls its factory and its events, whatever they are called."""
    body = '    logging.FileHandler("a.log")\n'
    files = {"Dockerfile": SLIM + "COPY . .\nCMD uvicorn --factory a:make\n"}
    made = f"import logging\n\ndef make():\n{body}"
    assert status(files | {"a.py": made}) == "fail"
    event = f"import logging\n\n@on('start')\ndef begin():\n{body}"
    assert status(files | {"a.py": "import b\n", "b.py": event}) == "fail"
    assert status(files | {"a.py": "import b\n", "b.py": made}) == "pass"


def test_what_make_starts():
    files = {"Dockerfile": SLIM + 'WORKDIR /a\nCOPY . .\nENTRYPOINT ["make", "serve"]\n'}
    recipe = "test:\n\tpytest\n\nserve: deps\n\t@streamlit run \\\n\t  app.py\n"
    assert status(files | {"Makefile": recipe}) == "pass"
    assert status(files | {"Makefile": recipe.replace("app.py", "app.py > a.log")}) == "fail"
    assert status(files | {"Makefile": "serve := x\n"}) == "not-judged"


def test_nohup_writes_no_file_where_there_is_no_terminal():
    assert status(SLIM + "CMD nohup uvicorn a:b\n") == "pass"
    assert status(SLIM + "CMD nohup uvicorn a:b > a.log\n") == "fail"


def test_options_for_the_program_of_the_base():
    assert status('FROM vllm/vllm-openai:v0.6.3\nCMD ["--model", "x"]\n') == "pass"
    assert status('FROM vllm/vllm-openai:v0.6.3\nENTRYPOINT ["./x"]\n') == "not-judged"


def test_a_file_that_a_start_script_makes_is_no_log():
    files = {"Dockerfile": SLIM + 'COPY run.sh .\nCMD ["./run.sh"]\n'}
    assert status(files | {"run.sh": "python conf.py > a.json\nuvicorn a:b\n"}) == "pass"
    assert status(files | {"run.sh": "python conf.py > out\nuvicorn a:b\n"}) == "fail"


def test_a_command_that_the_project_installs():
    files = {"Dockerfile": SLIM + 'COPY . .\nRUN pip install .\nCMD ["serve"]\n'}
    files |= {"pyproject.toml": '[project.scripts]\nserve = "net.web:main"\n'}
    assert status(files | {"src/net/web.py": "import uvicorn\nuvicorn.run('a:b')\n"}) == "pass"
    assert status(files | {"src/net/web.py": "logging.FileHandler('a.log')\n"}) == "fail"


def test_a_package_that_is_started():
    files = {"Dockerfile": SLIM + 'COPY . .\nCMD ["python", "-m", "net.web"]\n'}
    assert status(files | {"net/web/__main__.py": "import uvicorn\nuvicorn.run('a')\n"}) == "pass"


def test_a_base_that_holds_nothing_back_and_starts_nobody_knows_what():
    base = "FROM 123456789012.dkr.ecr.eu-west-1.example/pytorch-training:2.5.1-gpu-py311\n"
    assert status(base) == "not-judged"
    assert status(base + 'CMD ["python", "a.py"]\n') == "pass"


@pytest.mark.parametrize(
    "writes",
    [
        "RUN cat > /app/run.sh <<EOF && chmod +x /app/run.sh\n%s\nEOF\n",
        "COPY <<EOF /app/run.sh\n%s\nEOF\n",
        "RUN echo '#!/bin/sh\\n%s' > run.sh\n",
    ],
)
def test_a_start_script_that_the_dockerfile_writes(writes):
    text = SLIM + "WORKDIR /app\n" + writes + 'CMD ["./run.sh"]\n'
    assert status(text % "uvicorn a:b > /tmp/a.log") == "fail"
    assert status(text % "uvicorn a:b") == "pass"


def test_a_server_by_its_module():
    assert status(SLIM + 'CMD ["python", "-m", "fastapi", "run", "main.py"]\n') == "pass"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('CMD ["uwsgi", "--ini", "u.ini", "--logto", "/dev/stdout"]\n', "pass"),
        ('CMD ["uwsgi", "--ini", "u.ini", "--logto", "/var/log/u.log"]\n', "fail"),
        ('CMD ["uwsgi", "--ini", "u.ini", "--daemonize", "/var/log/u.log"]\n', "fail"),
        ("ENV LOG_FILE_PATH=/app/logs/app.log\nCMD uvicorn a:b\n", "fail"),
        ("CMD python3 -m poetry run uvicorn a:b\n", "pass"),
    ],
)
def test_servers_and_their_options(body, expected):
    assert status(SLIM + body) == expected


def test_a_server_in_the_background_says_nothing_of_what_stays():
    assert status(SLIM + "CMD ollama serve & python app.py\n") == "not-judged"
    assert status(SLIM + "CMD ollama serve & uvicorn a:b\n") == "pass"
    assert status(SLIM + "CMD uvicorn a:b & wait\n") == "pass"
