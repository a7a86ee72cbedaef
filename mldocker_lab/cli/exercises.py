"""Working on exercises, and making new ones: ``exercise``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mldocker_lab import lab
from mldocker_lab.cli.common import JSON, say

__all__ = ["exercise"]


@click.group()
def exercise() -> None:
    """List exercises, practise, ask for hints, start over; make new ones."""


@exercise.command(name="list")
@JSON
def list_(*, as_json: bool) -> None:
    """List the exercises, and how far you are with each.

    \b
    Example:
      mldocker-lab exercise list
    """  # noqa: D301
    from mldocker_lab.grade.shelf import shelf

    found = shelf()
    say(found.to_dict() if as_json else found)


@exercise.command()
@click.argument("name")
@click.argument("checks", nargs=-1)
@JSON
def check(*, name: str, checks: tuple[str, ...], as_json: bool) -> None:
    """Run the checks of exercise NAME on your answer, all or some: practice, as in the notebook.

    NAME is an exercise's id or folder. Exit status 1 if a check does not pass.

    \b
    Example:
      mldocker-lab exercise check 03_cache lean-context
    """  # noqa: D301
    from mldocker_lab.grade.score import ExerciseScore
    from mldocker_lab.grade.shelf import find

    one = find(name)
    practice = lab.exercise(one.folder)
    scores = []
    try:
        for wanted in checks or tuple(one.points):
            click.echo(f"{wanted} …", err=True)
            score = practice.check(wanted)
            scores.append(score)
            if not as_json:
                click.echo(score.told())
    finally:
        practice.close()
    result = ExerciseScore(one.id, tuple(scores))
    lost = [score.id for score in scores if score.verdict.status != "passed"]
    if as_json:
        say({**result.to_dict(), "practice": True})
    else:
        say(f"\npractice: {result.score} of {result.possible} points. What counts is:")
        say(f"  mldocker-lab grade {_shown(one.folder)}")
        if lost:
            say(f"For a hint:\n  mldocker-lab exercise hint {one.id} {lost[0]}")
    sys.exit(1 if lost else 0)


@exercise.command()
@click.argument("name")
@click.argument("check", required=False)
@JSON
def hint(*, name: str, check: str | None, as_json: bool) -> None:
    """Show one more hint for a failed CHECK of exercise NAME; ask again for the next one.

    Hints come from what the check has seen when it failed last, and never hold the solution.
    Without CHECK it is the first one that failed.

    \b
    Example:
      mldocker-lab exercise hint 03_cache lean-context
    """  # noqa: D301
    from mldocker_lab.grade.hinting import hints
    from mldocker_lab.grade.shelf import find

    told = hints(find(name), check)
    say(told.to_dict() if as_json else told)


@exercise.command()
@click.argument("name")
@JSON
def diff(*, name: str, as_json: bool) -> None:
    """Show what you have changed in exercise NAME since its start.

    \b
    Example:
      mldocker-lab exercise diff 03_cache
    """  # noqa: D301
    from mldocker_lab.grade.shelf import find
    from mldocker_lab.grade.start import difference

    found = difference(find(name))
    say(found.to_dict() if as_json else found)


@exercise.command()
@click.argument("name")
@JSON
def reset(*, name: str, as_json: bool) -> None:
    """Bring the answer of exercise NAME back to its start.

    Your versions are moved to a dated folder in the exercise's kept/; nothing is lost.

    \b
    Example:
      mldocker-lab exercise reset 03_cache
    """  # noqa: D301
    from mldocker_lab.grade import start
    from mldocker_lab.grade.shelf import find

    done = start.reset(find(name))
    say(done.to_dict() if as_json else done)


@exercise.command()
@click.argument("name")
@click.option("--title", metavar="TEXT", help="What it is called.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The folder of exercises; the lab's own if not given.",
)
@JSON
def new(*, name: str, title: str | None, into: Path | None, as_json: bool) -> None:
    """Make exercise NAME from a template that works: its start fails, its solution passes.

    In a checkout of this project a solution and a wrong answer are made in tests/ as well.

    \b
    Example:
      mldocker-lab exercise new 05_signals --title "Stop when asked to"
    """  # noqa: D301
    from mldocker_lab.grade import making
    from mldocker_lab.grade.submissions import known_exercises

    root = into or next((one.folder.parent for one in known_exercises().values()), None)
    made = making.new(name, root or Path("exercises"), title=title)
    say(made.to_dict() if as_json else made)


def _shown(folder: Path) -> str:
    """A folder as you would type it from here."""
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)
