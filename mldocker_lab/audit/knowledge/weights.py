"""Model weights by their names: files, folders, archives; and what says that they are elsewhere."""

from __future__ import annotations

import posixpath
import re

__all__ = ["ARCHIVE", "holds_models", "is_aside", "is_code", "is_weights", "outside"]

_WEIGHTS = re.compile(
    r"\.data-\d+-of-\d+$|\.(pt|pth|ckpt|onnx|safetensors|gguf|ggml|h5|hdf5|keras|pb|tflite|pkl|pickle|joblib|mar|engine|"
    r"plan|pdparams|pdiparams|pmml|cbm|ubj|pdmodel|caffemodel|weights|t7|traineddata|mlmodel|params|nemo|model)(\b|$)",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(model|weights)[\w.=+-]*\.(bin|rds|rdata|npz|dat|xml|jar)$", re.IGNORECASE)
_FOLDER = re.compile(
    r"(^|/)(models?|weights?|checkpoints?|ckpts?|voices|pretrained(_models?|_weights|_ckpts?)?|"
    r"saved_models?[\w.-]*|model_repository|trained_models?|artifacts|"
    r"\w+[-_](adapters?|lora|checkpoints?|predictor)([-_.]?v?\d+)?|\w+-(model|weights)|"
    r"\w+_model_(v?\d+|final|extended|best|large|small|quantized|onnx|fp16|int8)|"
    r"model[-_]?(store|weights|files|data|artifacts?|cache))/?\*?$",
    re.IGNORECASE,
)
#: Where serving images look for models: what goes there and is no code is one.
_SERVED = re.compile(r"^/(opt/|mnt/|data/|srv/|opt/ml/)?(models?|weights|checkpoints)(/|$)")
_AMONG_MODELS = re.compile(
    r"(^|/)(\w+[-_])?(models?|weights|checkpoints|model_repository)/", re.IGNORECASE
)
_CODE = re.compile(
    r"\.(py|json|ya?ml|toml|sh|txt|md|ipynb|cfg|ini|conf(ig)?|properties|pbtxt|csv|js|ts|proto)$",
    re.IGNORECASE,
)
_ONLY_WEIGHTS = re.compile(
    r"\.(pth|ckpt|onnx|safetensors|gguf|ggml|tflite|caffemodel|pdparams|pdiparams)$", re.IGNORECASE
)
_DATA = re.compile(r"(^|/)(data|datasets?)/", re.IGNORECASE)
_ASIDE = re.compile(
    r"(^|/)(tests?|fixtures|docs?|examples?|samples?|vocab\w*)/|tokenizer|vocab|scaler|encoder_label"
)
ARCHIVE = re.compile(
    r"(model|weight|checkpoint|ckpt|predictor)\w*\.(zip|tar|tar\.gz|tgz)$", re.IGNORECASE
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


def is_code(path: str) -> bool:
    """Its name says that it holds code, settings or text."""
    return bool(_CODE.search(path))


def is_weights(path: str) -> bool:
    """Its name says that it holds weights; a tensor among data is a dataset."""
    name = posixpath.basename(path.rstrip("/"))
    if is_code(path) or (_DATA.search(path) and not _ONLY_WEIGHTS.search(name)):
        return False
    return bool(_WEIGHTS.search(name) or _NAMED.search(name))


def is_aside(path: str) -> bool:
    """It belongs to tests or documentation, or is no model although it looks like one."""
    return bool(_ASIDE.search(path))


def holds_models(path: str, to: str = "") -> bool:
    """Its name is that of a folder of models, or of one that goes from such a folder to another."""
    among = to and _AMONG_MODELS.search(path) and _AMONG_MODELS.search(to) and not is_code(path)
    served = _SERVED.match(to) and not is_code(path)
    return bool(_FOLDER.search(path) or among or served)


def outside(text: str, kind: str) -> bool:
    """Whether a variable, a mount or an option says that the model is somewhere else.

    Args:
        text: its name, or how it is written.
        kind: "variable", "mount" or "option".
    """
    pattern = {"variable": _VARIABLE, "mount": _MOUNT, "option": _OPTION}[kind]
    return bool(pattern.search(text))
