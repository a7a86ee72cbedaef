"""Point 8: data, notebooks and the history stay out of the build context."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import (
    Edit,
    Example,
    Fix,
    Judged,
    Rule,
    failed,
    passed,
    unjudged,
)
from mldocker_lab.audit.reading.origins import broad, context_sources
from mldocker_lab.audit.reading.spot import Spot
from mldocker_lab.dockerfile.ignore import Patterns

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target

#: What must stay out, and names that would be sent if nothing kept them out.
_HISTORY = (".git/config", ".git/objects/pack/x.pack")
_DATA = ("data/train.csv", "datasets/train.csv", "train.csv", "train.parquet", "train.npy")
_MODELS = (
    "models/x.bin",
    "weights/x.bin",
    "checkpoints/x.bin",
    "x.pt",
    "x.pth",
    "x.onnx",
    "x.h5",
    "x.safetensors",
)
_NAMES_DATA = re.compile(
    r"(^|/)(data|artifacts|mlruns|datasets?|corpus|corpora|models?|weights|checkpoints?)(/|$)|"
    r"\.(csv|parquet|npy|h5|pth?|onnx|safetensors)$",
    re.IGNORECASE,
)
_IS_DATA = re.compile(
    r"(^|/)(data|datasets?|mlruns|wandb)/(?!.*(\.(py|sh|ya?ml|toml|md|gitignore)|keep)$)|"
    r"\.(parquet|npy|npz|h5|hdf5)$",
    re.IGNORECASE,
)
_PROGRAM = re.compile(r"\.(py|r|jl|js|ts|go|rs|java|php|rb|cpp|scala)$", re.IGNORECASE)
_LINES = {".git": ".git\n", "data": "data/\nmodels/\n", "notebooks": "notebooks/\n**/*.ipynb\n"}
_PROPOSED = (
    ".git\ndata/\nnotebooks/\n**/*.ipynb\n**/__pycache__\n**/*.pyc\n.env\n.venv\nwandb/\nmlruns/\n"
)


def judge(target: Target) -> Judged:
    """An ignore file keeps .git, data and notebooks out, by what its patterns do."""
    if not target.project.whole:
        return unjudged("the folder around the Dockerfile is not at hand")
    if target.ignore_error:
        return failed(target.ignore_error, Spot(target.ignore_file, 1))
    if target.ignore is None:
        return _none(target)
    spot = Spot(target.ignore_file, 1)
    below = target.project.context  # a folder below the project's holds no history
    kept = bool(below) or all(_out(target, name) for name in _HISTORY)
    missing = [".git"] * (not kept) + _sent(target)
    if missing:
        lines = "".join(_LINES.get(what, "") for what in missing)
        said = f"{target.ignore_file} lets through: {', '.join(missing)}"
        return failed(said, spot, fixes=(_append(target, _harmless(target, lines)),))
    if below:
        said = f"only {below} is sent, without the project's .git"
        return passed(f"{said}, and {target.ignore_file} lets no data through", spot)
    if _keeps_data(target):
        return passed(f"{target.ignore_file} keeps out .git and data", spot)
    return passed(f"{target.ignore_file} keeps out .git; there is no data and no notebook", spot)


def _sent(target: Target) -> list[str]:
    """Data and notebooks that would be sent: those at hand, else any that may come to be."""
    files = target.project.inside
    if not any(_PROGRAM.search(name) for name in files):  # the project itself is not at hand
        return [] if _keeps_data(target) else ["data"]
    patterns = target.ignore.patterns if target.ignore else ()
    if any(not one.keep and one.text in ("*", "**", "**/*") for one in patterns):
        return []  # what is let through was asked for
    open_ = [name for name in files if not _out(target, name)]
    named = {text.strip("/") for step in target.all_steps for text in context_sources(step)}
    books = [n for n in open_ if n.endswith(".ipynb") and n not in named]
    # Who keeps data out knows what else is sent, but for what lies in the folder of data itself.
    is_data = _IS_DATA.match if _keeps_data(target) else _IS_DATA.search
    data = [n for n in open_ if is_data(n)]
    return ["data"] * bool(data) + ["notebooks"] * bool(books)


def _out(target: Target, name: str) -> bool:
    return target.ignore is not None and target.ignore.ignored(name)


def _keeps_data(target: Target) -> bool:
    """It keeps out data or models, by what it does or by what it names."""
    if any(_out(target, name) for name in (*_DATA, *_MODELS)):
        return True
    patterns = target.ignore.patterns if target.ignore else ()
    return any(not one.keep and _NAMES_DATA.search(one.text) for one in patterns)


def _none(target: Target) -> Judged:
    if not target.project.at_hand:
        return unjudged("the folder that is sent is not at hand")
    edit = Edit(target.ignore_file, 0, 0, _harmless(target, _PROPOSED))
    all_of_it = any(broad(step) for step in target.all_steps)
    what = ", and the whole folder is copied" if all_of_it else ""
    fixes = (Fix("make .dockerignore", (edit,)),)
    return failed(f"there is no .dockerignore{what}", Spot(target.file, 1), fixes=fixes)


def _harmless(target: Target, lines: str) -> str:
    """The lines without those that would take away what a COPY names."""
    named = [text.strip("/") for step in target.all_steps for text in context_sources(step)]
    kept = []
    for line in lines.splitlines():
        pattern = Patterns.parse(line)
        folder = line.strip("/*")
        if not any(pattern.ignored(path) or f"{path}/".startswith(f"{folder}/") for path in named):
            kept.append(f"{line}\n")
    return "".join(kept)


def _append(target: Target, lines: str) -> Fix:
    text = target.project.read(target.ignore_file) or ""
    joint = "" if not text or text.endswith("\n") else "\n"
    edit = Edit(target.ignore_file, len(text), len(text), joint + lines)
    return Fix(f"keep more out with {target.ignore_file}", (edit,))


RULE = Rule(
    id="dockerignore",
    number=8,
    title=".dockerignore keeps out data, notebooks and .git",
    why="What is in the context is sent to the builder, and COPY . . stores it in the image: "
    "history, data, secrets.",
    fix="Write a .dockerignore with .git, data/, notebooks/, **/*.ipynb and .env, or ignore * and "
    "take back what is needed.",
    lesson=lessons.CONTEXT,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nCOPY . .\n",
            ".dockerignore": "data\n__pycache__\n",
            "notebooks/look.ipynb": "{}",
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nCOPY . .\n",
            ".dockerignore": ".git\ndata/\nnotebooks/\n*.ipynb\n",
            "notebooks/look.ipynb": "{}",
        }
    ),
)
