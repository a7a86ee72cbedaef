"""Two Dockerfiles beside each other: which two a folder means, line by line, step by step."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal, TypeVar

from mldocker_lab.dockerfile.parse import parse
from mldocker_lab.errors import LabError, UsageError
from mldocker_lab.pair import SIDES
from mldocker_lab.server import schema
from mldocker_lab.server.course import exercises
from mldocker_lab.server.dockerfiles import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mldocker_lab.dockerfile.parse import Instruction
    from mldocker_lab.server.workspace import Workspace

__all__ = ["Found", "aligned", "diff", "every", "find", "sides"]

T = TypeVar("T")

_EDITABLE = frozenset({".py", ".txt", ".toml", ".yaml"})  # a comment can be appended to these
_MOST_LINES = 3_000  # comparing takes the square of it


@dataclass(frozen=True, slots=True)
class Found:
    """Where the two Dockerfiles are: name of the image, build context, name of the file in it."""

    kind: Literal["pair", "exercise"]
    title: str
    folder: Path
    left: tuple[str, Path, str]
    right: tuple[str, Path, str]

    @property
    def files(self) -> list[str]:
        """Files of both contexts that an edit can be tried on."""
        here, there = (
            {path.name for path in side[1].iterdir() if path.suffix in _EDITABLE}
            for side in (self.left, self.right)
        )
        return sorted(here & there)


def find(workspace: Workspace, name: str) -> Found:
    """The two Dockerfiles that a folder, or a file in it, means.

    Args:
        workspace: the folder that JupyterLab shows.
        name: as JupyterLab names it.

    Raises:
        UsageError: it leads out of the workspace, or is neither a pair nor an exercise.
    """
    path = workspace.inside(name)
    folder = path if path.is_dir() else path.parent
    if all((folder / one).is_file() for one in SIDES.values()):
        left, right = ((side, folder, file) for side, file in SIDES.items())
        return Found("pair", folder.name, folder, left, right)
    for exercise in exercises(workspace).values():
        home = exercise.folder.resolve()
        if folder.is_relative_to(home) and all(
            (home / side / "Dockerfile").is_file() for side in ("start", "answer")
        ):
            left, right = ((side, home / side, "Dockerfile") for side in ("start", "answer"))
            return Found("exercise", exercise.id, home, left, right)
    raise UsageError(
        f"{name or 'this folder'} has no two Dockerfiles to compare",
        "a folder with bad.Dockerfile and good.Dockerfile, or an exercise with a Dockerfile",
    )


def every(workspace: Workspace) -> schema.Pairs:
    """All pairs of the lessons, and the exercises with a Dockerfile, that JupyterLab shows."""
    contexts = workspace.course / "notebooks" / "contexts"
    folders = [path for path in sorted(contexts.glob("*")) if (path / SIDES["bad"]).is_file()]
    folders += [one.folder for one in exercises(workspace).values()]
    found = []
    for folder in folders:
        name = workspace.name(folder)
        with suppress(UsageError):
            if name:
                pair = find(workspace, name)
                found.append(schema.PairName(pair.kind, pair.title, name))
    return schema.Pairs(found)


def sides(
    workspace: Workspace, name: str, latest: Callable[[Path], str] = lambda _: ""
) -> schema.Sides:
    """The two Dockerfiles of a folder; errors as for ``find``.

    Args:
        workspace: the folder that JupyterLab shows.
        name: as JupyterLab names it.
        latest: tells the job that built a folder last.
    """
    found = find(workspace, name)
    left, right = (_text(side[1] / side[2]) for side in (found.left, found.right))
    problem, steps = "", list[schema.StepRow]()
    try:
        steps = list(aligned(parse(left).instructions, parse(right).instructions))
    except LabError as error:
        problem = f"{error.what}. {error.hint}".rstrip(". ") + "."
    return schema.Sides(
        kind=found.kind,
        title=found.title,
        folder=_named(workspace, found.folder),
        contexts=[_named(workspace, side[1]) for side in (found.left, found.right)],
        left=_file(workspace, found.left),
        right=_file(workspace, found.right),
        diff=list(diff(left.splitlines(), right.splitlines())),
        steps=steps,
        files=found.files,
        problem=problem,
        built=latest(found.folder),
    )


def diff(left: Sequence[str], right: Sequence[str]) -> Iterator[schema.DiffRow]:
    """Lines of the left beside those of the right; where they differ, by their first words."""
    for tag, begin, end, there, until in _blocks(left, right, str):
        if tag == "equal":
            yield from (
                _line(left, one, right, other)
                for one, other in zip(range(begin, end), range(there, until), strict=True)
            )
            continue
        here, beyond = left[begin:end], right[there:until]
        for kind, one, one_end, other, other_end in _blocks(here, beyond, _first_word):
            ones, others = (
                range(begin + one, begin + one_end),
                range(there + other, there + other_end),
            )
            if kind == "equal":
                yield from (_line(left, a, right, b) for a, b in zip(ones, others, strict=True))
            else:
                yield from (_line(left, number, right, None) for number in ones)
                yield from (_line(left, None, right, number) for number in others)


def _line(
    left: Sequence[str], one: int | None, right: Sequence[str], other: int | None
) -> schema.DiffRow:
    here, there = (
        ("" if number is None else lines[number]) for lines, number in ((left, one), (right, other))
    )
    kind: Literal["same", "changed", "removed", "added"] = (
        "removed"
        if other is None
        else "added"
        if one is None
        else "same"
        if here == there
        else "changed"
    )
    numbers = (None if number is None else number + 1 for number in (one, other))
    return schema.DiffRow(kind, next(numbers), here, next(numbers), there)


def _first_word(line: str) -> str:
    return line.split(maxsplit=1)[0].upper() if line.strip() else ""


def aligned(left: Sequence[Instruction], right: Sequence[Instruction]) -> Iterator[schema.StepRow]:
    """Instructions that are the same beside each other; between them, those of the same kind."""
    for tag, begin, end, there, until in _blocks(left, right, lambda one: one.oneline):
        here, other = left[begin:end], right[there:until]
        if tag == "equal":
            yield from map(_row, here, other)
        else:
            yield from _by_kind(here, other)


def _by_kind(left: Sequence[Instruction], right: Sequence[Instruction]) -> Iterator[schema.StepRow]:
    for tag, begin, end, there, until in _blocks(left, right, lambda one: one.keyword):
        if tag == "equal":
            yield from map(_row, left[begin:end], right[there:until])
        else:
            yield from (_row(one, None) for one in left[begin:end])
            yield from (_row(None, one) for one in right[there:until])


def _blocks(
    left: Sequence[T], right: Sequence[T], key: Callable[[T], str]
) -> list[tuple[str, int, int, int, int]]:
    matcher = SequenceMatcher(None, [key(a) for a in left], [key(b) for b in right], autojunk=False)
    return list(matcher.get_opcodes())


def _row(left: Instruction | None, right: Instruction | None) -> schema.StepRow:
    return schema.StepRow(_step(left), _step(right))


def _step(one: Instruction | None) -> schema.Step | None:
    return schema.Step(one.index, one.oneline, one.line) if one else None


def _text(path: Path) -> str:
    data = path.read_bytes()
    if len(data) > LONGEST or data.count(b"\n") > _MOST_LINES:
        raise UsageError(f"{path.name} is too long to be compared", "open one that is shorter")
    return data.decode("utf-8", "replace")


def _named(workspace: Workspace, path: Path) -> str:
    return workspace.name(path) or ""


def _file(workspace: Workspace, side: tuple[str, Path, str]) -> schema.SideFile:
    name, folder, file = side
    return schema.SideFile(name, _named(workspace, folder / file))
