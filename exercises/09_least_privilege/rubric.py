"""Does an image need any power? It is started as it is, as a user nobody knows, and with nothing.

Each start has a scale and a queue of its own, and each run other weights: the right answer is
computed here. What the service could change is asked inside, with the rights of its own process.
"""

from __future__ import annotations

import json
import re
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from mldocker_lab.errors import LabError
from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed
from mldocker_lab.report.layerindex import Kind
from mldocker_lab.report.waste import walk
from mldocker_lab.run.container import NotReady
from mldocker_lab.supply.bases import SLIM
from mldocker_lab.units import size

if TYPE_CHECKING:
    from mldocker_lab.grade.evidence import Evidence
    from mldocker_lab.run.container import Container

WEIGHTS_BYTES = 4_000_000
ROWS = 1000
TOLERANCE = 1e-6
#: /etc/passwd and the like are written again by whoever adds a user: that costs a few kilobytes.
MOST_WASTED = 100_000
SET_ID = 0o6000
PORT = 8080
#: What belongs to Jupyter, by the folder that pip keeps of every package.
NOTEBOOK = re.compile(r"/(jupyter\w*|notebook\w*|ipykernel|ipython|nbclassic)-[^/]+\.dist-info/")
#: How the service is started.
AS_IT_IS, AS_ANYBODY, WITH_NOTHING = "as it is", "as anybody", "with nothing"
#: Says who runs in a container, and which ports are open for everybody. Runs as root.
PROCESSES = """
import json, os
from pathlib import Path
users, ports = {}, set()
for folder in Path("/proc").glob("[0-9]*"):
    try:
        lines = (folder / "status").read_text().splitlines()
    except OSError:
        continue
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    if folder.name != str(os.getpid()):
        users[folder.name] = [fields["Uid"].split()[1], fields["Gid"].split()[1],
                              fields["Name"].strip()]
for name in ("tcp", "tcp6"):
    path = Path("/proc/net", name)
    for line in path.read_text().splitlines()[1:] if path.exists() else ():
        local, state = line.split()[1], line.split()[3]
        if state == "0A" and set(local.split(":")[0]) == {"0"}:
            ports.add(int(local.split(":")[1], 16))
print(json.dumps({"users": users, "ports": sorted(ports)}))
"""
#: Lists what a user may change, or owns, of the service, of Python and of the commands.
CHANGEABLE = """
import json, os, sys
places = ["/app", *sys.path, *os.environ["PATH"].split(":")]
roots = sorted({os.path.realpath(place) for place in places if place.startswith("/")})
found = []
def look(path):
    if os.path.islink(path):
        return
    if os.access(path, os.W_OK) or os.lstat(path).st_uid == os.getuid():
        found.append(path)
for root in roots:
    if os.path.exists(root):
        look(root)
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            look(os.path.join(folder, name))
print(json.dumps({"found": found[:1], "count": len(found), "there": os.path.exists("/app/app.py")}))
"""


def prepare(evidence: Evidence) -> None:
    """Other weights, and enough of them that a second copy is noticed."""
    evidence.put("weights.bin", evidence.random.randbytes(WEIGHTS_BYTES))


@check("answers", says="the service answers rightly, with the scale it was started with")
def answers(evidence: Evidence) -> Verdict:
    """Start it as it is, and ask."""
    return unserved(evidence, AS_IT_IS) or passed()


@check("not-root", says="started without any option, nothing in it runs as root")
def not_root(evidence: Evidence) -> Verdict:
    """The users of its processes, and of a command that is started in it."""
    if nothing := absent(evidence):
        return nothing
    seen = started(evidence, AS_IT_IS).seen
    rooted = sorted({name for uid, _, name in seen["users"].values() if uid == "0"})
    if rooted:
        return failed(
            f"{', '.join(rooted)} of your container ran as root",
            why="whoever gets in can change the program and read what belongs to others",
            hint="which instruction says who runs the container?",
            more=("a number will do; Kubernetes cannot tell from a name that it is not root's",),
        )
    if seen["default"] == "0":
        return failed(
            "the service gave root away after its start, but the image still says root: "
            "`docker exec` came in as root",
            why="a cluster that allows no root refuses such an image, and a mistake in the script "
            "brings root back",
            hint="let the image say who runs it, so that there is nothing to give away",
        )
    return passed()


@check("any-user", says="it starts and answers as a user whom the image has never heard of")
def any_user(evidence: Evidence) -> Verdict:
    """A user number that was drawn in this run."""
    return unserved(evidence, AS_ANYBODY) or passed()


@check("closed", says="so it does on a read-only root, with no capabilities and no way to get any")
def closed(evidence: Evidence) -> Verdict:
    """The same, and a read-only root, a tmpfs on /tmp, no capabilities, no new privileges."""
    return unserved(evidence, WITH_NOTHING) or passed()


@check("fixed", says="the service can change neither itself, nor Python, nor any command")
def fixed(evidence: Evidence) -> Verdict:
    """What its own user, and a user from nowhere, may write or own."""
    if nothing := absent(evidence):
        return nothing
    for how in (AS_IT_IS, AS_ANYBODY):
        seen = started(evidence, how).seen.get("changeable")
        if seen is None:
            continue  # it did not start that way: another check says so
        if not seen["there"]:
            return failed(
                "there is no /app/app.py in the image", hint="let the service stay in /app"
            )
        if seen["found"]:
            others = f" and {seen['count'] - 1} other things" if seen["count"] > 1 else ""
            return failed(
                f"{who(evidence, how)} may change {seen['found'][0]}{others}",
                why="whoever gets into the service can make it say what he likes, also after "
                "the next start",
                hint="the service only reads these: does it have to own them?",
                more=(
                    "an owner can give himself the right to write: being the owner is enough",
                    "what root copies can be read by everybody, unless somebody sees to it",
                ),
            )
    return passed()


@check("way-up", says="no program was added that makes root of whoever starts it")
def way_up(evidence: Evidence) -> Verdict:
    """Set-uid and set-gid files that the base image does not have."""
    if nothing := absent(evidence):
        return nothing
    added = privileged(evidence, evidence.first.report.image_id) - privileged(evidence, SLIM)
    if not added:
        return passed()
    return failed(
        f"{min(added)} runs with the rights of its owner or group, whoever starts it",
        why="a user without rights is of no use beside a program that gives them back",
        hint="which task needs this program, and could it be done elsewhere, or not at all?",
        more=("what has to be written at the start can be written where everybody may write",),
    )


@check("once", says="no layer holds more than a trace that a later layer hides")
def once(evidence: Evidence) -> Verdict:
    """The weights are there one time."""
    if nothing := absent(evidence):
        return nothing
    image = evidence.inspect(evidence.first.report.image_id)
    if image.wasted_bytes <= MOST_WASTED:
        return passed()
    worst = image.wasted[0]
    wrote, hid = (shortened(image.layers[at].instruction) for at in (worst.layer, worst.hidden_by))
    return failed(
        f"{size(image.wasted_bytes)} are in layers and in no container; most of it is "
        f"{worst.path} ({size(worst.bytes)}), written by `{wrote}` and hidden by `{hid}`",
        why="every node pulls it; of a real model that would be gigabytes",
        hint="a change of owner or mode, and a removal, are new layers: what is it for?",
        more=("files may keep the owner they have if everybody may read them",),
    )


@check("no-notebook", says="there is no Jupyter in any layer, and no port open but 8080")
def no_notebook(evidence: Evidence) -> Verdict:
    """Packages in the layers, listening ports of the running container."""
    if nothing := absent(evidence):
        return nothing
    ports = started(evidence, AS_IT_IS).seen["ports"]
    others = [port for port in ports if port != PORT]
    if others:
        return failed(
            f"port {others[0]} is open in your container besides {PORT}",
            why="each open port is a door, and this one may lead to a server that runs code",
            hint="what is started beside the service, and who asked for it?",
        )
    held = sorted(
        {
            match[1]
            for layer in evidence.layers(evidence.first)
            for file in layer.files
            if (match := NOTEBOOK.search(f"/{file}"))
        }
    )
    if held:
        return failed(
            f"layers of the image hold {', '.join(held[:3])}",
            why="nobody needs it for an answer; every node pulls it, and each of its packages "
            "can have a hole",
            hint="what does app.py import?",
            more=("what was installed in one layer stays in it, also if a later one removes it",),
        )
    return passed()


# -- facts several checks look at -----------------------------------------------------------


class Start(NamedTuple):
    """What came of one start.

    Attributes:
        expected: the right answer.
        told: what the service answered; None if it did not start.
        end: the last thing it printed, if it did not start.
        seen: what was found out inside.
    """

    expected: float
    told: object
    end: str
    seen: dict[str, Any]

    @property
    def right(self) -> bool:
        """Whether it answered as it should."""
        return (
            isinstance(self.told, int | float)
            and abs(self.told - self.expected) <= TOLERANCE * self.expected
        )


def started(evidence: Evidence, how: str) -> Start:
    """Start the first build in one of the three ways; ask, and look around."""

    def start() -> Start:
        random = evidence.random
        scale = round(random.uniform(1.5, 9), 3)
        queue = [random.randrange(10_000) for _ in range(6)]
        expected = scale * sum(rows(evidence)[place % ROWS] for place in queue)
        options: dict[str, Any] = {"environment": {"SCALE": str(scale)}, "every": 0}
        if how != AS_IT_IS:
            options["user"] = number(evidence)
        if how == WITH_NOTHING:
            options |= {"read_only": True, "tmpfs": ["/tmp"], "drop": ["ALL"]}  # noqa: S108 in it
            options["no_new_privileges"] = True
        image = evidence.first.report.image_id
        try:
            with evidence.bench.run(image, ready="/health", seconds=40, **options) as container:
                told = asked(container, queue)
                return Start(expected, told, "", {} if how == WITH_NOTHING else inside(container))
        except NotReady as error:
            return Start(expected, None, last_line(error.what), {})

    return evidence.once(("started", how), start)


def rows(evidence: Evidence) -> list[int]:
    """The table that the service makes of this run's weights."""
    weights = array("H", (evidence.folder / "weights.bin").read_bytes())
    return list(weights[:: len(weights) // ROWS])


def number(evidence: Evidence) -> str:
    """A user that no image knows."""
    return evidence.once("user", lambda: str(evidence.random.randint(100_000, 2_000_000)))


def asked(container: Container, queue: list[int]) -> object:
    """What the service says about a queue."""
    try:
        return container.post("/wait", {"queue": queue}).json()["seconds"]
    except (ValueError, KeyError, TypeError):
        return "something else"


def inside(container: Container) -> dict[str, Any]:
    """Who runs there, what is open, and what the user of its process 1 could change."""
    seen = said(container, PROCESSES, user="0")
    status, default = container.call(["id", "-u"])
    uid, gid, _ = seen["users"]["1"]
    seen["default"] = default.strip() if status == 0 else "?"
    seen["changeable"] = said(container, CHANGEABLE, user=f"{uid}:{gid}")
    return seen


def said(container: Container, script: str, *, user: str) -> dict[str, Any]:
    """What a script for Python says inside a container."""
    status, printed = container.call(["python", "-c", script], user=user)
    if status:
        raise LabError(
            f"`python` in the container ended with {status}: {last_line(printed)}",
            "the service runs with Python: let `python` be on the image's PATH",
        )
    return dict(json.loads(last_line(printed)))


def unserved(evidence: Evidence, how: str) -> Verdict | None:
    """The verdict on a service that does not answer rightly when started this way."""
    start = started(evidence, how)
    if start.right:
        return None
    if start.told is None:
        return failed(
            f"started {described(evidence, how)}, it did not come up; its last words: {start.end}",
            **ADVICE[how],
        )
    return failed(
        f"started {described(evidence, how)}, the service says {shown(start.told)}, and "
        f"{start.expected:.3f} would be right",
        why="it has to tell the truth for the scale of this site, and the weights of this release",
        hint="SCALE is known when the container starts, not when the image is built",
    )


def absent(evidence: Evidence) -> Verdict | None:
    """The verdict on an image that does not serve: it can do no harm, and earns nothing."""
    start = started(evidence, AS_IT_IS)
    if start.told is not None:
        return None
    return failed(
        f"started as it is, it did not come up; its last words: {start.end}",
        why="what does not run needs no rights",
        hint="let the service start as it did before",
    )


def privileged(evidence: Evidence, image: str) -> frozenset[str]:
    """Files of an image that run as their owner or group."""

    def find() -> frozenset[str]:
        indexes = evidence.inspect(image).indexes
        items = (indexes[one.layer].item(one.position) for one in walk(indexes) if shows(one))
        wanted = (Kind.FILE, Kind.HARD_LINK)
        return frozenset(it.path for it in items if it.kind in wanted and it.mode & SET_ID)

    def shows(one: Any) -> bool:
        return one.hidden_by is None

    return evidence.once(("privileged", image), find)


# -- words for what was seen ----------------------------------------------------------------

ADVICE: dict[str, dict[str, Any]] = {
    AS_IT_IS: {
        "hint": "start.sh writes a file, app.py another one: may the user of the image do that?",
        "more": (
            "app.py says where it looks for its settings, and where it keeps its table",
            "both places can be told to it from outside",
        ),
    },
    AS_ANYBODY: {
        "why": "a cluster may choose the user, and this one is in no list of the image",
        "hint": "such a user owns nothing and has no home folder: where does the service write?",
        "more": (
            "there is a folder in every image in which everybody may write",
            "an account is looked up at the start; a variable that is set already is not replaced",
        ),
    },
    WITH_NOTHING: {
        "why": "nothing in the image can be written then; /tmp is a folder in memory",
        "hint": "what does the service write at its start, and must it lie in the image?",
        "more": (
            "settings and table are made anew at each start: they may be gone at its end",
            "start.sh must need no right, either: no other user, no other owner, no other mode",
        ),
    },
}


def described(evidence: Evidence, how: str) -> str:
    """How it was started, for a sentence."""
    if how == AS_IT_IS:
        return "as it is"
    if how == AS_ANYBODY:
        return f"as user {number(evidence)}"
    return f"as user {number(evidence)}, read-only but for /tmp and without capabilities"


def who(evidence: Evidence, how: str) -> str:
    """Whose rights were looked at, for a sentence."""
    if how == AS_ANYBODY:
        return f"user {number(evidence)}"
    uid = started(evidence, AS_IT_IS).seen["users"]["1"][0]
    return f"the service (user {uid})"


def shown(told: object) -> str:
    """An answer of the service in a sentence: it may be anything."""
    return f"{told:.3f}" if isinstance(told, int | float) else str(told)[:40]


def last_line(text: str) -> str:
    """The last line of a text, without the bar that quotes a log."""
    return (text.strip().splitlines() or ["nothing"])[-1].strip().removeprefix("| ")[:200]


def shortened(text: str, most: int = 60) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
