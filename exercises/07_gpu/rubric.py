"""Is it known before a deployment whether an image runs, and does a service say what it uses?

Nothing here needs a GPU, and nothing looks for one: every answer earns the same on every machine.
The pairs of images and hosts are drawn anew in each run, and judged by the gates of
``mldocker_lab.gpu``. Where a working GPU has to be seen, a stand-in for onnxruntime claims one.
"""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from mldocker_lab.errors import LabError, UsageError
from mldocker_lab.gpu import cdi, passthrough
from mldocker_lab.gpu import host as hosts_of
from mldocker_lab.gpu import image as images_of
from mldocker_lab.gpu.check import check as gates_of
from mldocker_lab.gpu.recorded import requirement
from mldocker_lab.gpu.tables import tables
from mldocker_lab.grade.printed import last_json
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.supply import bases

if TYPE_CHECKING:
    from random import Random

    from mldocker_lab.grade.evidence import Evidence

    Facts = dict[str, Any]

PAIRS = 200
_DEMANDING, _HALF = 0.8, 0.5  # of the images
_OK, _UNAVAILABLE = 200, 503
#: Each kind of pair is drawn at least so often: image, cuda, kernels.
RARE = {
    ("refused", "runs", "runs"): 3,
    ("runs", "runs", "refused"): 3,
    ("refused", "refused", "runs"): 3,
    ("runs", "runs", "runs"): 3,
}
#: Drivers and the CUDA they know; cards' brands and capabilities.
DRIVERS = (
    ("470.82.01", "11.4"), ("515.105.01", "11.7"), ("525.147.05", "12.0"), ("530.30.02", "12.1"),
    ("535.104.05", "12.2"), ("550.54.15", "12.4"), ("570.124.06", "12.8"), ("580.65.06", "13.0"),
)  # fmt: skip
CARDS = (
    ("geforce", "6.1"), ("geforce", "7.5"), ("geforce", "8.6"), ("geforce", "8.9"),
    ("quadro", "6.1"), ("tesla", "7.0"), ("tesla", "7.5"), ("nvidia", "8.0"), ("nvidia", "9.0"),
)  # fmt: skip
CUDAS = ("11.8", "12.2", "12.4", "12.6", "12.8", "13.0")
BRANCHES = (470, 525, 535, 550, 570)
KERNELS = (
    "5.0 6.0 7.0 7.5 8.0 8.6 9.0",
    "7.0 7.5 8.0 8.6 9.0",
    "7.5 8.0 8.6 9.0",
    "8.0 9.0",
    "6.0 7.0 8.0",
)

#: Runs the answer's functions; what they raise is told, not raised.
JUDGE = """
import json, sys
sys.path.insert(0, "/check")
told = json.load(open("/check/asked.json"))
answers = {"fits": [], "choose": []}
try:
    import fits
except BaseException as error:
    answers = {"error": f"fits.py: {type(error).__name__}: {error}"}
else:
    for name, function in (("fits", "fits"), ("choose", "choose")):
        for asked in told[name]:
            try:
                said = getattr(fits, function)(*asked)
            except BaseException as error:
                said = {"error": f"{type(error).__name__}: {error}"}
            answers[name].append(said)
print("\\n" + json.dumps(answers, default=str))
"""

#: Starts the service as the image would, in several surroundings, and asks it.
ASK = """
import json, os, signal, subprocess, sys, time, urllib.error, urllib.request
told = json.load(open("/check/asked.json"))
def get(path, data=None):
    request = urllib.request.Request("http://127.0.0.1:8080" + path, data)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)
def alive(process):
    end = time.monotonic() + 100
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        if get("/live")[0] == 200:
            return True
        time.sleep(0.1)
    return False
def healthy(environment):
    if not told["health"]:
        return None
    try:
        done = subprocess.run(told["health"], env=environment, timeout=60, capture_output=True)
        return done.returncode
    except (OSError, subprocess.TimeoutExpired):
        return 1
def scenario(one):
    environment = {**os.environ, **one["env"]}
    if one["stand_in"]:
        environment["PYTHONPATH"] = "/check/stand-in"
    with open("/tmp/log", "w+") as log:
        process = subprocess.Popen(
            told["command"], env=environment, start_new_session=True, stdout=log, stderr=log
        )
        try:
            up = alive(process)
            status, body = get("/health") if up else (0, "")
            watts = get("/predict", json.dumps({"load": told["load"]}).encode()) if up else (0, "")
            health = healthy(environment) if up else None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except OSError:
                pass
            process.wait()
        log.seek(0)
        end = log.read()[-300:]
    return {"up": up, "status": status, "body": body[:2000], "predict": watts[1][:2000],
            "health": health, "log": end}
print("\\n" + json.dumps({one["name"]: scenario(one) for one in told["scenarios"]}))
"""

#: Stands in for onnxruntime with a GPU: it claims what the variables say, and computes nothing.
STAND_IN = '''
"""A stand-in for onnxruntime: no GPU is used, whatever it claims."""
import os
__version__ = "0"
def get_available_providers():
    return ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
def get_device():
    return "GPU"
def get_all_providers():
    return get_available_providers()
def preload_dlls(*args, **kwargs):
    pass
def set_default_logger_severity(*args):
    pass
class SessionOptions:
    pass
class InferenceSession:
    def __init__(self, *args, **kwargs):
        self._used = os.environ["STAND_IN_USES"].split(",")
    def get_providers(self):
        return list(self._used)
    def get_inputs(self):
        return []
    def get_outputs(self):
        return []
    def disable_fallback(self):
        pass
    def run(self, outputs, inputs, *args):
        return [next(iter(inputs.values()))]
'''
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


# -- which image runs where -----------------------------------------------------------------


@check("pairs", says="for every pair it has never seen it says what the three gates say")
def pairs(evidence: Evidence) -> Verdict:
    """Pairs of which everything is known."""
    drawn, said = asked(evidence), answered(evidence)
    for (image, host), answer in zip(drawn.known, said["fits"], strict=False):
        if verdict := compared(image, host, answer):
            return verdict
    return passed()


@check("unknown", says="a fact that is missing is never a pass")
def unknown(evidence: Evidence) -> Verdict:
    """Pairs that lack a fact."""
    drawn, said = asked(evidence), answered(evidence)
    for (image, host), answer in zip(drawn.partly, said["fits"][len(drawn.known) :], strict=False):
        if verdict := compared(image, host, answer):
            return verdict
    return passed()


@check("choice", says="it picks the newest image that runs, and none where none does")
def choice(evidence: Evidence) -> Verdict:
    """Which of several images for a host."""
    drawn, said = asked(evidence), answered(evidence)
    for (images, host), answer in zip(drawn.choices, said["choose"], strict=False):
        right = newest(images, host)
        if isinstance(answer, dict) and "error" in answer:
            return failed(f"choose() stopped: {short(answer['error'])}")
        if answer != right:
            offered = ", ".join(f"{one['name']} (CUDA {dotted(one['cuda'])})" for one in images)
            runs = (
                "none of them runs there" if right is None else f"{right} is the newest that runs"
            )
            return failed(
                f"of {offered} it picks {short(answer)} for {told(host)}, and {runs}",
                why="an image that is refused there costs a rollback, a too old one what it lacks",
                hint="an image runs if none of the three gates refuses and none cannot tell",
            )
    return passed()


class Drawn(NamedTuple):
    """What the answer is asked."""

    known: list[tuple[Facts, Facts]]
    partly: list[tuple[Facts, Facts]]
    choices: list[tuple[list[Facts], Facts]]


def asked(evidence: Evidence) -> Drawn:
    """Pairs that no answer can know."""
    return evidence.once("asked", lambda: draw(evidence.random))


def draw(random: Random) -> Drawn:
    """Pairs of every kind: those that the article's rule gets wrong among them."""
    known: list[tuple[Facts, Facts]] = []
    missing = dict(RARE)
    while len(known) < PAIRS:
        image, host = an_image(random), a_host(random)
        kind = tuple(truth(image, host).values())
        wanted = sum(left for left in missing.values() if left > 0)
        if missing.get(kind, 0) > 0:
            missing[kind] -= 1
        elif PAIRS - len(known) <= wanted:
            continue
        known.append((image, host))
    partly = [without(random, an_image(random), a_host(random)) for _ in range(PAIRS // 4)]
    choices = [([*some_images(random)], a_host(random)) for _ in range(PAIRS // 4)]
    return Drawn(known, partly, choices)


def an_image(random: Random, cuda: str = "") -> Facts:
    """An image as it might have been built."""
    cuda = cuda or random.choice(CUDAS)
    branches = sorted(random.sample(BRANCHES, random.randint(0, 3)))
    brands = random.sample(("tesla", "nvidia", "geforce", "quadro"), random.randint(1, 4))
    demand = requirement(cuda, branches, brands, []) if random.random() < _DEMANDING else ""
    first = 1 if cuda.startswith("13") or random.random() < _HALF else 0
    kernels = random.choice(KERNELS[first:])
    return {
        "name": f"trainer:{random.randint(100, 999)}",
        "cuda": numbers(cuda),
        "requires": demand,
        "kernels": [numbers(one) for one in kernels.split()],
    }


def some_images(random: Random) -> list[Facts]:
    """Images of different CUDAs, in no order."""
    images = [an_image(random, cuda) for cuda in random.sample(CUDAS, 3)]
    return [{**one, "name": f"trainer:{i}{random.randint(10, 99)}"} for i, one in enumerate(images)]


def a_host(random: Random) -> Facts:
    """A host as there might be one."""
    driver, cuda = random.choice(DRIVERS)
    brand, arch = random.choice(CARDS)
    return {"driver": numbers(driver), "cuda": numbers(cuda), "brand": brand, "arch": numbers(arch)}


def without(random: Random, image: Facts, host: Facts) -> tuple[Facts, Facts]:
    """The same pair with something not known."""
    lost = random.choice(("driver", "brand", "arch", "image"))
    if lost == "driver":
        return image, {**host, "driver": None, "cuda": None}
    if lost == "image":
        return {**image, "cuda": None, "kernels": None, "requires": ""}, host
    return image, {**host, lost: None}


def truth(image: Facts, host: Facts) -> dict[str, str]:
    """What the gates say."""
    env = {"NVIDIA_REQUIRE_CUDA": image["requires"]}
    if image["cuda"]:
        env["CUDA_VERSION"] = dotted(image["cuda"])
    if image["kernels"]:
        env["TORCH_CUDA_ARCH_LIST"] = " ".join(map(dotted, image["kernels"]))
    if not image["requires"]:
        env["NVIDIA_DISABLE_REQUIRE"] = "1"  # or CUDA_VERSION alone would be a demand
    facts = {key: dotted(value) for key, value in host.items() if isinstance(value, list)}
    given = hosts_of.given(**facts, brand=host["brand"])
    found = gates_of(images_of.given(env, compat=False), given, tables())
    return {name: gate.verdict for name, gate in found.gates.items()}


def newest(images: list[Facts], host: Facts) -> str | None:
    """The image with the newest CUDA that runs; None if none does."""
    runs = [one for one in images if set(truth(one, host).values()) == {"runs"}]
    return max(runs, key=lambda one: one["cuda"])["name"] if runs else None


def answered(evidence: Evidence) -> dict[str, list[Any]]:
    """What the answer's functions say, asked in a container.

    Raises:
        LabError: they cannot be asked at all.
    """
    return evidence.once("answered", lambda: ask_functions(evidence))


def ask_functions(evidence: Evidence) -> dict[str, list[Any]]:
    """All questions in one container without a network."""
    drawn = asked(evidence)
    questions = {"fits": drawn.known + drawn.partly, "choose": drawn.choices}
    said = run(
        evidence,
        bases.SLIM,
        JUDGE,
        {
            "/check/asked.json": json.dumps(questions),
            "/check/fits.py": evidence.text("fits.py"),
            "/check/facts.py": evidence.text("facts.py"),
        },
    )
    if "error" in said:
        raise UsageError(short(said["error"], 200))
    for name, many in questions.items():
        if len(said.get(name) or ()) != len(many):
            raise UsageError(f"{name}() did not answer every question")
    return said


def compared(image: Facts, host: Facts, answer: object) -> Verdict | None:
    """The verdict on a wrong answer about a pair; None if it is right."""
    right = truth(image, host)
    if isinstance(answer, dict) and "error" in answer:
        return failed(
            f"fits() stopped at {told(host)}: {short(answer['error'])}",
            hint="what is not known is None",
        )
    if not isinstance(answer, dict) or set(answer) != set(right):
        return failed(
            f"fits() answers {short(answer)}: it should be a word for image, cuda and kernels each"
        )
    for gate, word in right.items():
        if answer[gate] != word:
            return failed(
                f"CUDA {dotted(image['cuda'])} on {told(host)}: for the gate “{gate}” you say "
                f"{short(answer[gate])}, and it is {word}",
                why=WHY[gate],
                hint=HINT["missing" if word == "cannot-tell" else gate],
                more=MORE["missing" if word == "cannot-tell" else gate],
            )
    return None


WHY = {
    "image": "this gate is asked before the container starts, by NVIDIA's hook, and nobody else",
    "cuda": "a rule that is too strict keeps images away that would run",
    "kernels": "this gate shows at the first kernel, long after the deployment looked fine",
}
HINT = {
    "image": "only what the image demands counts here, not which CUDA it has",
    "cuda": "within a generation of CUDA, which driver is the lowest that runs all of it?",
    "kernels": "compare the card with what the image has kernels for",
    "missing": "what should a gate say when the fact it needs is None?",
}
MORE = {
    "image": ("facts.py can read the demand: meets() says True, False or None",),
    "cuda": ("FLOORS has that driver for each generation; newer drivers run older generations",),
    "kernels": (
        "code for 8.0 runs on 8.6 and 8.9, not on 9.0 and not on 7.5",
        "the number before the dot has to be the same, the one behind it not larger",
    ),
    "missing": ("neither runs nor refused; but a gate that does not need the fact still knows",),
}


# -- a service that says what it uses -------------------------------------------------------


@check("require-gpu", says="with REQUIRE_GPU=1 and no GPU it answers 503 and names what it uses")
def require_gpu(evidence: Evidence) -> Verdict:
    """The real onnxruntime, in a container that has no GPU."""
    seen = service(evidence)
    one = seen["required"]
    if verdict := not_up(one):
        return verdict
    if one["status"] != _UNAVAILABLE:
        return failed(
            f"REQUIRE_GPU=1, no GPU in the container, and GET /health answers {one['status']}: "
            f"{short(one['body'], 120)}",
            why="the service computes on the CPU, and nobody notices until it is too slow",
            hint="what does the session say it uses? What it was asked to use says nothing",
            more=("onnxruntime falls back without an error: get_providers() of the session tells",),
        )
    if CPU not in one["body"]:
        return failed(
            f"/health answers 503 without saying what is used: {short(one['body'], 120)}",
            hint="name the provider, so that whoever is paged knows",
        )
    if one["health"] is None:
        return failed("the image has no HEALTHCHECK, so the engine never asks /health")
    if one["health"] == 0:
        return failed(
            "/health answers 503, and the image's HEALTHCHECK ends with 0: healthy",
            why="the engine believes the exit status and nothing else",
            hint="what makes the exit status of the command?",
        )
    return passed()


@check("provider", says="otherwise it is healthy, and it names the provider that the session uses")
def provider(evidence: Evidence) -> Verdict:
    """Without the demand, and with stand-ins that claim a GPU or have lost it."""
    seen = service(evidence)
    plain, gpu, lost = seen["plain"], seen["gpu"], seen["lost"]
    for one in (plain, gpu, lost):
        if verdict := not_up(one):
            return verdict
    if plain["status"] != _OK or plain["health"] not in (0, None) or CPU not in plain["body"]:
        return failed(
            f"without REQUIRE_GPU the CPU is fine, and /health answers {plain['status']}: "
            f"{short(plain['body'], 120)}",
            hint="200, healthy, and the provider by its name",
        )
    if not right_watts(evidence, plain["predict"]):
        return failed(f"POST /predict now answers {short(plain['predict'], 120)}")
    if gpu["status"] != _OK or CUDA not in gpu["body"] or CPU in gpu["body"]:
        return failed(
            f"a stand-in whose session uses {CUDA} with REQUIRE_GPU=1: /health answers "
            f"{gpu['status']}: {short(gpu['body'], 120)}",
            hint="report what the session uses, the first of its providers",
        )
    if lost["status"] != _UNAVAILABLE or CPU not in lost["body"] or CUDA in lost["body"]:
        return failed(
            "a stand-in that could use a GPU, and whose session fell back to the CPU, with "
            f"REQUIRE_GPU=1: /health answers {lost['status']}: {short(lost['body'], 120)}",
            why="get_device() and get_available_providers() say what was built, not what is used",
            hint="ask the session",
        )
    return passed()


def service(evidence: Evidence) -> dict[str, Facts]:
    """What the service says in each surrounding."""
    return evidence.once("service", lambda: ask_service(evidence))


def ask_service(evidence: Evidence) -> dict[str, Facts]:
    """All surroundings in one container without a network, one after the other."""
    image = evidence.first.report.image_id
    config = evidence.bench.engine.image(image).config
    command = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
    if not command:
        raise UsageError("the image has no CMD: nothing would start")
    required = {"REQUIRE_GPU": "1"}
    scenarios = [
        {"name": "required", "env": required, "stand_in": False},
        {"name": "plain", "env": {}, "stand_in": False},
        {"name": "gpu", "env": {**required, "STAND_IN_USES": f"{CUDA},{CPU}"}, "stand_in": True},
        {"name": "lost", "env": {**required, "STAND_IN_USES": CPU}, "stand_in": True},
    ]
    told_all = {
        "command": command,
        "health": health_command(config),
        "scenarios": scenarios,
        "load": load(evidence),
    }
    return run(
        evidence,
        image,
        ASK,
        {"/check/asked.json": json.dumps(told_all), "/check/stand-in/onnxruntime.py": STAND_IN},
        seconds=450,
    )


def health_command(config: Facts) -> list[str]:
    """The image's HEALTHCHECK as a command; empty if it has none."""
    test = (config.get("Healthcheck") or {}).get("Test") or []
    if test[:1] == ["CMD-SHELL"]:
        shell = config.get("Shell") or ["/bin/sh", "-c"]
        return [*shell, *test[1:]]
    return test[1:] if test[:1] == ["CMD"] else []


def not_up(one: Facts) -> Verdict | None:
    """The verdict on a service that did not come up."""
    if one["up"]:
        return None
    return failed(
        f"the service did not answer GET /live: {short(one['log'], 200)}",
        hint="a service that misses its GPU should say so, not vanish: let it start",
    )


def load(evidence: Evidence) -> list[float]:
    """What is predicted."""
    return evidence.once(
        "load", lambda: [round(evidence.random.uniform(0, 9), 2) for _ in range(3)]
    )


def right_watts(evidence: Evidence, said: str) -> bool:
    """The model is a straight line."""
    try:
        watts = json.loads(said)["watts"]
        right = [2.5 * x + 40 for x in load(evidence)]
        return all(abs(a - b) < 1e-3 for a, b in zip(watts, right, strict=True))  # noqa: PLR2004 float32
    except (ValueError, KeyError, TypeError):
        return False


# -- a device, by hand ----------------------------------------------------------------------

#: Device -> what has to come with it: nodes, mounts, variables.
BRINGS = {
    "lab.example/gpu=0": (
        "/dev/zero:/dev/labgpu0:rw",
        {"LABGPU_DRIVER": "1.4", "LABGPU_VISIBLE": "0"},
    ),
    "lab.example/gpu=1": (
        "/dev/full:/dev/labgpu1:rw",
        {"LABGPU_DRIVER": "1.4", "LABGPU_VISIBLE": "1"},
    ),
}
LIBRARIES = ("/opt/lab/driver", "/usr/lib/labgpu")


@check("spec", says="an engine takes the spec, and each device brings what belongs to it")
def spec(evidence: Evidence) -> Verdict:
    """The spec, and what its devices come to as plain flags; nothing of it is carried out here."""
    read = cdi.read(evidence.text("gpu.yaml"))
    if read.problems:
        return failed(
            f"no engine takes it: {short(read.problems[0], 160)}",
            hint="lab.gpu.spec(…).problems lists all that is wrong with it",
        )
    if set(read.devices) != set(BRINGS):
        return failed(
            f"it defines {short(', '.join(read.devices), 120)}, and not {' and '.join(BRINGS)}"
        )
    for name, (node, variables) in BRINGS.items():
        flags = passthrough.compiled(read, name)
        if [sorted_node(one) for one in flags.devices] != [sorted_node(node)]:
            return failed(
                f"with {name} comes the device {short(', '.join(flags.devices) or 'nothing', 120)}",
                why="that is host path : path in the container : what may be done with it",
                hint="hostPath, path and permissions of a node in deviceNodes",
            )
        mount = flags.mounts[0].split(":") if len(flags.mounts) == 1 else []
        if tuple(mount[:2]) != LIBRARIES or "ro" not in ",".join(mount[2:]).split(","):
            return failed(
                f"with {name} comes the mount {short(', '.join(flags.mounts) or 'nothing', 120)}",
                why="who can write into the driver's folder can change it for everybody",
                hint="hostPath, containerPath and options of a mount",
            )
        if flags.variables() != variables:
            return failed(
                f"with {name} come the variables {short(flags.variables(), 120)}",
                hint="what belongs to every device stands beside devices, not in each of them",
            )
    return passed()


def sorted_node(node: str) -> tuple[str, str, str]:
    """The parts of a node; in permissions the order means nothing."""
    host, path, may = node.split(":")
    return host, path, "".join(sorted(may))


# -- four failures --------------------------------------------------------------------------

ANSWERS = {
    "case1": ("image-gate", "disable-require"),
    "case2": ("kernels-gate", "other-wheel"),
    "case3": ("variable", "ask-for-a-gpu"),
    "case4": ("snap", "replace-docker"),
}


@check("failures", says="all four failures are told apart, each with what mends it")
def failures(evidence: Evidence) -> Verdict:
    """Causes and remedies, in the words of the file."""
    try:
        said = tomllib.loads(evidence.text("failures.toml"))
    except tomllib.TOMLDecodeError as error:
        return failed(f"failures.toml cannot be read: {short(str(error), 120)}")
    for name, (cause, remedy) in ANSWERS.items():
        case = said.get(name)
        if not isinstance(case, dict) or case.get("cause") != cause:
            return failed(
                f"{name}: the cause is another one",
                hint="which program speaks in the last line, and what had it been asked?",
                more=(
                    "lab.gpu.diagnose() of a text names the row of the table that it belongs to",
                ),
            )
        if case.get("remedy") != remedy:
            return failed(
                f"{name}: the cause is right, and another remedy changes less, or mends it",
                hint="would the other two gates let it run? lab.gpu.check() says so for facts",
            )
    return passed()


# -- helpers --------------------------------------------------------------------------------


def run(
    evidence: Evidence, image: str, program: str, files: dict[str, str], seconds: float = 200
) -> Facts:
    """A program of ours in a container, and the JSON of its last line."""
    command = ["python3", "-c", program]
    status, said = evidence.run(image, command, files=files, seconds=seconds)
    try:
        found = last_json(said)
    except ValueError:
        raise LabError(f"it ended with {status}: {said.strip()[-200:]}") from None
    if not isinstance(found, dict):
        raise LabError(f"it printed {short(found)}")
    return found


def numbers(text: str) -> list[int]:
    """``"535.104.05"`` → ``[535, 104, 5]``."""
    return [int(part) for part in text.split(".")]


def dotted(version: list[int] | None) -> str:
    """The other way round."""
    return ".".join(map(str, version)) if version else "?"


def told(host: Facts) -> str:
    """A host in a few words."""
    arch = f"sm_{''.join(map(str, host['arch']))}" if host["arch"] else "a card of unknown kind"
    driver = f"driver {dotted(host['driver'])} (CUDA {dotted(host['cuda'])})"
    return f"{host['brand'] or 'unknown brand'}, {arch}, {driver}"


def short(value: object, most: int = 60) -> str:
    """A stranger's value on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"
