"""One file for each rule. A file that defines ``RULE`` is a rule: adding one is adding a file."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldocker_lab.audit.finding import Rule

__all__ = ["all_rules", "rule"]


@cache
def all_rules() -> tuple[Rule, ...]:
    """The ten points by number, then the smells by name."""
    modules = (import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    rules: list[Rule] = [module.RULE for module in modules]
    return tuple(sorted(rules, key=lambda one: (one.number or len(rules), one.id)))


def rule(name: str) -> Rule | None:
    """The rule of that id; None if there is none."""
    return next((one for one in all_rules() if one.id == name), None)
