"""Point 7: model weights come to the container when it starts, not when the image is built."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.audit import lessons
from mldocker_lab.audit.finding import Example, Judged, Rule, failed, passed, unjudged
from mldocker_lab.audit.origins import broad, origin
from mldocker_lab.audit.started import programs
from mldocker_lab.audit.weights import (
    announces,
    fetches,
    holds_models,
    is_aside,
    is_package,
    is_weights,
    loads,
    loads_in,
    outside,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.model import Target
    from mldocker_lab.audit.shell import Command
    from mldocker_lab.audit.spot import Spot
    from mldocker_lab.audit.step import Step

_HUB_CACHES = (
    "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "TORCH_HOME",
    "SENTENCE_TRANSFORMERS_HOME", "XDG_CACHE_HOME",
)  # fmt: skip
#: Scripts that install or check tools.
_NO_MODELS = re.compile(r"(^|/)(setup|manage|get[-_]pip|conftest)\.py$|^/tmp/")
_REMOTE = ("http://", "https://")


def judge(target: Target) -> Judged:
    """No instruction of the image brings weights."""
    faults: list[tuple[str, Spot]] = []
    doubts: list[tuple[str, Spot]] = []
    for step in target.chain:
        if step.keyword in ("COPY", "ADD"):
            said, doubt = _copied(target, step)
        elif step.keyword == "RUN":
            said, doubt = _ran(target, step)
        else:
            continue
        faults += [(text, target.spot(step)) for text in said]
        doubts += [(text, target.spot(step)) for text in doubt]
    if faults:
        return failed("; ".join(dict.fromkeys(t for t, _ in faults)), *(spot for _, spot in faults))
    elsewhere = _mounted(target)
    if elsewhere:
        return passed(*elsewhere)
    if doubts:
        return unjudged(doubts[0][0], *(spot for _, spot in doubts))
    named = _named(target)
    return passed(*named) if named else passed("no instruction brings weights into the image")


def _ran(target: Target, step: Step) -> tuple[list[str], list[str]]:
    """What a RUN brings for sure, and what it may bring."""
    said = [text for command in step.plain if (text := fetches(command))]
    said += ["a model is loaded by Python in a here-document"] if loads(step) else []
    packages = [
        p.name for one in target.installs_of(step) for p in one.packages if is_package(p.name)
    ]
    said += [f"a trained model is installed as a package: {name}" for name in packages]
    announced = "" if said else announces(step)
    said += [f"it says so itself: {announced}"] if announced else []
    doubts = []
    for command in step.plain:
        script = next((t for t in command.texts[1:3] if t.endswith(".py")), "")
        if not command.name.startswith("python") or _NO_MODELS.search(script):
            continue
        here = origin(target, step, script) if script else None
        code = target.project.text(here) if here else None
        if code and loads_in(code):
            said.append(f"{script} loads a model")
        elif script and code is None:
            doubts.append(f"what {script} brings while the image is built is not at hand")
    return [f"{text}, while the image is built" for text in said], doubts


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
        if named or _brings(said):
            text = f"the container is told its model at the start: {named or said}"
            return text, target.spot(step)
    return None


def _named(target: Target) -> tuple[str, Spot] | None:
    """A variable that says which model, or where it is; it may lie in the image nevertheless."""
    for step in target.chain:
        names = step.one.words[::2] if step.keyword == "ENV" else ()
        name = next((name for name in names if outside(name, "variable")), "")
        if name:
            return f"{name} says where the model is at run time", target.spot(step)
    for unit in target.deployment.units if target.deployment else ():
        variables = [text.partition("=")[0].partition(" ")[0] for text in unit.environment]
        name = next((name for name in variables if outside(name, "variable")), "")
        if name:
            return f"{unit.name} gets its model from outside: {name}", unit.spot
    return None


def _copied(target: Target, step: Step) -> tuple[list[str], list[str]]:
    """What a COPY brings for sure, and what it may bring."""
    faults, doubts = [], []
    to = step.words[-1][0]
    from_stage = step.one.flag("from") is not None
    for text, known in step.words[:-1]:
        if "<<" in text:
            continue
        if is_weights(text):
            verb = "fetched" if text.startswith(_REMOTE) else "copied"
            faults.append(f"weights are {verb} into the image: {text}")
        elif from_stage:
            if (holds_models(text, to) and _made(target, step)) or _fetched(target, step, text):
                faults.append(f"the model is copied into the image from another stage: {text}")
        elif text.startswith(_REMOTE):
            continue
        elif _at_hand(target, text):
            faults += _in_context(target, step, text)
        elif holds_models(text, to) and not broad(step):
            faults.append(f"a folder of models is copied into the image: {text}")
        elif broad(step) or (not known and text.lstrip("./").startswith("$")):
            doubts.append(f"what {step.keyword} {text} brings is not at hand")
    return faults, doubts


def _at_hand(target: Target, text: str) -> bool:
    return target.project.at_hand and ("*" in text or bool(target.project.below(text)))


def _made(target: Target, step: Step) -> bool:
    """The stage that a model is copied from does something: it trains, downloads or copies."""
    stages = target.dockerfile.source_stages(step.one)
    steps = (other for index in stages for other in target.steps.get(index, ()))
    return any(other.one.filesystem for other in steps)


def _fetched(target: Target, step: Step, text: str) -> bool:
    """The stage that it is copied from downloads weights to that place."""
    for index in target.dockerfile.source_stages(step.one):
        for other in target.steps.get(index, ()):
            for command in other.plain if other.keyword == "RUN" else ():
                places = [*command.texts, *_caches(other, command)]
                there = any(_meets(place, text.rstrip("*")) for place in places)
                if text.strip("/") and there and _brings(fetches(command)):
                    return True
    return False


def _meets(place: str, path: str) -> bool:
    """A place that a command names is below the path that is copied, or above it."""
    above = place.startswith("/") and len(place) > 1 and path.startswith(place.rstrip("/") + "/")
    return place.startswith(path) or above


def _brings(said: str) -> bool:
    """A command fetches a model; one that trains is not counted here."""
    return bool(said) and not said.startswith("the model is trained")


def _caches(step: Step, command: Command) -> list[str]:
    """Where the hubs keep what a command downloads."""
    given = {**step.env, **command.sets}
    named = [str(given[name]) for name in _HUB_CACHES if given.get(name)]
    return [*named, "/root/.cache/huggingface"]


def _in_context(target: Target, step: Step, text: str) -> Iterator[str]:
    """What a source that is at hand brings: a folder for weights, or files with weights."""
    names = target.project.below(text.rstrip("*"))
    if (
        holds_models(text, step.words[-1][0])
        and not broad(step)
        and not any(n.endswith(".py") for n in names)
    ):
        yield f"a folder of models is copied into the image: {text}"
        return
    ignored = target.ignore.ignored if target.ignore else lambda _: False
    sizes = target.project.sizes
    found = [
        (sizes.get(target.project.in_context(name), 0), name)
        for name in names
        if is_weights(name) and not is_aside(name) and not ignored(name)
    ]
    if found:
        size, name = max(found)
        yield f"{step.keyword} {text} takes {name} along ({size // 1000} kB)"


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
