"""The ten points of the production checklist: what the project's files say, and what it does.

The image is built once, taken apart, and lives four short lives; then every check reads its point
from what was seen. A point that nothing lets us judge is not met.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mldocker_lab.audit.reading.loading import load
from mldocker_lab.audit.reading.targets import target_of
from mldocker_lab.audit.static import judge
from mldocker_lab.audit.watching.adapter import Adapter
from mldocker_lab.audit.watching.behaviour import mounted
from mldocker_lab.audit.watching.dynamic import seen_of
from mldocker_lab.audit.watching.seen import joined
from mldocker_lab.errors import LabError
from mldocker_lab.gpu.check import check as check_gpu
from mldocker_lab.gpu.image import given
from mldocker_lab.gpu.recorded import hosts
from mldocker_lab.gpu.tables import tables
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed

if TYPE_CHECKING:
    from mldocker_lab.audit.finding import Finding
    from mldocker_lab.audit.watching.seen import Seen
    from mldocker_lab.grade.evidence import Build, Evidence

DOCKERFILE = "Dockerfile"
OTHER_MODEL = "models/last-week.onnx"
PIN = re.compile(r"(FROM\s+\S+?)@sha256:[0-9a-f]{64}", re.IGNORECASE)
TOLERANCE = 2e-4
#: Bearings nobody has seen, and what each of the two models says of them.
BEARINGS = (
    ((2.82, 0.42, 5.59, 58.89), 0.53095, 0.61965),
    ((1.89, 3.67, 6.34, 62.2), 0.45004, 0.38576),
    ((1.61, 6.16, 5.76, 59.45), 0.96667, 0.9),
    ((1.49, 4.76, 7.71, 61.57), 0.89818, 0.86667),
    ((-0.1, 5.43, 3.66, 48.98), 0.34444, 0.3),
    ((1.62, 3.93, 6.97, 70.73), 0.82963, 0.73333),
)
#: Hosts, and what the image must say to each: they have CUDA 12.2, 12.2, 13.2 and 12.0.
FLEET = {
    "a100-535": "runs",
    "rtx4090-535": "runs",
    "rtx4000ada-595": "runs",
    "rtx3090-525": "refused",
}
MORE = {
    "multi-stage": (
        "what does predicting need of all that requirements.txt lists?",
        "install in one stage, and copy what was installed into a second one that starts anew",
    ),
    "base-digest": (
        'lab.digest("mldocker-lab/python:3.11-slim") tells what stands behind the @',
        "every FROM that names an image from outside needs one",
    ),
    "python-pins": (
        "two months from now, which versions will be installed?",
        "lesson 05 shows how a list with hashes is made",
    ),
    "gpu-compat": (
        "what does the line about the older nodes switch off?",
        "those nodes have driver 535; the image can say what it needs, and a node then refuses it",
    ),
    "non-root": (
        "which instruction says who the process belongs to?",
        "a number works everywhere; which files does that user have to write?",
    ),
    "healthcheck": (
        "what does /ready say when the model cannot be read?",
        "let it run one prediction, and answer 503 with the reason when that fails",
        "curl is not in the image, Python is",
    ),
    "model-external": (
        "what has to be built again when the model changes?",
        "mldocker.yaml says where the file is mounted",
    ),
    "dockerignore": (
        "what does COPY . . send along that the image never needs?",
        "the history, the data, the models and the notebooks",
    ),
    "logs-stdout": (
        "who reads a file inside of a container that is gone?",
        "and when does Python hand on what was printed?",
    ),
    "limits": (
        "what happens to its neighbours when the service leaks?",
        "mldocker.yaml says what it is tried with; compose.yaml is what starts it",
    ),
}


# -- one check for each point ---------------------------------------------------------------


@check(
    "multi-stage", says="the image that ships holds nothing that only building or training needs"
)
def multi_stage(evidence: Evidence) -> Verdict:
    """What is in the image, and is a stage left behind?"""
    return point(evidence, "multi-stage")


@check("base-digest", says="every base is pinned by its digest")
def base_digest(evidence: Evidence) -> Verdict:
    """What does FROM name?"""
    return written(evidence, "base-digest")


@check("python-pins", says="every package has one version that was agreed on")
def python_pins(evidence: Evidence) -> Verdict:
    """What do the lists say that are installed?"""
    return written(evidence, "python-pins")


@check("gpu-compat", says="the image says which CUDA it needs, and lets nobody pass who lacks it")
def gpu_compat(evidence: Evidence) -> Verdict:
    """What does the image ask of the driver, and which hosts does that let in?"""
    verdict = written(evidence, "gpu-compat")
    return fleet(evidence) or verdict if verdict.status == "passed" else verdict


@check("non-root", says="its process does not run as root")
def non_root(evidence: Evidence) -> Verdict:
    """Who does the running process belong to?"""
    return point(evidence, "non-root")


@check("healthcheck", says="it is healthy with its model, and never with a broken one")
def healthcheck(evidence: Evidence) -> Verdict:
    """Start it with the model, and with rubbish in the model's place."""
    return point(evidence, "healthcheck")


@check("model-external", says="the model comes from outside: another file, other answers, no build")
def model_external(evidence: Evidence) -> Verdict:
    """Is a model in the image? And does the service use the one that is mounted?"""
    verdict = point(evidence, "model-external")
    return another_model(evidence) or verdict if verdict.status == "passed" else verdict


@check("dockerignore", says="history, data, models and notebooks stay out of the build")
def dockerignore(evidence: Evidence) -> Verdict:
    """What does the ignore file keep out, and what is in the image all the same?"""
    return point(evidence, "dockerignore")


@check("logs-stdout", says="what it prints arrives at once, and is there after SIGKILL")
def logs_stdout(evidence: Evidence) -> Verdict:
    """Kill it: what is left of its words?"""
    return point(evidence, "logs-stdout")


@check("limits", says="compose.yaml sets limits, and the service lives within them")
def limits(evidence: Evidence) -> Verdict:
    """Load it within the limits."""
    return point(evidence, "limits")


# -- facts several checks look at -----------------------------------------------------------


def written(evidence: Evidence, name: str) -> Verdict:
    """The verdict on a point that only the files tell."""
    return verdict_on(findings(evidence)[name])


def point(evidence: Evidence, name: str) -> Verdict:
    """The verdict on a point that shows when the service is built and lives."""
    (finding,) = joined([findings(evidence)[name]], watched(evidence))
    return verdict_on(finding)


def verdict_on(finding: Finding) -> Verdict:
    """A finding as a verdict; what cannot be judged is not met."""
    if finding.status == "pass":
        return passed()
    rule = finding.rule
    first, *more = MORE[rule.id]
    where = f"{finding.file}, line {finding.line}: " if finding.line else ""
    seen = finding.evidence if finding.status == "fail" else f"cannot be judged: {finding.evidence}"
    return failed(f"{where}{seen}", why=rule.why, hint=first, more=tuple(more))


def findings(evidence: Evidence) -> dict[str, Finding]:
    """What the files say, by point."""

    def read() -> dict[str, Finding]:
        evidence.put(".git/config", "[core]\n")  # what every checkout has beside it
        target = target_of(load(evidence.folder), DOCKERFILE)
        return {finding.id: finding for finding in judge(target)}

    return evidence.once("findings", read)


def image(evidence: Evidence) -> Build:
    """The image. Bases are the grader's own: another machine's have other digests."""

    def build() -> Build:
        findings(evidence)
        text = evidence.text(DOCKERFILE)
        evidence.put(DOCKERFILE, PIN.sub(r"\1", text))
        return evidence.first

    return evidence.once("image", build)


def adapter(evidence: Evidence) -> Adapter:
    """How to ask the service; a graded run waits no longer than it must."""
    return replace(Adapter.load(evidence.folder), seconds=30)


def watched(evidence: Evidence) -> dict[str, Seen]:
    """What is in the image, and what the service does."""

    def watch() -> dict[str, Seen]:
        image_id = image(evidence).report.image_id
        asked = adapter(evidence)
        weights = (evidence.folder / asked.weights).read_bytes()
        image_inside = evidence.inspect(image_id)
        return seen_of(evidence.bench, image_id, image_inside, adapter=asked, weights=weights)

    return evidence.once("watched", watch)


def fleet(evidence: Evidence) -> Verdict | None:
    """The verdict on an image that the nodes refuse, or that too old a driver lets in."""
    facts = evidence.bench.engine.image(image(evidence).report.image_id).config
    told = dict(one.partition("=")[::2] for one in facts.get("Env") or ())
    for name, expected in FLEET.items():
        gate = check_gpu(given(told), hosts()[name], tables()).gates["image"]
        if gate.verdict != expected:
            return failed(
                f"{hosts()[name].name} with this image: {gate.verdict} ({gate.reason})",
                why="what an image asks for decides where it starts: too much, and good nodes "
                "refuse it; too little, and it fails later, inside CUDA",
                hint=f"that node has CUDA {hosts()[name].cuda.value}; the service needs 12.2",
            )
    return None


def another_model(evidence: Evidence) -> Verdict | None:
    """The verdict on a service that does not use the model that is mounted; None if it does."""
    row, here, there = evidence.once("bearing", lambda: evidence.random.choice(BEARINGS))
    for name, expected in (("models/bearing.onnx", here), (OTHER_MODEL, there)):
        told = answer(evidence, name, row)
        if not isinstance(told, float) or abs(told - expected) > TOLERANCE:
            said = f"{told:.3f}" if isinstance(told, float) else told
            return failed(
                f"with {name} mounted, the service says {said} of a bearing, and {expected:.3f} "
                "would be right",
                why="whoever mounts another model believes that it is in use",
                hint="which file does the service open?",
            )
    return None


def answer(evidence: Evidence, model: str, row: tuple[float, ...]) -> float | str:
    """What the service says of a bearing with a model mounted; a word if it says nothing."""
    asked = adapter(evidence)
    weights = (evidence.folder / model).read_bytes()
    bench, image_id = evidence.bench, image(evidence).report.image_id
    try:
        with (
            mounted(bench, image_id, asked, weights) as start,
            start.container(ready=asked.ready) as running,
        ):
            return float(running.post(asked.predict, [list(row)]).json()["worn"][0])
    except (ValueError, KeyError, TypeError, IndexError):
        return "something else"
    except LabError as error:
        return error.what.splitlines()[0]
