"""The language of ``NVIDIA_REQUIRE_*``: what an image demands of a host before it starts.

A requirement is alternatives between blanks, each made of conditions between commas::

    cuda>=12.4 brand=tesla,driver>=535,driver<536

A condition is a property (``cuda``, ``driver``, ``arch``, ``brand``), an operator and a value. The
rules are those of ``nvidia-container-cli``, which enforces them on ordinary hosts
(libnvidia-container, ``src/cli/dsl.c``): alternatives are tried from left to right until one holds;
names and brands are compared without case; brands know only ``=`` and ``!=``; a missing part of a
version is zero. What it cannot read it refuses to run; we say "cannot-tell", as we do where its
sibling in Go (``internal/requirements`` of the toolkit) stops at something it cannot read.

Where the host's fact is missing, NVIDIA's program takes the condition for met. We do not: then the
condition is neither met nor unmet, and neither is what depends on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldocker_lab.gpu.verdict import REFUSED, RUNS, Gate, cannot_tell
from mldocker_lab.gpu.versions import as_version, compared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["OPERATORS", "PROPERTIES", "Condition", "evaluate", "parse"]

PROPERTIES = ("cuda", "driver", "arch", "brand")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")

_CONDITION = re.compile(r"([^<>=!]+)([<>=!]+)([^<>=!].*)", re.DOTALL)
_TOO_LONG = 128  # nvidia-container-cli has no room to say that a longer condition failed
_HOLDS = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0), "=": (0,), "!=": (-1, 1)}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, ``driver>=535``.

    Attributes:
        text: as it is written.
        name: the property, in lower case.
        operator: one of ``OPERATORS``.
        value: what the property is compared with.
        problem: why it cannot be judged, in words; "" if it can.
        malformed: whether it cannot even be read; an unknown property can.
    """

    text: str
    name: str = ""
    operator: str = ""
    value: str = ""
    problem: str = ""
    malformed: bool = False


def parse(requirement: str) -> list[list[Condition]]:
    """The alternatives of a requirement, each a list of conditions; no text raises an error."""
    return [
        [_condition(text) for text in alternative.split(",") if text] or [_nothing(alternative)]
        for alternative in requirement.split(" ")
        if alternative
    ]


def evaluate(requirement: str, facts: Mapping[str, str | None]) -> Gate:
    """Whether a host with these facts meets a requirement.

    Args:
        requirement: what stands in one ``NVIDIA_REQUIRE_*``.
        facts: ``cuda`` (the highest CUDA version that the driver knows), ``driver``, ``arch`` (the
            compute capability) and ``brand``; a fact that is missing or None is not known.
    """
    alternatives = parse(requirement)
    if not alternatives:
        return Gate(RUNS, "it demands nothing")
    unreadable = next((one for many in alternatives for one in many if one.malformed), None)
    if unreadable:
        return cannot_tell(f"“{_short(unreadable.text)}” cannot be read: {unreadable.problem}")
    unknown = ""
    for conditions in alternatives:
        holds, why = _all_hold(conditions, facts)
        if holds is None and why.startswith("!"):
            return cannot_tell(why[1:])
        if holds:
            return Gate(RUNS, f"{_short(','.join(one.text for one in conditions))} holds: {why}")
        unknown = unknown or ("" if holds is False else why)
    if unknown:
        return cannot_tell(unknown)
    return Gate(REFUSED, _unmet(alternatives, facts))


def _condition(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if not match:
        return Condition(text, problem="a condition is PROPERTY OPERATOR VALUE", malformed=True)
    name, operator, value = match[1].lower(), match[2], match[3]
    if problem := _unreadable(name, operator, value):
        return Condition(text, problem=problem, malformed=True)
    unknown = "" if name in PROPERTIES else f"unknown property “{_short(match[1])}”"
    return Condition(text, name, operator, value, unknown)


def _unreadable(name: str, operator: str, value: str) -> str:
    if operator not in OPERATORS:
        return f"“{operator}” is none of {' '.join(OPERATORS)}"
    if name == "brand" and operator not in ("=", "!="):
        return "a brand can only be = or !="
    if name in ("cuda", "driver", "arch") and as_version(value) is None:
        return f"“{_short(value)}” is no version"
    return ""


def _nothing(alternative: str) -> Condition:
    return Condition(alternative, problem="an alternative without a condition", malformed=True)


def _all_hold(
    conditions: Sequence[Condition], facts: Mapping[str, str | None]
) -> tuple[bool | None, str]:
    """Whether all hold, and why. None: not known; "!" before the reason: evaluation stops there."""
    unknown, said = "", []
    for one in conditions:
        if one.problem:
            return None, f"!{one.problem} in “{_short(one.text)}”"
        holds, why = _holds(one, facts.get(one.name))
        if holds is False:
            if len(f"{one.name} {one.operator} {one.value}") >= _TOO_LONG:
                return None, f"!“{_short(one.text)}” is too long for NVIDIA's own evaluator"
            return False, why
        if holds is None:
            unknown = unknown or why
        said.append(why)
    return (None, unknown) if unknown else (True, ", ".join(dict.fromkeys(said)))


def _holds(one: Condition, fact: str | None) -> tuple[bool | None, str]:
    if fact is None or not fact.strip():
        return None, f"{one.text} is demanded, and the host's {one.name} is not known"
    fact = fact.strip()
    said = f"{one.name} is {_short(fact)}"
    if one.name == "brand":
        return (fact.lower() == one.value.lower()) == (one.operator == "="), said
    has, wanted = as_version(fact), as_version(one.value)
    if has is None or wanted is None:
        return None, f"the host's {one.name} “{_short(fact)}” is no version"
    return compared(has, wanted) in _HOLDS[one.operator], said


def _unmet(alternatives: Sequence[Sequence[Condition]], facts: Mapping[str, str | None]) -> str:
    """The refusal, with the first demand as NVIDIA's program prints it, and what the host has."""
    first = _short(",".join(one.text for one in alternatives[0]))
    asked = {one.name for conditions in alternatives for one in conditions}
    has = ", ".join(
        f"{name} {facts[name]}" for name in PROPERTIES if name in asked and facts.get(name)
    )
    more = len(alternatives) - 1
    also = f", nor is any of the {more} alternatives" if more > 1 else ", nor is the alternative"
    return f"unsatisfied condition: {first}{also if more else ''}; the host has {_short(has)}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
