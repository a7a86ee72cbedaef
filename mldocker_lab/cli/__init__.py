"""The command line: thin doors to ``mldocker_lab.lab``, a module for each kind of work."""

from __future__ import annotations

from mldocker_lab.cli.auditing import audit
from mldocker_lab.cli.comparing import compare
from mldocker_lab.cli.context import context
from mldocker_lab.cli.engine import clean, engine
from mldocker_lab.cli.exercises import exercise
from mldocker_lab.cli.gpu import gpu
from mldocker_lab.cli.grading import grade, gradebook
from mldocker_lab.cli.guessing import guesses
from mldocker_lab.cli.inspecting import inspect, pull_cost
from mldocker_lab.cli.lessons import lesson
from mldocker_lab.cli.prepare import doctor, open_lab, up
from mldocker_lab.cli.root import main

__all__ = ["main"]

for _command in (
    up, open_lab, doctor, compare, inspect, pull_cost, context, lesson, guesses, exercise, grade,
    gradebook, audit, gpu, engine, clean,
):  # fmt: skip
    main.add_command(_command)
