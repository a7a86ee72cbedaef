"""Point 7: model weights come to the container when it starts, not when the image is built."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.knowledge.copying import copied
from mldocker_lab.audit.knowledge.fetching import (
    announces,
    by_its_variable,
    fetches,
    is_download,
    is_package,
    loads,
    loads_in,
)
from mldocker_lab.audit.knowledge.started import programs
from mldocker_lab.audit.knowledge.weights import holds_models, outside
from mldocker_lab.audit.reading.imports import reachable
from mldocker_lab.audit.reading.origins import asked, origin, python_file
from mldocker_lab.audit.reading.scripts import built_by

if TYPE_CHECKING:
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.spot import Spot
    from mldocker_lab.audit.reading.step import Step

_HUB_CACHE = re.compile(r"\.cache(/(huggingface|torch|whisper|models?)|/?$)|hf_home|huggingface")
#: What keeps a model in a hub's cache, unless it is told another place.
_HUB_PROGRAM = re.compile(r"(python|pypy)[\d.]*$|hf$|huggingface-cli$|whisper$|node$")
_DOWNLOADERS = frozenset(["wget", "curl", "aria2c", "gdown"])
#: Scripts that install or check tools.
_NO_MODELS = re.compile(
    r"(^|/)(setup|build|manage|get[-_]pip|conftest|install_(dep\w*|req\w*|packages))\.py$|^/tmp/|dataset"
)


def judge(target: Target) -> Judged:
    """No instruction of the image brings weights."""
    faults: list[tuple[str, Spot]] = []
    doubts: list[tuple[str, Spot]] = []
    for step in target.chain:
        if step.keyword in ("COPY", "ADD"):
            said, doubt = copied(target, step)
        elif step.keyword == "RUN":
            said, doubt = _ran(target, step)
        else:
            continue
        faults += [(text, target.spot(step)) for text in said]
        doubts += [(text, target.spot(step)) for text in doubt]
    if faults:
        return failed("; ".join(dict.fromkeys(t for t, _ in faults)), *(spot for _, spot in faults))
    elsewhere = _mounted(target) or _beside(target)
    if elsewhere:
        return passed(*elsewhere)
    if doubts:
        return unjudged(doubts[0][0], *(spot for _, spot in doubts))
    named = _named(target)
    return passed(*named) if named else passed("no instruction brings weights into the image")


def _ran(target: Target, step: Step) -> tuple[list[str], list[str]]:
    """What a RUN brings for sure, and what it may bring."""
    cached = _only_cached(step)
    brought = (c for c in built_by(target, step) if not (cached and _HUB_PROGRAM.match(c.name)))
    said = [text for command in brought if (text := fetches(command))]
    said += ["a model is loaded by Python in a here-document"] if loads(step) and not cached else []
    asked_for = [p.name for one in target.installs_of(step) for p, _ in asked(target, one)]
    names = dict.fromkeys(name for name in asked_for if is_package(name))
    said += [f"a trained model is installed as a package: {name}" for name in names]
    said += _loaded_into(step) if not said else []
    if not said:
        written = ((c, step.text[c.start : c.end]) for c in step.plain)
        said += [text for c, raw in written if (text := by_its_variable(c, raw))]
    announced = "" if said or cached else announces(step)
    said += [f"it says so itself: {announced}"] if announced else []
    doubts = []
    for command in step.plain:
        script = python_file(command)
        if not command.name.startswith("python") or _NO_MODELS.search(script):
            continue
        here = origin(target, step, script) if script else None
        code = target.project.text(here) if here else None
        if here and code and any(loads_in(t) for _, t in reachable(target.project, here)):
            said.append(f"{script} loads a model")
        elif script and code is None and "-m" not in command.texts[:3]:
            doubts.append(f"what {script} brings while the image is built is not at hand")
    return [f"{text}, while the image is built" for text in said], doubts


def _only_cached(step: Step) -> bool:
    """The hub's cache is a cache mount that nothing is taken out of: it stays with the builder."""
    caches = [text for text in step.mounted if _HUB_CACHE.search(text)]
    taken = re.search(r"local_dir|\b(cp|mv|rsync|shutil)\b|--local-dir", step.one.value) or any(
        "local_dir" in document.content for document in step.one.heredocs
    )
    return bool(caches) and not taken


def _loaded_into(step: Step) -> list[str]:
    """A download in a folder of models, whatever its address is."""
    folder = step.workdir
    for command in step.plain:
        if command.name == "cd" and command.texts[1:]:
            folder = step.path(command.texts[1])
        elif command.name in _DOWNLOADERS and holds_models(folder):
            return [f"{command.name} downloads into {folder}"]
        elif "-c" in command.texts[:3] and "download" in command.texts[-1]:
            return [f"it downloads into {folder}"] if holds_models(folder) else []
    return []


def _mounted(target: Target) -> tuple[str, Spot] | None:
    """What shows that the model comes at the start: a volume, a mount, a download."""
    for step in target.chain:
        if step.keyword == "VOLUME" and any(holds_models(text) for text, _ in step.words):
            return f"a volume holds the model: {step.one.value}", target.spot(step)
    for unit in target.deployment.units if target.deployment else ():
        found = next((text for text in unit.mounts if outside(text, "mount")), "")
        if found:
            return f"{unit.name} gets its model from outside: {found}", unit.spot
    for step, command in programs(target):
        said = fetches(command)
        named = next((text for text in command.texts if outside(text, "option")), "")
        if named or is_download(said):
            text = f"the container is told its model at the start: {named or said}"
            return text, target.spot(step)
    return None


def _beside(target: Target) -> tuple[str, Spot] | None:
    """A variable says that the model lies in a folder that no COPY goes to."""
    copies = (step for step in target.chain if step.keyword in ("COPY", "ADD"))
    filled = [step.path(step.words[-1][0]) for step in copies]
    for step in target.chain:
        for name, value, known in step.pairs if step.keyword == "ENV" else ():
            says = known and value.startswith("/") and outside(name, "variable")
            if says and not any(f"{value}/".startswith(f"{to.rstrip('/')}/") for to in filled):
                return f"{name} says that the model is in {value}", target.spot(step)
    return None


def _named(target: Target) -> tuple[str, Spot] | None:
    """A variable that says which model, or where it is; it may lie in the image nevertheless."""
    for step in target.chain:
        pairs = step.pairs if step.keyword == "ENV" else ()
        name = next((name for name, _, _ in pairs if outside(name, "variable")), "")
        if name:
            return f"{name} says where the model is at run time", target.spot(step)
    for unit in target.deployment.units if target.deployment else ():
        variables = [text.partition("=")[0].partition(" ")[0] for text in unit.environment]
        name = next((name for name in variables if outside(name, "variable")), "")
        if name:
            return f"{unit.name} gets its model from outside: {name}", unit.spot
    return None


RULE = Rule(
    id="model-external",
    number=7,
    title="model weights are not baked in",
    why="Baked weights make every release of the code re-send gigabytes, and tie the model's "
    "version to the image's.",
    fix="Mount the weights, or fetch them at the start by revision and checksum; if they must be "
    "baked in, give them a layer of their own.",
    lesson=lessons.MODELS,
    judge=judge,
    bad=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nARG MODEL=models/bert-large.onnx\nCOPY ${MODEL} "
            "/models/\n"
        }
    ),
    good=Example(
        {
            "Dockerfile": "FROM python:3.11-slim\nENV MODEL_PATH=/models/bert-large.onnx\nCOPY "
            "serve.py .\nVOLUME /models\n"
        }
    ),
)
