"""How weights come into an image, and what only looks like it: each case was met in the wild."""

from __future__ import annotations

import pytest

from mldocker_lab.audit.reading.project import Project
from mldocker_lab.audit.reading.targets import target_of
from mldocker_lab.audit.rules import rule

SLIM = "FROM python:3.11-slim\n"
SERVING = "FROM tensorflow/serving:2.16.1\n"
GET = "FROM python:3.11-slim AS get\n"
HUB = "/root/.cache/huggingface"
LOAD = "python -c \"from x import M; M.from_pretrained('y')\""


def said(files: dict[str, str] | str) -> tuple[str, str]:
    files = {"Dockerfile": files} if isinstance(files, str) else files
    found = rule("model-external").judge(target_of(Project.of(files), "Dockerfile"))
    return found.status, found.evidence


@pytest.mark.parametrize(
    "body",
    [
        "RUN dvc pull\n",
        "ARG MODEL_URL=https://host/a7f3.tar.gz\nRUN curl -L $MODEL_URL | tar xz\n",
        "ARG a=https://host\nARG model_bucket=$a/b\nRUN wget ${model_bucket}/c.tar.gz -O c.tgz\n",
        "RUN torch-model-archiver --model-name x --handler h.py --extra-files m/net.bin,m/net.pt\n",
        "RUN datalad get pretrained_weights\n",
        "RUN omz_downloader --name person-detection-0201\n",
        "RUN bentoml models import /project/bento.tar.gz\n",
        "RUN wget https://host/uc?id=a7f3 -O data/pose-estimation-3d.pth\n",
        "RUN node -e \"import('@x/transformers').then(m => m.pipeline('x', 'y'))\"\n",
        "RUN rasa train\n",
        "RUN argospm update && argospm install translate-en_es\n",
        "RUN paddleocr --image_dir test.png --lang en\n",
        "RUN embeddings --verbose download-model\n",
        "RUN wget http://host/corenlp-4.2.0-models-english.jar\n",
        "RUN aria2c -x 16 -i models_url.txt\n",
        "RUN python -c \"import m; m.model_zoo.load_url(m.urls['resnet50'])\"\n",
        "WORKDIR /app/model\nRUN python -c \"from d import download_all; download_all('$A')\"\n",
        "RUN mkdir -p /models && cd /models && wget https://host/a7f3\n",
        "RUN --mount=type=bind,source=p.zip,target=/p.zip unzip /p.zip net.onnx -d /models\n",
        "RUN python -c \"import stanza; stanza.download('en')\"\n",
        "RUN python -c \"import timm; timm.create_model('x', pretrained=True)\"\n",
        "COPY diamonds_final_model.rds /\n",
        "COPY training/output/final_adapter_v2 ./adapter\n",
        "COPY dpo_model_extended ./dpo\n",
        "# Copy the recognition model (light version)\nCOPY inference/inference.* /ocr/\n",
        "# copy all required models inside docker\nCOPY wf /home/wf\n",
        "COPY runs/ /net/runs/\nENV NET_PATH=/net/runs/a/best.pt\n",
    ],
)
def test_it_is_baked_in(body):
    assert said(SLIM + body)[0] == "fail"


@pytest.mark.parametrize(
    "body",
    [
        "RUN dvc init\n",
        "ARG MODEL_URL=https://host/config.json\nRUN wget $MODEL_URL\n",
        "ARG MODEL_ZIP=https://host/x/archive/v2.zip\nRUN wget $MODEL_ZIP\n",
        "ARG MODEL_NAME=x\nRUN curl -fsSL https://host/$MODEL_NAME/install -o /usr/bin/x\n",
        "RUN torch-model-archiver --model-name x --version 1.0 --handler h.py\n",
        "RUN rasa --help\n",
        "RUN paddleocr --help\n",
        "WORKDIR /app/data\nRUN wget https://host/a7f3\n",
        "COPY diamonds.rds /\n",
        "# Copy the model server's code\nCOPY serving /app/serving\n",
        "# Copy model definitions\nCOPY networks /app/networks\n",
        "COPY app /app\nENV MODEL_PATH=/app/models/best.pt\n",
        f"RUN --mount=type=cache,target={HUB} {LOAD}\n",
        "RUN python -c \"from x import AutoTokenizer; AutoTokenizer.from_pretrained('y')\"\n",
    ],
)
def test_it_only_looks_like_it(body):
    assert said(SLIM + body)[0] == "pass"


def test_a_serving_image_finds_models_where_it_looks_for_them():
    assert said(SERVING + "COPY saved_model_cpu /models/half\n")[0] == "fail"
    assert said(SERVING + 'ARG NAME="2023-05-14"\nCOPY ./$NAME /models/$NAME\n')[0] == "fail"
    assert said(SERVING + "COPY models.config /models/config.txt\n")[0] == "pass"


def test_a_stage_that_downloads_where_it_works():
    text = GET + "WORKDIR /opt/nlp\nRUN wget http://host/english-models.jar\n" + SLIM
    assert said(text + "COPY --from=get /opt/nlp .\n")[0] == "fail"
    assert said(text + "COPY --from=get /usr/bin/x .\n")[0] == "pass"


def test_a_place_that_no_copy_goes_to():
    text = SLIM + "COPY . /app\nENV MODEL_DIR=%s\n"
    assert said(text % "/models")[0] == "pass"
    assert said(text % "/app/models")[0] == "not-judged"
    assert said(text.replace("COPY . /app", "ADD . /srv") % "/srv/models")[0] == "not-judged"


def test_a_script_that_the_build_runs():
    files = {"Dockerfile": SLIM + "COPY . .\nRUN ./prepare\n", "app.py": ""}
    assert said(files | {"prepare": "curl https://host/best.pth -o best.pth\n"})[0] == "fail"
    assert said(files | {"prepare": "mkdir -p out\n"})[0] == "pass"
    assert said(files | {"prepare": "#!/usr/bin/python\nimport best.pth\n"})[0] == "pass"


def test_a_module_that_the_build_runs_and_what_it_imports():
    files = {
        "Dockerfile": SLIM + "COPY . .\nRUN python -m tools.index\n",
        "tools/index.py": "from app.embed import get\nget()\n",
        "app/embed.py": "def get():\n    return SentenceTransformer('x')\n",
    }
    assert said(files)[0] == "fail"
    assert said(files | {"app/embed.py": "def get(): pass\n"})[0] == "pass"


def test_a_folder_that_git_keeps_out_beside_others():
    files = {
        "Dockerfile": SLIM + "COPY nets/big nets/big\n",
        "nets/small/saved_model.pb": "x",
        "app.py": "",
    }
    assert said(files)[0] == "fail"
    del files["nets/small/saved_model.pb"]
    assert said(files)[0] == "pass"


def test_a_triton_repository_whose_weights_come_later():
    files = {
        "Dockerfile": "FROM ubuntu:22.04\nCOPY model_repository ./\n",
        "model_repository/net/config.pbtxt.template": "",
        "model_repository/net/1/model.py": "",
    }
    assert said(files)[0] == "fail"


def test_a_trained_pipeline_in_a_requirements_file():
    files = {
        "Dockerfile": SLIM + "COPY r.txt .\nRUN pip install -r r.txt\n",
        "r.txt": "en_core_web_sm @ https://host/en_core_web_sm-3.7.1-py3-none-any.whl\n",
    }
    status, evidence = said(files)
    assert status == "fail"
    assert "en-core-web-sm" in evidence


def test_what_is_taken_out_of_a_cache_mount():
    mounted = f"RUN --mount=type=cache,target={HUB} {LOAD}"
    assert said(SLIM + f"{mounted} && cp -r {HUB} /app/hub\n")[0] == "fail"
    local = "from h import snapshot_download\nsnapshot_download('x', local_dir='/app')\n"
    document = f"RUN --mount=type=cache,target={HUB} python - <<EOF\n{local}EOF\n"
    assert said(SLIM + document)[0] == "fail"
    assert said(SLIM + document.replace(", local_dir='/app'", ""))[0] == "pass"


def test_a_cache_mount_keeps_only_what_goes_into_it():
    mounted = "RUN --mount=type=cache,target=/root/.cache pip install x && "
    assert said(SLIM + mounted + "wget https://host/net.onnx -O /net.onnx\n")[0] == "fail"
    assert said(SLIM + mounted + f"{LOAD}\n")[0] == "pass"


def test_weights_that_another_stage_was_given():
    ollama = "FROM ollama/ollama:0.3.14"
    text = f"{ollama} AS get\n%s{ollama}\nCOPY --from=get /root/.ollama /root/.ollama\n"
    assert said(text % "RUN ollama serve & ollama create net -f Modelfile\n")[0] == "fail"
    assert said(text % "ADD https://host/net.gguf /root/.ollama/\n")[0] == "fail"
    assert said(text % "RUN apt-get update\n")[0] == "pass"


def test_what_taggers_read_is_no_model():
    text = GET + "RUN python load.py\n" + SLIM + "COPY --from=get /app/models/nltk_cache/ models/\n"
    assert said(text)[0] == "pass"


def test_a_context_that_the_builder_hands_on():
    text = GET + "WORKDIR /app\nCOPY . /app\n" + SLIM + "COPY --from=get /app /app\n"
    assert said(text)[0] == "not-judged"
    assert said({"Dockerfile": text, "app.py": ""})[0] == "pass"
    assert said({"Dockerfile": text, "app.py": "", "net.onnx": ""})[0] == "fail"


def test_a_list_of_models_is_none():
    files = {"Dockerfile": SLIM + "COPY deploy/models /models\n", "deploy/models/all.json": "[]"}
    assert said(files | {"deploy/models/README.md": ""})[0] == "pass"
    assert said(files | {"deploy/models/.gitkeep": ""})[0] == "fail"


def test_archives_and_large_files_of_the_project():
    files = {"Dockerfile": SLIM + "COPY . .\n", "app.py": ""}
    assert said(files | {"net/GINPredictor.tar": "x"})[0] == "fail"
    project = Project(
        ("Dockerfile", "app.py", "crnn.bin"), files.get, sizes={"crnn.bin": 9_000_000}
    )
    assert rule("model-external").judge(target_of(project, "Dockerfile")).status == "fail"


def test_the_whole_context_in_a_folder_of_models():
    text = "FROM pytorch/torchserve\nWORKDIR /home/model-server/%s\nCOPY . .\n"
    assert said(text % "model-store")[0] == "fail"
    assert said(text % "app")[0] == "not-judged"


def test_a_source_that_only_begins_with_a_variable():
    assert said(SLIM + "ARG PWD\nCOPY ${PWD}/code/Pipfile .\n")[0] == "pass"
    assert said(SLIM + "ARG MODEL\nCOPY ${MODEL} .\n")[0] == "not-judged"


def test_a_hub_cache_that_a_here_document_filled():
    document = "RUN python - <<EOF\nfrom x import M\nM.from_pretrained('y')\nEOF\n"
    text = GET + "ENV HF_HOME=/srv/hub\n" + document + SLIM + "COPY --from=get %s /hub\n"
    assert said(text % "/srv/hub")[0] == "fail"
    assert said(text % "/usr/bin/x")[0] == "pass"
