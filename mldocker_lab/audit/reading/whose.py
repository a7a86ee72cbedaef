"""Whose container is it: what the files of a project start, and from which Dockerfile."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.deployment import Unit, units
from mldocker_lab.audit.reading.docker_lines import bare, docker_lines
from mldocker_lab.audit.reading.images import is_published

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from mldocker_lab.audit.reading.project import Project

__all__ = ["Started", "started_in"]

_DEPLOYS = re.compile(r"\.(ya?ml|sh|bash|zsh|ps1|mk)$|(^|/)(GNU)?[Mm]akefile$|(^|/)justfile$")
_SKIPPED = re.compile(
    r"(^|/)(\.github|\.circleci|\.gitlab|node_modules|\.venv|venv|site-packages)/|(^|"
    r"/)\.gitlab-ci\.yml$"
)
#: Words of paths and names that say nothing, and those that say something if no other word does.
_COMMON = frozenset(
    """
dockerfile docker containerfile deploy deployment src build images container prod main latest local
k8s k3s yaml yml compose com ghcr
""".split()
)
_VAGUE = frozenset("app api service services server web rest model models cpu gpu cuda".split())
_WORD = 3  # letters that make a name telling
_MOST = 400  # files that may say how it is started
_PLAIN = ("Dockerfile", "Containerfile")


@dataclass(frozen=True)
class Started:
    """What the files of a project start.

    Attributes:
        units: every container.
        built: the images that scripts and Makefiles build, with and without their tag, and the
            Dockerfiles that each is built from.
        names: every file of the project.
        alone: there is one Dockerfile only.
    """

    units: tuple[Unit, ...]
    built: Mapping[str, Collection[str]]
    names: frozenset[str]
    alone: bool

    def by_compose(self, file: str) -> list[Unit]:
        """The containers of compose files that build that Dockerfile."""
        return [unit for unit in self.units if unit.build == file]

    def of(self, file: str, stage: str, bases: frozenset[str]) -> tuple[Unit, ...]:
        """The containers of a Dockerfile.

        Args:
            file: its path.
            stage: the name of the stage that is judged; "" if it has none.
            bases: the images it starts from, which are somebody else's.
        """
        mine = self.by_compose(file)
        same = [unit for unit in mine if unit.target in ("", stage)]
        mine = same or mine  # all of them, if compose builds only other stages
        named = [unit for unit in self._named(file, mine) if unit.image not in bases]
        return (*mine, *named)

    def _named(self, file: str, mine: list[Unit]) -> list[Unit]:
        """Containers of images that are not built where they are started, and seem to be this one.

        With a single Dockerfile, all of them. Otherwise those whose image a script builds from it;
        or those that share the most telling words with its path, or with compose's services.
        """
        free = [u for u in self.units if u.ours and (not u.build or u.build not in self.names)]
        free = [u for u in free if u.build or not is_published(u.image)]
        if self.alone:
            return free
        told = [(u, self.built.get(u.image) or self.built.get(bare(u.image))) for u in free]
        ours = [unit for unit, files in told if files and file in files]
        if ours:
            return ours
        free = [unit for unit, files in told if not files]
        words = _words(file)
        words |= {word for unit in mine for word in _words(f"{unit.name}/{unit.image}")}
        scores = [_alike(words - _VAGUE or words, file, unit) for unit in free]
        best = max(scores, default=0)
        if best:
            return [unit for unit, score in zip(free, scores, strict=True) if score == best]
        return free if file in _PLAIN and not mine else []


def started_in(project: Project, *, alone: bool) -> Started:
    """Look through compose files, manifests, scripts and Makefiles.

    Args:
        project: the files.
        alone: the project has one Dockerfile only.
    """
    every = frozenset(project.names)
    names = [n for n in every if _DEPLOYS.search(n) and not _SKIPPED.search(n)]
    found: list[Unit] = []
    built: dict[str, set[str]] = {}
    for name in sorted(names, key=lambda n: (n.count("/"), n))[:_MOST]:
        text = project.read(name) or ""
        if name.endswith((".yml", ".yaml")):
            found += units(name, text, _values(project, name) if "{{" in text else "")
            continue
        for one in docker_lines(name, text):
            if isinstance(one, Unit):
                found.append(one)
            elif known := next((path for path in one.dockerfiles if path in every), ""):
                for called in {one.image, bare(one.image)}:
                    built.setdefault(called, set()).add(known)
    return Started(tuple(found), built, every, alone)


def _values(project: Project, template: str) -> str:
    """The values of the Helm chart that a template belongs to; "" if there are none."""
    chart = posixpath.dirname(posixpath.dirname(template))
    return project.read(posixpath.join(chart, "values.yaml")) or ""


def _words(text: str) -> set[str]:
    """The telling words of a path or name."""
    parts = re.split(r"[/_.:-]", text.lower())
    return {part for part in parts if len(part) >= _WORD and part not in _COMMON}


def _alike(words: set[str], file: str, unit: Unit) -> int:
    """How much speaks for a container being that of a Dockerfile; 0 if no word does."""
    folder = posixpath.dirname(file)
    name = posixpath.basename(unit.image).partition(":")[0]
    same = len(words & _words(f"{unit.name}/{unit.image}/{posixpath.basename(unit.spot.file)}"))
    exact = bool(folder) and posixpath.basename(folder) in (unit.name, name)
    near = bool(folder) and unit.spot.file.startswith(f"{folder}/")
    return 2 * same + near + 2 * exact if same else 0
