"""A rule's page: its words, and its two examples, which are its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldocker_lab.audit.rules import all_rules

if TYPE_CHECKING:
    from mldocker_lab.audit.finding import Example, Rule

__all__ = ["book", "page"]

_INTRODUCTION = """\
# What the audit asks

`mldocker-lab audit PATH` holds a project to ten points and to the smells beside them. This page is
written from the rules themselves by `scripts/write_audit_page.py`: each has an example that fails
and one that passes, and both are tests. To add a rule, add a file to `mldocker_lab/audit/rules/`.

    mldocker-lab audit .                                 # the Dockerfile at the top
    mldocker-lab audit . --all --fail-on points          # all of them; exit status 1 if one fails
    mldocker-lab audit . --sarif audit.sarif --junit audit.xml
    mldocker-lab audit . --fix                           # the safe changes: a diff, then a question
    mldocker-lab audit . --run                           # build, run within limits, ask, stop

In a notebook: `lab.audit(".")`, and `before.compare(after)`. `.pre-commit-hooks.yaml` and
`.github/workflows/audit.yml` bring it into other projects.

For `--run`, a `mldocker.yaml` beside the Dockerfile says how the service is asked. What cannot be
asked is not judged:

    port: 8080
    ready: /ready
    predict: /predict
    sample: {"rooms": 3}
    model: /models/model.onnx     # where the container looks for it
    weights: models/model.onnx    # the project's file that is mounted there, if the image has none
    memory: 512m

A result is *pass*, *fail* or *not judged*: where the files cannot tell, nothing is passed. To
accept a failure, say why in the Dockerfile, or in `.mldocker-audit.json` (see `--write-baseline`):

    # mldocker-lab: accept non-root: the job writes into a volume that only root may write
"""


def page(rule: Rule) -> str:
    """One rule in Markdown."""
    number = f"{rule.number}. " if rule.number else ""
    return "\n".join(
        [
            f"## {number}{rule.id}: {rule.title}",
            "",
            rule.why,
            "",
            f"**Fix.** {rule.fix} **Lesson:** `{rule.lesson}`.",
            "",
            "Fails:",
            "",
            _example(rule.bad),
            "",
            "Passes:",
            "",
            _example(rule.good),
            "",
        ]
    )


def _example(example: Example) -> str:
    parts = []
    for name, text in example.files.items():
        head = f"`{name}`\n\n" if name != "Dockerfile" else ""
        kind = "dockerfile" if name == "Dockerfile" else ""
        parts.append(f"{head}```{kind}\n{text.rstrip()}\n```")
    return "\n\n".join(parts)


def book() -> str:
    """All rules on one page."""
    return "\n".join([_INTRODUCTION, *map(page, all_rules())])
