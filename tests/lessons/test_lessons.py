"""What every lesson must have, and must not show. No engine: the notebooks as they are stored."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from mldocker_lab.replay import recording_of
from mldocker_lab.supply import locks

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CONTEXTS = sorted(path for path in (ROOT / "notebooks" / "contexts").iterdir() if path.is_dir())

HEADER = ("**You will**", "**Takes**", "**Needs**", "**Builds on**")
SECTIONS = (
    "## Your turn",
    "## One line to keep",
    "## When this rule is wrong",
    "## Do it without this package",
    "## What the article says, and what is true",
    "## Three questions",
    "## Sources",
)
CHECKED = "nbval-check-output"
# Seconds, sizes, ids, dates: what differs from run to run. Plain counts are facts.
VOLATILE = re.compile(
    r"\d\s*(s|ms|sec|seconds|min|minutes|B|kB|MB|GB|KiB|MiB|bytes|%|×)\b|[0-9a-f]{12}|\d:\d\d"
)
ABSOLUTE = re.compile(r"(?<![\w.])/(work|home|Users|tmp|var/tmp|opt)/|[A-Z]:\\")
DOCKERFILE = re.compile(r"`(\w+\.Dockerfile)`[^\n]*\n\n```dockerfile\n(.*?)\n```", re.DOTALL)
PINNED = re.compile(r"\b([A-Za-z][\w.-]*)==([\w.]+)")


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def lesson(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def prose(lesson):
    return "\n\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")


def code(lesson):
    return [cell for cell in lesson.cells if cell.cell_type == "code"]


def outputs(lesson):
    return [output for cell in code(lesson) for output in cell.outputs]


def texts(output):
    """The texts of an output, by kind."""
    found = {kind: text for kind, text in output.get("data", {}).items() if "text" in kind}
    return {**found, "stream": output.text} if "text" in output else found


def said(cell):
    """What a cell printed or returned, as text."""
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def pins(text):
    return {name.lower().replace("_", "-"): version for name, version in PINNED.findall(text)}


def locked():
    """Every version there is of every package the mirror serves."""
    found = {}
    for name in locks.SETS:
        for wheel in locks.wheels(name):
            found.setdefault(wheel.name, set()).add(wheel.version)
    return found


def test_there_are_lessons():
    assert [path.name[:2] for path in LESSONS] == sorted({path.name[:2] for path in LESSONS})
    assert {"00_preflight", "03_cache", "04_multistage"} <= {path.stem for path in LESSONS}


# -- form ------------------------------------------------------------------------------------


def test_it_opens_with_what_you_do_how_long_and_what_you_need(lesson, path):
    first = lesson.cells[0].source
    assert first.startswith(f"# {path.name[:2]} · ")
    assert [word for word in HEADER if word not in first] == []
    assert re.search(r"\*\*Takes\*\* \d+ minutes", first)


def test_it_has_every_part_in_order(prose):
    at = [prose.find(f"\n{section}\n") for section in SECTIONS]
    assert [section for section, place in zip(SECTIONS, at, strict=True) if place < 0] == []
    assert at == sorted(at)


def test_you_guess_before_you_see(lesson):
    """After a prediction comes a cell that runs something; there are at least two of them."""
    asked = [n for n, cell in enumerate(lesson.cells) if "lab.predict(" in cell.source]
    for n in asked:
        name = lesson.cells[n].source.partition(" =")[0].rpartition("\n")[2]
        assert any(f"{name}.measured(" in cell.source for cell in lesson.cells[n + 1 :]), name
    guesses = [n for n, cell in enumerate(lesson.cells) if "> **Predict.**" in cell.source]
    assert len(asked) + len(guesses) >= 2
    assert [n for n in guesses if lesson.cells[n + 1].cell_type != "code"] == []


def test_the_keep_line_is_one_line(lesson):
    keep = next(c.source for c in lesson.cells if c.source.startswith("## One line to keep"))
    line = keep.partition("\n")[2].strip()
    assert line.startswith("**")
    assert line.endswith("**")
    assert "\n" not in line


def test_three_questions_hide_their_answers(lesson):
    quiz = next(c.source for c in lesson.cells if c.source.startswith("## Three questions"))
    assert len(re.findall(r"^\*\*\d\.\*\*", quiz, re.MULTILINE)) == 3
    assert quiz.count("<details><summary>Answer</summary>\n\n") == quiz.count("</details>") == 3


def test_more_is_said_than_typed(lesson):
    typed = code(lesson)
    lines = sorted(len(cell.source.splitlines()) for cell in typed)
    assert len(lesson.cells) - len(typed) >= len(typed)
    assert lines[len(lines) // 2] <= 3
    assert lines[-1] <= 8


def test_links_to_files_lead_somewhere(prose, path):
    links = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", prose)
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_dockerfiles_in_the_text_are_those_that_are_built(lesson, path):
    folder = path.parent / "contexts" / path.stem
    shown = dict(
        pair for cell in lesson.cells if cell.cell_type == "markdown"
        for pair in DOCKERFILE.findall(cell.source)
    )  # fmt: skip
    assert set(shown) == {"bad.Dockerfile", "good.Dockerfile"}
    assert shown == {name: (folder / name).read_text().rstrip("\n") for name in shown}


def test_new_packages_have_the_version_the_mirror_serves(lesson):
    known = locked()
    for cell in code(lesson):
        for name, version in pins(cell.source).items():
            assert version in known.get(name, ()), f"{name}=={version}"


# -- stored outputs --------------------------------------------------------------------------


def test_it_was_run_top_to_bottom(lesson):
    counts = [cell.execution_count for cell in code(lesson)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_errors_no_warnings_no_noise(lesson):
    kinds = {(output.output_type, output.get("name", "")) for output in outputs(lesson)}
    assert kinds <= {("stream", "stdout"), ("display_data", ""), ("execute_result", "")}
    shown = "\n".join(text for output in outputs(lesson) for text in texts(output).values())
    assert [word for word in ("Traceback", "Warning:", "\x1b[") if word in shown] == []


def test_no_paths_of_a_machine(lesson):
    shown = [text for output in outputs(lesson) for text in texts(output).values()]
    assert [hit.group() for text in shown if (hit := ABSOLUTE.search(text))] == []


def test_no_live_view_was_stored(lesson):
    kinds = {kind for output in outputs(lesson) for kind in output.get("data", {})}
    told = "application/vnd.mldocker.measured+json"  # a measured value beside the guess
    assert kinds <= {"text/plain", "text/html", "image/png", told}
    assert "widgets" not in lesson.metadata


def test_every_picture_has_words(lesson):
    pictures = [output for output in outputs(lesson) if "image/png" in output.get("data", {})]
    assert pictures
    for picture in pictures:
        assert len(picture.metadata["image/png"]["alt"]) > 40
        assert picture.data["text/plain"] == picture.metadata["image/png"]["alt"]


def test_metadata_is_minimal(lesson):
    assert set(lesson.metadata) == {"kernelspec", "language_info"}
    assert lesson.metadata.kernelspec.name == "python3"
    assert {key for cell in lesson.cells for key in cell.metadata} <= {"tags"}


def test_cell_ids_are_words(lesson):
    ids = [cell.id for cell in lesson.cells]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"[a-z][a-z0-9-]*", name)] == []


# -- checked cells ---------------------------------------------------------------------------


def test_claims_are_checked_in_words_that_stay_true(lesson):
    checked = [cell for cell in code(lesson) if CHECKED in cell.metadata.get("tags", ())]
    assert len(checked) >= 3
    for cell in checked:
        assert said(cell).strip(), f"{cell.id} says nothing that could be compared"
        assert {kind for output in cell.outputs for kind in texts(output)} <= {"stream"}
        assert VOLATILE.search(said(cell)) is None, cell.id


# -- contexts --------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", CONTEXTS, ids=lambda folder: folder.name)
def test_contexts_pin_what_the_locks_pin(folder):
    known = locked()
    for file in folder.glob("requirements*.txt"):
        lines = [line for line in file.read_text().splitlines() if line and line[0] != "#"]
        assert [line for line in lines if "==" not in line] == []
        for name, version in pins("\n".join(lines)).items():
            assert version in known.get(name, ()), f"{file.name}: {name}=={version}"


@pytest.mark.parametrize("folder", CONTEXTS, ids=lambda folder: folder.name)
def test_contexts_are_small_and_complete(folder):
    assert (folder / "bad.Dockerfile").is_file()
    assert (folder / "good.Dockerfile").is_file()
    assert sum(file.stat().st_size for file in folder.iterdir()) < 20_000
    assert recording_of(folder).stat().st_size < 400_000


def test_the_text_of_a_notebook_is_stable(path):
    """Written by nbformat, and by nothing that orders or indents otherwise."""
    notebook = nbformat.read(path, as_version=4)
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(nbformat.writes(notebook))
