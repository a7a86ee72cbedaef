"""Our part of a graded pytest run: watches nbval, and notes which check cells passed clean.

It runs beside nbval's own plugin in the grader's worker, never in the kernel. Which cell belongs
to which check is read from the metadata of the pristine notebook.

nbval waits for a reply until the cell's time is up even if the kernel is dead, and lets cells
after a timeout run on. We ask every half second whether the kernel lives, and count nothing after.
"""

from __future__ import annotations

import sys
import time
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest

# jsonschema, which nbformat imports, would build a grammar for internationalised addresses first:
# seconds of work in every graded run, for a format that no notebook's schema uses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from nbval.kernel import RunningKernel  # noqa: E402 after the line above

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from mldocker_lab.grade.forks import Nursery

__all__ = ["KernelDied", "Watch", "check_of", "fork_kernels"]

_POLL_SECONDS = 0.5


class KernelDied(RuntimeError):
    """The notebook's kernel ended in the middle of a cell."""


def check_of(cell: Any) -> str | None:
    """The check a cell of the pristine notebook belongs to; None for working cells."""
    told = cell.get("metadata", {}).get("mldocker", {})
    return str(told["check"]) if "check" in told else None


class Watch:
    """Watches the run of one notebook.

    Args:
        tell: called after each check cell with the check, whether it passed clean, and why
            nothing counts any more ("" as long as it does).
    """

    def __init__(self, tell: Callable[[str, bool, str], None]) -> None:
        self._tell = tell
        self._over = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what became of a check cell."""
        report: pytest.TestReport = yield
        cell = getattr(item, "cell", None)
        if cell is None or report.when == "teardown":
            return report
        counted = not self._over
        if report.failed:
            self._over = self._over or _broken(report, item.parent)
        check = check_of(cell)
        if check is not None and (report.when == "call" or not report.passed):
            clean = counted and report.when == "call" and report.outcome == "passed"
            self._tell(check, clean, "" if clean else self._over)
        return report


def fork_kernels(nursery: Nursery) -> None:
    """From now on, let jupyter_client fork its kernels from a nursery."""
    from jupyter_client.provisioning import local_provisioner

    def launch(command: list[str], **options: Any) -> Any:
        arguments = [*command[command.index("-f") :], "--HistoryManager.enabled=False"]
        return nursery.fork(arguments, cwd=options.get("cwd"), env=options["env"])

    local_provisioner.launch_kernel = launch  # type: ignore[attr-defined, assignment]  # its only door


def _broken(report: pytest.TestReport, notebook: Any) -> str:
    """Why nothing that follows can count; "" if the cell merely failed."""
    if KernelDied.__name__ in report.longreprtext or "Kernel dead" in report.longreprtext:
        return "the notebook's kernel died"
    if getattr(notebook, "timed_out", False):
        return "a cell of the notebook took too long"
    return ""


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


def _execute(kernel: Any, source: str, allow_stdin: bool | None = None) -> Any:  # noqa: FBT001 nbval's own signature
    """As nbval does it, but kept in the history: without, a final ``;`` hides nothing."""
    return kernel.kc.execute(
        source, store_history=True, allow_stdin=allow_stdin, stop_on_error=False
    )


RunningKernel.await_reply = _await_reply
RunningKernel.execute_cell_input = _execute
