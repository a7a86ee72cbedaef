"""Why did a container end? A table: the first row that fits."""

import re

TABLE = (
    (lambda state, log: state["OOMKilled"], "out-of-memory"),
    (lambda state, log: state["ExitCode"] == 137, "stop-timeout"),
    (lambda state, log: state["ExitCode"] == 135, "shared-memory"),
    (lambda state, log: state["ExitCode"] == 0, "fine"),
    (lambda state, log: re.search(r"worker \d+ was killed by signal 7\b", log), "shared-memory"),
    (lambda state, log: True, "error"),
)


def cause(state, log):
    return next(name for fits, name in TABLE if fits(state, log))
