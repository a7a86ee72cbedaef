"""Do service and container tell the truth: while the model loads, when it works, when it breaks?"""

from __future__ import annotations

import json
import math
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import requests

from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.run.reading import health_of

if TYPE_CHECKING:
    from mldocker_lab.grade.evidence import Evidence
    from mldocker_lab.report.running import RunReport
    from mldocker_lab.run.container import Container

FEATURES = 4
LOADING = (4.5, 6.5)  # seconds; drawn anew in each run
LATE = 1.5  # seconds that the engine may take to tell us of a start
LONGEST = 60.0  # seconds that a load may take in production
MODEL = "/in/model.json"
SOON = 15.0  # seconds that an answer or a state may take on a busy machine
LATER = 5.0  # seconds after which checks must have noticed
ENOUGH = 3  # checks in a row that say something
POLL = 0.1
OK, UNAVAILABLE = 200, 503
FAULTS = ("no file", "half a file", "weights that are not numbers")


class Seen:
    """What was seen of the answer's containers, all of which ran at the same time.

    Attributes:
        loading: seconds that the slow one loaded for.
        slow: its life.
        waits: seconds in which failed checks cannot make it unhealthy, as the engine has it;
        period: those in which they are not even counted.
        has_check: whether the image has a HEALTHCHECK at all.
        while_loading, once_loaded: what /ready of the slow one said.
        healthy: whether the slow one became healthy.
        broken: what /ready said about each fault; an exit status if the service ended.
        minutes, right: a prediction, and what it should have been.
        steps: what the one that breaks while it runs went through: did it go as it should?
        reason: what /ready said while it was broken.
    """

    def __init__(self, loading: float) -> None:
        self.loading = loading
        self.slow: RunReport | None = None
        self.waits = 0.0
        self.period = 0.0
        self.has_check = False
        self.while_loading: requests.Response | None = None
        self.once_loaded: requests.Response | None = None
        self.healthy = False
        self.broken: dict[str, requests.Response | int | None] = {}
        self.minutes: Any = None
        self.right = 0.0
        self.steps: dict[str, bool] = {}
        self.reason = ""


def prepare(evidence: Evidence) -> None:
    """Another model than the one that was handed out, and another way to break it.

    Whoever looks for the file that stands for a fault, and does not predict, finds nothing.
    """
    evidence.put("model.json", json.dumps(weights(evidence)))
    evidence.put("model.py", evidence.text("model.py").replace("FAULT", fault(evidence)))


@check("predicts", says="the service predicts with whatever model it is given")
def predicts(evidence: Evidence) -> Verdict:
    """A new model, a parcel that nobody has seen."""
    seen = watched(evidence)
    if isinstance(seen.minutes, int | float) and math.isclose(seen.minutes, seen.right):
        return passed()
    return failed(
        f"asked about a parcel, /predict said {shortened(repr(seen.minutes))}, "
        f"and the model says {seen.right:.4f}",
        why="a service that tells all about its health and predicts nothing is worth nothing",
        hint="let model.py load the model, and keep POST /predict as it was",
    )


@check("live", says="/live answers 200 while the model is being loaded")
def live(evidence: Evidence) -> Verdict:
    """What /live said in the seconds in which the model cannot have been there yet."""
    codes = answers(watched(evidence), "/live")
    heard = [code for code in codes if code is not None]
    if not heard:
        return failed(
            "while the model was being loaded nobody answered on /live",
            why="whoever asks cannot tell a long load from a crash, and restarts the container",
            hint="when does the server begin to listen, and when is the model loaded?",
            more=(
                "nothing answers before serve_forever() runs: what must wait until then?",
                "something slow can go on beside the server, in a thread of its own",
            ),
        )
    if set(heard) != {OK}:
        return failed(
            f"while the model was being loaded /live answered {other(heard)}",
            why="a restart would not help a model that is being loaded: it begins again",
            hint="/live says that the process answers, and knows nothing about models",
        )
    return passed()


@check("ready", says="/ready answers 503 with a reason while the model is being loaded, then 200")
def ready(evidence: Evidence) -> Verdict:
    """What /ready said in those seconds, and what afterwards."""
    seen = watched(evidence)
    heard = [code for code in answers(seen, "/ready") if code is not None]
    if not heard:
        return failed(
            "while the model was being loaded nobody answered on /ready",
            why="no answer may mean anything; 503 means: later",
            hint="let the server listen before the model is there",
        )
    if set(heard) != {UNAVAILABLE}:
        early = OK in heard
        return failed(
            f"while the model was being loaded /ready answered {other(heard, UNAVAILABLE)}",
            why="requests are sent to a service that cannot answer them yet" if early else "",
            hint="what has to work before the service can answer a request?"
            if early
            else "/ready has two answers: 200, and 503 with a reason",
        )
    if not reason(seen.while_loading):
        return failed(
            'while the model was being loaded /ready answered 503 without a "reason"',
            why="who sees a 503 at night wants to know whether to wait or to get up",
            hint='answer with {"reason": "…"}',
        )
    if code_of(seen.once_loaded) != OK:
        return failed(
            f"when the model was loaded /ready said {told(seen.once_loaded)}",
            hint="make a prediction, and answer 200 if it worked",
        )
    return passed()


@check("patient", says="the container is starting while the model is being loaded, then healthy")
def patient(evidence: Evidence) -> Verdict:
    """The states of the slow container, and how long the engine would have waited."""
    seen = watched(evidence)
    if not seen.has_check or seen.slow is None:
        return failed(
            "the image has no HEALTHCHECK",
            why="the engine knows only that a process runs",
            hint="HEALTHCHECK takes a command that the engine runs inside the container",
        )
    during = {one.health for one in seen.slow.samples if one.at < certain(seen)} - {None}
    failures = [one for one in seen.slow.health if not one.ok and one.at < certain(seen)]
    if "healthy" in during:
        return failed(
            "the container was called healthy while the model was being loaded",
            why="a service that waits for this one starts too early, and its requests fail",
            hint="what does the HEALTHCHECK ask, and what does it do with the answer?",
            more=("a check has passed if its command ends with status 0, whatever it printed",),
        )
    if "unhealthy" in during or (failures and seen.waits < LONGEST):
        return failed(
            "the container was called unhealthy while the model was being loaded"
            if "unhealthy" in during
            else "checks fail while the model is being loaded, and from second "
            f"{seen.period:.0f} on the engine counts them",
            why="loading may take a minute, and nothing is wrong in that minute",
            hint="HEALTHCHECK has an option for failures that shall not count yet",
            more=("it counts from the container's start, and the default is no time at all",),
        )
    if not seen.healthy:
        return failed(
            f"the model was loaded, and {SOON:.0f} s later the container was not healthy"
            f"{said(seen.slow)}",
            why="whoever waits for it to be healthy waits for ever",
            hint="run the command of the HEALTHCHECK inside the container: lab.run(…), c.call(…)",
            more=(
                "it can use only what is in the image: a slim image has Python, and no curl",
                "check once a second here; the default is twice a minute",
            ),
        )
    return passed()


@check("broken", says="a missing, torn or senseless model gives 503, and each its own reason")
def broken(evidence: Evidence) -> Verdict:
    """Three models that cannot work."""
    seen = watched(evidence)
    for name in FAULTS:
        answer = seen.broken.get(name)
        if isinstance(answer, int):
            return failed(
                f"with {name} the service ended with exit status {answer}",
                why="a service that is gone tells nobody what was wrong",
                hint="whatever goes wrong when the model is loaded belongs into the answer",
            )
        if code_of(answer) != UNAVAILABLE:
            return failed(
                f"with {name} /ready said {told(answer)}, not 503",
                why="requests are sent to a service that cannot answer any of them",
                hint="let the model predict something, and look at what comes out",
                more=(
                    "a file can be read and make sense to nobody: what is nan + 1?",
                    "math.isfinite tells numbers from what only looks like one",
                ),
            )
        if not reason(answer):
            return failed(
                f'with {name} /ready answered 503 without a "reason"',
                hint='answer with {"reason": "…"}; an exception has words of its own',
            )
    reasons = [reason(seen.broken[name]) for name in FAULTS] + [reason(seen.while_loading)]
    if len(set(reasons)) < len(reasons):
        return failed(
            f"/ready gives the same reason for different troubles: {shortened(reasons[0])}",
            why="who reads it does not know whether to wait, to copy a file or to train again",
            hint="keep what the exception says, and put it into the answer",
        )
    return passed()


@check("notices", says="a model that breaks while it runs is noticed, and so is its recovery")
def notices(evidence: Evidence) -> Verdict:
    """The accelerator is lost, and comes back."""
    seen = watched(evidence)
    for step, fine in seen.steps.items():
        if not fine:
            return failed(STEPS[step][0], why=STEPS[step][1], hint=STEPS[step][2])
    if evidence.token not in seen.reason:
        return failed(
            "predictions failed, and /ready answered 503 with "
            f"{shortened(repr(seen.reason))}, which is not what the failure said",
            why="what the exception says is what leads to the cause",
            hint="put the exception's words into the reason",
        )
    return passed()


#: What each step is called when it fails: what was seen, why it matters, what to try.
STEPS = {
    "ready": (
        "with a model that works /ready did not answer 200",
        "",
        "make a prediction, and answer 200 if it worked",
    ),
    "healthy": (
        "with a model that works the container did not become healthy",
        "a check that fails all the time says nothing when something breaks",
        "run the command of the HEALTHCHECK inside the container: lab.run(…), c.call(…)",
    ),
    "refused": (
        "predictions failed, and /ready went on answering 200",
        "what was true when the model was loaded need not be true now",
        "when did the service last try whether the model works?",
    ),
    "unhealthy": (
        "predictions failed, /ready said so, and the container was still called healthy",
        "docker ps, Compose and Swarm see only the container's state",
        "what does the HEALTHCHECK ask, and with which status does its command end?",
    ),
    "ready again": (
        "predictions worked again, and /ready went on answering 503",
        "a service that never comes back has to be restarted by hand",
        "let each question be answered by what is true just then",
    ),
    "healthy again": (
        "predictions worked again, and the container stayed unhealthy",
        "a service that never comes back has to be restarted by hand",
        "let each check be answered by what is true just then",
    ),
}


# -- the containers -------------------------------------------------------------------------


def watched(evidence: Evidence) -> Seen:
    """Five containers of one build, at the same time; looked at once for all checks."""
    return evidence.once("seen", lambda: watch(evidence))


def watch(evidence: Evidence) -> Seen:
    """Start them, break them, and note what they say."""
    image = evidence.first.report.image_id
    seen = Seen(evidence.random.uniform(*LOADING))
    works = json.dumps(weights(evidence))
    files = {
        "no file": {},
        "half a file": {MODEL: works[: len(works) // 2]},
        "weights that are not numbers": {MODEL: json.dumps(diverged(evidence))},
    }
    with ExitStack() as running:

        def run(environment: dict[str, str], **options: Any) -> Container:
            container = evidence.bench.run(image, environment=environment, seconds=SOON, **options)
            return running.enter_context(container)

        slow = run({"LOAD_SECONDS": f"{seen.loading:.3f}"}, probe=["/live", "/ready"])
        faulty = {name: run({"MODEL_PATH": MODEL}, files=files[name], every=0) for name in FAULTS}
        trap = {f"{fault(evidence)}_FILE": place(evidence)}
        steady = run({"MODEL_PATH": MODEL, **trap}, files={MODEL: works}, every=0)
        seen.while_loading = asked(slow, "/ready", seconds=seen.loading - slow.now)
        seen.right, seen.minutes = predicted(evidence, steady, json.loads(works))
        break_while_it_runs(evidence, steady, seen)
        seen.once_loaded = settled(slow, "/ready", OK, SOON + max(seen.loading - slow.now, 0))
        seen.healthy = becomes(slow, "healthy")
        seen.has_check, seen.period, seen.waits = patience(slow)
        for name, container in faulty.items():
            answer = asked(container, "/ready", seconds=SOON)
            state = container.state
            seen.broken[name] = answer if state.running else state.exit_code
    seen.slow = slow.report
    return seen


def break_while_it_runs(evidence: Evidence, steady: Container, seen: Seen) -> None:
    """Let all predictions fail for a while; the first step that goes wrong is the last one."""
    answer = settled(steady, "/ready", OK, SOON)
    if not done(seen, "ready", code_of(answer) == OK):
        return
    if not done(seen, "healthy", becomes(steady, "healthy")):
        return
    words = f"device lost, error {evidence.token}"
    steady.call(["sh", "-c", 'echo "$0" > "$1"', words, place(evidence)])
    answer = settled(steady, "/ready", UNAVAILABLE, LATER)
    seen.reason = reason(answer)
    if not done(seen, "refused", code_of(answer) == UNAVAILABLE):
        return
    if not done(seen, "unhealthy", becomes(steady, "unhealthy")):
        return
    steady.call(["rm", place(evidence)])
    answer = settled(steady, "/ready", OK, SOON)
    if done(seen, "ready again", code_of(answer) == OK):
        done(seen, "healthy again", becomes(steady, "healthy"))


def done(seen: Seen, step: str, fine: bool) -> bool:  # noqa: FBT001 the one thing it is about
    """Note how a step went."""
    seen.steps[step] = fine
    return fine


def predicted(evidence: Evidence, container: Container, model: dict[str, Any]) -> tuple[float, Any]:
    """What a prediction should be, and what it was."""
    parcel = [round(evidence.random.uniform(0, 9), 2) for _ in range(FEATURES)]
    right = model["bias"] + sum(w * x for w, x in zip(model["weights"], parcel, strict=True))
    deadline = time.monotonic() + SOON
    while True:
        try:
            answer = container.post("/predict", parcel)
            if answer.status_code == OK:
                return right, answer.json().get("minutes")
        except (requests.RequestException, ValueError, AttributeError):
            answer = None
        if time.monotonic() > deadline or not container.state.running:
            return right, told(answer)
        time.sleep(POLL)


def asked(container: Container, path: str, *, seconds: float) -> requests.Response | None:
    """The first answer at all; None if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return container.get(path)
        except requests.RequestException:
            if time.monotonic() > deadline or not container.state.running:
                return None
            time.sleep(POLL)


def settled(
    container: Container, path: str, wanted: int, seconds: float
) -> requests.Response | None:
    """The answer with the status that is wanted; the last one if that did not come in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = asked(container, path, seconds=deadline - time.monotonic())
        final = code_of(answer) not in (OK, UNAVAILABLE)  # no answer of this exercise
        if code_of(answer) == wanted or final or time.monotonic() > deadline:
            return answer
        time.sleep(POLL)


def becomes(container: Container, wanted: str) -> bool:
    """Whether its health becomes this in time; not if later checks all say the opposite."""
    began, passes = container.now, wanted == "healthy"
    while container.now < began + LATER + SOON:
        state = container.engine.inspect(container.container)
        health = (state["State"].get("Health") or {}).get("Status")
        if health == wanted:
            return True
        if health is None or not state["State"]["Running"]:
            return False
        results = health_of(state, container.engine_began)
        late = [one.ok for one in results if one.at > began + LATER]
        if len(late) >= ENOUGH and passes not in late:
            return False
        time.sleep(POLL)
    return False


def patience(container: Container) -> tuple[bool, float, float]:
    """Whether there is a check, how long its failures do not count, and how long they do no harm.

    The defaults are those of the engine (docs.docker.com/reference/dockerfile/#healthcheck).
    """
    own = container.engine.inspect(container.container)["Config"].get("Healthcheck") or {}
    test = own.get("Test") or ["NONE"]
    interval = (own.get("Interval") or 30e9) / 1e9
    period, retries = (own.get("StartPeriod") or 0) / 1e9, own.get("Retries") or 3
    return test[0] != "NONE", period, period + (retries - 1) * interval


# -- models and words -----------------------------------------------------------------------


def weights(evidence: Evidence) -> dict[str, Any]:
    """A model that nobody has seen."""
    draw = evidence.random.uniform
    return {
        "weights": [round(draw(-3, 3), 3) for _ in range(FEATURES)],
        "bias": round(draw(-5, 5), 3),
    }


def fault(evidence: Evidence) -> str:
    """What model.py calls its fault in this run."""
    return f"FAULT_{evidence.token.upper()}"


def place(evidence: Evidence) -> str:
    """The file that is its fault."""
    return f"/tmp/{evidence.token}"  # noqa: S108 inside of a container


def diverged(evidence: Evidence) -> dict[str, Any]:
    """A model as training leaves it when it diverges: some numbers are none."""
    model = weights(evidence)
    at = evidence.random.randrange(FEATURES)
    model["weights"] = [math.nan if n == at else w for n, w in enumerate(model["weights"])]
    return model


def certain(seen: Seen) -> float:
    """Seconds after its start for which the slow one cannot have loaded its model."""
    return seen.loading - LATE


def answers(seen: Seen, path: str) -> list[int | None]:
    """What a path of the slow one said while its model cannot have been loaded."""
    samples = seen.slow.samples if seen.slow else ()
    return [s.answers[path] for s in samples if s.at < certain(seen) and path in s.answers]


def other(codes: list[int], than: int = OK) -> int:
    """The first answer that is not the right one."""
    return next(code for code in codes if code != than)


def code_of(answer: requests.Response | int | None) -> int | None:
    """The status of an answer, if there is one."""
    return answer.status_code if isinstance(answer, requests.Response) else None


def reason(answer: requests.Response | int | None) -> str:
    """The reason in an answer; "" if there is none."""
    try:
        found = answer.json().get("reason")  # type: ignore[union-attr]
    except (ValueError, AttributeError):
        return ""
    return found.strip() if isinstance(found, str) else ""


def told(answer: requests.Response | int | None) -> str:
    """An answer, for a sentence."""
    code = code_of(answer)
    return "nothing" if code is None else str(code)


def said(slow: RunReport) -> str:
    """What the last failed check printed, for a sentence."""
    printed = [one.output for one in slow.health if not one.ok and one.output]
    return f"; its check printed: {shortened(printed[-1].splitlines()[-1])}" if printed else ""


def shortened(text: str, most: int = 80) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
