"""Why did a container end? A table: the first row that fits."""

import re

WORKER = re.compile(r"worker \d+ was killed by signal 7\b")


def cause(state, log):
    """The first row that is true."""
    status = state["ExitCode"]
    table = (
        (state["OOMKilled"], "out-of-memory"),
        (status == 137, "stop-timeout"),
        (status == 135 or (status and WORKER.search(log)), "shared-memory"),
        (status, "error"),
        (True, "fine"),
    )
    return next(name for fits, name in table if fits)
