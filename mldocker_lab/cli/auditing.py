"""The production checklist on any project: ``audit``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mldocker_lab import lab
from mldocker_lab.audit import auditing
from mldocker_lab.audit.rules import all_rules
from mldocker_lab.audit.rules import rule as rule_named
from mldocker_lab.audit.telling import fixing, junit, pages, sarif
from mldocker_lab.audit.telling.baseline import written
from mldocker_lab.audit.telling.hadolint import hadolint
from mldocker_lab.cli.common import JSON
from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mldocker_lab.audit.auditing import Audited
    from mldocker_lab.audit.reading.model import Target
    from mldocker_lab.audit.telling.scorecard import Scorecard

__all__ = ["audit"]

_FILE = click.Path(path_type=Path, dir_okay=False)
_KNOWN_NOW = "known when this baseline was written"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dockerfile", metavar="FILE", help="Which Dockerfile of PATH.")
@click.option(
    "--project",
    "within",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="The project, if PATH is a Dockerfile deeper in it.",
)
@click.option("--all", "everything", is_flag=True, help="Every Dockerfile of PATH.")
@click.option("--target", metavar="STAGE", help="The stage that is shipped; else the last one.")
@click.option("--build-arg", "args", multiple=True, metavar="NAME=VALUE", help="A build argument.")
@JSON
@click.option("--sarif", "sarif_file", type=_FILE, metavar="FILE", help="Write SARIF 2.1.0.")
@click.option("--junit", "junit_file", type=_FILE, metavar="FILE", help="Write JUnit XML.")
@click.option(
    "--fail-on",
    default="nothing",
    metavar="WHAT",
    show_default=True,
    help="Exit 1 if one fails: points, any, or rule ids with commas.",
)
@click.option("--baseline", type=_FILE, metavar="FILE", help="Accept what it lists, with reasons.")
@click.option(
    "--write-baseline",
    "new_baseline",
    type=_FILE,
    metavar="FILE",
    help="Accept all that fails now.",
)
@click.option("--fix", is_flag=True, help="Show the safe changes as a diff, then ask.")
@click.option("--yes", is_flag=True, help="With --fix: write them without asking.")
@click.option("--build", "built", is_flag=True, help="Build it, and look what is in the image.")
@click.option("--run", "watched", is_flag=True, help="Build it, and watch the service live.")
@click.option("--with-hadolint", is_flag=True, help="hadolint's opinion beside ours.")
@click.option("--explain", metavar="RULE", help="Say what a rule asks, with examples.")
def audit(
    *,
    paths: tuple[Path, ...],
    dockerfile: str | None,
    within: Path | None,
    everything: bool,
    target: str | None,
    args: tuple[str, ...],
    as_json: bool,
    sarif_file: Path | None,
    junit_file: Path | None,
    fail_on: str,
    baseline: Path | None,
    new_baseline: Path | None,
    fix: bool,
    yes: bool,
    built: bool,
    watched: bool,
    with_hadolint: bool,
    explain: str | None,
) -> None:
    """Hold the project in PATH (a folder or a Dockerfile) to the ten-point production checklist.

    It reads Dockerfile, .dockerignore, requirements and locks, compose files, manifests and
    scripts. What files cannot tell is not judged. With --run it builds the image on the lab's
    engine and watches the service, as the project's mldocker.yaml says how to ask it.

    \b
    Examples:
      mldocker-lab audit .
      mldocker-lab audit . --run
      mldocker-lab audit . --all --fail-on points --sarif audit.sarif
      mldocker-lab audit docker/Dockerfile --project . --target serve --fix
    """  # noqa: D301
    if explain:
        click.echo(_explained(explain))
        return
    rules = _judged_by(fail_on)
    given = dict(_pair(word) for word in args)
    judged: list[tuple[Audited, Scorecard, Target]] = []
    for path in paths or (Path(),):
        found = auditing.open_project(path, dockerfile, everything=everything, within=within)
        cards = auditing.audit_all(found, target=target, args=given, baseline=baseline)
        judged += [(found, card, aim) for card, aim in cards]
    if built or watched:
        judged = [(f, lab.audit_run(f.folder, c, aim, run=watched), aim) for f, c, aim in judged]
    cards_only = [card for _, card, _ in judged]
    opinions = [hadolint(f.folder / c.target) if with_hadolint else None for f, c, _ in judged]
    _write(sarif_file, lambda: json.dumps(_sarif(judged), indent=1, ensure_ascii=False) + "\n")
    _write(junit_file, lambda: junit.junit(cards_only))
    _write(
        new_baseline,
        lambda: written([(c.target, one) for c in cards_only for one in c.findings], _KNOWN_NOW),
    )
    click.echo(_told(cards_only, opinions, as_json=as_json))
    if fix:
        _fix(judged, yes=yes, quiet=as_json)
    if any(one.open and one.id in rules for card in cards_only for one in card.findings):
        click.get_current_context().exit(1)


def _explained(name: str) -> str:
    found = rule_named(name)
    if found is None:
        ids = ", ".join(one.id for one in all_rules())
        raise UsageError(f"there is no rule {name!r}", f"the rules are {ids}")
    return pages.page(found)


def _judged_by(fail_on: str) -> frozenset[str]:
    """The rules that decide about the exit status."""
    rules = all_rules()
    groups = {
        "nothing": frozenset[str](),
        "points": frozenset(one.id for one in rules if one.number),
        "any": frozenset(one.id for one in rules),
    }
    if fail_on in groups:
        return groups[fail_on]
    names = frozenset(name.strip() for name in fail_on.split(",") if name.strip())
    unknown = names - groups["any"]
    if unknown or not names:
        raise UsageError(
            f"--fail-on does not know {', '.join(sorted(unknown)) or fail_on!r}",
            "write points, any, nothing, or rule ids with commas",
        )
    return names


def _pair(word: str) -> tuple[str, str]:
    name, given, value = word.partition("=")
    if not given or not name:
        raise UsageError(f"--build-arg {word} has no value", "write NAME=VALUE")
    return name, value


def _sarif(judged: Sequence[tuple[Audited, Scorecard, Target]]) -> dict[str, Any]:
    """One log; its paths are relative to where the command was started."""
    log: dict[str, Any] = {}
    for found, card, _ in judged:
        one = sarif.sarif([card], _prefix(found.folder))
        if log:
            log["runs"][0]["results"] += one["runs"][0]["results"]
        log = log or one
    return log


def _prefix(folder: Path) -> str:
    here = Path.cwd().resolve()
    path = folder.resolve()
    return path.relative_to(here).as_posix().strip(".") if path.is_relative_to(here) else ""


def _write(path: Path | None, text: Any) -> None:
    if path is not None:
        try:
            path.write_text(text(), encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"cannot write {path}: {error.strerror}", "name another file"
            ) from None


def _told(
    cards: Sequence[Scorecard], opinions: Sequence[list[dict[str, Any]] | None], *, as_json: bool
) -> str:
    if as_json:
        said = [
            card.to_dict() | ({} if opinion is None else {"hadolint": opinion})
            for card, opinion in zip(cards, opinions, strict=True)
        ]
        return json.dumps(said[0] if len(said) == 1 else {"targets": said}, indent=1)
    parts = []
    for card, opinion in zip(cards, opinions, strict=True):
        lines = [str(card)]
        lines += [f"hadolint {o['code']} line {o['line']}: {o['message']}" for o in opinion or ()]
        parts.append("\n".join(lines))
    return "\n\n\n".join(parts)


def _fix(judged: Sequence[tuple[Audited, Scorecard, Target]], *, yes: bool, quiet: bool) -> None:
    """Diffs first; nothing is written before somebody says so."""
    for found, card, target in judged:
        wanted = card["base-digest"].open
        pinned = fixing.pins(target, lab.image_digest) if wanted else []
        made = fixing.changes(card.findings, found.project.read, pinned)
        if not made:
            click.echo(f"{card.target}: nothing that a program may change", err=True)
            continue
        for change in made:
            click.echo(f"{change.diff}", err=quiet, nl=False)
        asks = sys.stdin.isatty() and not yes
        if yes or (asks and click.confirm(f"Write {len(made)} files?", err=True)):
            for change in made:
                change.write(found.folder)
                click.echo(f"wrote {change.file}: {', '.join(change.titles)}", err=True)
