"""Looking back at predictions: ``guesses``."""

from __future__ import annotations

import click

from mldocker_lab.cli.common import JSON, say
from mldocker_lab.guessing.shown import Guesses

__all__ = ["guesses"]


@click.command()
@click.argument("lesson", default="")
@click.option("--forget", is_flag=True, help="Forget them, so that you can guess again.")
@JSON
def guesses(*, lesson: str, forget: bool, as_json: bool) -> None:
    """Show your guesses in LESSON beside what was measured; in all lessons without it.

    A guess is close if a number is within a quarter of the measured one, or if at least three
    steps of four were told right.

    \b
    Example:
      mldocker-lab guesses 03
      mldocker-lab guesses 03 --forget
    """  # noqa: D301
    found = Guesses(lesson)
    if not forget:
        say(found.to_dict() if as_json else found)
        return
    gone = found.forget()
    count = f"{len(gone)} guess{'' if len(gone) == 1 else 'es'}"
    say({"forgotten": gone} if as_json else f"{count} forgotten; run the questions' cells again")
