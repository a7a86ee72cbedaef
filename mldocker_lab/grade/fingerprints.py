"""Hashes of everything a grade depends on; the same hashes, the same grade."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab import __version__
from mldocker_lab.grade.ledger import Hashes
from mldocker_lab.supply import bases

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mldocker_lab.grade.exercise import Exercise

__all__ = ["hashes", "of_exercise", "of_files"]

_SKIPPED = ("__pycache__", ".ipynb_checkpoints")


def hashes(checks: str, files: Mapping[str, bytes], place: str, *, why: str = "") -> Hashes:
    """The hashes of one grading.

    Args:
        checks: of the trusted exercise (``of_exercise``); "" if there is no such.
        files: the answer files.
        place: where it is graded.
        why: why the answer was refused, if it was: a refusal is a result as well.
    """
    answers = of_files([*files.items(), *([("refused", why.encode())] if why else [])])
    return Hashes(answers, checks, _supplies(), _grader(), place)


def of_files(files: Iterable[tuple[str, bytes]]) -> str:
    """A hash of names and contents, in whatever order they come."""
    digest = sha256()
    for name, data in sorted(files):
        head = f"{len(name.encode())} {len(data)}\n{name}"
        digest.update(head.encode() + data)
    return digest.hexdigest()


def of_exercise(exercise: Exercise) -> str:
    """Everything the graded copy is made from; what somebody tried in ``answer/`` is no part."""
    skipped = "answer" if exercise.start.is_dir() else ""
    return of_files(_below(exercise.folder, skipped))


@cache
def _supplies() -> str:
    return bases.fingerprint()


@cache
def _grader() -> str:
    """The version, and the code itself: a corrected check or builder grades anew."""
    package = Path(str(resources.files("mldocker_lab")))
    code = of_files((name, data) for name, data in _below(package) if name.endswith(".py"))
    return f"{__version__}+{code[:12]}"


def _below(folder: Path, skipped: str = "") -> Iterable[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        hidden = any(part in _SKIPPED for part in path.parts)
        if path.is_file() and not hidden and not (skipped and name.startswith(f"{skipped}/")):
            yield name, path.read_bytes()
