"""Does the service end in order, say what it did, and stay within its limits? And can you tell?

Three containers of the answer run at the same time: one is stopped in the middle of a request, one
is killed after some requests, one gets more work than one client gives, within limits. Meanwhile
other containers die, and the answer's function has to name the causes.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import requests

from mldocker_lab.errors import LabError
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.run.ask import ask
from mldocker_lab.run.reading import usage_of
from mldocker_lab.supply.bases import SLIM

if TYPE_CHECKING:
    from collections.abc import Callable

    from mldocker_lab.grade.evidence import Evidence
    from mldocker_lab.report.exits import Ended
    from mldocker_lab.run.container import Container
    from mldocker_lab.workbench import Workbench

OK = 200
GRACE = 8  # seconds between SIGTERM and SIGKILL
MEMORY = 96_000_000
REQUESTS, CLIENTS = 40, 4
MOST_TASKS = 5  # Python's main thread, the model's one, and room for a shell or an init
TRIES = 3
FIELDS = ("ts", "level", "message")
CAUSES = ("fine", "error", "out-of-memory", "shared-memory", "stop-timeout")

#: Asks the answer's function about all the cases.
ASK = """
import json, sys
sys.path.insert(0, "/asked")
from diagnose import cause
answers = [cause(*case) for case in json.load(open("/asked/cases.json"))]
print()
print(json.dumps(answers))
"""
NOISE = (
    "warning: 12 rows skipped, out of memory is no reason for it",
    "epoch 3: loss 0.41, killed workers: 0",
    "info: no errors so far, exit status of the last run was 137",
    "retrying after SIGTERM of the last job",
    "MemoryError was caught, the batch is halved",
    "shared memory: 64 MB are there",
)
UP = "print('up', flush=True)"
HOLD = f"import signal, sys, time; signal.signal(15, {{on_term}}); {UP}; time.sleep(60)"
FILL = (
    "import mmap; f = open('/dev/shm/batch', 'wb+'); f.truncate(9 << 20); "
    "mmap.mmap(f.fileno(), 9 << 20).write(b'1' * (9 << 20))"
)
WORKER = f"""
import os, sys
pid = os.fork()
if not pid:
    {FILL}
died = os.WTERMSIG(os.waitpid(pid, 0)[1])
print(f"RuntimeError: worker {{pid}} was killed by signal {{died}}", file=sys.stderr)
sys.exit(1)
"""


class Death(NamedTuple):
    """A container that is to die.

    Attributes:
        cause: what the answer should say.
        program: what it runs.
        status: its exit status, and
        oom: what the engine says of it, if all goes as meant.
        stop: whether it is stopped, once it has said something.
        limits: how it runs.
    """

    cause: str
    program: str
    status: int
    oom: bool = False
    stop: bool = False
    limits: tuple[tuple[str, Any], ...] = ()


class Drained(NamedTuple):
    """What became of a request under way when the service was stopped."""

    seconds: float
    answer: int | None
    ended: Ended
    log: tuple[str, ...]


class Killed(NamedTuple):
    """Requests that were answered before a SIGKILL, by id, and the log after it."""

    answered: tuple[str, ...]
    log: tuple[str, ...]


class Loaded(NamedTuple):
    """How a service did within limits."""

    answered: int
    ended: Ended | None
    tasks: int


@check("drains", says="a request under way was answered, and the service ended by itself in order")
def drains(evidence: Evidence) -> Verdict:
    """Stop it in the middle of a request."""
    seen = facts(evidence)[0]
    if seen.ended.status == 0 and seen.answer == OK and said(seen.log, "stopped"):
        return passed()
    if not said(seen.log, "stopped") and seen.ended.graceful and seen.answer == OK:
        return failed(
            "it was stopped in order, and the message `stopped` is not in its log",
            hint="serve.py hands its messages to log.py: let each of them come out",
        )
    became = "was answered" if seen.answer == OK else "was cut off"
    return failed(
        f"a request of {seen.seconds:.1f} s was under way, and the container was asked to stop "
        f"with {GRACE} s to do it. The request {became}; then: {seen.ended!r}",
        why="at each deployment, requests are lost, and whoever waits for the old container waits "
        "for the whole grace",
        hint="who is process 1 in your container, and does it do something on SIGTERM?",
        more=(
            "serve.py handles SIGTERM, if it gets one: only process 1 gets it",
            "a shell can hand over its place to the last command instead of waiting for it",
        ),
    )


@check("lines", says="each request that was answered has its line, also after a SIGKILL")
def lines(evidence: Evidence) -> Verdict:
    """Kill it after some requests, and count."""
    seen = facts(evidence)[1]
    missing = [name for name in seen.answered if not said(seen.log, name)]
    if not missing:
        return passed()
    return failed(
        f"{len(seen.answered)} requests were answered, then SIGKILL; {len(missing)} of their "
        "lines are not in the log",
        why="the lines before an abrupt end are those that you will look for",
        hint="where is a line between print() and docker logs?",
        more=(
            "Python writes at once on a terminal, and in blocks into a pipe; a variable changes it",
            "docker logs shows stdout and stderr of process 1's family, and no files",
        ),
    )


@check("json", says="each line is one JSON object with time, level, message and the request's id")
def as_json(evidence: Evidence) -> Verdict:
    """Read the log as a machine would."""
    drained, killed, _ = facts(evidence)
    told = [*drained.log, *killed.log]
    if verdict := silent(evidence, told):
        return verdict
    objects = [(line, parsed(line)) for line in told]
    if bad := next((line for line, one in objects if one is None), None):
        return failed(
            f"this line is no JSON object: {bad[:90]}",
            why="whatever collects your logs finds no field in it, and joins or drops the line",
            hint="one object a line, and nothing else on stdout and stderr",
            more=("a title may hold quotes: leave the quoting to the json module",),
        )
    for line, one in objects:
        if lacking := [name for name in FIELDS if not (one or {}).get(name)]:
            return failed(
                f"`{', '.join(lacking)}` is missing or empty in: {line[:90]}",
                hint="`ts` is when, `level` how bad, `message` what",
            )
    ids = {str((one or {}).get("request_id")) for _, one in objects}
    if request(evidence) not in ids:
        return failed(
            "no line has the field `request_id` with the id that the caller sent",
            why="nobody can find the lines that belong to a complaint",
            hint="write() gets it among its fields",
        )
    return passed()


@check("secret", says="a secret of its environment is not in the log")
def secret(evidence: Evidence) -> Verdict:
    """Look for what nobody should read."""
    drained, killed, _ = facts(evidence)
    told = [*drained.log, *killed.log]
    if verdict := silent(evidence, told):
        return verdict
    name, value = canary(evidence)
    if not said(told, value):
        return passed()
    return failed(
        f"the value of the variable {name} stands in the log",
        why="logs are copied to places that you do not control, and are kept for long",
        hint="started() says what the service was started with: what of that may be known?",
        more=(
            "you cannot know what the next secret will be called",
            "name what may be shown, not what must not",
        ),
    )


@check("limits", says="it worked within its limits, with threads for one processor")
def limits(evidence: Evidence) -> Verdict:
    """Load it with the memory and the processor time that it will have."""
    seen = facts(evidence)[2]
    if seen.ended is not None:
        return failed(
            f"with {MEMORY // 1_000_000} MB and one processor it did not last: {seen.ended!r}",
            why="a limit that kills the service is no protection",
            hint="each thread of the model has memory of its own: how many are there?",
            more=("serve.py takes their number from a variable", "how many can run at a time?"),
        )
    if seen.answered < REQUESTS:
        return failed(
            f"{seen.answered} of {REQUESTS} requests were answered",
            hint="ask it yourself, with cpus=1 and memory set, as the notebook shows",
        )
    if seen.tasks > MOST_TASKS:
        return failed(
            f"it gets the time of one processor, and has {seen.tasks} threads while it rests",
            why="threads that wait for each other spend the quota, and all are stopped when it is "
            "used up",
            hint="how many threads can run at a time in it?",
            more=("serve.py takes the number of the model's threads from a variable",),
        )
    return passed()


@check("causes", says="the function named the cause of every death")
def causes(evidence: Evidence) -> Verdict:
    """Let containers die, and ask the answer's function why."""
    cases = evidence.once("cases", lambda: deaths(evidence))
    told = evidence.once("told", lambda: diagnosed(evidence, [case[1:] for case in cases]))
    for (cause, state, _), answer in zip(cases, told, strict=True):
        if answer != cause:
            return failed(
                f"a container ended with status {state['ExitCode']} and OOMKilled "
                f"{str(state['OOMKilled']).lower()}; the function says {str(answer)[:40]}, and it "
                f"was {cause}",
                why="the wrong cause gets the wrong cure",
                hint="what does each fact say by itself, and which one is sure?",
                more=(
                    "a status above 128 is 128 and a signal's number",
                    "the engine knows who was killed for memory; words in a log may say anything",
                    "a worker may die, and the main process tells of it and ends with 1",
                ),
            )
    return passed()


# -- the answer's containers -----------------------------------------------------------------


def facts(evidence: Evidence) -> tuple[Drained, Killed, Loaded]:
    """What was seen of three containers of the answer."""

    def find() -> tuple[Drained, Killed, Loaded]:
        image = evidence.first.report.image_id
        prepared = (request(evidence), canary(evidence), evidence.random.uniform(2.2, 3.0))
        evidence.bench  # noqa: B018 made once, before threads ask for it
        with ThreadPoolExecutor(3) as pool:
            started = [
                pool.submit(apart, evidence.bench, work, image, *prepared)
                for work in (drained, killed, loaded)
            ]
            one, two, three = [work.result() for work in started]
        return one, two, three

    return evidence.once("facts", find)


def apart(bench: Workbench, work: Callable[..., Any], *given: Any) -> Any:
    """Do it on a connection of its own."""
    engine = bench.engine.again()
    try:
        return work(replace(bench, engine=engine), *given)
    finally:
        engine.close()


def request(evidence: Evidence) -> str:
    """The id of the first request; the others are numbered."""
    return evidence.once("request", lambda: f"{evidence.random.getrandbits(48):012x}-0")


def canary(evidence: Evidence) -> tuple[str, str]:
    """A variable that no answer knows, and its secret value."""

    def draw() -> tuple[str, str]:
        random = evidence.random
        kind = random.choice(("LOGIN", "ACCESS", "STORE", "DB", "HUB"))
        end = random.choice(("KEY", "AUTH", "PHRASE", "CRED"))
        return f"{kind}_{random.randint(10, 99)}_{end}", f"{random.getrandbits(96):024x}"

    return evidence.once("canary", draw)


def drained(
    bench: Workbench, image: str, name: str, hidden: tuple[str, str], seconds: float
) -> Drained:
    """Stop it while a request is under way."""
    with (
        bench.run(image, ready="/health", environment=dict([hidden]), every=0) as c,
        ThreadPoolExecutor(1) as pool,
    ):
        asked = pool.submit(score, c, name, seconds)
        c.until(lambda: busy(c), "a request under way")
        ended = c.stop(GRACE)
        return Drained(seconds, asked.result(), ended, texts(c))


def busy(c: Container) -> bool:
    """Whether it says that a request is under way."""
    told = parsed(c.get("/health").text)
    return bool(told and told.get("under_way"))


def killed(bench: Workbench, image: str, name: str, hidden: tuple[str, str], _: float) -> Killed:
    """Kill it right after some requests."""
    with bench.run(image, ready="/health", environment=dict([hidden]), every=0) as c:
        names = [name, *(f"{name[:-1]}{n}" for n in range(1, 7))]
        answered = tuple(one for one in names if score(c, one) == OK)
        if not answered:
            raise LabError("no request was answered", "see that serve.py runs as it is")
        c.kill()
        c.finished()
        return Killed(answered, texts(c))


def loaded(bench: Workbench, image: str, name: str, *_: object) -> Loaded:
    """Several clients at once, within limits; then count its threads while it rests."""
    container = bench.run(image, every=0, memory=MEMORY, cpus=1)
    with container as c, ThreadPoolExecutor(CLIENTS) as pool:
        c.until(lambda: not c.state.running or c.get("/health", seconds=2).ok, "an answer")
        codes = pool.map(
            lambda n: score(c, f"{name}{n}"), range(REQUESTS if c.state.running else 0)
        )
        answered = sum(code == OK for code in codes)
        if not c.state.running:
            return Loaded(answered, c.finished(), 0)
        return Loaded(answered, None, resting(c))


def resting(c: Container) -> int:
    """Its threads and processes once no request is under way any more, as the engine counts."""
    counts: list[int] = []

    def few() -> bool:
        used = usage_of(0, c.engine.stats(c.container))
        counts.append(used.processes if used else 0)
        return 0 < counts[-1] <= MOST_TASKS or len(counts) == TRIES

    c.until(few, "an answer of the engine")
    return counts[-1]


def score(c: Container, name: str, seconds: float = 0) -> int | None:
    """Ask once; the status of the answer, None if it was cut off."""
    path = f"/score?seconds={seconds}&title={quote(chr(34) + 'Über' + chr(34) + name)}"
    try:
        headers = {"X-Request-ID": name}
        return ask("GET", c.url + path, seconds=c.seconds, headers=headers).status_code
    except requests.RequestException:
        return None


def texts(c: Container) -> tuple[str, ...]:
    """What it printed, line by line."""
    return tuple(line.text for line in c.lines() if line.text.strip())


def said(log: Any, word: str) -> bool:
    """Whether a line holds the word."""
    return any(word in line for line in log)


def parsed(line: str) -> dict[str, Any] | None:
    """A line as a JSON object; None if it is none."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def silent(evidence: Evidence, log: list[str]) -> Verdict | None:
    """The verdict on a log that tells of no request; None if there is something to judge."""
    if said(log, request(evidence)):
        return None
    return failed(
        "no line of the log tells of the request, so there is nothing to judge",
        hint="first get the lines out of the container",
    )


# -- other containers' deaths ----------------------------------------------------------------


def plans(evidence: Evidence) -> list[Death]:
    """Who is to die of what: each cause once or twice, in an order of this run."""
    random = evidence.random
    status = random.randint(2, 100)
    hungry = (("memory", random.randint(24, 60) * 1_000_000),)
    small = (("shm", "1m"),)
    found = [
        Death("fine", "pass", 0),
        Death("fine", HOLD.format(on_term="lambda *_: sys.exit(0)"), 0, stop=True),
        Death("error", f"import sys; sys.exit({status})", status),
        Death("error", "raise ValueError('shared memory, and out of memory too')", 1),
        Death("out-of-memory", "x = bytearray(b'1') * 400_000_000", 137, oom=True, limits=hungry),
        Death("shared-memory", FILL, 135, limits=small),
        Death("shared-memory", WORKER, 1, limits=small),
        Death("stop-timeout", HOLD.format(on_term="signal.SIG_IGN"), 137, stop=True),
    ]
    random.shuffle(found)
    return found


def deaths(evidence: Evidence) -> list[tuple[str, dict[str, Any], str]]:
    """Cause, State and log of containers that died just now."""
    chosen = plans(evidence)
    noise = [evidence.random.sample(NOISE, 2) for _ in chosen]
    evidence.bench  # noqa: B018 made once, before threads ask for it
    with ThreadPoolExecutor(4) as pool:
        work = [
            pool.submit(apart, evidence.bench, died, death, words)
            for death, words in zip(chosen, noise, strict=True)
        ]
        return [one.result() for one in work]


def died(bench: Workbench, death: Death, noise: list[str]) -> tuple[str, dict[str, Any], str]:
    """Let it die; again if it did not die as it was meant to."""
    program = f"for one in {noise!r}: print(one, flush=True)\n{death.program}"
    options: dict[str, Any] = {"network": "none", "memory": "256m", **dict(death.limits)}
    for _ in range(TRIES):
        with bench.run(SLIM, ["python3", "-c", program], every=0, **options) as c:
            if death.stop:
                c.until(lambda c=c: "up\n" in c.logs(), "its first words")  # type: ignore[misc]
                c.stop(1 if death.status else GRACE)
            else:
                c.finished()
            state = c.engine.inspect(c.container)["State"]
            log = c.logs()
        if (state["ExitCode"], state["OOMKilled"]) == (death.status, death.oom):
            shown = ("ExitCode", "OOMKilled", "Status", "Error", "StartedAt", "FinishedAt")
            return death.cause, {name: state[name] for name in shown}, log
    raise RuntimeError(f"a container that was to die of {death.cause} did not: {state}")


def diagnosed(evidence: Evidence, cases: list[Any]) -> list[object]:
    """What the answer's function says of each; it runs in a container."""
    files = {
        "/asked/diagnose.py": evidence.text("diagnose.py"),
        "/asked/cases.json": json.dumps(cases),
    }
    status, printed = evidence.run(SLIM, ["python3", "-c", ASK], files=files, seconds=20)
    last = (printed.strip().splitlines() or [""])[-1]
    try:
        told = json.loads(last)
    except ValueError:
        told = None
    if status or not isinstance(told, list) or len(told) != len(cases):
        raise LabError(
            f"diagnose.py did not answer: {last[:150]}",
            f"cause(state, log) returns one of {', '.join(CAUSES)}",
        )
    return told
