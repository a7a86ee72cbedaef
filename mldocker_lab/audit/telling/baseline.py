"""A file that accepts what an old project fails today, each with a reason.

    {"version": 1, "accepted": [{"file": "docker/*", "rule": "non-root", "reason": "…"}]}

``file`` is the Dockerfile's path, with wildcards; ``rule`` is an id, or ``*``.
"""

from __future__ import annotations

import fnmatch
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mldocker_lab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mldocker_lab.audit.finding import Finding

__all__ = ["NAME", "Baseline", "written"]

#: The baseline that is read without being named, at the top of what is audited.
NAME = ".mldocker-audit.json"


class Baseline:
    """What is accepted.

    Args:
        entries: file pattern, rule id or ``*``, reason.
    """

    def __init__(self, entries: Iterable[tuple[str, str, str]] = ()) -> None:
        self.entries = tuple(entries)

    @classmethod
    def load(cls, path: Path) -> Baseline:
        """Read one.

        Raises:
            UsageError: it cannot be read, or an entry has no reason.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            entries = [cls._entry(one) for one in data["accepted"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{path} is no baseline: {error}", "write one with --write-baseline FILE"
            ) from None
        return cls(entries)

    @staticmethod
    def _entry(one: dict[str, Any]) -> tuple[str, str, str]:
        reason = str(one.get("reason") or "").strip()
        if not reason:
            raise ValueError(f"no reason is given for {one}")
        return str(one["file"]), str(one["rule"]), reason

    def apply(self, file: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings about a Dockerfile, with those marked that are accepted."""
        return tuple(self._marked(file, one) for one in findings)

    def _marked(self, file: str, one: Finding) -> Finding:
        if not one.open:
            return one
        for pattern, rule, reason in self.entries:
            if rule in ("*", one.id) and fnmatch.fnmatchcase(file, pattern):
                return replace(one, suppressed=reason, origin="baseline")
        return one


def written(findings: Iterable[tuple[str, Finding]], reason: str) -> str:
    """A baseline that accepts all that fails now.

    Args:
        findings: Dockerfile and finding.
        reason: why, the same for all; to be made better by hand.
    """
    accepted = [
        {"file": file, "rule": one.id, "reason": one.suppressed or reason}
        for file, one in findings
        if one.status == "fail" and one.origin != "comment"
    ]
    return json.dumps({"version": 1, "accepted": accepted}, indent=1, ensure_ascii=False) + "\n"
