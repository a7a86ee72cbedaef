"""What brings model weights: files by their names, commands by what they download or train."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldocker_lab.audit.shell import Command
    from mldocker_lab.audit.step import Step

__all__ = [
    "announces",
    "fetches",
    "holds_models",
    "is_aside",
    "is_code",
    "is_package",
    "is_weights",
    "loads",
    "loads_in",
    "outside",
]

_WEIGHTS = re.compile(
    r"\.data-\d+-of-\d+$|\.(pt|pth|ckpt|onnx|safetensors|gguf|ggml|h5|hdf5|keras|pb|tflite|pkl|pickle|joblib|mar|engine|"
    r"plan|pdparams|pdmodel|caffemodel|weights|t7|mlmodel|params|nemo|model)(\b|$)",
    re.IGNORECASE,
)
_NAMED_BIN = re.compile(r"(model|weights)[\w.=+-]*\.bin$", re.IGNORECASE)
_FOLDER = re.compile(
    r"(^|/)(models?|weights?|checkpoints?|ckpts?|voices|pretrained(_models?|_weights|_ckpts?)?|"
    r"saved_models?|model_repository|trained_models?|artifacts|"
    r"model[-_]?(store|weights|files|data|artifacts?|cache))/?\*?$",
    re.IGNORECASE,
)
_AMONG_MODELS = re.compile(
    r"(^|/)(\w+[-_])?(models?|weights|checkpoints|model_repository)/", re.IGNORECASE
)
_CODE = re.compile(r"\.(py|json|ya?ml|toml|sh|txt|md|ipynb|cfg|ini|js|ts|proto)$", re.IGNORECASE)
_DATA = re.compile(r"(^|/)(data|datasets?)/", re.IGNORECASE)
_ASIDE = re.compile(
    r"(^|/)(tests?|fixtures|docs?|examples?|samples?|vocab\w*)/|tokenizer|vocab|scaler|encoder_label"
)
_HUB = re.compile(
    r"huggingface\.\w+/\S+/resolve/|huggingface\.\w+/\S+\.(bin|pth?|gguf|safetensors)|"
    r"fbaipublicfiles"
)
#: An archive under a path that names models; archives of a repository hold code.
_MODEL_ARCHIVE = re.compile(
    r"(^|[/_.-])(models?|weights|checkpoints?|ckpts?|pretrained)([/_.-])\S*"
    r"\.(zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|7z)(\?\S*)?$",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(r"(model|weight|checkpoint|ckpt)\w*\.(zip|tar|tar\.gz|tgz)$", re.IGNORECASE)
_REPOSITORY_ARCHIVE = re.compile(r"/archive/|codeload|/zipball/|/tarball/")
_BUCKET = re.compile(r"(s3|gs|az|abfss)://\S*(model|weight|checkpoint)", re.IGNORECASE)
_HUB_REPOSITORY = re.compile(r"huggingface\.\w+/(?!spaces/)")
_CALLS = re.compile(
    r"(from_pretrained|snapshot_download|hf_hub_download|SentenceTransformer|load_model|hub\.load|"
    r"pipeline|WhisperModel|easyocr\.Reader|YOLO|load_state_dict_from_url|TextEmbedding|"
    r"CrossEncoder|get_model|download_\w*model\w*|load_\w*model\w*|initialize\w*)\s*\(|"
    r"spacy\.cli\.download|download_root|"
    r"\w\(\s*(pretrained|weights)\s*="
)
_SCRIPT = re.compile(
    r"(download|fetch|get|cache|preload|prefetch|pull|warm|bake|load|dump|convert|export|quantize|"
    r"build|create|make|pack|install|init|setup|save|store)[-_]?[\w-]*"
    r"(model|weight|checkpoint|ckpt|pretrained|hf)\w*|"
    r"(model|weight|checkpoint|ckpt)s?[-_]\w*(download|fetch|cache|preload|prefetch|pack)\w*|"
    r"(^|[-_])mar[-_.]",
    re.IGNORECASE,
)
_PLAIN_SCRIPT = re.compile(r"(\w+[-_])?(download|fetch|prefetch)(s|er)?\.py$")
_COMMAND = re.compile(r"[\w-]+-download$")
_TRAINS = re.compile(r"(^|/)(train\w*|\w*_?train(ing)?)\.py$")
_LOADERS = frozenset(
    ["wget", "curl", "aria2c", "axel", "gsutil", "aws", "azcopy", "rclone", "gcloud"]
)
_VARIABLE = re.compile(
    r"^(HF_HOME|HF_HUB_CACHE|HUGGINGFACE_HUB_CACHE|TRANSFORMERS_CACHE|TORCH_HOME|"
    r"SENTENCE_TRANSFORMERS_\w+|MLFLOW_TRACKING_URI|\w*CHECKPOINT_?(PATH|DIR)|"
    r"\w*MODELS?_?(PATH|DIR|FILE|URI|URL|STORE|BUCKET|CACHE)\w*|\w*MODEL_?(NAME|ID|REPO|VERSION)|"
    r"(\w+_)?MODEL)$"
)
_MOUNT = re.compile(
    r"(^|[/_.-])(models?|weights|checkpoints?|hf[-_]?(cache|home)|huggingface|model[-_]?cache|"
    r"artifacts|mlruns|ollama)([/_:.\s-]|$)",
    re.IGNORECASE,
)
_OPTION = re.compile(
    r"^--(model|model[-_](path|dir|id|name|repository|store|uri)|checkpoint\w*|weights)(=|$)"
)
_SPACY = re.compile(
    r"^[a-z]{2}[-_](core|dep|ent|sent)[-_](web|news|sci|wiki|\w+)[-_](sm|md|lg|trf)"
)
_VERBS = frozenset(["download", "pull", "fetch", "prefetch", "cache", "download-models"])
_ABOUT_MODELS = re.compile(r"model|weight|checkpoint", re.IGNORECASE)
#: How people announce it, in a comment above the RUN or with echo.
_ANNOUNCED = re.compile(
    r"\b(pre-?)?(download|cach|fetch|load|bak|pull|instal)(s|e|es|ing)?\b[^.\n]{0,40}"
    r"\b(models?|weights|checkpoints?)\b",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"\b(run-?time|at start|start-?up|on start|mount|volume|first (use|run|start)|entrypoint|"
    r"no |not |never|instead|skip|director(y|ies)|folders?|dirs?|path|permission|server|"
    r"dependenc\w*|requirements?|packages?|librar(y|ies)|script)",
    re.IGNORECASE,
)
_RUNS_CODE = re.compile(
    r"(python|pypy)[\d.]*$|\.(sh|py)$|^(wget|curl|gdown|git|aria2c|make|unzip|tar)$"
)
_SHOWN = 80


def is_code(path: str) -> bool:
    """Its name says that it holds code, settings or text."""
    return bool(_CODE.search(path))


def is_weights(path: str) -> bool:
    """Its name says that it holds weights; a tensor among data is a dataset."""
    name = posixpath.basename(path.rstrip("/"))
    if is_code(path) or _DATA.search(path):
        return False
    return bool(_WEIGHTS.search(name) or _NAMED_BIN.search(name))


def is_aside(path: str) -> bool:
    """It belongs to tests or documentation, or is no model although it looks like one."""
    return bool(_ASIDE.search(path))


def holds_models(path: str, to: str = "") -> bool:
    """Its name is that of a folder of models, or of one that goes from such a folder to another."""
    among = to and _AMONG_MODELS.search(path) and _AMONG_MODELS.search(to) and not is_code(path)
    return bool(_FOLDER.search(path) or among)


def fetches(command: Command) -> str:
    """What a command brings, in words; "" if it brings no weights."""
    name, texts = command.name, command.texts
    line = " ".join(texts)[:_SHOWN]
    if name in _LOADERS:
        url = next((text for text in texts[1:] if _is_address(text)), "") or _saved_as(texts)
        if "s3" in texts[1:] and holds_models(texts[-1]):
            url = next((text for text in texts if "://" in text), url)
        return f"weights are downloaded: {url}" if url else ""
    if name.startswith("python") or (texts and re.fullmatch(r"\$\{?PYTHON\w*\}?", texts[0])):
        return _python(texts)
    if name.endswith(".sh") or name in ("bash", "sh"):
        script = next((text for text in texts if _SCRIPT.search(text)), "") or _saved_by(texts)
        return f"a script fetches weights: {script}" if script else ""
    return f"weights are downloaded: {line}" if _downloads(name, texts) else ""


def _is_address(text: str) -> bool:
    weights = _WEIGHTS.search(text) and "/" in text and not is_code(text)
    archive = "://" in text and _MODEL_ARCHIVE.search(text) and not _REPOSITORY_ARCHIVE.search(text)
    return bool(_HUB.search(text) or _BUCKET.search(text) or weights or archive)


def _saved_as(texts: tuple[str, ...]) -> str:
    """What a download is saved as, if that is a file of weights: ``-o model.onnx``."""
    options = ("-o", "-O", "--output", "--output-document", "--out")
    named = (to for option, to in pairwise(texts) if option in options)
    return next((to for to in named if is_weights(to) or _ARCHIVE.search(to)), "")


def _saved_by(texts: tuple[str, ...]) -> str:
    """A script that downloads by its name, and is given a file of weights."""
    script = next((t for t in texts[:2] if t.endswith(".sh")), "")
    loads_something = re.search(r"download|fetch|gdrive|wget", script)
    return script if loads_something and any(is_weights(text) for text in texts[1:]) else ""


def _downloads(name: str, texts: tuple[str, ...]) -> bool:
    if name == "git":
        cloned = "clone" in texts and any(_HUB_REPOSITORY.search(text) for text in texts)
        return cloned or texts[1:3] == ("lfs", "pull")
    if name in ("torch-model-archiver", "trtexec", "optimum-cli"):
        return name != "optimum-cli" or "export" in texts
    if name in ("huggingface-cli", "hf", "spacy"):
        return "download" in texts
    if name == "ollama":
        return texts[1:2] == ("pull",)
    if name == "rembg":
        return texts[1:2] == ("d",)
    if name == "yolo":  # ultralytics fetches the weights it is asked to use
        return bool({"predict", "train", "val", "export", "track"} & set(texts[1:3]))
    if _VERBS & set(texts[1:4]) and not name.startswith(("pip", "apt", "conda", "git", "npm")):
        return any(_ABOUT_MODELS.search(text) for text in texts)
    return bool(name == "gdown" and texts[1:]) or bool(_COMMAND.match(name))


def _python(texts: tuple[str, ...]) -> str:
    line = " ".join(" ".join(texts).split())[:_SHOWN]
    if "-c" in texts:
        code = "".join(texts[texts.index("-c") + 1 :][:1])
        return f"a model is loaded: {line}" if _CALLS.search(code) else ""
    if texts[1:2] == ("-m",):
        found = texts[2:4] == ("spacy", "download") or _SCRIPT.search("".join(texts[2:3]))
        return f"a model is downloaded: {line}" if found else ""
    script = next((text for text in texts[1:] if text.endswith(".py")), "")
    name = posixpath.basename(script)
    if script and _TRAINS.search(script):
        return f"the model is trained: {line}"
    fetched = _SCRIPT.search(name) or _PLAIN_SCRIPT.match(name)
    return f"a script fetches weights: {script}" if script and fetched else ""


def loads(step: Step) -> bool:
    """Python in a here-document of a RUN loads a model."""
    documents = step.one.heredocs if "python" in step.one.value else ()
    return any(_CALLS.search(document.content) for document in documents)


def loads_in(code: str) -> bool:
    """A Python file loads or downloads a model."""
    return bool(_CALLS.search(code))


def is_package(name: str) -> bool:
    """A Python package that is a trained model: spaCy's pipelines."""
    return bool(_SPACY.match(name))


def announces(step: Step) -> str:
    """The comment above a RUN, or its echo, that says that it brings models; "" if none does."""
    if not any(_RUNS_CODE.search(command.name) for command in step.plain):
        return ""
    said = [" ".join(c.texts[1:]) for c in step.plain if c.name == "echo" and not c.redirects]
    lines = step.text[: step.one.source.start].splitlines()
    while lines and lines[-1].lstrip().startswith("#"):
        said.append(lines.pop().lstrip("# \t"))
    return next((t for t in said if _ANNOUNCED.search(t) and not _NOT_NOW.search(t)), "")


def outside(text: str, kind: str) -> bool:
    """Whether a variable, a mount or an option says that the model is somewhere else.

    Args:
        text: its name, or how it is written.
        kind: "variable", "mount" or "option".
    """
    pattern = {"variable": _VARIABLE, "mount": _MOUNT, "option": _OPTION}[kind]
    return bool(pattern.search(text))
