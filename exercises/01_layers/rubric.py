"""Does the image hold what it shows, and nothing else? Take it apart, and compare with the start.

The start's image says which files there are to be, whose they are, and who may read them; what is
in them is made up for this run.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mldocker_lab.grade.printed import last_json
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.report.layerindex import Kind
from mldocker_lab.report.waste import walk
from mldocker_lab.supply.bases import SLIM
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.grade.evidence import Evidence
    from mldocker_lab.report.inspection import Inspection

#: /etc/passwd and the like are written again by whoever adds a user: that costs a few kilobytes.
MOST_WASTED = 100_000
MOST_SHARE = 0.30
FOLDER = "/app/vectors/"
FINDER = 10001
PAIRS = 5
#: pip's cache by its shape (folders of single hex digits), wherever it was put.
PIP_CACHE = re.compile(r"/(http|http-v2|wheels)/([0-9a-f]/){2,}|/\.cache/pip/.|/selfcheck/.")
BUNDLED = re.compile(r"ensurepip/_bundled/|share/python-wheels/")
#: Runs in the start's image, out of anyone's reach: what the programs of the start come to.
TRUTH = """
import json, shutil, subprocess, sys, zlib
from pathlib import Path
def run(*command):
    return subprocess.run(command, cwd="/tmp", check=True, capture_output=True, text=True).stdout
run("python", "/in/fetch.py")
run("tar", "-xf", "vectors.tar", "--no-same-owner")
run("python", "/in/trim.py")
shutil.copy("/in/similar.py", "/tmp")
words = Path("/tmp/vectors/words.txt").read_text().split()
asked = [words[place] for place in json.loads(sys.argv[1])]
found = {path.name: path.read_bytes() for path in Path("/tmp/vectors").iterdir()}
print(json.dumps({
    "files": {name: [len(data), zlib.crc32(data)] for name, data in found.items()},
    "words": asked,
    "said": run("python", "similar.py", *asked),
}))
"""


def prepare(evidence: Evidence) -> None:
    """Another release: other words, other vectors."""
    evidence.put("release.txt", f"{evidence.random.randbytes(8).hex()}\n")


@check("no-waste", says="no layer holds more than a trace that a later layer hides")
def no_waste(evidence: Evidence) -> Verdict:
    """Every file in every layer: does the finished image show it?"""
    image = evidence.inspect(evidence.first.report.image_id)
    if image.wasted_bytes <= MOST_WASTED:
        return unfit(evidence) or passed()
    worst = image.wasted[0]
    wrote, hid = (quoted(image.layers[at].instruction) for at in (worst.layer, worst.hidden_by))
    done, why, hint, *more = REASONS[worst.reason]
    return failed(
        f"{size(image.wasted_bytes)} are in layers and in no container; most of it is "
        f"{worst.path} ({size(worst.bytes)}), written by {wrote} and {done} by {hid}",
        why=why,
        hint=hint,
        more=tuple(more),
    )


@check("light", says="the image adds at most 30 % of what the start adds to its base")
def light(evidence: Evidence) -> Verdict:
    """What the layers above the base weigh, against the start's; and nothing that pip left."""
    image = evidence.inspect(evidence.first.report.image_id)
    for layer, index in zip(image.layers, image.indexes, strict=True):
        left = [item for item in index if item.kind is Kind.FILE and is_download(item.path)]
        if left:
            return failed(
                f"the layer of {quoted(layer.instruction)} holds "
                f"{size(sum(item.bytes for item in left))} of pip's downloads, "
                f"such as {shortened(left[0].path)}",
                why="nobody installs from them in a container, but every node pulls them",
                hint="either they are gone when that very instruction ends, or never written there",
                more=(
                    "pip knows an option for not keeping what it downloads",
                    "or its cache lies in a mount while the instruction runs: see lesson 03",
                ),
            )
    base = evidence.inspect(SLIM).bytes
    ours, theirs = image.bytes - base, evidence.inspect(evidence.naive.image).bytes - base
    if ours <= MOST_SHARE * theirs:
        return unfit(evidence) or passed()
    return failed(
        f"the image adds {size(ours)} to its base, {ours / theirs:.0%} of what the start adds; "
        f"{burden(image, base_of(evidence))}",
        why="the program needs the files of the task, and its package: a tenth of what the start "
        "adds",
        hint="what is only needed to make other files need not be in any layer",
        more=(
            "a layer is recorded when its instruction ends: what is gone by then was never in it",
            "or make the files somewhere that is not shipped, and take along just the result",
        ),
    )


@check("same-files", says="the vectors are the files of the start, with their owner and mode")
def same_files(evidence: Evidence) -> Verdict:
    """Names, contents, owner, group and mode of what the finished image shows."""
    if nothing := unfit(evidence):
        return nothing
    ours, theirs = vectors(evidence, evidence.first.report.image_id), pattern(evidence)
    extra = sorted(ours.keys() - theirs.keys())
    if extra:
        return failed(
            f"the image shows {extra[0]}, and the start's image does not",
            hint=f"{FOLDER} is to hold the {len(theirs)} files of the task and nothing else",
        )
    for path, theirs_is in theirs.items():
        ours_is = ours[path]
        if ours_is.owner != theirs_is.owner:
            return failed(
                f"{path} belongs to {ours_is.owner}, and not to {theirs_is.owner} (user:group)",
                why="the files were packed on somebody's laptop; here they belong to the service",
                hint="an owner is part of a file as a layer records it: set it before that",
                more=("who unpacks an archive decides about owners, if root does not do it",),
            )
        if ours_is.mode != theirs_is.mode:
            return failed(
                f"{path} has the mode {ours_is.mode:o}, and not {theirs_is.mode:o}",
                why="the license says that no other user may read it",
                hint="a mode is part of a file as a layer records it: set it before that",
            )
    return passed()


@check("shared-base", says="the layers of the base image are there, untouched, to be shared")
def shared_base(evidence: Evidence) -> Verdict:
    """A node that has the base must not pull it again."""
    base = base_of(evidence)
    if evidence.first.diff_ids[: len(base)] == base:
        return unfit(evidence) or passed()
    image = evidence.inspect(evidence.first.report.image_id)
    return failed(
        f"the image does not begin with the layers of {SLIM}; "
        f"its lowest layer is that of {quoted(image.layers[0].instruction)}",
        why="nodes have the base already, from other images; this one they pull whole, "
        "and again with each release",
        hint=f"what is shipped starts from {SLIM}",
        more=("a stage may gather everything; the last one takes from it just what is its own",),
    )


@check("answers", says="as the user finder, the program says what the start's program says")
def answers(evidence: Evidence) -> Verdict:
    """Ask for words of this run's release; the image's own user does it."""
    if nothing := unfit(evidence):
        return nothing
    told = truth(evidence)
    status, said = evidence.run(
        evidence.first.report.image_id,
        ["sh", "-c", 'id -u; python /app/similar.py "$@"', "sh", *told["words"]],
    )
    user, _, answer = said.partition("\n")
    if status:
        return failed(
            f"`python /app/similar.py` ended with {status}, as user {user}: {last_line(said)}",
            hint="the user who runs the container must be able to read what the program reads, "
            "and Python must find the package of requirements.txt",
            more=(f"who owns the files in /app, and who may read them? finder is {FINDER}",),
        )
    if user != str(FINDER):
        return failed(
            f"the container runs as user {user}, and not as finder ({FINDER})",
            why="the files belong to finder so that nobody else needs to read them",
            hint="which instruction says who runs the container?",
        )
    if answer != told["said"]:
        return failed(
            f"the program said {shortened(last_line(answer))!r} where the start's says "
            f"{shortened(last_line(told['said']))!r}",
            hint="let similar.py get into the image as it is",
        )
    return passed()


# -- facts several checks look at -----------------------------------------------------------


class Shown(NamedTuple):
    """A file that a finished image shows."""

    contents: tuple[int, int]  # bytes and checksum
    owner: str
    mode: int


def vectors(evidence: Evidence, image: str) -> dict[str, Shown]:
    """What an image shows in the folder of the task, by path."""

    def find() -> dict[str, Shown]:
        indexes = evidence.inspect(image).indexes
        found = {}
        for seen in walk(indexes):
            index = indexes[seen.layer]
            item = index.item(seen.position)
            if seen.hidden_by is None and item.kind is not Kind.FOLDER and expected(item.path):
                contents = (item.bytes, index.sums[seen.position])
                found[item.path] = Shown(contents, f"{item.uid}:{item.gid}", item.mode)
        return found

    return evidence.once(("vectors", image), find)


def pattern(evidence: Evidence) -> dict[str, Shown]:
    """What the start shows there, with the contents that this run's release gives it."""
    made = truth(evidence)["files"]
    return {
        path: shown._replace(contents=tuple(made[path.removeprefix(FOLDER)]))
        for path, shown in sorted(vectors(evidence, evidence.naive.image).items())
    }


def truth(evidence: Evidence) -> dict[str, Any]:
    """What the start's programs make of this run's release, and say about words of it."""

    def find() -> dict[str, Any]:
        places = [evidence.random.randrange(100_000) for _ in range(2 * PAIRS)]
        names = ("fetch.py", "trim.py", "similar.py", "release.txt")
        status, said = evidence.run(
            evidence.naive.image,
            ["python", "-c", TRUTH, json.dumps(places)],
            files={f"/in/{name}": evidence.text(name) for name in names},
        )
        if status:
            raise RuntimeError(f"the start's programs do not work: {said[-300:]}")
        return dict(last_json(said))

    return evidence.once("truth", find)


def unfit(evidence: Evidence) -> Verdict | None:
    """The verdict on an image without the vectors of this run; None if it shows them.

    An image with nothing in it wastes nothing and is light: that earns nothing.
    """
    ours = vectors(evidence, evidence.first.report.image_id)
    for path, theirs in pattern(evidence).items():
        if path not in ours:
            return failed(
                f"the image does not show {path}",
                why="only an image that does its work can be a light one",
                hint="it is to show the files of the task, as the start does",
            )
        if ours[path].contents != theirs.contents:
            return failed(
                f"{path} has {ours[path].contents[0]} bytes, and they are not those that "
                f"fetch.py and trim.py make of this release ({theirs.contents[0]} bytes)",
                hint="release.txt names the release; let fetch.py and trim.py run as they are",
            )
    return None


def base_of(evidence: Evidence) -> tuple[str, ...]:
    """The layers of the base that the start stands on."""
    return tuple(layer.diff_id for layer in evidence.inspect(SLIM).layers)


def expected(path: str) -> bool:
    """Whether a file is one of those that the image is for."""
    return path.startswith(FOLDER)


def is_download(path: str) -> bool:
    """Whether a file is pip's cache, or a wheel nobody will install again."""
    return bool(PIP_CACHE.search(path)) or (path.endswith(".whl") and not BUNDLED.search(path))


# -- words for what was seen ----------------------------------------------------------------

#: Why a file is wasted → what was done to it, what that costs, and hints, the last the clearest.
REASONS = {
    "deleted": (
        "deleted",
        "a layer only ever adds: deleting writes a mark, and every node still pulls the file",
        "which instruction needs this file last, and is it recorded together with the first?",
        "a layer is recorded when its instruction ends: what is gone by then was never in it",
        "so is what lay in a mount, or in a stage that is not shipped",
    ),
    "overwritten": (
        "overwritten",
        "the old contents stay in the layer below, and the new ones are added on top",
        "a file should get into a layer when it is as it will be: which step comes too late?",
        "within one instruction a file can change as often as you like: only its end is recorded",
        "in a stage that is not shipped it can change in as many instructions as you like",
    ),
    "metadata": (
        "written once more, with another owner, mode or date,",
        "a layer cannot say 'the same file, another owner': it holds the whole file again",
        "owner and mode should be right when the file gets into its layer: who could see to that?",
        "for files that a command makes: a later command of the same instruction, or its user",
        "for files that are copied: the instruction that copies knows options for both",
    ),
}


def burden(image: Inspection, base: tuple[str, ...]) -> str:
    """What makes an image heavy: what it hides, or the largest file nobody asked for."""
    if image.wasted_bytes > MOST_WASTED:
        return f"{size(image.wasted_bytes)} of that no container shows"
    added = [
        (item, layer)
        for layer, index in zip(image.layers, image.indexes, strict=True)
        for item in index
        if layer.diff_id not in base and not expected(item.path)
    ]
    item, layer = max(added, key=lambda found: found[0].bytes)
    return (
        f"the largest file that is none of the task's is {item.path} ({size(item.bytes)}), "
        f"in the layer of {quoted(layer.instruction)}"
    )


def quoted(instruction: str) -> str:
    """An instruction for a sentence."""
    return f"`{shortened(instruction)}`"


def last_line(text: str) -> str:
    """The last line of what a program printed."""
    return (text.strip().splitlines() or ["nothing"])[-1]


def shortened(text: str, most: int = 60) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
