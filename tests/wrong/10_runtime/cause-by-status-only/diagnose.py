"""A table of statuses, as found on the web."""

TABLE = {0: "fine", 137: "out-of-memory", 135: "shared-memory", 143: "stop-timeout"}


def cause(state, log):
    return TABLE.get(state["ExitCode"], "error")
