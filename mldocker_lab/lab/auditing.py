"""Hold a project to the production checklist: its files, its image, its service."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mldocker_lab.lab.engine import workbench
from mldocker_lab.widgets.line import line as a_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.telling.scorecard import Scorecard

__all__ = ["audit", "audit_run"]


def audit(
    path: str | Path = ".",
    *,
    build: bool = False,
    run: bool = False,
    dockerfile: str | None = None,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    baseline: str | Path | None = None,
) -> Scorecard:
    """Hold a project to the ten points of the production checklist.

    Without ``build`` and ``run`` only its files are read, which takes a moment. What they promise
    is not always what happens: with ``run``, the image is built on the lab's engine, taken apart,
    and watched while it lives four short lives.

    Args:
        path: the project's folder, or a Dockerfile.
        build: build the image and look what is in it.
        run: and watch the service, as the project's ``mldocker.yaml`` says.
        dockerfile: which Dockerfile of the folder; the one at the top if not given.
        target: the stage that is shipped; the last one if not given.
        args: build arguments.
        baseline: a file that accepts known failures; ``.mldocker-audit.json`` if there is one.

    Raises:
        UsageError: no such path, no Dockerfile, no such stage, a bad baseline or mldocker.yaml.
        DockerfileError: the file has no stage at all.
        BuildFailed: an instruction failed.
    """
    from mldocker_lab.audit import auditing

    found = auditing.open_project(path, dockerfile)
    (card, aim), *_ = auditing.audit_all(found, target=target, args=args, baseline=baseline)
    return audit_run(found.folder, card, aim, run=run) if build or run else card


def audit_run(folder: Path, card: Scorecard, aim: Target, *, run: bool = True) -> Scorecard:
    """A scorecard together with what its project's image holds and does; errors as ``audit``.

    Args:
        folder: the project's.
        card: what the files say.
        aim: what was judged.
        run: watch the service, too.
    """
    from mldocker_lab.audit.watching.adapter import Adapter
    from mldocker_lab.audit.watching.dynamic import tried
    from mldocker_lab.audit.watching.seen import joined

    exposed = (step.words[0][0] for step in aim.chain if step.keyword == "EXPOSE")
    port = next((int(one.partition("/")[0]) for one in exposed if one[:1].isdecimal()), 8080)
    adapter = Adapter.load(folder, port)
    context = folder / aim.project.context
    file = Path(os.path.relpath(folder / aim.file, context)).as_posix()
    if aim.stage.index < len(aim.dockerfile.stages) - 1:
        adapter = replace(adapter, target=aim.stage.label)
    line = a_line()
    try:
        with workbench() as bench:
            seen = tried(bench, context, file, adapter, run=run, tell=line.say).seen
    finally:
        line.end()
    return replace(card, findings=joined(card.findings, seen))
