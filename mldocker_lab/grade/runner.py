"""Grading: the learner's answer files in a pristine copy, the pristine notebook run by nbval.

A check earns its points when two witnesses agree: nbval, that its cell showed exactly what the
notebook promises, and the check's own verdict, written where no cell output can reach.

What this defends against: nothing of a submission runs or is read in our processes but its
declared answer files, so edited notebooks, checks and stored outputs, ``conftest.py``,
``pytest.ini``, shadowing modules, links, huge files and answers learnt by heart gain nothing.
pytest is locked (own settings, no conftest, no further plugins, own environment, clean folder), a
dead kernel is noticed, and nothing after a timeout counts.

What it does not defend against yet: a Dockerfile is built on the engine you give it, with that
engine's network and without limits on memory, processors, processes and disk, and the images
of one submission are visible to the builds of the next. So grade strangers' answers on the lab's
own engine, on a machine that holds nothing else.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import LabError
from mldocker_lab.grade import workspace
from mldocker_lab.grade.exercise import NOTEBOOK
from mldocker_lab.grade.record import Record
from mldocker_lab.grade.score import CheckScore, ExerciseScore, Gradebook, SubmissionScore
from mldocker_lab.grade.submissions import Submission, discover, known_exercises
from mldocker_lab.grade.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mldocker_lab.grade.exercise import Exercise
    from mldocker_lab.workbench import Workbench

__all__ = ["grade", "grade_answer"]

_SETTINGS = "[pytest]\nfilterwarnings = ignore\n"
#: What a graded run may know of our environment; all else (PYTEST_ADDOPTS, …) stays outside.
_PASSED_ON = ("PATH", "HOME", "USER", "USERPROFILE", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
_PASSED_ON_STARTS = ("LC_", "DOCKER_", "MLDOCKER_")
_PACKAGE = Path(__file__).resolve().parents[2]
_TAIL = 8


def grade(
    paths: Iterable[Path], bench: Workbench | None, *, exercises: Path | None = None
) -> Gradebook:
    """Grade everything at some paths.

    Args:
        paths: exercises, folders of exercises, submissions, or folders of submissions.
        bench: the engine to build on; each answer gets a run of its own there, which is forgotten
            afterwards. None where no exercise needs an engine.
        exercises: the folder of the exercises we trust; None for the lab's own.

    Raises:
        UsageError: a path holds nothing that can be graded.
    """
    known = known_exercises(exercises)
    found = [one for path in paths for one in discover(Path(path), known)]
    return Gradebook(tuple(_submission(one, known, bench) for one in found))


def _submission(
    submission: Submission, known: dict[str, Exercise], bench: Workbench | None
) -> SubmissionScore:
    scores = [
        grade_answer(known[name], folder, bench) if name in known else _unknown(name, known)
        for name, folder in submission.answers.items()
    ]
    return SubmissionScore(submission.name, tuple(scores))


def _unknown(name: str, known: dict[str, Exercise]) -> ExerciseScore:
    return ExerciseScore(name, (), f"no exercise is called {name}; there are {', '.join(known)}")


def grade_answer(exercise: Exercise, folder: Path, bench: Workbench | None) -> ExerciseScore:
    """Grade one answer to one exercise.

    Args:
        exercise: a trusted one.
        folder: holds the answer files; nothing else in it is read.
        bench: as for ``grade``.
    """
    try:
        files = workspace.collect(folder, exercise)
    except workspace.Refused as error:
        return _nothing(exercise, error)
    with tempfile.TemporaryDirectory(prefix="mldocker-grade-") as made:
        place = Path(made)
        (place / "run").mkdir()
        copy = place / exercise.id
        try:
            workspace.prepare(exercise, files, copy)
        except workspace.Refused as error:
            return _nothing(exercise, error)
        record = Record(
            place / "run" / "verdicts.jsonl", secrets.token_hex(16), secrets.token_hex(4)
        )
        try:
            ended = _run(exercise, copy, place / "run", record, bench)
        finally:
            _forget(bench, record.run_id)
        return _combined(exercise, _outcomes(place / "run"), record.read(), ended)


def _nothing(exercise: Exercise, error: LabError) -> ExerciseScore:
    verdict = Verdict("failed", error.what, hint=error.hint)
    scores = tuple(CheckScore(name, points, verdict) for name, points in exercise.points.items())
    return ExerciseScore(exercise.id, scores, verdict.message)


def _run(
    exercise: Exercise, copy: Path, private: Path, record: Record, bench: Workbench | None
) -> str:
    """Run the notebook through nbval; returns why it ended early, if it did."""
    settings = private / "pytest.ini"
    settings.write_text(_SETTINGS, encoding="utf-8")
    command = [
        *(sys.executable, "-P", "-m", "pytest"),
        *("-c", str(settings), "--rootdir", str(copy), "--noconftest", "-q", "--color=no"),
        *("-p", "mldocker_lab.grade.plugin", "-p", "nbval.plugin", "-p", "no:cacheprovider"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", str(exercise.seconds)),
        str(copy / NOTEBOOK),
    ]
    with subprocess.Popen(
        command,
        cwd=copy,
        env=_environment(copy, private, record, bench),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            output, _ = process.communicate(timeout=2 * exercise.seconds)
        except subprocess.TimeoutExpired:
            return "the notebook took too long"
        finally:
            process.kill()  # its kernel notices, and ends too
    if process.returncode not in (0, 1):  # pytest: 0 all passed, 1 some failed, else trouble
        lines = output.decode(errors="replace").strip().splitlines()[-_TAIL:]
        return f"pytest could not run the notebook: {' | '.join(lines)}"
    return ""


def _environment(
    copy: Path, private: Path, record: Record, bench: Workbench | None
) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _PASSED_ON or name.upper().startswith(_PASSED_ON_STARTS)
    }
    ours = {
        "MLDOCKER_EXERCISE": str(copy),
        "MLDOCKER_LIVE": "0",
        "MLDOCKER_GRADE_OUTCOMES": str(private / "outcomes.json"),
        "PYTHONPATH": str(_PACKAGE),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "IPYTHONDIR": str(private / "ipython"),
        "JUPYTER_CONFIG_DIR": str(private / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(private / "runtime"),
        **record.environment,
    }
    if bench is not None:
        ours["MLDOCKER_ENGINE"] = bench.engine.url
    return kept | ours


def _outcomes(private: Path) -> dict[str, dict[str, str]]:
    try:
        told: dict[str, Any] = json.loads((private / "outcomes.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told


def _combined(
    exercise: Exercise,
    outcomes: dict[str, dict[str, str]],
    verdicts: dict[str, Verdict],
    ended: str,
) -> ExerciseScore:
    scores = []
    for name, points in exercise.points.items():
        outcome = outcomes.get(name, {"outcome": "missing", "why": ended})
        scores.append(CheckScore(name, points, _agreed(outcome, verdicts.get(name))))
    return ExerciseScore(exercise.id, tuple(scores))


def _agreed(outcome: dict[str, str], verdict: Verdict | None) -> Verdict:
    """What both witnesses say together: nbval about the cell, the check about the answer."""
    why = outcome["why"]
    if verdict is None or why:
        return Verdict("error", f"not judged: {why or 'its cell never ran to its end'}")
    if verdict.status == "passed" and outcome["outcome"] != "passed":
        return Verdict("error", "the check passed, but its cell showed something else besides")
    return verdict


def _forget(bench: Workbench | None, run_id: str) -> None:
    """Remove what a run left on the engine, also where its kernel could not."""
    if bench is None:
        return
    from mldocker_lab.build.cold import RUN_LABEL
    from mldocker_lab.workbench import Workbench

    with suppress(LabError):  # an engine that is gone has been reported by the checks
        for container in bench.engine.containers(RUN_LABEL):
            if container["Labels"][RUN_LABEL].partition("-")[0] == run_id:
                bench.engine.remove(container["Id"])
        Workbench(bench.engine, bench.mirror, run_id).forget()
