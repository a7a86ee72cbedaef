"""Audit a folder or a Dockerfile: load, choose, judge, accept what the baseline accepts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.loading import load
from mldocker_lab.audit.reading.targets import deployed, dockerfiles, target_of
from mldocker_lab.audit.static import judge
from mldocker_lab.audit.telling.baseline import NAME, Baseline
from mldocker_lab.audit.telling.scorecard import Scorecard
from mldocker_lab.dockerfile.lenient import parse_leniently
from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.reading.project import Project

__all__ = ["Audited", "audit_all", "open_project"]


@dataclass(frozen=True)
class Audited:
    """A project that was opened, and which of its Dockerfiles are judged.

    Attributes:
        folder: the project's folder.
        project: its files.
        files: the Dockerfiles to judge.
        others: Dockerfiles that are left out.
    """

    folder: Path
    project: Project
    files: tuple[str, ...]
    others: tuple[str, ...]


def open_project(
    path: str | Path,
    dockerfile: str | None = None,
    *,
    everything: bool = False,
    within: str | Path | None = None,
) -> Audited:
    """Find the Dockerfile to judge: the named one, the one at the top, or all.

    Args:
        path: the project's folder, or a Dockerfile.
        dockerfile: which Dockerfile of the folder.
        everything: all of them.
        within: the project's folder, if ``path`` is a Dockerfile deeper in it; else the
            Dockerfile's own folder is the project.

    Raises:
        UsageError: there is no such path, no Dockerfile in it, or it is not within that folder.
    """
    here = Path(path)
    if here.is_file():
        folder = here.parent if within is None else Path(within)
        if not here.resolve().is_relative_to(folder.resolve()):
            raise UsageError(f"{here} is not within {folder}", "name a folder above the Dockerfile")
        dockerfile = dockerfile or here.resolve().relative_to(folder.resolve()).as_posix()
    elif here.is_dir():
        folder = here
    else:
        raise UsageError(f"there is no {here}", "name a project's folder, or a Dockerfile")
    project = load(folder)
    known = dockerfiles(project)
    if dockerfile is not None:
        chosen = [dockerfile.replace("\\", "/").removeprefix("./")]
    else:
        chosen = known if everything else known[:1]
    if not chosen:
        raise UsageError(
            f"there is no Dockerfile in {folder}", "name it: audit PATH --dockerfile FILE"
        )
    others = tuple(name for name in known if name not in chosen)
    return Audited(folder, project, tuple(chosen), others)


def audit_all(
    found: Audited,
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
) -> list[tuple[Scorecard, Target]]:
    """The scorecard of every chosen Dockerfile, with what was judged."""
    return _cards(found, target, args, baseline)


def _cards(
    found: Audited,
    stage: str | None,
    args: Mapping[str, str] | None,
    baseline: str | Path | None,
) -> list[tuple[Scorecard, Target]]:
    accepted = _baseline(found.folder, baseline)
    started = deployed(found.project)
    made = []
    for file in found.files:
        target = target_of(found.project, file, stage, args, started=started)
        _, problems = parse_leniently(target.dockerfile.text)
        card = Scorecard(
            target=file,
            stage=target.stage.label,
            findings=accepted.apply(file, judge(target)),
            others=found.others,
            problems=tuple(str(one.what) for one in problems),
        )
        made.append((card, target))
    return made


def _baseline(folder: Path, given: str | Path | None) -> Baseline:
    if given is not None:
        return Baseline.load(Path(given))
    usual = folder / NAME
    return Baseline.load(usual) if usual.is_file() else Baseline()
