"""Does the image greet whoever is there? Build it, run it, and look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.grade.rubric import check
from mldocker_lab.grade.verdict import Verdict, failed, passed

if TYPE_CHECKING:
    from mldocker_lab.grade.evidence import Evidence


def prepare(evidence: Evidence) -> None:
    """Before the first build: name somebody whom no answer can know."""
    evidence.put("name.txt", f"{name(evidence)}\n")


@check("greets", says="the container greets whoever is named in name.txt")
def greets(evidence: Evidence) -> Verdict:
    """Run the image and compare what it prints."""
    said = told(evidence)["said"]
    if said != f"Hello, {name(evidence)}!":
        return failed(
            f"name.txt named {name(evidence)}, and the container said: {said or 'nothing'}",
            why="an image with half of its files is found out where it runs, not where it is built",
            hint="which files does hello.py read when it runs?",
            more=(
                "compare the files in answer/ with those the Dockerfile copies",
                "COPY takes several files; the last word is the folder they go to",
            ),
        )
    return passed()


@check("not-root", says="the container does not run as root")
def not_root(evidence: Evidence) -> Verdict:
    """Ask the container who it is."""
    if told(evidence)["user"] == "0":
        return failed(
            "the container runs as root (user id 0)",
            why="whoever breaks into the program is root inside the container, too",
            hint="an instruction says as whom the following ones and the container run",
        )
    return passed()


# -- facts several checks look at -----------------------------------------------------------


def name(evidence: Evidence) -> str:
    """Who is there in this run."""
    return f"Ada-{evidence.token}"


def told(evidence: Evidence) -> dict[str, str]:
    """What the image says, and as whom it runs; found once, for both checks."""

    def find() -> dict[str, str]:
        image = evidence.first.report.image_id
        _, said = evidence.bench.call(image)
        _, user = evidence.run(image, ["id", "-u"])
        return {"said": said.strip().rpartition("\n")[2], "user": user.strip()}

    return evidence.once("told", find)
