"""Point 8: data, notebooks and the history stay out of the build context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import (
    Edit,
    Example,
    Fix,
    Judged,
    Rule,
    Spot,
    failed,
    passed,
    unjudged,
)
from mldocker_lab.audit.origins import broad

if TYPE_CHECKING:
    from mldocker_lab.audit.model import Target

#: What must stay out: a word for it, names that would be sent if nothing kept them out, and where they lie.
_KINDS = (
    (".git", (".git/config", ".git/objects/pack/x.pack"), (".git/",), ""),
    ("data", ("data/train.csv", "data/raw/x.bin"), ("data/", "datasets/", "dataset/"), ""),
    ("models", ("models/x.onnx",), ("models/", "weights/", "checkpoints/"), ""),
    ("notebooks", ("notebooks/explore.ipynb",), ("notebooks/", "notebook/"), ".ipynb"),
)
_PROPOSED = (
    ".git\ndata/\nnotebooks/\n**/*.ipynb\n**/__pycache__\n**/*.pyc\n.env\n.venv\nwandb/\nmlruns/\n"
)


def judge(target: Target) -> Judged:
    """An ignore file keeps .git, data and notebooks out, by what its patterns do."""
    if not target.project.whole:
        return unjudged("the folder around the Dockerfile is not at hand")
    if target.ignore_error:
        return failed(target.ignore_error, Spot(target.ignore_file, 1))
    sent = [kind for kind, names, *_ in _KINDS if not all(_out(target, name) for name in names)]
    there = [kind for kind in sent if _exists(target, kind)]
    if target.ignore is None:
        return _none(target, there)
    spot = Spot(target.ignore_file, 1)
    nothing = {"data", "models", "notebooks"} <= set(sent)
    if ".git" in sent or nothing:
        missing = [kind for kind in sent if kind != "models"]
        lines = "".join(f"{line}\n" for kind in missing for line in _lines(kind))
        return failed(
            f"{target.ignore_file} lets through: {', '.join(missing)}",
            spot,
            fixes=(_append(target, lines),),
        )
    return passed(f"{target.ignore_file} keeps out .git, data and notebooks", spot)


def _out(target: Target, name: str) -> bool:
    return target.ignore is not None and target.ignore.ignored(name)


def _exists(target: Target, kind: str) -> bool:
    _, _, folders, ending = next(k for k in _KINDS if k[0] == kind)
    for name in target.project.inside:
        if (name.startswith(folders) or (ending and name.endswith(ending))) and not _out(
            target, name
        ):
            return True
    return False


def _at_hand(target: Target) -> bool:
    """There is more than Dockerfiles in the folder: it is a context, not a file taken out of one."""
    return any("dockerfile" not in name.lower() for name in target.project.inside)


def _none(target: Target, there: list[str]) -> Judged:
    here = Spot(target.file, 1)
    name = ".dockerignore"
    fix = Fix(f"make {name}", (Edit(target.project.in_context(name), 0, 0, _PROPOSED),))
    if not there and not _at_hand(target):
        return unjudged("the folder that is sent is not at hand")
    what = f"; {', '.join(there)} would be sent" if there else ""
    return failed(f"there is no .dockerignore{what}", here, fixes=(fix,))


def _lines(kind: str) -> tuple[str, ...]:
    return {".git": (".git",), "data": ("data/",), "models": ("models/",), "notebooks": ("notebooks/", "**/*.ipynb")}[kind]


def _append(target: Target, lines: str) -> Fix:
    text = target.project.read(target.ignore_file) or ""
    joint = "" if not text or text.endswith("\n") else "\n"
    edit = Edit(target.ignore_file, len(text), len(text), joint + lines)
    return Fix(f"keep more out with {target.ignore_file}", (edit,))


RULE = Rule(
    id="dockerignore",
    number=8,
    title=".dockerignore keeps out data, notebooks and .git",
    why="What is in the context is sent to the builder, and COPY . . stores it in the image: history, data, secrets.",
    fix="Write a .dockerignore with .git, data/, notebooks/, **/*.ipynb and .env, or ignore * and take back what is needed.",
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
