"""Does a build take what was agreed on, and say so if it cannot?

The index changes after the answer was handed in: newer versions come out, a file is replaced. And
the list of packages loses a line. Each time the answer is built again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mldocker_lab.errors import BuildFailed, LabError
from mldocker_lab.grade.printed import last_json
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.supply import wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.grade.evidence import Build, Evidence

TOLERANCE = 1e-6
KILOMETRES = {"km": 1.0, "mile": 1.609}
MINUTES_PER_KILOMETRE = 2.4
#: What house-features needs, and the project's own list does not name.
UNNAMED = ("cachetools", "pyyaml")
LISTS = ("requirements*", "constraints*")
CODE = """\
def distance(value, unit):
    return {factor} * value
"""
#: Asks a Python which versions it has.
VERSIONS = """
import json
from importlib.metadata import distributions
print(json.dumps({d.metadata["Name"].lower(): d.version for d in distributions()}))
"""


@check("answers", says="the service answers rightly for distances it has never seen")
def answers(evidence: Evidence) -> Verdict:
    """Ask the service of the first build."""
    return wrong(evidence, evidence.first) or passed()


@check("newer", says="a newer version in the index changed nothing in the image")
def newer(evidence: Evidence) -> Verdict:
    """House-features gets a new version, with another idea of a distance."""
    return moved(evidence, "house-features") or passed()


@check("unnamed", says="nor did newer versions of packages that no program here names")
def unnamed(evidence: Evidence) -> Verdict:
    """Something that house-features needs gets a new version."""
    for name in UNNAMED:
        if verdict := moved(evidence, name):
            return verdict
    return passed()


@check("altered", says="the build refused a wheel that was replaced under its old name")
def altered(evidence: Evidence) -> Verdict:
    """The wheel of version 1.0 gets other bytes: is there an image?"""
    if verdict := wrong(evidence, evidence.first):
        return verdict
    changed = made(evidence, "house-features", "1.0", needs=UNNAMED)
    image = built(evidence, changed)
    if image is None:
        return passed()
    told = estimate(evidence, image)
    return failed(
        "house-features 1.0 in the index was replaced by other code, and the build used it: "
        f"the service now says {shown(told)} where it said {truth(evidence):.3f}",
        why="a version is a word in a file name; only a hash says which bytes you mean",
        hint="what could the list of packages say about each file besides its version?",
        more=(
            "pip hash prints it for a file; in the list it stands behind the version",
            "pip wants that for all packages or for none: the list has to name each of them",
        ),
    )


@check("gap", says="the build refused a list from which a line was lost")
def gap(evidence: Evidence) -> Verdict:
    """A package that others need falls out of the list: is there an image?"""
    if verdict := wrong(evidence, evidence.first):
        return verdict
    lost = evidence.once("lost", lambda: evidence.random.choice(UNNAMED))
    torn = {name: without(text, lost) for name, text in lists(evidence).items()}
    torn = {name: text for name, text in torn.items() if text != evidence.text(name)}
    if not torn:
        return failed(
            f"no list of yours names {lost}, so nothing could be lost: pip chose it by itself",
            why="what is not listed is chosen anew by every build",
            hint="ask a container of your image what is installed in it",
            more=("a lock lists what the listed packages need, and what those need",),
        )
    if built(evidence, torn) is None:
        return passed()
    return failed(
        f"{lost} was taken out of {' and '.join(sorted(torn))}, and the build went on without "
        "a word",
        why="either the image lacks a package, which shows in production, or it has one that "
        "nobody agreed on",
        hint="which command of pip tells whether all that is needed is installed?",
        more=(
            "it has to run in the build, and its exit status has to count",
            "pip itself checks a list of hashes, unless it may not look at what packages need",
        ),
    )


# -- facts several checks look at -----------------------------------------------------------


def question(evidence: Evidence) -> tuple[float, str]:
    """A distance that no answer can know."""

    def draw() -> tuple[float, str]:
        random = evidence.random
        return round(random.uniform(3, 40), 2), random.choice(tuple(KILOMETRES))

    return evidence.once("question", draw)


def truth(evidence: Evidence) -> float:
    """The minutes that it takes."""
    value, unit = question(evidence)
    return MINUTES_PER_KILOMETRE * value * KILOMETRES[unit]


def estimate(evidence: Evidence, build: Build) -> object:
    """What the service of an image says; a word about what went wrong, if it does not answer."""

    def ask() -> object:
        value, unit = question(evidence)
        try:
            with evidence.bench.run(build.report.image_id, ready="/health", seconds=20) as running:
                return running.post("/estimate", {"value": value, "unit": unit}).json()["minutes"]
        except (ValueError, KeyError, TypeError):
            return "something else"

    return evidence.once(("estimate", build.report.image_id), ask)


def shown(told: object) -> str:
    """An answer of the service in a sentence: it may be anything."""
    return f"{told:.3f}" if isinstance(told, int | float) else str(told)[:40]


def wrong(evidence: Evidence, build: Build) -> Verdict | None:
    """The verdict on a service that does not answer rightly; None if it does."""
    told, expected = estimate(evidence, build), truth(evidence)
    if isinstance(told, int | float) and abs(told - expected) <= TOLERANCE * expected:
        return None
    return failed(
        f"the service says {shown(told)}, and {expected:.3f} would be right",
        hint="let app.py run as it is, with version 1.0 of house-features",
    )


def moved(evidence: Evidence, name: str) -> Verdict | None:
    """The verdict after a newer version came out; None if the image is as it was."""
    if verdict := wrong(evidence, evidence.first):
        return verdict
    before = versions(evidence, evidence.first)
    number = f"{evidence.once('number', lambda: evidence.random.randint(90, 400))}.0"
    image = built(evidence, made(evidence, name, number, needs=()))
    if image is None:
        return failed(
            f"{name} {number} came out, and your build fails since then",
            why="others publish what they like: that is no reason for your image not to be built",
            hint="look only at the files that you use",
            more=("what is in the index besides them is none of the build's business",),
        )
    after = versions(evidence, image)
    others = [one for one in before if after.get(one) != before[one]]
    if others or after.keys() - before.keys():
        one = (others or sorted(after.keys() - before.keys()))[0]
        return failed(
            f"{name} {number} came out, and the same build now has {one} {after.get(one)} "
            f"where it had {before.get(one, 'none')}",
            why="the same commit gives another image, and nobody decided that",
            hint="what does your list say about this package, if it names it at all?",
            more=("list each package that gets installed, with the one version you mean",),
        )
    return wrong(evidence, image)


def versions(evidence: Evidence, build: Build) -> dict[str, str]:
    """Package → version, as the Python in an image sees them."""

    def ask() -> dict[str, str]:
        status, said = evidence.run(build.report.image_id, ["python", "-c", VERSIONS])
        if status:
            raise LabError(
                f"`python` in the image ended with {status}: {said.strip()[-200:]}",
                "the image serves with Python: let `python` be on its PATH",
            )
        return dict(last_json(said))

    return evidence.once(("versions", build.report.image_id), ask)


def built(evidence: Evidence, edits: Mapping[str, str | bytes]) -> Build | None:
    """The build after a change; None if an instruction refused."""
    evidence.first  # noqa: B018 what fails without the change fails for another reason
    try:
        return evidence.build(edits)
    except BuildFailed as error:
        if not error.instruction:
            raise  # stopped from outside: nobody refused anything
        return None


def made(
    evidence: Evidence, name: str, version: str, *, needs: tuple[str, ...]
) -> dict[str, bytes]:
    """A wheel for the index, with code of this run."""
    factor = evidence.once("factor", lambda: round(evidence.random.uniform(2, 9), 3))
    file = f"index/{wheel.file_name(name, version)}"
    return {file: wheel.make(name, version, CODE.format(factor=factor), needs=needs)}


def lists(evidence: Evidence) -> dict[str, str]:
    """The answer's lists of packages, by file name."""
    found = [path for pattern in LISTS for path in sorted(evidence.folder.glob(pattern))]
    return {path.name: evidence.text(path.name) for path in found if path.is_file()}


def without(text: str, name: str) -> str:
    """A list without a package: its line, and those that go on from it."""
    line = re.compile(rf"^{name}\b(?!-)(.*\\\n)*.*\n?", re.IGNORECASE | re.MULTILINE)
    return line.sub("", text)
