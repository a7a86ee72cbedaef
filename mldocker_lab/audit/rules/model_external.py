"""Point 7: model weights come to the container when it starts, not when the image is built."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, Spot, failed, passed, unjudged
from mldocker_lab.audit.origins import broad
from mldocker_lab.dockerfile.ignore import Patterns
from mldocker_lab.errors import UsageError
from mldocker_lab.audit.started import programs

if TYPE_CHECKING:
    from mldocker_lab.audit.model import Step, Target
    from mldocker_lab.audit.shell import Command

_WEIGHTS = re.compile(
    r"\.(pt|pth|ckpt|onnx|safetensors|gguf|ggml|h5|hdf5|keras|pb|tflite|pkl|pickle|joblib|mar|engine|plan|pdparams|"
    r"pdmodel|caffemodel|weights|t7|bin\.gz|mlmodel|npz|params|nemo|model)(\b|$)",
    re.IGNORECASE,
)
_NAMED_BIN = re.compile(r"(model|weights)[\w.-]*\.bin$", re.IGNORECASE)
_FOLDER = re.compile(
    r"(^|/)(models?|weights?|checkpoints?|ckpts?|pretrained(_models?|_weights|_ckpts?)?|saved_models?|model_repository|"
    r"model[-_]?(store|weights|files|data|artifacts?|cache)|trained_models?|artifacts)/?\*?$",
    re.IGNORECASE,
)
_CODE = re.compile(r"\.(py|json|ya?ml|toml|sh|txt|md|ipynb|cfg|ini|js|ts|proto)$", re.IGNORECASE)
_HUB = re.compile(
    r"huggingface\.co/\S+/resolve/|huggingface\.co/\S+\.(bin|pt|pth|gguf|safetensors)|dl\.fbaipublicfiles\.com"
)
_CALLS = re.compile(
    r"from_pretrained\s*\(|snapshot_download\s*\(|hf_hub_download\s*\(|SentenceTransformer\s*\(|load_model\s*\(|"
    r"hub\.load\s*\(|download_model|spacy\.cli\.download|download_root|pipeline\s*\(|WhisperModel\s*\(|EasyOCR|"
    r"easyocr\.Reader\s*\(|YOLO\s*\(|load_state_dict_from_url|TextEmbedding\s*\(|CrossEncoder\s*\(|get_model\s*\(|"
    r"models\.\w+\(\s*(pretrained|weights)\s*="
)
_SCRIPT = re.compile(
    r"(download|fetch|get|cache|preload|prefetch|pull|warm|bake)[-_]?\w*(model|weight|checkpoint|ckpt|hf)\w*|"
    r"(model|weight|checkpoint|ckpt)s?[-_]\w*(download|fetch|cache|preload|prefetch)\w*",
    re.IGNORECASE,
)
_PLAIN_SCRIPT = re.compile(r"(download|fetch|prefetch)(er)?\.py$")
_COMMAND = re.compile(r"[\w-]+-download$")
_DATA = re.compile(r"(^|/)(data|datasets?)/", re.IGNORECASE)
_TRAINS = re.compile(r"(^|/)train\w*\.py$|(^|/)\w*_?train(ing)?\.py$")
_BIG = 1_000  # bytes; below, a file is a pointer or a fixture, not weights
_PLACE = re.compile(
    r"^(HF_HOME|HF_HUB_CACHE|HUGGINGFACE_HUB_CACHE|TRANSFORMERS_CACHE|TORCH_HOME|SENTENCE_TRANSFORMERS_HOME|"
    r"\w*MODELS?_?(PATH|DIR|FILE|URI|URL|NAME|ID|STORE|BUCKET|CACHE)\w*|MLFLOW_TRACKING_URI|\w*CHECKPOINT_?(PATH|DIR))$"
)
_MODEL_OPTION = re.compile(r"^--(model|model[-_](path|dir|id|name|repository|store|uri)|checkpoint\w*|weights)(=|$)")


def judge(target: Target) -> Judged:
    """No instruction of the image brings weights; a context that is not at hand cannot be told."""
    doubts: list[tuple[str, Spot]] = []
    faults: list[tuple[str, Spot]] = []
    for step in target.chain:
        if step.keyword in ("COPY", "ADD"):
            _copy(target, step, faults, doubts)
        elif step.keyword == "RUN":
            for command in step.plain:
                said = _run(command)
                if said:
                    faults.append((said, target.spot(command)))
            faults += [(said, target.spot(step)) for said in _documents(step)]
    if faults:
        return failed(
            "; ".join(dict.fromkeys(text for text, _ in faults)), *(spot for _, spot in faults)
        )
    if doubts:
        return unjudged(doubts[0][0], *(spot for _, spot in doubts))
    said = _outside(target)
    if said:
        return passed(said[0], *said[1:])
    return unjudged("no model is in sight, neither in the image nor outside")


def _outside(target: Target) -> tuple[str, Spot] | None:
    """What says that the model comes at the start: a volume, a variable, a download."""
    for step in target.chain:
        if step.keyword == "VOLUME" and any(_FOLDER.search(text) for text, _ in step.words):
            return f"a volume holds the model: {step.one.value}", target.spot(step)
        if step.keyword == "ENV":
            name = next((n for n in step.one.words[::2] if _PLACE.search(n)), "")
            if name:
                return f"{name} says where the model is at run time", target.spot(step)
    for step, command in programs(target):
        said = _run(command) or next((t for t in command.texts if _MODEL_OPTION.match(t)), "")
        if said:
            text = f"the model is named or fetched when the container starts: {said[:80]}"
            return text, target.spot(step)
    return None


def _copy(
    target: Target, step: Step, faults: list[tuple[str, Spot]], doubts: list[tuple[str, Spot]]
) -> None:
    spot = target.spot(step)
    from_stage = step.one.flag("from") is not None
    for text, known in step.words[:-1]:
        if "<<" in text:
            continue
        where = step.words[-1][0]
        if text.startswith(("http://", "https://")):
            if _WEIGHTS.search(text) or _HUB.search(text):
                faults.append((f"weights are fetched into the image: {text}", spot))
        elif _is_weights(text):
            faults.append((f"weights are copied into the image: {text}", spot))
        elif from_stage:
            if _FOLDER.search(text) and _made(target, step):
                faults.append(
                    (f"the model is copied into the image from another stage: {text}", spot)
                )
        elif not target.project.whole or not _at_hand(target, text):
            if _FOLDER.search(text) and not broad(step):
                faults.append((f"a folder of models is copied into the image: {text}", spot))
            elif broad(step) or not known:
                doubts.append((f"what {step.keyword} {text} brings is not at hand", spot))
        else:
            found = _weights_in(target, text)
            if found:
                name, size = found
                faults.append(
                    (f"{step.keyword} {text} {where} takes {name} along ({size // 1000} kB)", spot)
                )


def _is_weights(path: str) -> bool:
    """Its name says that it holds weights; a tensor among data is a dataset."""
    name = posixpath.basename(path.rstrip("/"))
    if _CODE.search(path) or _DATA.search(path):
        return False
    return bool(_WEIGHTS.search(name) or _NAMED_BIN.search(name))


def _at_hand(target: Target, text: str) -> bool:
    return bool(target.project.below(text)) or "*" in text


def _made(target: Target, step: Step) -> bool:
    """The stage that a model is copied from does something: it trains, downloads or copies."""
    stages = target.dockerfile.source_stages(step.one)
    return any(
        other.keyword in ("RUN", "COPY", "ADD")
        for index in stages
        for other in target.steps.get(index, ())
    )


def _weights_in(target: Target, text: str) -> tuple[str, int] | None:
    """The largest file with weights that a source of the context would bring."""
    patterns = target.ignore or Patterns()
    found: list[tuple[int, str]] = []
    for name in target.project.below(text.rstrip("*")):
        if _is_weights(name):
            size = target.project.sizes.get(target.project.in_context(name), 0)
            try:
                ignored = patterns.ignored(name)
            except UsageError:
                ignored = False
            if size >= _BIG and not ignored:
                found.append((size, name))
    size, name = max(found, default=(0, ""))
    return (name, size) if name else None


def _run(command: Command) -> str:
    """What a command of a RUN downloads or trains; "" if nothing of the kind."""
    texts, name = command.texts, command.name
    line = " ".join(texts)
    if name in (
        "wget",
        "curl",
        "aria2c",
        "axel",
        "gdown",
        "gsutil",
        "aws",
        "azcopy",
        "rclone",
        "gcloud",
    ):
        url = next(
            (
                t
                for t in texts[1:]
                if _HUB.search(t) or (_WEIGHTS.search(t) and "/" in t and not _CODE.search(t))
            ),
            "",
        )
        if name == "gdown" and len(texts) > 1:
            return f"weights are downloaded while building: {line[:80]}"
        return f"weights are downloaded while building: {url}" if url else ""
    if name in ("huggingface-cli", "hf") and "download" in texts:
        return f"weights are downloaded while building: {line[:80]}"
    if (
        name == "git"
        and "clone" in texts
        and any("huggingface.co/" in t and "/spaces/" not in t for t in texts)
    ):
        return f"a model repository is cloned while building: {line[:80]}"
    if name == "git" and texts[1:3] == ("lfs", "pull"):
        return "git lfs pull brings large files while building"
    if name == "ollama" and texts[1:2] == ("pull",):
        return f"weights are downloaded while building: {line[:80]}"
    if name.startswith("python"):
        return _python(texts, line)
    if name.endswith(".sh") or name in ("bash", "sh"):
        script = next((t for t in texts if _SCRIPT.search(t)), "")
        return f"a script fetches weights while building: {script}" if script else ""
    if _COMMAND.match(name):
        return f"weights are downloaded while building: {line[:80]}"
    if name == "spacy" and "download" in texts:
        return f"a model is downloaded while building: {line[:80]}"
    return ""


def _python(texts: tuple[str, ...], line: str) -> str:
    if "-c" in texts:
        code = texts[texts.index("-c") + 1 : texts.index("-c") + 2]
        return (
            f"a model is loaded while building: {' '.join(code[0].split())[:80]}"
            if code and _CALLS.search(code[0])
            else ""
        )
    if texts[1:2] == ("-m",):
        found = texts[2:4] == ("spacy", "download") or _SCRIPT.search(" ".join(texts[2:3]))
        return f"a model is downloaded while building: {line[:80]}" if found else ""
    script = next((t for t in texts[1:] if t.endswith(".py")), "")
    if script and _TRAINS.search(script):
        return f"the model is trained while building: {line[:80]}"
    if script and (_SCRIPT.search(posixpath.basename(script)) or _PLAIN_SCRIPT.match(posixpath.basename(script))):
        return f"a script fetches weights while building: {script}"
    return ""


def _documents(step: Step) -> list[str]:
    for document in step.one.heredocs:
        if "python" in step.one.value and _CALLS.search(document.content):
            return ["a model is loaded while building, by Python in a here-document"]
    return []


RULE = Rule(
    id="model-external",
    number=7,
    title="model weights are not baked in",
    why="Baked weights make every release of the code re-send gigabytes, and tie the model's version to the image's.",
    fix="Mount the weights, or fetch them at the start by revision and checksum; if they must be baked in, give them a layer of their own.",
    lesson=lessons.MODELS,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nARG MODEL=models/bert-large.onnx\nCOPY ${MODEL} /models/\n"
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nENV MODEL_PATH=/models/bert-large.onnx\nCOPY serve.py .\nVOLUME /models\n"
        }
    ),
)
