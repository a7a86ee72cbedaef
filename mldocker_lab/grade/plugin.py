"""Our part of the graded pytest run: watches nbval, and notes which check cells passed clean.

Loaded with ``-p`` beside nbval's own plugin; both run in the grader's process, never in the
kernel. Which cell belongs to which check is read from the metadata of the pristine notebook.

nbval waits for a reply until the cell's time is up even if the kernel is dead, and lets cells
after a timeout run on. We ask every second whether the kernel lives, and count nothing after.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest

# jsonschema, which nbformat imports, would build a grammar for internationalised addresses first:
# seconds of work in every graded run, for a format that no notebook's schema uses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from nbval.kernel import RunningKernel  # noqa: E402 after the line above

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["OUTCOMES", "KernelDied", "check_of"]

#: Names the file for the outcomes: {check id: {"outcome": …, "why": …}}.
OUTCOMES = "MLDOCKER_GRADE_OUTCOMES"

_POLL_SECONDS = 1.0
_AFTER = pytest.StashKey[str]()
_outcomes: dict[str, dict[str, str]] = {}


class KernelDied(RuntimeError):
    """The notebook's kernel ended in the middle of a cell."""


def check_of(cell: Any) -> str | None:
    """The check a cell of the pristine notebook belongs to; None for working cells."""
    told = cell.get("metadata", {}).get("mldocker", {})
    return str(told["check"]) if "check" in told else None


def pytest_configure(config: pytest.Config) -> None:
    """Replace nbval's way of waiting."""
    del config
    RunningKernel.await_reply = _await_reply


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what became of a check cell."""
    report: pytest.TestReport = yield
    cell = getattr(item, "cell", None)
    if cell is None or report.when == "teardown":
        return report
    notebook: Any = item.parent
    earlier = notebook.stash.get(_AFTER, "")
    if report.failed and (broken := _broken(report, notebook)) and not earlier:
        notebook.stash[_AFTER] = broken
    check = check_of(cell)
    if check is not None and (report.when == "call" or not report.passed):
        clean = report.when == "call" and report.outcome == "passed" and not earlier
        why = earlier or ("" if clean else notebook.stash.get(_AFTER, ""))
        _outcomes[check] = {"outcome": "passed" if clean else "failed", "why": why}
        _write()
    return report


def _broken(report: pytest.TestReport, notebook: Any) -> str:
    """Why nothing that follows can count; "" if the cell merely failed."""
    if KernelDied.__name__ in report.longreprtext or "Kernel dead" in report.longreprtext:
        return "the notebook's kernel died"
    if getattr(notebook, "timed_out", False):
        return "a cell of the notebook took too long"
    return ""


def _write() -> None:
    """After every cell, so that a kill loses none."""
    file = os.environ.get(OUTCOMES)
    if not file:
        return
    path = Path(file)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(_outcomes), encoding="utf-8")
    draft.replace(path)


def _await_reply(kernel: Any, message: str, timeout: float | None = None) -> None:
    """Wait for the kernel's reply to ``message``.

    Raises:
        KernelDied: there is none to come.
        queue.Empty: it takes longer than ``timeout`` seconds.
    """
    end = time.monotonic() + timeout if timeout is not None else None
    while True:
        left = end - time.monotonic() if end is not None else _POLL_SECONDS
        try:
            reply = kernel.get_message(stream="shell", timeout=max(0.0, min(left, _POLL_SECONDS)))
        except Empty:
            if not kernel.is_alive():
                raise KernelDied(f"{KernelDied.__name__}: the kernel ended") from None
            if end is not None and time.monotonic() >= end:
                raise
            continue
        if reply["parent_header"].get("msg_id") == message:
            return
