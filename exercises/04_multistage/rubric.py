"""Is the server's image for serving only, and does it say what the trainer says?"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import BuildFailed, LabError
from mldocker_lab.grade.printed import last_json
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.grade.evidence import Build, Evidence
    from mldocker_lab.grade.inside import LayerFiles

MOST = 0.35  # of the start's file bytes
TOLERANCE = 1e-5
READINGS = 300
PUMPS = 32
TRAINING = ("sklearn", "skl2onnx", "onnx", "scipy")
JUPYTER = ("ipykernel", "jupyter_client", "IPython")
COMPILERS = ("gcc", "cc", "g++", "c++")
#: The same in the lists of files that the layers hold.
IN_LAYERS = re.compile(
    rf"/(?P<name>{'|'.join((*TRAINING, *JUPYTER))})/__init__\.py$"
    r"|/bin/([\w-]+-)?(?P<program>gcc|g\+\+|clang)(-\d+)?$"
)

#: Asks a Python what it could import, and the shell's path which programs there are.
LOOK = """
import importlib.util, json, shutil, sys
modules, programs = json.loads(sys.argv[1])
print(json.dumps({
    "modules": [name for name in modules if importlib.util.find_spec(name)],
    "programs": [name for name in programs if shutil.which(name)],
}))
"""
#: What scikit-learn itself says, from the same program and the same data.
TRUTH = """
import json
import numpy as np
from train import fit
batch = np.array(json.load(open("/in/batch.json")), dtype="float32")
model, _ = fit("/in/readings.csv")
print(json.dumps(model.predict_proba(batch)[:, 1].tolist()))
"""


def prepare(evidence: Evidence) -> None:
    """Other pumps: a model that was trained before knows nothing about them."""
    random = evidence.random
    weights = [random.choice((-1, 1)) * random.uniform(0.5, 2) for _ in range(4)]
    rows = ["vibration,temperature,pressure,hours,failed"]
    for _ in range(READINGS):
        pump = reading(evidence)
        score = sum(w * z for w, z in zip(weights, standard(pump), strict=True))
        fails = score + random.gauss(0, 0.5) > 0
        rows.append(",".join([*map(str, pump), str(int(fails))]))
    evidence.put("data/readings.csv", "\n".join(rows) + "\n")


@check("lean-server", says="the server's image holds no training packages, compiler or Jupyter")
def lean_server(evidence: Evidence) -> Verdict:
    """Ask the Python in the image what it could import."""
    found = look(evidence, evidence.first)
    modules, programs = found["modules"], found["programs"]
    if modules:
        kind = "training packages" if set(modules) & set(TRAINING) else "Jupyter"
        return failed(
            f"the server's image holds {kind}: Python finds {', '.join(modules)}",
            why="nothing of it answers requests, but each node pulls it and each audit lists it",
            hint="which packages does app.py import, and who needs the others?",
            more=(
                "a stage has a file system of its own: what it installs stays there",
                "split the list by who needs it, and let each stage install its own part",
            ),
        )
    if programs:
        return failed(
            f"the server's image holds a compiler: {', '.join(programs)}",
            why="serving compiles nothing; whoever breaks in would be glad of it",
            hint="what does the last stage start from?",
            more=("the lab has two bases; docker history shows what each brings along",),
        )
    return hidden(evidence) or idle(evidence) or passed()


@check("small", says="the server's image has at most 35 % of the file bytes of the naive build")
def small(evidence: Evidence) -> Verdict:
    """Weigh the image against the exercise's start, built in this run."""
    naive, mine = evidence.naive.bytes, evidence.file_bytes(evidence.first)
    if mine <= MOST * naive:
        return idle(evidence) or passed()
    biggest = max(evidence.layers(evidence.first), key=lambda one: sum(one.files.values()))
    return failed(
        f"the server's image has {size(mine)}, {100 * mine / naive:.0f} % of the {size(naive)} "
        f"of the naive build; {size(sum(biggest.files.values()))} of it are in {named(biggest)}",
        why="every node pulls all layers, also what a later one has deleted or uninstalled",
        hint="the image is the last stage, and whatever that stage starts from",
        more=(
            "uninstalling makes no layer smaller: it adds one that says what to hide",
            "let the last stage start from a small base, and copy one file into it",
        ),
    )


@check("same-answers", says="the server says what the trainer says, about pumps nobody has seen")
def same_answers(evidence: Evidence) -> Verdict:
    """Other data to train on, a random batch to ask about: who is right?"""
    told, expected = service(evidence), truth(evidence)
    got = told["risk"]
    if len(got) != len(expected):
        return failed(
            f"/predict answered {told['status']}: {len(got)} numbers for {len(expected)} pumps",
            hint="let app.py run as it is, with the model that train.py writes",
        )
    far = [(one, other) for one, other in zip(got, expected, strict=True) if not near(one, other)]
    if far:
        return failed(
            f"data/readings.csv has changed; trained on it, scikit-learn says {far[0][1]:.5f} "
            f"about a pump, and the server says {shown(far[0][0])}",
            why="an image that is built from new data and serves an old model looks just like "
            "one that does not",
            hint="where does the model in the image come from, and when was that file written?",
            more=(
                "train.py must run in the build, on the data of this build",
                "a later stage can take a file out of an earlier one",
            ),
        )
    return passed()


@check("stages", says="the trainer can be built on its own, and the last stage is the server")
def stages(evidence: Evidence) -> Verdict:
    """Build with --target trainer, and with --target server."""
    whole = evidence.first
    built = {}
    for name in ("trainer", "server"):
        try:
            built[name] = evidence.build({}, target=name)
        except BuildFailed as error:
            if error.instruction:
                raise
            return no_stage(name, error)
        except LabError as error:
            return no_stage(name, error)
    status, said = learn(evidence, built["trainer"].report.image_id)
    pairs = zip(numbers(said), truth(evidence), strict=False)
    if status or [near(*pair) for pair in pairs] != [True] * PUMPS:
        return failed(
            "the stage trainer was built, but train.py does not learn in it: "
            f"{shortened((said.strip().splitlines() or ['it says nothing'])[-1])}",
            why="whoever wants to look into the training builds this stage and runs it",
            hint="the stage that trains is the one to be called trainer",
        )
    if built["server"].diff_ids != whole.diff_ids:
        return failed(
            "a build without --target does not give the stage server",
            why="a build gives its last stage, and that is what gets deployed",
            hint="which stage stands last?",
        )
    return passed()


@check("no-retrain", says="after an edit of app.py nothing is trained and nothing is installed")
def no_retrain(evidence: Evidence) -> Verdict:
    """A new version of app.py: which steps run again, in all stages?"""
    after = edited(evidence)
    again = [
        step.instruction
        for step in after.report.steps
        if step.status == "run" and is_slow(step.instruction, after.printed.get(step.index, ""))
    ]
    if again:
        return failed(
            f"after an edit of app.py, `{shortened(again[0])}` ran again",
            why="the same data and the same program give the same model, but you waited for it",
            hint="which files were copied before that instruction, in its own stage?",
            more=(
                "an instruction runs again when anything that its stage copied before has changed",
                "copy for each step just the files that it reads",
            ),
        )
    told = service(evidence)
    if told["version"] != version(evidence):
        return failed(
            "nothing ran again, but the edit of app.py never reached the running service",
            why="a cache is only right if it notices what did change",
            hint="copy app.py into the server's stage",
        )
    return passed()


# -- facts several checks look at -----------------------------------------------------------


def reading(evidence: Evidence) -> list[float]:
    """What the sensors of one pump say: vibration, temperature, pressure, hours."""
    random = evidence.random
    vibration, temperature = random.gauss(4, 1.5), random.gauss(60, 8)
    pressure, hours = random.gauss(6, 1), random.uniform(0, 9000)
    return [round(vibration, 2), round(temperature, 1), round(pressure, 2), round(hours)]


def standard(pump: list[float]) -> list[float]:
    """The same, each around 0 and about 1 wide."""
    scale = zip(pump, (4, 60, 6, 4500), (1.5, 8, 1, 2600), strict=True)
    return [(value - middle) / width for value, middle, width in scale]


def batch(evidence: Evidence) -> list[list[float]]:
    """Pumps of this run, not among those to learn from."""
    return evidence.once("batch", lambda: [reading(evidence) for _ in range(PUMPS)])


def truth(evidence: Evidence) -> list[float]:
    """What scikit-learn says about them; it learns in the naive image, out of anyone's reach."""

    def find() -> list[float]:
        status, said = learn(evidence, evidence.naive.image)
        if status:
            raise RuntimeError(f"the naive image could not train: {said[-300:]}")
        return numbers(said)

    return evidence.once("truth", find)


def learn(evidence: Evidence, image: str) -> tuple[int, str]:
    """Let an image learn from the readings of this run, and ask it about the pumps of this run."""
    files = {
        "/in/train.py": evidence.text("train.py"),
        "/in/readings.csv": evidence.text("data/readings.csv"),
        "/in/batch.json": json.dumps(batch(evidence)),
        "/in/truth.py": TRUTH,
    }
    return evidence.run(image, ["python", "/in/truth.py"], files=files)


def numbers(said: str) -> list[float]:
    """The list of numbers in the last line of what was printed; empty if there is none."""
    try:
        return [float(one) for one in last_json(said)]
    except (ValueError, TypeError):
        return []


def version(evidence: Evidence) -> str:
    """What the edited app.py calls itself in this run."""
    return f"2.0-{evidence.token}"


def edited(evidence: Evidence) -> Build:
    """A build after an edit of app.py."""
    text = evidence.text("app.py").replace('VERSION = "1.0"', f'VERSION = "{version(evidence)}"')
    return evidence.build({"app.py": text})


def service(evidence: Evidence) -> dict[str, Any]:
    """What the edited service says about itself and about the pumps of this run."""

    def ask() -> dict[str, Any]:
        with evidence.bench.run(
            edited(evidence).report.image_id, ready="/health", seconds=20
        ) as running:
            health = running.get("/health")
            answer = running.post("/predict", json=batch(evidence))
        return {
            "version": field(health, "version"),
            "status": answer.status_code,
            "risk": field(answer, "risk") or [],
        }

    return evidence.once("service", ask)


def look(evidence: Evidence, build: Build) -> dict[str, list[str]]:
    """Which of the modules and programs we know of an image holds."""

    def ask() -> dict[str, list[str]]:
        names = json.dumps([[*TRAINING, *JUPYTER], COMPILERS])
        status, said = evidence.run(build.report.image_id, ["python", "-c", LOOK, names])
        if status:
            last = (said.strip().splitlines() or ["nothing"])[-1]
            raise LabError(
                f"`python` in the image ended with {status}: {last}",
                "the image serves with Python: let `python` be on its PATH",
            )
        return dict(last_json(said))

    return evidence.once(("look", build.report.image_id), ask)


def hidden(evidence: Evidence) -> Verdict | None:
    """The verdict on what Python does not find but a layer holds; None if there is nothing."""
    for layer in evidence.layers(evidence.first):
        for file in layer.files:
            found = IN_LAYERS.search(f"/{file}")
            if found:
                return failed(
                    f"Python finds no training packages, but {named(layer)} holds "
                    f"{found['name'] or found['program']}, hidden ({file})",
                    why="what a later layer hides is pulled all the same",
                    hint="what does the last stage start from?",
                    more=("let the last stage start from a base that never had them",),
                )
    return None


def idle(evidence: Evidence) -> Verdict | None:
    """The verdict on an image that does not serve app.py; None if it does.

    An empty image is the smallest of all: that earns nothing.
    """
    told = service(evidence)
    if told["version"] == version(evidence):
        return None
    return failed(
        f"the image is light, but it does not serve app.py as it is: its version is "
        f"{told['version']}, not {version(evidence)}",
        hint="copy app.py into the server's stage, after the packages",
    )


def no_stage(name: str, error: LabError) -> Verdict:
    """The verdict on a stage that is not there."""
    return failed(
        f"a build with --target {name} fails: {error.what}",
        why="a stage with a name can be built, run and tested on its own",
        hint=f"each FROM begins a stage and can give it a name; one is to be called {name}",
    )


def is_slow(instruction: str, printed: str) -> bool:
    """Whether a step trained or installed, by what it is and by what it printed."""
    words = ("train.py", "pip install", "trained on", "Successfully installed")
    runs = instruction.upper().startswith("RUN")
    return runs and any(word in f"{instruction}\n{printed}" for word in words)


def field(answer: Any, name: str) -> Any:
    """A field of a JSON answer; None if there is none."""
    try:
        return answer.json().get(name)
    except (ValueError, AttributeError):
        return None


def near(got: Any, expected: float) -> bool:
    """Whether two probabilities are the same, up to the 32 bits that ONNX computes with."""
    return isinstance(got, int | float) and abs(got - expected) <= TOLERANCE


def shown(risk: Any) -> str:
    """What the server said, for a sentence."""
    return f"{risk:.5f}" if isinstance(risk, int | float) else shortened(repr(risk))


def named(layer: LayerFiles) -> str:
    """The instruction that made a layer, for a sentence."""
    made = re.sub(r"/bin/sh -c |#\(nop\) |# buildkit$", "", layer.created_by).strip()
    return f"the layer of `{shortened(made)}`" if made else "a layer of its base"


def shortened(text: str, most: int = 60) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
