"""The checks of an exercise: functions *evidence → verdict* in its ``rubric.py``.

A check promises in its decorator what it says when it passes. These words hold no number that
could differ from run to run: they are what nbval compares, and they are known without running.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mldocker_lab.errors import UsageError
from mldocker_lab.grade.exercise import SETTINGS
from mldocker_lab.grade.verdict import Verdict, verdict_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from mldocker_lab.grade.evidence import Evidence
    from mldocker_lab.grade.exercise import Exercise

    Judge = Callable[[Evidence], Verdict]
    Prepare = Callable[[Evidence], None]

__all__ = ["Check", "Rubric", "check", "load", "of_exercise"]

_MARK = "__mldocker_check__"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        id: its name in kebab case ("deps-kept").
        says: what it says when it passes.
        judge: the function.
    """

    id: str
    says: str
    judge: Judge

    def __call__(self, evidence: Evidence) -> Verdict:
        """Judge; whatever goes wrong becomes a verdict too."""
        try:
            verdict = self.judge(evidence)
        except Exception as error:  # noqa: BLE001 a check that breaks must not take the others along
            return verdict_on(error)
        return replace(verdict, seen=self.says) if verdict.status == "passed" else verdict


@dataclass(frozen=True, slots=True)
class Rubric:
    """All checks of an exercise by id, and what is done to the answer's copy before the first."""

    checks: dict[str, Check]
    prepare: Prepare | None = None


def check(name: str, *, says: str) -> Callable[[Judge], Judge]:
    """Make a function a check.

    Args:
        name: its id in kebab case.
        says: what it says when it passes: no seconds, sizes or digests.
    """

    def mark(judge: Judge) -> Judge:
        setattr(judge, _MARK, Check(name, says, judge))
        return judge

    return mark


def of_exercise(exercise: Exercise) -> Rubric:
    """The checks of an exercise.

    Raises:
        UsageError: they are not the ones that exercise.toml gives points to.
    """
    loaded = load(exercise.folder / "rubric.py")
    if loaded.checks.keys() != exercise.points.keys():
        odd = ", ".join(sorted(loaded.checks.keys() ^ exercise.points.keys()))
        raise UsageError(
            f"{exercise.id}: rubric.py and {SETTINGS} disagree about {odd}",
            f"give every check of rubric.py its points in {SETTINGS}, and no others",
        )
    return loaded


def load(path: Path) -> Rubric:
    """The checks in a ``rubric.py``, and its function ``prepare`` if it has one.

    Raises:
        UsageError: no such file, no check in it, or one id twice.
    """
    if not path.is_file():
        raise UsageError(f"there is no {path}", "an exercise has a rubric.py beside exercise.toml")
    module = _module(path)
    found: dict[str, Check] = {}
    for thing in vars(module).values():
        one = getattr(thing, _MARK, None)
        if not isinstance(one, Check):
            continue
        if one.id in found:
            raise UsageError(f"{path}: two checks are called {one.id}", "rename one of them")
        found[one.id] = one
    if not found:
        raise UsageError(f"{path} holds no check", "decorate a function with @check(…)")
    return Rubric(found, getattr(module, "prepare", None))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mldocker_rubric_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
