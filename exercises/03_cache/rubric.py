"""Are rebuilds cheap? Build the answer, edit what a team edits, build again, and look."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.supply import locks
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.grade.evidence import Build, Evidence
    from mldocker_lab.grade.inside import LayerFiles

DATA_BYTES = 20_000_000
TOLERANCE = 1e-4
SMALL_PACKAGES = (
    "cachetools",
    "orjson",
    "prometheus-client",
    "python-multipart",
    "pyyaml",
    "structlog",
    "tenacity",
    "tqdm",
)
#: Where pip's packages show in a layer, whatever folder they were installed into.
PACKAGES = ("fastapi/__init__.py", "numpy/__init__.py", "uvicorn/__init__.py")
#: pip's cache by its shape (folders of single hex digits), wherever it was put.
PIP_CACHE = re.compile(
    r"/(http|http-v2|wheels)/([0-9a-f]/){2,}|/\.cache/pip/.|/selfcheck/[0-9a-f]{9}"
)
BUNDLED = re.compile(r"ensurepip/_bundled/|share/python-wheels/")


def prepare(evidence: Evidence) -> None:
    """Give the copy what no learner has seen: training data to stumble over, other weights."""
    random = evidence.random
    evidence.put(data_name(evidence), random.randbytes(DATA_BYTES))
    weights = [round(random.uniform(0.1, 9), 3) for _ in range(3)]
    evidence.put("model.json", json.dumps({"weights": weights, "bias": random.randint(1, 60)}))


@check("lean-context", says="the training data is neither sent to the engine nor in the image")
def lean_context(evidence: Evidence) -> Verdict:
    """A heavy file appears in data/: who sends it, who keeps it?"""
    build, name = evidence.first, data_name(evidence)
    holding = [one for one in evidence.layers(build) if any(name in file for file in one.files)]
    if holding:
        return failed(
            f"data/ got a new file of {size(DATA_BYTES)}, and it is in {named(holding[0])}",
            why="every build sends it, every node pulls it, and any change of it is a cache miss",
            hint="what does COPY copy, and which file tells the builder what to leave out?",
            more=(
                "a COPY can name files; and what is never sent cannot be copied by any COPY",
                "exercise 02_context is about that file: one pattern per line, the last match wins",
            ),
        )
    if build.report.context_bytes >= DATA_BYTES:
        return failed(
            f"data/ got a new file of {size(DATA_BYTES)}; the image is without it, but "
            f"{size(build.report.context_bytes)} were sent to the engine",
            why="every build waits until all of it has been sent",
            hint="a file beside the Dockerfile can name what is not to be sent",
            more=("its name begins with a dot; data/ gets new files each night: name the folder",),
        )
    return empty(evidence) or passed()


@check("deps-kept", says="after an edit of app.py the dependency layers kept their digests")
def deps_kept(evidence: Evidence) -> Verdict:
    """app.py becomes a new version: the packages stay, the new version runs."""
    before = evidence.first
    layers = [one for one in evidence.layers(before) if dependencies(one)]
    if nothing := empty(evidence):
        return nothing
    after = edited(evidence)
    lost = [one for one in layers if one.diff_id not in after.diff_ids]
    if lost:
        return failed(
            f"after an edit of app.py, {named(lost[0])} was made again, with the packages in it",
            why="an instruction runs again when a file that was copied before it has changed",
            hint="what has to be in the image before pip can run, and what can come later?",
            more=(
                "pip reads one file; app.py is not that file",
                "two COPY instructions instead of one: what changes rarely stands above",
            ),
        )
    again = installers(after)
    if again:
        return failed(
            f"after an edit of app.py pip ran again: {again[0]}",
            why="the result was the same, but you waited for it",
            hint="look at what is copied before that instruction, in its own stage",
            more=("copy there only the file that pip reads",),
        )
    told = service(evidence)
    if told["version"] != version(evidence):
        return failed(
            "the layers were kept, but the edit of app.py never reached the running service",
            why="a cache is only right if it notices what did change",
            hint="copy app.py into the image after the packages are installed",
        )
    return passed()


@check("one-wheel", says="a new line in requirements.txt made pip fetch nothing it had before")
def one_wheel(evidence: Evidence) -> Verdict:
    """A package is added to requirements.txt: what does pip fetch?"""
    name = evidence.once("new package", lambda: evidence.random.choice(SMALL_PACKAGES))
    pin = f"{name}=={locked(name)}"
    before = set(evidence.first.wheels)
    build = evidence.build({"requirements.txt": f"{evidence.text('requirements.txt')}\n{pin}\n"})
    fetched = set(build.wheels)
    if not any(belongs(wheel, name) for wheel in fetched):
        return failed(
            f"{pin} was added to requirements.txt, but the build never fetched it",
            hint="the team adds to requirements.txt: let pip install from this file",
        )
    again = sorted(fetched & before)
    if again:
        new = len(fetched) - len(again)
        wheels = "wheel" if new == 1 else "wheels"
        return failed(
            f"{pin} was added to requirements.txt: {new} new {wheels} fetched, as it must be, but "
            f"also {len(again)} of the {len(before)} that the first build had fetched already "
            f"({', '.join(wheel.partition('-')[0] for wheel in again[:3])}, …)",
            why="pip ran again, as it must, but found nothing of what it had downloaded before",
            hint="where does pip keep downloads, and what could keep that folder between builds?",
            more=(
                "a layer cannot: it is thrown away as a whole when its instruction runs again",
                "RUN knows mounts: one type of them survives, outside of every layer",
            ),
        )
    return passed()


@check("no-pip-cache", says="no layer holds pip's cache or left-over wheels")
def no_pip_cache(evidence: Evidence) -> Verdict:
    """Search every layer, also those below one that deletes files."""
    for layer in evidence.layers(evidence.first):
        left = {name: count for name, count in layer.files.items() if is_left_over(name)}
        if left:
            return failed(
                f"{named(layer)} holds {size(sum(left.values()))} of pip's downloads, "
                f"such as {shortened(next(iter(left)))}",
                why="a later instruction can hide files of a layer, but all its bytes are pulled",
                hint="keep them out of this very layer: never written, or written to a mount",
                more=(
                    "deleting them in a later instruction is too late, in the same one is not",
                    "what lies in a mount while the instruction runs is not in its layer",
                ),
            )
    return empty(evidence) or passed()


@check("answers", says="the service answers rightly for numbers it has never seen")
def answers(evidence: Evidence) -> Verdict:
    """Ask the edited service, with a model made up for this run."""
    told = service(evidence)
    got, expected = told["minutes"], told["expected"]
    if len(got) != len(expected):
        return failed(
            f"/predict answered {told['status']}: {len(got)} numbers for {len(expected)} rows",
            hint="let app.py and model.json reach the image as they are",
        )
    wrong = [pair for pair in zip(got, expected, strict=True) if not close(*pair)]
    if wrong:
        return failed(
            f"/predict said {wrong[0][0]} where the model says {wrong[0][1]:.6f}",
            hint="let app.py and model.json reach the image as they are",
        )
    return passed()


# -- facts several checks look at -----------------------------------------------------------


def data_name(evidence: Evidence) -> str:
    """The heavy file of this run."""
    return f"data/history-{evidence.token}.bin"


def version(evidence: Evidence) -> str:
    """What the edited app.py calls itself in this run."""
    return f"2.0-{evidence.token}"


def edited(evidence: Evidence) -> Build:
    """A build after an edit of app.py."""
    text = evidence.text("app.py").replace('VERSION = "1.0"', f'VERSION = "{version(evidence)}"')
    return evidence.build({"app.py": text})


def service(evidence: Evidence) -> dict[str, Any]:
    """What the edited service says: its version, and minutes for a random batch."""
    return evidence.once("service", lambda: ask(evidence, edited(evidence)))


def ask(evidence: Evidence, build: Build) -> dict[str, Any]:
    """Start the service, ask it, and work out what it should have said."""
    model = json.loads(evidence.text("model.json"))
    batch = [[round(evidence.random.uniform(0, 50), 3) for _ in range(3)] for _ in range(8)]
    with evidence.bench.run(build.report.image_id, ready="/health", seconds=20) as running:
        health, answer = running.get("/health"), running.post("/predict", json=batch)
    pairs = [zip(row, model["weights"], strict=True) for row in batch]
    return {
        "version": field(health, "version"),
        "status": answer.status_code,
        "minutes": field(answer, "minutes") or [],
        "expected": [sum(x * weight for x, weight in pair) + model["bias"] for pair in pairs],
    }


def field(answer: Any, name: str) -> Any:
    """A field of a JSON answer; None if there is none."""
    try:
        return answer.json().get(name)
    except (ValueError, AttributeError):
        return None


def empty(evidence: Evidence) -> Verdict | None:
    """The verdict on an image without the packages; None if it has them.

    Who installs nothing has no downloads to leave behind: that earns nothing.
    """
    if any(dependencies(one) for one in evidence.layers(evidence.first)):
        return None
    return failed(
        "no layer of the image holds fastapi, numpy and uvicorn",
        hint="the image must bring the packages of requirements.txt along",
    )


def close(got: Any, expected: float) -> bool:
    """Whether a number is right, up to the service's rounding."""
    return isinstance(got, int | float) and abs(got - expected) <= TOLERANCE * max(1, abs(expected))


def dependencies(layer: LayerFiles) -> bool:
    """Whether a layer holds installed packages."""
    return any(name.endswith(PACKAGES) for name in layer.files)


def installers(build: Build) -> list[str]:
    """Instructions that ran pip in this build, by what they printed and what they are."""
    return [
        step.instruction
        for step in build.report.steps
        if step.status == "run"
        and (
            "Successfully installed" in build.printed.get(step.index, "")
            or "pip install" in step.instruction
        )
    ]


def is_left_over(name: str) -> bool:
    """Whether a file is pip's cache, or a wheel nobody will install again."""
    return bool(PIP_CACHE.search(f"/{name}")) or (
        name.endswith(".whl") and not BUNDLED.search(name)
    )


def locked(name: str) -> str:
    """The version of a package that the lab's mirror has."""
    return next(wheel.version for wheel in locks.wheels("extra") if wheel.name == name)


def belongs(wheel: str, package: str) -> bool:
    """Whether a wheel's file name is one of a package's."""
    return re.sub(r"[-_.]+", "-", wheel.partition("-")[0]).lower() == package


def named(layer: LayerFiles) -> str:
    """The instruction that made a layer, for a sentence."""
    made = re.sub(r"/bin/sh -c |#\(nop\) |# buildkit$", "", layer.created_by).strip()
    return f"the layer of `{shortened(made)}`" if made else "a layer"


def shortened(text: str, most: int = 60) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
