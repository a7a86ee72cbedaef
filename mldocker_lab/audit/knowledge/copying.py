"""What a COPY or ADD brings of model weights: from the build context, or from another stage."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from mldocker_lab.audit.knowledge.fetching import (
    announces,
    caches,
    fetches,
    is_download,
    loads,
    places,
)
from mldocker_lab.audit.knowledge.weights import (
    ARCHIVE,
    holds_models,
    is_aside,
    is_code,
    is_weights,
)
from mldocker_lab.audit.reading.origins import broad
from mldocker_lab.audit.reading.scripts import built_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.step import Step

__all__ = ["copied"]

_REMOTE = ("http://", "https://")
#: A folder of Triton's repository of models, which git seldom holds the weights of.
_TRITON = re.compile(r"(^|/)config\.pbtxt(\.\w+)?$")
#: Where the program itself goes: what lies below need not come with this COPY.
_PROGRAM = re.compile(r"^/$|(^|/)(app|src|code|serving|server|api|service|backend|workspace|opt)/$")
#: What tokenizers and taggers read.
_DATA = re.compile(r"nltk|tiktoken")
_PLAIN_WEIGHTS = 1_000_000  # bytes from which a .bin of the project is one of weights


def copied(target: Target, step: Step) -> tuple[list[str], list[str]]:
    """What a COPY brings for sure, in words, and what it may bring."""
    faults: list[str] = []
    doubts: list[str] = []
    for text, known in step.words[:-1]:
        if "<<" in text:
            continue
        if is_weights(text):
            verb = "fetched" if text.startswith(_REMOTE) else "copied"
            faults.append(f"weights are {verb} into the image: {text}")
        elif not text.startswith(_REMOTE):
            found = list(_sources(target, step, text))
            faults += found
            unseen = not known and re.fullmatch(r"[./]*\$\{?\w+\}?[/*.]*", text)
            if not found and (_is_broad(target, step, text) or unseen):
                doubts.append(f"what {step.keyword} {text} brings is not at hand")
    return faults, doubts


def _sources(target: Target, step: Step, text: str) -> Iterator[str]:
    """What one source of a COPY is known to bring."""
    if step.one.flag("from") is not None:
        yield from _from_stage(target, step, text)
    elif _at_hand(target, text):
        yield from _in_context(target, step, text)
    elif broad(step) and holds_models(step.path(step.words[-1][0])):
        yield f"{text} is copied into a folder of models"
    elif not broad(step) and (said := _by_its_name(target, step, text)):
        yield said


def _is_broad(target: Target, step: Step, text: str) -> bool:
    """The whole context is copied, here or by the stage that is copied from; nobody sees it."""
    if target.project.at_hand:
        return False
    if step.one.flag("from") is None:
        return broad(step)
    return any(True for _ in _handed_on(target, step, text))


def _handed_on(target: Target, step: Step, text: str) -> Iterator[Step]:
    """The instructions of the other stage that copy the whole context to that place."""
    place = posixpath.normpath(text)
    for index in target.dockerfile.source_stages(step.one):
        for other in target.steps.get(index, ()):
            if broad(other) and other.path(other.words[-1][0]) == place != "/":
                yield other


def _from_stage(target: Target, step: Step, text: str) -> Iterator[str]:
    to = step.words[-1][0]
    if _DATA.search(text):
        return
    if (holds_models(text, to) and _made(target, step)) or _fetched(target, step, text):
        yield f"the model is copied into the image from another stage: {text}"
    for other in _handed_on(target, step, text) if target.project.at_hand else ():
        yield from _in_context(target, other, ".")


def _by_its_name(target: Target, step: Step, text: str) -> str:
    """What is not at hand is a model by its name, by what stands around it, or by a comment."""
    to = step.words[-1][0]
    kept_out = target.project.at_hand and _kept_out(target, text)
    if kept_out or holds_models(text, to) or _named_below(target, step, to):
        return f"a folder of models is copied into the image: {text}"
    announced = announces(step)
    return f"it says so itself: {announced}" if announced else ""


def _named_below(target: Target, step: Step, to: str) -> bool:
    """A variable or an option names a file of weights below the place where it is copied to."""
    there = step.path(to).rstrip("/") + "/"
    if _PROGRAM.search(there):
        return False
    words = [word for other in target.started for word, _ in other.words]
    paths = [str(value) for value in target.env.values() if value] + words
    return any(is_weights(path) and step.path(path).startswith(there) for path in paths)


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
            if _put_there(other, text):
                return True
            if loads(other) and any(_meets(place, text.rstrip("*")) for place in caches(other)):
                return True
            announced = other.keyword == "RUN" and bool(announces(other))
            for command in built_by(target, other):
                there = "${" in text or any(
                    _meets(place, text.rstrip("*")) for place in places(other, command)
                )
                if text.strip("/") and there and (announced or is_download(fetches(command))):
                    return True
    return False


def _put_there(other: Step, text: str) -> bool:
    """A COPY or ADD of that stage brings weights to that place."""
    if other.keyword not in ("COPY", "ADD") or not text.strip("/"):
        return False
    there = other.path(other.words[-1][0])
    weights = any(is_weights(source) for source, _ in other.words[:-1])
    return weights and _meets(there, text.rstrip("*"))


def _meets(place: str, path: str) -> bool:
    """A place that a command names is below the path that is copied, or above it."""
    above = place.startswith("/") and len(place) > 1 and path.startswith(place.rstrip("/") + "/")
    return place.startswith(path) or above


def _in_context(target: Target, step: Step, text: str) -> Iterator[str]:
    """What a source that is at hand brings: a folder for weights, or files with weights."""
    names = target.project.below(text.rstrip("*"))
    programs = any(name.endswith(".py") for name in names)
    triton = any(_TRITON.search(name) for name in names)
    told = all(is_code(name) for name in names)  # a list of models, a README
    bare = not programs and not told
    if holds_models(text, step.words[-1][0]) and not broad(step) and (triton or bare):
        yield f"a folder of models is copied into the image: {text}"
        return
    ignored = target.ignore.ignored if target.ignore else lambda _: False
    found = [
        (_size(target, name), name)
        for name in names
        if (is_weights(name) or ARCHIVE.search(name) or _is_large(target, name))
        and not is_aside(name)
        and not ignored(name)
    ]
    if found:
        size, name = max(found)
        yield f"{step.keyword} {text} takes {name} along ({size // 1000} kB)"


def _is_large(target: Target, name: str) -> bool:
    return name.endswith(".bin") and _size(target, name) > _PLAIN_WEIGHTS


def _size(target: Target, name: str) -> int:
    return target.project.sizes.get(target.project.in_context(name), 0)


def _kept_out(target: Target, text: str) -> bool:
    """It is not there, and files beside it are weights: git keeps such folders out."""
    beside = target.project.below(text.rstrip("/").rpartition("/")[0] or "?")
    return any(is_weights(name) and not is_aside(name) for name in beside)
