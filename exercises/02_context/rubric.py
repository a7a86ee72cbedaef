"""What does a build send, and what of it stays? Let the project grow, build it, and look."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mldocker_lab.dockerfile import context
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.search import SETTINGS
from mldocker_lab.grade.verdict import Verdict, failed, passed, verdict_on
from mldocker_lab.report.build import FILESYSTEM
from mldocker_lab.run.container import NotReady
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.grade.evidence import Build, Evidence

#: The service's own files are a few kilobytes; whatever grew by itself is heavier than this.
MOST_BYTES = 100_000
TOLERANCE = 1e-4
NOTHING_YET = (
    "its name is .dockerignore, and each of its lines is a pattern for names",
    "there are two ways: name what is left out, or leave out all and take back what is needed",
)
NEEDED = "requirements.txt, service/, models/current.json and data/vocabulary.txt"


def prepare(evidence: Evidence) -> None:
    """Let the project live on for a while: it grows, and the model is another one."""
    random, word = evidence.random, evidence.token
    grown = {
        f"data/raw/tickets-{word}.parquet": 8_000_000,
        f"data/{word}/embeddings.npy": 4_000_000,
        f"models/checkpoints/epoch-{word}.bin": 6_000_000,
        f"notebooks/{word}/explore-again.ipynb": 1_500_000,
        f"wandb/run-{word}/files/media.bin": 2_000_000,
        f".git/objects/pack/pack-{word}.pack": 5_000_000,
        "service/__pycache__/model.cpython-311.pyc": 200_000,
        "service/rules/__pycache__/__init__.cpython-311.pyc": 200_000,
    }
    for name, count in grown.items():
        evidence.put(name, random.randbytes(count))
    evidence.put(".git/HEAD", "ref: refs/heads/main\n")
    evidence.put("service/main.py", f"{evidence.text('service/main.py')}\n# {mark(evidence)}\n")
    for name, secret in secrets(evidence).items():
        if name == ".git/config":
            evidence.put(name, f'[remote "origin"]\n\turl = https://ravi:{secret}@git.example/u\n')
        else:
            evidence.put(name, f"WANDB_API_KEY={secret}\n")
    words = sorted({f"w{random.randrange(10**6):06}" for _ in range(40)})
    weights = [round(random.uniform(-3, 3), 3) for _ in words]
    evidence.put("data/vocabulary.txt", "\n".join(words))
    evidence.put("models/current.json", json.dumps({"bias": 0.25, "weights": weights}))
    evidence.put(f"service/rules/{word}.json", json.dumps({"word": words[0], "add": 7.5}))


@check("small-context", says="the build sends what the service needs, and hardly anything else")
def small_context(evidence: Evidence) -> Verdict:
    """The project has grown: how much of that is sent?"""
    count = evidence.first.report.context_bytes
    if count <= MOST_BYTES:
        return empty(evidence) or passed()
    sent = context.scan(evidence.folder)
    biggest = max(sent.entries, key=lambda entry: entry.size)
    return failed(
        f"the project has grown, and the build sends {size(count)}; "
        f"the biggest file of it is {biggest.name} ({size(biggest.size)})",
        why=f"the service needs a few kilobytes: {NEEDED}",
        hint=left_out(biggest.name, sent),
        more=patterns_by_place(biggest.name) if sent.left_out else NOTHING_YET,
    )


@check("no-secret", says="no layer of the image holds a key of the project")
def no_secret(evidence: Evidence) -> Verdict:
    """Keys that were made up for this run: where in the image are they?"""
    found = searched(evidence)
    leaked = {name: found[key] for name, key in secrets(evidence).items() if key in found}
    if not leaked:
        return empty(evidence) or passed()
    name, places = next(iter(leaked.items()))
    place = places[0] if places[0] == SETTINGS else f"{layer_of(evidence, places[0])}"
    others = f" (and {len(leaked) - 1} more)" if len(leaked) > 1 else ""
    return failed(
        f"the key that stood in {name} is in {place}{others}",
        why="who can pull the image can read each of its layers, also below one that deletes files",
        hint="a file that never gets into the build cannot leak from it; which pattern meets it?",
        more=patterns_by_place(name),
    )


@check("quiet-rebuild", says="after work on notebooks and data every step comes from the cache")
def quiet_rebuild(evidence: Evidence) -> Verdict:
    """A day of work that does not touch the service: which steps run again?"""
    work = day_of_work(evidence)
    after = evidence.build(work)
    again = [
        step.instruction
        for step in after.report.steps
        if step.keyword in FILESYSTEM and step.status == "run"
    ]
    if not again:
        return empty(evidence) or passed()
    sent = context.scan(evidence.folder)
    noticed = [name for name in work if not sent.patterns.ignored(name)]
    about = f", though the service has not changed: {noticed[0]} has" if noticed else ""
    return failed(
        f"after work on notebooks and data, `{shortened(again[0])}` ran again{about}",
        why="every step after it runs again as well, so your team waits for what nobody changed",
        hint="a COPY is a cache miss when any file it copies has changed: which files are that?",
        more=(
            "files that are not sent cannot change anything; nor can files that no COPY names",
            *patterns_by_place(noticed[0] if noticed else ""),
        ),
    )


@check("answers", says="the service answers rightly, with files it had never seen before")
def answers(evidence: Evidence) -> Verdict:
    """Ask the service, with a model, a vocabulary and a rule made up for this run."""
    try:
        told = evidence.once("service", lambda: ask(evidence, evidence.first))
    except NotReady as error:
        return missing_file(error) or verdict_on(error)
    if told["rules"] != told["rules expected"]:
        return failed(
            f"service/rules/ got a new file, and the service knows {told['rules']} "
            f"of {told['rules expected']} rules",
            why="a list of names is out of date as soon as somebody adds a file",
            hint="let the image have all of service/ but what must not be in it",
        )
    got, expected = told["urgency"], told["expected"]
    if len(got) != len(expected):
        return failed(
            f"/predict answered {told['status']}: {len(got)} numbers for {len(expected)} tickets",
            hint=f"the service needs {NEEDED} as they are",
        )
    wrong = [pair for pair in zip(got, expected, strict=True) if not close(*pair)]
    if wrong:
        return failed(
            f"/predict said {wrong[0][0]} where the model says {wrong[0][1]:.6f}",
            hint=f"the service needs {NEEDED} as they are",
        )
    return passed()


# -- facts several checks look at -----------------------------------------------------------


def secrets(evidence: Evidence) -> dict[str, str]:
    """The keys of this run, by the file they stand in."""
    files = (".env", "service/.env", "notebooks/.env", ".git/config")
    return {name: f"key{number}{evidence.token}" for number, name in enumerate(files)}


def mark(evidence: Evidence) -> str:
    """A word in this run's service/main.py."""
    return f"main{evidence.token}"


def searched(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Which files of the image hold keys, and which hold the service."""
    words = [*secrets(evidence).values(), mark(evidence)]
    return evidence.holders(evidence.first, words)


def empty(evidence: Evidence) -> Verdict | None:
    """The verdict on an image that has no service in it; None if it has one.

    Who builds nothing sends little, leaks nothing and never waits: that earns nothing.
    """
    if mark(evidence) in searched(evidence):
        return None
    return failed(
        "the image does not hold service/main.py",
        why="an image with nothing in it sends and leaks nothing, and answers nobody",
        hint=f"the image needs {NEEDED}",
    )


def day_of_work(evidence: Evidence) -> dict[str, str]:
    """What a day in notebooks and data changes: files that were there, and new ones."""
    word = f"{evidence.token} again"
    return {
        "notebooks/explore.ipynb": f"{evidence.text('notebooks/explore.ipynb')}\n",
        f"notebooks/late-{evidence.token}.ipynb": word,
        "data/raw/tickets-2026-09.csv": f"{evidence.text('data/raw/tickets-2026-09.csv')}{word}\n",
        f"data/raw/late-{evidence.token}.csv": word,
        f"wandb/run-late-{evidence.token}/output.log": word,
        ".git/HEAD": f"ref: refs/heads/{evidence.token}\n",
    }


def ask(evidence: Evidence, build: Build) -> dict[str, Any]:
    """Start the service, ask it, and work out what it should have said."""
    words = evidence.text("data/vocabulary.txt").split()
    model = json.loads(evidence.text("models/current.json"))
    weights = dict(zip(words, model["weights"], strict=True))
    files = sorted((evidence.folder / "service" / "rules").glob("*.json"))
    rules = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    batch = [
        [evidence.random.choice([*words, "neverheard"]) for _ in range(6)] + [words[0]] * (n % 2)
        for n in range(8)
    ]
    with evidence.bench.run(build.report.image_id, ready="/health", seconds=20) as running:
        health = running.get("/health")
        answer = running.post("/predict", json=[" ".join(ticket) for ticket in batch])
    return {
        "rules": field(health, "rules"),
        "rules expected": len(rules),
        "status": answer.status_code,
        "urgency": field(answer, "urgency") or [],
        "expected": [
            model["bias"]
            + sum(weights.get(word, 0.0) for word in ticket)
            + sum(rule["add"] for rule in rules if rule["word"] in ticket)
            for ticket in batch
        ],
    }


def field(answer: Any, name: str) -> Any:
    """A field of a JSON answer; None if there is none."""
    try:
        return answer.json().get(name)
    except (ValueError, AttributeError):
        return None


def close(got: Any, expected: float) -> bool:
    """Whether a number is right, up to the service's rounding."""
    return isinstance(got, int | float) and abs(got - expected) <= TOLERANCE


# -- words for what was seen ----------------------------------------------------------------


def left_out(name: str, sent: context.Context) -> str:
    """The first hint: is anything left out, and why not this?"""
    if sent.ignore_file is None:
        return "a file beside the Dockerfile can name what is not to be sent"
    if not sent.left_out:
        return f"{sent.ignore_file} is there, but leaves out nothing: what are its lines to name?"
    out = len(sent.left_out)
    return f"{sent.ignore_file} leaves out {out} things: why is {name} not among them?"


def patterns_by_place(name: str) -> tuple[str, ...]:
    """Two more hints about patterns, chosen by where the file lies that got through."""
    folders = name.split("/")[:-1]
    if folders and (folders[-1] == "__pycache__" or name.endswith("/.env")):
        return (
            "this is not git: a pattern without a slash is not looked for in every folder",
            "patterns begin at the folder of the Dockerfile; ** stands for any folders, or none",
        )
    return (
        "a line is one pattern and nothing else, and the last line that matches a file decides",
        "there are two ways: name what is left out, or leave out all and take back what is needed",
    )


def missing_file(error: NotReady) -> Verdict | None:
    """The verdict on a service that ended because a file was not there; None if it was not so."""
    found = re.search(r"No such file or directory: '([^']+)'", error.what)
    if found is None:
        return None
    return failed(
        f"the service ended at its start: there is no {found[1]} in the image",
        why="a pattern that takes away too much shows when the container runs, and not before",
        hint="which line of the ignore file decides about it, and does a COPY name it?",
        more=patterns_by_place(found[1]),
    )


def layer_of(evidence: Evidence, path: str) -> str:
    """The instruction whose layer holds a file, for a sentence."""
    for layer in evidence.layers(evidence.first):
        if path in layer.files:
            made = re.sub(r"/bin/sh -c |#\(nop\) |# buildkit$", "", layer.created_by).strip()
            return f"the layer of `{shortened(made)}`, as {path}"
    return f"the image, as {path}"


def shortened(text: str, most: int = 60) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
