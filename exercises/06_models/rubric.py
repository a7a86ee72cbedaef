"""Does the model come to the image, and only the model that was asked for?

The checks play deployment and store. They run the image with a version and its hash, let the store
be slow, wrong or down, kill the service in the middle, and look at what it answers.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, suppress
from hashlib import sha256 as hash_of
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.supply import bases

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.grade.evidence import Evidence
    from mldocker_lab.run.container import Container
    from mldocker_lab.run.volume import Volume

TOLERANCE = 1e-6
SECONDS = 20.0  # for what must come: a slow machine is no mistake
SOON = 10.0  # for what must be there once something else has happened
WATCHED = 1.0  # how long it is watched that it stays as it should
POLL = 0.05
FILLER = 50_000  # bytes that make the weights a file worth downloading
SHOWN = 8  # digits of a hash by which it is recognised

#: Puts other weights in the place of every file of weights that it finds.
PLANT = """
import pathlib, sys
planted = pathlib.Path("/in/planted.json").read_bytes()
kept = [f for f in pathlib.Path("/models").rglob("*") if f.is_file() and f.stat().st_size > 1000]
for file in kept:
    file.write_bytes(planted)
print(len(kept))
"""


class Model(NamedTuple):
    """A version of the weights.

    Attributes:
        name: the model's.
        version: "1", "2", …
        data: the file.
        coefficients: what is in it: base, km, stops.
    """

    name: str
    version: str
    data: bytes
    coefficients: tuple[float, float, float]

    @property
    def path(self) -> str:
        """Where the store has it."""
        return f"{self.name}/{self.version}"

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return hash_of(self.data).hexdigest()


@check("swap", says="the same image served another version when it was asked for another one")
def swap(evidence: Evidence) -> Verdict:
    """Deploy version 1, then version 2, without a build in between."""
    return wrong(evidence) or passed()


@check("meanwhile", says="while the weights were on their way, /ready answered 503")
def meanwhile(evidence: Evidence) -> Verdict:
    """The store sends half of the file, and then takes its time."""
    if verdict := wrong(evidence):
        return verdict
    model, store = published(evidence, "slow"), evidence.store
    with ExitStack() as held:
        held.enter_context(store.hold(model.path))
        with deployed(evidence, model) as service:
            if verdict := unanswered(service, lambda: bool(store.seen("half", model.path))):
                return verdict
            held.close()  # the store sends the rest
            return unlike(service, model, "the rest of the weights arrived") or passed()


@check("refused", says="weights with another hash were never served, and the log said why")
def refused(evidence: Evidence) -> Verdict:
    """The store hands out other weights than those that the deployment means."""
    if verdict := wrong(evidence):
        return verdict
    meant, other = published(evidence, "altered"), drawn(evidence, "altered", "1")
    evidence.store.put(meant.path, other.data)

    def told() -> bool:
        marks = (meant.sha256[:SHOWN], other.sha256[:SHOWN])
        return any(all(mark in line for mark in marks) for line in service.logs().splitlines())

    with deployed(evidence, meant) as service:
        settled(service, lambda: bool(evidence.store.seen("sent", meant.path)), SECONDS)
        outcome = settled(service, told, SOON)
        if outcome == "ready" or settled(service, lambda: False, WATCHED) == "ready":
            return failed(
                "the deployment asked for weights by their sha256, the store sent others, "
                "and the service became ready with them",
                why="half a file, an old one, or one that somebody put there: all of them load",
                hint="compare what has arrived with MODEL_SHA256 before anything uses it",
                more=("Python has the hash in hashlib; the deployment says it in hex digits",),
            )
        if not told():
            return failed(
                f"the wrong weights were not served, but the log does not say why: {last(service)}",
                why="at three in the morning somebody reads that log, and nothing else",
                hint="print one line with both hashes: the one you wanted and the one you got",
                more=("Python keeps what it prints for a while, unless told not to",),
            )
    return passed()


@check("warm", says="with the store down, what was served before was served again")
def warm(evidence: Evidence) -> Verdict:
    """Deploy the version of today and that of yesterday, without a store."""
    return wrong(evidence) or cold(evidence) or passed()


@check("cache", says="what lay in the cache, half or altered, was not taken for the weights")
def cache(evidence: Evidence) -> Verdict:
    """Kill the service in the middle of a download; then put other weights into its cache."""
    if verdict := wrong(evidence):
        return verdict
    model, store = published(evidence, "kept"), evidence.store
    with evidence.bench.volume() as volume:
        with store.hold(model.path), deployed(evidence, model, volume) as service:
            settled(service, lambda: bool(store.seen("half", model.path)), SECONDS)
        with deployed(evidence, model, volume) as service:
            when = "it had been killed in the middle of a download and was started again"
            if verdict := unlike(service, model, when):
                return verdict
        planted = drawn(evidence, model.name, model.version)
        status, said = evidence.bench.call(
            bases.SLIM,
            ["python3", "-c", PLANT],
            files={"/in/planted.json": planted.data},
            volumes={volume: "/models"},
        )
        if status or not int(said):
            return failed("no file of weights is kept in /models", hint=VOLUME)
        with deployed(evidence, model, volume) as service:
            return unlike(service, model, "somebody had altered the file in /models") or passed()


@check("code-only", says="new weights in the project changed no layer of the image")
def code_only(evidence: Evidence) -> Verdict:
    """The team trains again and commits the file: what would nodes have to pull?"""
    if verdict := wrong(evidence):
        return verdict
    edited = evidence.build({"weights/current.json": drawn(evidence, "bump", "9").data})
    changed = set(edited.diff_ids) - set(evidence.first.diff_ids)
    if changed:
        return failed(
            f"weights/current.json has changed, and so have {len(changed)} layers of the image",
            why="nodes pull those again for weights that the image does not even use",
            hint="which instruction copies that folder?",
            more=("copy the files that the service runs, and nothing else",),
        )
    return passed()


# -- what several checks look at ------------------------------------------------------------

OK, UNAVAILABLE = 200, 503
VOLUME = "/models is a volume: what is written there is still there when the service starts again"


def drawn(evidence: Evidence, name: str, version: str) -> Model:
    """Weights that no answer can know."""
    random = evidence.random
    numbers = [round(random.uniform(low, high), 4) for low, high in ((3, 9), (1, 4), (0.5, 3))]
    told = dict(zip(("base", "km", "stops"), numbers, strict=True))
    filler = random.randbytes(FILLER).hex()
    data = json.dumps({**told, "trained": "2026-11-24", "filler": filler}).encode()
    return Model(name, version, data, (numbers[0], numbers[1], numbers[2]))


def published(evidence: Evidence, name: str, version: str = "1") -> Model:
    """A version of this run, in the store."""
    model = drawn(evidence, f"{name}-{evidence.random.randrange(1000, 9999)}", version)
    evidence.store.put(model.path, model.data)
    return model


def deployed(evidence: Evidence, model: Model, volume: Volume | None = None) -> Container:
    """The answer's image, asked to serve a version; for a ``with`` block."""
    store = evidence.store
    return evidence.bench.run(
        evidence.first.report.image_id,
        environment={
            "MODEL_STORE": store.address,
            "MODEL_NAME": model.name,
            "MODEL_VERSION": model.version,
            "MODEL_SHA256": model.sha256,
        },
        hosts=store.hosts,
        volumes={volume: "/models"} if volume else {},
        seconds=SECONDS,
        every=0,
    )


def ready(service: Container) -> int | None:
    """The status of /ready; None if nobody answers."""
    with suppress(requests.RequestException):
        return service.get("/ready", seconds=SOON).status_code
    return None


def settled(service: Container, done: Callable[[], bool], seconds: float) -> str:
    """Watch a service until it is "ready", has "ended", or what is awaited is "done"; or "late"."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return "done"
        if ready(service) == OK:
            return "ready"
        if not service.state.running:
            return "done" if done() else "ended"
        time.sleep(POLL)
    return "late"


def wrong(evidence: Evidence) -> Verdict | None:
    """The verdict on an image that does not serve what it is asked for; None if it does."""
    return facts(evidence)["up"]


def cold(evidence: Evidence) -> Verdict | None:
    """The verdict on an image that needs the store for what it has served before."""
    return facts(evidence)["down"]


def facts(evidence: Evidence) -> dict[str, Verdict | None]:
    """Versions 1 and 2 with the store, then 2 and 1 without it, all on one volume."""

    def find() -> dict[str, Verdict | None]:
        first = published(evidence, "eta")
        second = drawn(evidence, first.name, "2")
        evidence.store.put(second.path, second.data)
        with evidence.bench.volume() as volume:
            for model in (first, second):
                with deployed(evidence, model, volume) as service:
                    when = f"it was asked for version {model.version}"
                    if verdict := unlike(service, model, when):
                        return {"up": verdict, "down": verdict}
            with evidence.store.down():
                for model in (second, first):
                    with deployed(evidence, model, volume) as service:
                        if verdict := away(service, model):
                            return {"up": None, "down": verdict}
        return {"up": None, "down": None}

    return evidence.once("facts", find)


def away(service: Container, model: Model) -> Verdict | None:
    """The verdict on a service that is started while the store is down."""
    if settled(service, lambda: False, SOON) == "ready":
        return unlike(service, model, f"the store was down and version {model.version} wanted")
    which = "version 1, of yesterday, came back" if model.version == "1" else "it started again"
    return failed(
        f"the store was down when {which}: never ready, though it had been served before "
        f"({last(service)})",
        why="a store that is down for ten minutes takes down whatever restarts in them",
        hint=VOLUME,
        more=(
            "keep what you have downloaded and checked, and look there first",
            "two versions need two names there, or the second takes the place of the first",
        ),
    )


def unlike(service: Container, model: Model, when: str) -> Verdict | None:
    """The verdict on a service that does not serve a version rightly; None if it does."""
    outcome = settled(service, lambda: False, SECONDS)
    if outcome != "ready":
        seen = "it ended" if outcome == "ended" else "it was never ready"
        return failed(
            f"{when}, and {seen}: {last(service)}",
            why="the store had the right file all the time",
            hint="what does the service find in /models, and what does it do about it?",
        )
    km, stops = 12.5, 3
    base, per_km, per_stop = model.coefficients
    expected = base + per_km * km + per_stop * stops
    version = field(lambda: service.get("/version"), "version")
    minutes = field(lambda: service.post("/estimate", {"km": km, "stops": stops}), "minutes")
    if not isinstance(minutes, int | float) or abs(minutes - expected) > TOLERANCE * expected:
        return failed(
            f"{when}, and it estimates {str(minutes)[:20]} minutes where that version says "
            f"{expected:.3f}",
            why="it looks healthy, and serves another model than the one that was asked for",
            hint="which file does the service load, and who wrote it?",
            more=("the deployment says name, version and sha256 in three variables",),
        )
    if version != model.version:
        return failed(
            f"{when}, and /version says {str(version)[:20]}",
            hint="/version tells the version that is served",
        )
    return None


def unanswered(service: Container, half: Callable[[], bool]) -> Verdict | None:
    """The verdict on a service that gets half of its weights; None if it answers 503."""
    outcome = settled(service, half, SECONDS)
    if outcome == "ready":
        return early()
    if outcome != "done":
        seen = "ended" if outcome == "ended" else "asked for no weights"
        return failed(
            f"the store was slow, and the service {seen}: {last(service)}",
            hint="a download that is not over yet is no reason to stop",
        )
    if settled(service, lambda: ready(service) == UNAVAILABLE, SOON) == "done":
        return None
    told = ready(service)
    if told == OK:
        return early()
    seen = "nobody answered" if told is None else f"/ready answered {told}"
    return failed(
        f"half of the weights had arrived, and {seen}",
        why="whoever asks cannot tell a service that loads from one that is dead",
        hint="which program runs while the download runs, and does it listen?",
        more=(
            "start to listen first, and get the weights beside it",
            "a thread can get the weights; until then every answer is 503 with a reason",
        ),
    )


def early() -> Verdict:
    """The verdict on a service that is ready too soon."""
    return failed(
        "the store had sent only half of the weights, and /ready answered 200",
        why="requests arrive that nothing can answer yet",
        hint="/ready is a question about the weights, not about the server",
    )


def field(ask: Callable[[], Any], name: str) -> Any:
    """A field of a JSON answer; None if there is none."""
    with suppress(ValueError, AttributeError, requests.RequestException):
        return ask().json().get(name)
    return None


def last(service: Container) -> str:
    """The last line it printed, for a sentence."""
    lines = [line for line in service.logs().splitlines() if line.strip()]
    return f"its last line is “{lines[-1].strip()[:120]}”" if lines else "it printed nothing"
