"""What brings model weights into an image while it is built: downloads, training, loading."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from mldocker_lab.audit.knowledge.weights import ARCHIVE, holds_models, is_code, is_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.shell import Command
    from mldocker_lab.audit.reading.step import Step

__all__ = [
    "announces",
    "by_its_variable",
    "caches",
    "fetches",
    "is_download",
    "is_package",
    "loads",
    "loads_in",
    "places",
]

_HUB = re.compile(
    r"huggingface\.\w+/\S+/resolve/|huggingface\.\w+/\S+\.(bin|pth?|gguf|safetensors)|"
    r"fbaipublicfiles"
)
#: An archive under a path that names models; archives of a repository hold code.
_MODEL_ARCHIVE = re.compile(
    r"(^|[/_.-])(models?|weights|checkpoints?|ckpts?|pretrained)([/_.-])\S*"
    r"\.(zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|7z|jar)(\?\S*)?$",
    re.IGNORECASE,
)
_REPOSITORY_ARCHIVE = re.compile(r"/archive/|codeload|/zipball/|/tarball/")
_BUCKET = re.compile(r"(s3|gs|az|abfss)://\S*(model|weight|checkpoint)", re.IGNORECASE)
_HUB_REPOSITORY = re.compile(r"huggingface\.\w+/(?!spaces/)")
_CALLS = re.compile(
    r"(from_pretrained|snapshot_download|hf_hub_download|SentenceTransformer|load_model|hub\.load|"
    r"pipeline|WhisperModel|easyocr\.Reader|YOLO|load_state_dict_from_url|model_zoo\.load_url|"
    r"TextEmbedding|PaddleOCR|FaceAnalysis|FlagModel|KeyBERT|Detoxify|TTS|(stanza|argostranslate\S*)"
    r"\.download|clip\.load|gensim\.\S*load|applications\.\w+|create_model\w*|"
    r"CrossEncoder|get_model|download_\w*model\w*|load_\w*model\w*|initialize\w*)\s*\(|"
    r"spacy\.cli\.download|download_root|"
    r"\w\(\s*(pretrained|weights)\s*=|pretrained\s*=\s*True"
)
#: What belongs to a model and is small: no weights.
_NO_WEIGHTS = re.compile(
    r"\b(\w*Tokenizer\w*|\w*Processor|\w*Config|\w*FeatureExtractor)\.from_pretrained\s*\("
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
_UNPACKERS = frozenset(["unzip", "tar", "7z", "7za", "gunzip", "cp", "mv"])
#: Programs that bring a model, the verbs they do it with, and among how many first words.
_TOOLS: dict[str, tuple[frozenset[str], int]] = {
    "argospm": (frozenset(["install"]), 1),
    "bentoml": (frozenset(["import", "pull"]), 2),
    "datalad": (frozenset(["get"]), 1),
    "dvc": (frozenset(["pull", "get", "import"]), 1),
    "hf": (frozenset(["download"]), 3),
    "huggingface-cli": (frozenset(["download"]), 3),
    "ollama": (frozenset(["pull", "create"]), 1),
    "omz_downloader": (frozenset(), 0),
    "optimum-cli": (frozenset(["export"]), 3),
    "rembg": (frozenset(["d"]), 1),
    "spacy": (frozenset(["download"]), 3),
    "trtexec": (frozenset(), 0),
    # ultralytics fetches the weights it is asked to use
    "yolo": (frozenset(["predict", "train", "val", "export", "track"]), 2),
}
#: Programs that fetch the weights of what they are asked to do.
_ON_USE = frozenset(["paddleocr", "whisper", "easyocr", "demucs", "spleeter", "tts"])
_SPACY = re.compile(
    r"^[a-z]{2}[-_](core|dep|ent|sent)[-_](web|news|sci|wiki|\w+)[-_](sm|md|lg|trf)"
)
_VERBS = frozenset(["download", "pull", "fetch", "prefetch", "cache"])
_VERB_AND_MODEL = re.compile(
    r"(pre-?)?(download|pull|fetch|cache|load|install)[-_](\w+[-_])?(models?|weights)$"
)
_ABOUT_MODELS = re.compile(r"model|weight|checkpoint", re.IGNORECASE)
#: How people announce it, in a comment above the instruction or with echo.
_ANNOUNCED = re.compile(
    r"\b(pre-?)?(download|cach|fetch|load|bak|pull|instal|cop|add|includ)(s|e|es|ing|y|d|ed)?\b"
    r"[^.\n]{0,40}\b(models?|weights|checkpoints?|predictor|adapters?)\b|"
    r"\bbak(e|es|ing)\b[^.\n]{0,60}\b(into|in) the image\b",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"\b(run-?time|at start|start-?up|on start|mount|volume|first (use|run|start)|entrypoint|"
    r"no |not |never|instead|skip|director(y|ies)|folders?|dirs?|path|permission|server|"
    r"dependenc\w*|requirements?|packages?|librar(y|ies)|script)",
    re.IGNORECASE,
)
#: What is copied with the model's name and is no weights.
_OF_MODELS = re.compile(
    r"\b(code|config\w*|settings?|definitions?|scripts?|schemas?|server|service|source|app|api|"
    r"application|requirements?|package|module|tests?|train(ing|er)?|loader|card|class(es)?|"
    r"run-?time|mount|volume|not?|never|instead|later)\b",
    re.IGNORECASE,
)
_HUB_CACHES = (
    "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "TORCH_HOME",
    "SENTENCE_TRANSFORMERS_HOME", "XDG_CACHE_HOME",
)  # fmt: skip
_RUNS_CODE = re.compile(
    r"(python|pypy)[\d.]*$|\.(sh|py)$|"
    r"^(wget|curl|gdown|git|aria2c|make|unzip|tar|cp|gsutil|aws|gcloud|azcopy|rclone)$"
)
#: ``$MODEL_URL``, ``${weights_file}``: what the address of a download is called.
_MODEL_VARIABLE = re.compile(
    r"\$\{?((?:\w+_)?(?:models?|weights?|checkpoints?|ckpts?)_?"
    r"(?:urls?|uri|link|bucket|file(?:name)?|archive|zip|tar|tgz|download\w*|gdrive\w*)(?:_\w+)?)\b",
    re.IGNORECASE,
)
_SHOWN = 80


def fetches(command: Command) -> str:
    """What a command brings, in words; "" if it brings no weights."""
    name, texts = command.name, command.texts
    line = " ".join(texts)[:_SHOWN]
    if name in _LOADERS:
        url = next((text for text in texts[1:] if _is_address(text)), "")
        url = url or _saved_as(texts) or _listed(texts)
        if "s3" in texts[1:] and holds_models(texts[-1]):
            url = next((text for text in texts if "://" in text), url)
        return f"weights are downloaded: {url}" if url else ""
    if name in _UNPACKERS:
        file = next((t for t in texts[1:] if is_weights(t) or ARCHIVE.search(t)), "")
        return f"weights are put into the image: {file}" if file else ""
    if name.startswith("python") or (texts and re.fullmatch(r"\$\{?PYTHON\w*\}?", texts[0])):
        return _python(texts)
    if name == "node" and texts[1:2] in (("-e",), ("--eval",)):
        return f"a model is loaded: {line}" if loads_in("".join(texts[2:3])) else ""
    if name.endswith(".sh") or name in ("bash", "sh"):
        script = next((text for text in texts if _SCRIPT.search(text)), "") or _saved_by(texts)
        return f"a script fetches weights: {script}" if script else ""
    if name in ("rasa", "spacy") and texts[1:2] == ("train",):
        return f"the model is trained: {line}"
    return f"weights are downloaded: {line}" if _downloads(name, texts) else ""


def by_its_variable(command: Command, written: str) -> str:
    """What a download brings by the name of its variable: ``wget $MODEL_URL``; or "".

    Args:
        command: the command, its variables replaced.
        written: as it stands in the Dockerfile.
    """
    if command.name not in _LOADERS:
        return ""
    if any(is_code(text) or _REPOSITORY_ARCHIVE.search(text) for text in command.texts[1:]):
        return ""
    named = _MODEL_VARIABLE.search(written)
    return f"weights are downloaded: ${named[1]}" if named else ""


def is_download(said: str) -> bool:
    """What ``fetches`` says of a command is that it brings a model, not that it trains one."""
    return bool(said) and not said.startswith("the model is trained")


def _is_address(text: str) -> bool:
    weights = is_weights(text) and "/" in text
    archive = "/" in text and _MODEL_ARCHIVE.search(text) and not _REPOSITORY_ARCHIVE.search(text)
    return bool(_HUB.search(text) or _BUCKET.search(text) or weights or archive)


def _saved_as(texts: tuple[str, ...]) -> str:
    """What a download is saved as, if that is a file of weights: ``-o model.onnx``."""
    options = ("-o", "-O", "--output", "--output-document", "--out")
    named = (to for option, to in pairwise(texts) if option in options)
    return next((to for to in named if is_weights(to) or ARCHIVE.search(to)), "")


def _listed(texts: tuple[str, ...]) -> str:
    """A file with addresses of models: ``-i models.txt``."""
    named = (to for option, to in pairwise(texts) if option in ("-i", "--input-file"))
    return next((to for to in named if _ABOUT_MODELS.search(to)), "")


def _saved_by(texts: tuple[str, ...]) -> str:
    """A script that downloads by its name, and is given a file of weights."""
    script = next((t for t in texts[:2] if t.endswith(".sh")), "")
    loads_something = re.search(r"download|fetch|gdrive|wget", script)
    return script if loads_something and any(is_weights(text) for text in texts[1:]) else ""


def _downloads(name: str, texts: tuple[str, ...]) -> bool:
    if name == "git":
        cloned = "clone" in texts and any(_HUB_REPOSITORY.search(text) for text in texts)
        return cloned or texts[1:3] == ("lfs", "pull")
    if name == "torch-model-archiver":  # without weights, its archive holds code
        return any(t.startswith("--serialized-file") or is_weights(t) for t in texts)
    if name in _TOOLS:
        verbs, words = _TOOLS[name]
        return not verbs or bool(verbs & set(texts[1 : words + 1]))
    if name in _ON_USE:
        return bool(texts[1:]) and not {"--help", "-h", "--version"} & set(texts)
    if name == "gdown":
        return bool(texts[1:])
    return bool(_COMMAND.match(name)) or _is_told(name, texts)


def _is_told(name: str, texts: tuple[str, ...]) -> bool:
    """A program is told to download a model: ``embeddings download-model``."""
    if name.startswith(("pip", "apt", "conda", "git", "npm", "echo", "mkdir")):
        return False
    told = bool(_VERBS & set(texts[1:4])) and any(_ABOUT_MODELS.search(text) for text in texts)
    return told or any(_VERB_AND_MODEL.fullmatch(text) for text in texts[1:4])


def _python(texts: tuple[str, ...]) -> str:
    line = " ".join(" ".join(texts).split())[:_SHOWN]
    if "-c" in texts:
        code = "".join(texts[texts.index("-c") + 1 :][:1])
        return f"a model is loaded: {line}" if loads_in(code) else ""
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
    return any(loads_in(document.content) for document in documents)


def loads_in(code: str) -> bool:
    """Python code loads or downloads a model; a tokenizer is none."""
    return bool(_CALLS.search(_NO_WEIGHTS.sub("(", code)))


def is_package(name: str) -> bool:
    """A Python package that is a trained model: spaCy's pipelines."""
    return bool(_SPACY.match(name))


def announces(step: Step) -> str:
    """The comment above an instruction, or its echo, that says that it brings models; or ""."""
    copies = step.keyword in ("COPY", "ADD")
    if copies and all(is_code(text) for text, _ in step.words[:-1]):
        return ""
    if not copies and not any(_RUNS_CODE.search(command.name) for command in step.plain):
        return ""
    said = [" ".join(c.texts[1:]) for c in step.plain if c.name == "echo" and not c.redirects]
    said = [] if copies else said
    lines = step.text[: step.one.source.start].splitlines()
    while lines and lines[-1].lstrip().startswith("#"):
        said.append(lines.pop().lstrip("# \t"))
    no = _OF_MODELS if copies else _NOT_NOW
    return next((t for t in said if _ANNOUNCED.search(t) and not no.search(t)), "")


def places(step: Step, command: Command) -> Iterator[str]:
    """Where what a command downloads may lie: what it names, where it runs, the hubs' caches."""
    yield from command.texts
    yield step.workdir
    for other in step.plain:
        if other is command:
            break
        if other.name == "cd" and other.texts[1:]:
            yield step.path(other.texts[1])
    yield from caches(step, command)
    if command.name == "ollama":
        yield step.env.get("OLLAMA_MODELS") or "/root/.ollama"


def caches(step: Step, command: Command | None = None) -> Iterator[str]:
    """Where the hubs keep what Python downloads in a RUN."""
    given = {**step.env, **(command.sets if command else {})}
    yield from (str(given[name]) for name in _HUB_CACHES if given.get(name))
    yield "/root/.cache/huggingface"
